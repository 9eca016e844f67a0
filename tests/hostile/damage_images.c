/*
 * damage_images: random damages to a disk image, each read in a process of its own.
 *
 * usage: damage_images IMAGE COUNT [SEED [SECONDS]]
 *
 * First the whole image is read: every file's content, and which bytes of the image
 * that needed. Then COUNT times it is damaged (bytes, words, whole sectors, its end cut
 * off; a third of them where names and tables stand, a third in contents) and read
 * again. What is counted against it: a process that crashes; one that goes on for more
 * than SECONDS (2) of processor time and a second; a file that the damage did not touch
 * (it hit contents of others, or what was read neither for the folders nor for this
 * file) and that has another content or is not found.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/sanitized.h"
#include "disk/disk.h"
#include "disk/image.h"

#define FILES_MOST 4096
#define SECTOR 512
/* As an examiner has by default. */
#define MEMORY ((rlim_t)640 << 20)
#define CONTENT_MOST ((uint64_t)64 << 20)

struct file {
	uint64_t path, content;
};

/* Files of one reading; in memory that parent and child share. */
struct reading {
	size_t count;
	bool is_open, is_over;
	struct file files[FILES_MOST];
};

static uint8_t *image;
static size_t size, sectors;
static const char *image_name;
static struct reading *found;
/* A bit a sector: read to open the image and walk its folders, for all and by file. */
static uint8_t *of_walk, **of_file, *used, *tracing;
/* Whose content a sector is: number of the file and one, or of several; else 0. */
static uint16_t *owner;
#define OWNERS 0xffff
static double seconds = 2;

static double spent(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool is_over(void *context)
{
	found->is_over = found->is_over || spent() > seconds;
	return found->is_over;
}

/* ---- the bytes, and who asks for which ---- */

static bool read_bytes(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	memcpy(to, image + at, len);
	for (uint64_t i = at / SECTOR; tracing && len && i <= (at + len - 1) / SECTOR; i++)
		tracing[i] = 1;
	return true;
}

static void leave(struct blocks *b)
{
}

static struct blocks *no_file(void *context, struct span name)
{
	return NULL;
}

struct opened {
	struct blocks_budget budget;
	struct blocks bytes;
	struct image_files files;
	struct image *image;
	struct disk *disk;
};

static bool open_all(struct opened *o)
{
	struct err err;

	o->budget = (struct blocks_budget){ .over = is_over };
	o->bytes = (struct blocks){ .size = size, .read = read_bytes, .close = leave, .budget = &o->budget };
	o->files = (struct image_files){ no_file, NULL };
	o->image = image_open(&o->bytes, span_text(image_name), &o->files, &err);
	o->disk = o->image ? disk_open(image_media(o->image), NULL, 0, &err) : NULL;
	return o->disk;
}

static void close_all(struct opened *o)
{
	disk_close(o->disk);
	image_close(o->image);
}

/* ---- reading all files ---- */

static uint64_t hash(uint64_t h, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ s.at[i]) * 0x100000001b3;
	return h;
}

struct walking {
	struct fs_place places[FILES_MOST];
	uint64_t paths[FILES_MOST];
	bool is_table[FILES_MOST];	/* of NTFS itself */
	size_t count, volume;
};

static bool take(void *context, const struct fs_entry *e)
{
	struct walking *w = context;

	if (e->kind == FS_FILE && !e->is_deleted && w->count < FILES_MOST) {
		w->is_table[w->count] = span_find_byte(e->path, 0, '$') != SIZE_MAX;
		w->paths[w->count] = hash(w->volume + 1, e->path);
		w->places[w->count++] = e->place;
	}
	return true;
}

static void own(struct span content, uint16_t number)
{
	uint8_t piece[SECTOR];

	for (size_t at = 0; at < content.len; at += SECTOR) {
		struct span part = span_sub(content, at, SECTOR);

		memset(piece, 0, sizeof piece);
		memcpy(piece, part.at, part.len);
		for (size_t i = 0; *piece && (i + 1) * SECTOR <= size; i++)
			if (!memcmp(image + i * SECTOR, piece, SECTOR))
				owner[i] = owner[i] && owner[i] != number ? OWNERS : number;
	}
}

/* `number`: of the file whose sectors these are, or 0. */
static uint64_t content_of(struct file_system *fs, const struct fs_place *place, uint16_t number)
{
	struct buf bytes = buf_new(CONTENT_MOST);
	struct err err;
	bool cut = false, ok = fs_read(fs, place, CONTENT_MOST, &bytes, &cut, &err);
	uint64_t h = ok && !cut ? hash(0xcbf29ce484222325, buf_span(&bytes)) : 0;

	if (number)
		own(buf_span(&bytes), number);
	buf_free(&bytes);
	return h;
}

