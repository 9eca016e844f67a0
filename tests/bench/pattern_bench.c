/*
 * pattern_bench: searches files for patterns, without rules around them.
 *
 * usage: pattern_bench SPECS [-m] [-f] [-r ROUNDS] [-l LIST | FILE...]
 *
 * SPECS has a line a pattern: NAME KIND FLAGS XORMIN XORMAX ALPHABET TEXT, where
 * KIND is text, hex or regex, FLAGS a number as in pattern.h, ALPHABET and TEXT
 * are hexadecimal ("-": empty). -m prints matches as `yara -s -L` does, else
 * figures are printed; -f asks only whether each candidate is found.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "os/image.h"
#include "rules/yara/pattern.h"

static char **names;
static size_t file_count, byte_count, candidate_count, match_count;
static double search_time, verify_time;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct span unhex(const char *text)
{
	struct buf out = buf_new(SIZE_MAX / 2);
	unsigned byte;

	for (; *text && *text != '-' && sscanf(text, "%2x", &byte) == 1; text += 2)
		buf_add_u8(&out, (uint8_t)byte);
	return buf_span(&out);
}

static void add_line(struct pattern_builder *builder, char *line)
{
	char *part[7], *save = NULL;
	struct pattern_spec spec = { 0 };
	struct err err = { 0 };
	uint32_t id, notes;

	for (int i = 0; i < 7; i++) {
		part[i] = strtok_r(i ? NULL : line, " \n", &save);
		if (!part[i])
			return;
	}
	spec.kind = !strcmp(part[1], "hex") ? PATTERN_HEX
					    : !strcmp(part[1], "regex") ? PATTERN_REGEX : PATTERN_TEXT;
	spec.flags = (uint32_t)strtoul(part[2], NULL, 0);
	spec.xor_min = (uint8_t)strtoul(part[3], NULL, 0);
	spec.xor_max = (uint8_t)strtoul(part[4], NULL, 0);
	spec.alphabet = unhex(part[5]);
	spec.text = unhex(part[6]);
	if (!pattern_add(builder, &spec, &id, &notes, &err)) {
		printf("error %s: %s\n", part[0], err.text);
		return;
	}
	if (getenv("SLOW") && notes)
		printf("slow %s %.*s\n", part[0], SPAN_ARG(spec.text));
	if (!names[id])
		names[id] = strdup(part[0]);
	else if (asprintf(&save, "%s,%s", names[id], part[0]) > 0)
		names[id] = save;	/* equal patterns share an id */
}

static void print_match(const char *name, const struct pattern_match *m, struct span data)
{
	struct span s = span_sub(data, m->offset, m->length);

	printf("0x%llx:%u:%s:", (unsigned long long)m->offset, m->length, name);
	for (size_t i = 0; i < s.len && i < 64; i++)
		printf(" %02x", s.at[i]);
	printf("\n");
}

static void search_file(struct pattern_scratch *scratch, const char *path, bool print, bool found)
{
	struct pattern_options options = { 0 };
	struct span data = { 0 };
	struct stat st;
	const uint32_t *ids;
	size_t count, n;
	struct err err = { 0 };
	int fd = open(path, O_RDONLY);
	double start = now(), middle;

	if (fd < 0 || fstat(fd, &st))
		return;
	if (st.st_size)
		data = span_of(mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0),
			       (size_t)st.st_size);
	close(fd);
	if (!pattern_search(scratch, data, &options, &err))
		printf("error %s: %s\n", path, err.text);
	middle = now();
	ids = pattern_candidates(scratch, &count);
	for (size_t i = 0; i < count; i++) {
		double before = now(), after;

		const struct pattern_match *m = NULL;

		if (found)
			n = pattern_found(scratch, ids[i]);
		else
			m = pattern_matches(scratch, ids[i], &n);
		after = now();
		if (getenv("COSTLY") && after - before > 0.002)
			printf("costly %s %s %.1f ms %zu matches\n", path, names[ids[i]],
			       (after - before) * 1e3, n);
		match_count += n;
		for (size_t j = 0; print && m && j < n; j++)
			print_match(names[ids[i]], &m[j], data);
	}
	verify_time += now() - middle;
	search_time += middle - start;
	file_count++;
	byte_count += data.len;
	candidate_count += count;
	if (data.len)
		munmap((void *)(uintptr_t)data.at, data.len);
}

static void search_list(struct pattern_scratch *scratch, const char *list, bool print, bool found)
{
	char line[4096];
	FILE *in = fopen(list, "r");

	while (in && fgets(line, sizeof line, in)) {
		line[strcspn(line, "\n")] = 0;
		search_file(scratch, line, print, found);
	}
	if (in)
		fclose(in);
}

static struct pattern_set *compile(const char *path, struct image *image)
{
	struct err err = { 0 };
	struct pattern_set *set = NULL;
	FILE *in = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	double start = now();
	struct pattern_builder *builder;

	if (!in || !image_new(image, IMAGE_YARA, &err))
		exit(2);
	names = calloc(1000000, sizeof *names);
	builder = pattern_builder_new(&image->arena);
	while (getline(&line, &room, in) > 0)
		add_line(builder, line);
	fclose(in);
	free(line);
	double middle = now();
	if (!pattern_build(builder, &set, &err) || !image_seal(image, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(2);
	}
	pattern_builder_free(builder);
	fprintf(stderr, "compiled %u patterns: add %.3f s, build %.3f s, image %zu KiB\n",
		pattern_count(set), middle - start, now() - middle, image->mapped >> 10);
	return set;
}

int main(int argc, char **argv)
{
	struct image image;
	struct err err = { 0 };
	bool print = false, found = false;
	int rounds = 1, option;
	const char *list = NULL;
	struct pattern_set *set;
	struct pattern_scratch *scratch;
	struct rusage usage;

	if (argc < 2)
		return 2;
	set = compile(argv[1], &image);
	scratch = pattern_scratch_new(set, &err);
	optind = 2;
	while ((option = getopt(argc, argv, "mfr:l:")) != -1) {
		print |= option == 'm';
		found |= option == 'f';
		rounds = option == 'r' ? atoi(optarg) : rounds;
		list = option == 'l' ? optarg : list;
	}
	for (int round = 0; round < rounds; round++) {
		file_count = byte_count = candidate_count = match_count = 0;
		search_time = verify_time = 0;
		if (list)
			search_list(scratch, list, print, found);
		for (int i = optind; i < argc; i++) {
			if (argc - optind > 1)
				printf("file %s\n", argv[i]);
			search_file(scratch, argv[i], print, found);
		}
		fprintf(stderr, "%zu files %.1f MB: search %.3f s (%.0f MB/s), verify %.3f s, %.4f ms/file, "
		       "%zu candidates, %zu matches\n", file_count, (double)byte_count / 1e6,
		       search_time, (double)byte_count / 1e6 / search_time, verify_time,
		       (search_time + verify_time) * 1e3 / (double)file_count, candidate_count,
		       match_count);
	}
	getrusage(RUSAGE_SELF, &usage);
	fprintf(stderr, "peak memory %ld KiB\n", usage.ru_maxrss);
	return 0;
}