static void walk_volume(const struct volume *v, size_t number, struct walking *w)
{
	struct err err;
	struct file_system *fs = fs_open(v->blocks, &err);

	w->count = 0;
	w->volume = number;
	if (fs)
		fs_walk(fs, take, w, &err);
	fs_close(fs);
}

static void read_volume(const struct volume *v, size_t number)
{
	static struct walking w;
	struct err err;
	struct file_system *fs;

	walk_volume(v, number, &w);
	fs = fs_open(v->blocks, &err);
	for (size_t i = 0; fs && i < w.count && found->count < FILES_MOST && !is_over(NULL); i++)
		found->files[found->count++] = (struct file){ w.paths[i], content_of(fs, &w.places[i], 0) };
	fs_close(fs);
}

static void read_image(void)
{
	struct opened o = { 0 };

	found->is_open = open_all(&o);
	for (size_t i = 0; found->is_open && i < disk_count(o.disk); i++)
		if (disk_volume(o.disk, i)->state == VOLUME_READ)
			read_volume(disk_volume(o.disk, i), i);
	close_all(&o);
}

/* What each file needs: opened anew for each, so that no cache hides anything. */
static void trace_file(size_t volume, const struct fs_place *place, size_t number, bool owns)
{
	struct opened o = { 0 };
	struct err err;
	struct file_system *fs;

	tracing = of_file[number] = calloc(sectors, 1);
	if (open_all(&o) && (fs = fs_open(disk_volume(o.disk, volume)->blocks, &err))) {
		content_of(fs, place, owns ? (uint16_t)(number + 1) : 0);
		fs_close(fs);
	}
	close_all(&o);
	tracing = NULL;
}

static void trace_all(void)
{
	static struct walking w;
	struct opened o = { 0 };
	size_t number = 0;

	tracing = of_walk;
	if (!open_all(&o))
		exit(2);
	for (size_t i = 0; i < disk_count(o.disk); i++) {
		if (disk_volume(o.disk, i)->state != VOLUME_READ)
			continue;
		tracing = of_walk;
		walk_volume(disk_volume(o.disk, i), i, &w);
		tracing = NULL;
		for (size_t k = 0; k < w.count && number < found->count; k++, number++)
			trace_file(i, &w.places[k], number, !w.is_table[k]);
	}
	tracing = NULL;
	close_all(&o);
}

/* ---- damage ---- */

static uint64_t state;

static uint64_t any(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

enum aim { AIM_ANY, AIM_TABLES, AIM_CONTENT };

static bool is_aimed_at(enum aim aim, size_t i)
{
	return aim == AIM_CONTENT ? owner[i] : used[i] && (aim == AIM_ANY || (of_walk[i] && !owner[i]));
}

static size_t some_sector(enum aim aim)
{
	size_t start = any(sectors);

	for (size_t i = 0; i < sectors; i++)
		if (is_aimed_at(aim, (start + i) % sectors))
			return (start + i) % sectors;
	return start;
}

static void damage_once(uint8_t *hit, unsigned kind, enum aim aim)
{
	static const uint32_t words[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xffff, 0x10000 };
	size_t sector = some_sector(aim), at = sector * SECTOR + any(SECTOR), other = some_sector(aim);
	uint32_t word = words[any(7)];

	if (kind == 0 && at < size)
		image[at] = (uint8_t)any(256);
	else if (kind == 1 && at < size)
		image[at] ^= (uint8_t)(1 << any(8));
	else if (kind == 2 && (at & ~(size_t)3) + 4 <= size)
		memcpy(image + (at & ~(size_t)3), &word, 4);
	else if (kind == 3 && (sector + 1) * SECTOR <= size)
		memset(image + sector * SECTOR, any(2) ? 0 : (int)any(256), SECTOR);
	else if (kind == 4 && (sector + 1) * SECTOR <= size && (other + 1) * SECTOR <= size)
		memmove(image + sector * SECTOR, image + other * SECTOR, SECTOR);
	hit[sector] = 1;
}

static void damage(uint8_t *hit)
{
	static const unsigned times[] = { 1, 1, 5, 50, 500 };
	enum aim aim = (enum aim)any(3);
	unsigned kind = (unsigned)any(5), count = kind < 3 ? times[any(5)] : 1 + (unsigned)any(20);

	if (any(32) == 0) {
		size_t cut = any(size);

		memset(hit + cut / SECTOR, 1, sectors - cut / SECTOR);
		size = cut;
		return;
	}
	while (count--)
		damage_once(hit, kind, aim);
}

static bool touches(const uint8_t *hit, size_t file)
{
	for (size_t i = 0; i < sectors; i++) {
		bool is_others = owner[i] && owner[i] != OWNERS && owner[i] != file + 1;

		if (hit[i] && !is_others && (of_walk[i] || of_file[file][i]))
			return true;
	}
	return false;
}

/* ---- the runs ---- */

struct totals {
	size_t crashed, slow, given_up, untouched, wrong, right, refused;
	double longest;
};

static struct file *find_file(uint64_t path)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->files[i].path == path)
			return &found->files[i];
	return NULL;
}

static void compare(const struct reading *whole, const uint8_t *hit, size_t run, struct totals *t)
{
	for (size_t i = 0; i < whole->count; i++) {
		const struct file *now = find_file(whole->files[i].path);
		bool same = now && now->content == whole->files[i].content;

		t->right += same;
		if (touches(hit, i))
			continue;
		t->untouched++;
		t->wrong += !same;
		if (!same && t->wrong < 5)
			printf("  damage %zu: file %zu was not touched and is %s\n", run, i,
			       now ? "another" : "not found");
	}
}

/* The seed of each run stands alone, so that one can be done again. */
static void one_run(const struct reading *whole, uint64_t seed, size_t run, struct totals *t)
{
	uint8_t *hit = mmap(NULL, sectors, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct rusage usage;
	int status;
	pid_t child;

	memset(found, 0, offsetof(struct reading, files));
	child = fork();
	if (child == 0) {
		struct rlimit memory = { MEMORY, MEMORY };
		struct rlimit limit = { (rlim_t)seconds + 1, (rlim_t)seconds + 1 };

		state = (seed + run) * 0x9e3779b97f4a7c15 | 1;
		for (int i = 0; i < 8; i++)
			any(1);
		damage(hit);
		setrlimit(RLIMIT_CPU, &limit);
		if (!SANITIZED)
			setrlimit(RLIMIT_AS, &memory);
		read_image();
		_exit(0);
	}
	wait4(child, &status, 0, &usage);
	if (WIFSIGNALED(status)) {
		bool is_slow = WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL;

		t->slow += is_slow;
		t->crashed += !is_slow;
		printf("  damage %zu: signal %d\n", run, WTERMSIG(status));
	} else {
		double took = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
			      (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;

		t->longest = took > t->longest ? took : t->longest;
		t->crashed += WEXITSTATUS(status) != 0;
		t->given_up += found->is_over;
		t->refused += !found->is_open;
		if (!found->is_over)
			compare(whole, hit, run, t);
	}
	munmap(hit, sectors);
}

static void load(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st) || !st.st_size) {
		perror(path);
		exit(2);
	}
	size = (size_t)st.st_size;
	sectors = size / SECTOR + 2;
	image = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	found = mmap(NULL, sizeof *found, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	of_walk = calloc(sectors, 1);
	used = calloc(sectors, 1);
	owner = calloc(sectors, sizeof *owner);
	of_file = calloc(FILES_MOST, sizeof *of_file);
	close(fd);
	image_name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	for (size_t i = 0; i < size; i++)
		used[i / SECTOR] |= image[i] != 0;
}

int main(int argc, char **argv)
{
	static struct reading whole;
	struct totals t = { 0 };
	size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	size_t first = argc > 5 ? strtoul(argv[5], NULL, 10) : 0;

	if (argc < 3) {
		fprintf(stderr, "usage: damage_images IMAGE COUNT [SEED [SECONDS [FIRST]]]\n");
		return 2;
	}
	seconds = argc > 4 ? strtod(argv[4], NULL) : seconds;
	load(argv[1]);
	read_image();
	whole = *found;
	trace_all();
	fflush(stdout);
	for (size_t i = first; i < first + count; i++)
		one_run(&whole, seed, i, &t);
	printf("%s: %zu files, %zu damages: %zu crashed, %zu over time, %zu given up in time, "
	       "%zu refused; of %zu untouched files %zu wrong; of all files %.1f %% right; longest %.2f s\n",
	       image_name, whole.count, count, t.crashed, t.slow, t.given_up, t.refused, t.untouched, t.wrong,
	       whole.count && count ? 100.0 * (double)t.right / (double)(whole.count * count) : 0.0, t.longest);
	return t.crashed || t.slow || t.wrong || !whole.count;
}
