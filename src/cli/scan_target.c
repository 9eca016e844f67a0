#include "cli/scan_target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FOLDER_DEPTH_MAX 200
#define READ_WHOLE ((size_t)128 << 10)	/* smaller files are read, larger ones mapped */
#define POPULATE_MOST ((size_t)256 << 20)	/* of a file, to be mapped page by page at once */
#define STREAM_MAX ((size_t)4 << 30)	/* of a pipe */
#define MAPS_MAX ((size_t)64 << 20)

/* ---- folders and lists ---- */

bool scan_files_add(struct scan_files *files, const char *path, struct err *err)
{
	const char *copy = arena_text(&files->arena, span_text(path));
	const char **slot = arena_push(&files->arena, (void **)&files->paths, &files->count,
				       &files->room, sizeof *slot);

	if (!copy || !slot)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many files");
	*slot = copy;
	return true;
}

static bool add_file(struct scan_files *files, const char *path, const struct stat *st,
		     const struct scan_walk *walk, struct err *err)
{
	if (walk->largest && (uint64_t)st->st_size > walk->largest) {
		fprintf(stderr, "skipping %s (%" PRId64 " bytes) because it's larger than %" PRIu64
				" bytes.\n", path, (int64_t)st->st_size, walk->largest);
		return true;
	}
	return scan_files_add(files, path, err);
}

static bool walk_folder(struct scan_files *files, const char *path, const struct scan_walk *walk,
			unsigned depth, unsigned *failures, struct err *err);

static bool walk_entry(struct scan_files *files, const char *folder, const char *name,
		       const struct scan_walk *walk, unsigned depth, unsigned *failures,
		       struct err *err)
{
	struct stat st;
	char *path;
	bool walked = true, is_link;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return err_errno(err, ENOMEM, "%s", folder);
	if (!lstat(path, &st) && !((is_link = S_ISLNK(st.st_mode)) && (walk->no_links || stat(path, &st)))) {
		if (S_ISREG(st.st_mode))
			walked = add_file(files, path, &st, walk, err);
		/* A linked folder could lead round in circles. */
		else if (S_ISDIR(st.st_mode) && walk->recursive && !is_link)
			walked = walk_folder(files, path, walk, depth + 1, failures, err);
	}
	free(path);
	return walked;
}

static int no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

static bool walk_folder(struct scan_files *files, const char *path, const struct scan_walk *walk,
			unsigned depth, unsigned *failures, struct err *err)
{
	struct dirent **entries;
	bool walked = true;
	int count = depth > FOLDER_DEPTH_MAX ? -1 : scandir(path, &entries, no_dots, alphasort);

	if (count < 0) {
		fprintf(stderr, "error scanning %s: %s\n", path,
			depth > FOLDER_DEPTH_MAX ? "folders too deep" : err_number_text(errno));
		(*failures)++;
		return true;
	}
	for (int i = 0; i < count; i++) {
		if (walked)
			walked = walk_entry(files, path, entries[i]->d_name, walk, depth, failures,
					    err);
		free(entries[i]);
	}
	free(entries);
	return walked;
}

bool scan_files_folder(struct scan_files *files, const char *path, const struct scan_walk *walk,
		       unsigned *failures, struct err *err)
{
	size_t len = strlen(path);
	char *clean = strndup(path, len > 1 && path[len - 1] == '/' ? len - 1 : len);
	bool walked = clean && walk_folder(files, clean, walk, 0, failures, err);

	free(clean);
	return walked;
}

bool scan_files_list(struct scan_files *files, const char *path, struct err *err)
{
	FILE *in = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	bool added = true;

	if (!in)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "could not open file \"%s\"", path);
	while (added && getline(&line, &room, in) > 0) {
		line[strcspn(line, "\r\n")] = 0;
		if (*line)
			added = scan_files_add(files, line, err);
	}
	free(line);
	fclose(in);
	return added;
}

/* ---- bytes of a file ---- */

static bool make_room(struct scan_bytes *b, size_t size)
{
	uint8_t *more;

	if (size <= b->room)
		return true;
	more = realloc(b->buffer, size);
	if (!more)
		return false;
	b->buffer = more;
	b->room = size;
	return true;
}

/* Where exactly as much comes at once as a file is long, although there was room, that is the end. */
static bool read_all(struct scan_bytes *b, int fd, uint64_t size, struct err *err)
{
	size_t len = 0, guess = size != SCAN_STREAM ? (size_t)size : 65536;

	for (;;) {
		ssize_t got;

		if (len >= STREAM_MAX || !make_room(b, len + guess + 1))
			return err_set(err, ERR_LIMIT, len, "too large to be read");
		got = read(fd, b->buffer + len, b->room - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, errno, "could not read");
		if (!got)
			break;
		len += (size_t)got;
		if (len == size && (size_t)got == len)
			break;
		guess = len < 65536 ? 65536 : len;
	}
	b->data = span_of(b->buffer, len);
	return true;
}

static bool map_all(struct scan_bytes *b, int fd, size_t size, struct err *err)
{
	b->mapped = mmap(NULL, size, PROT_READ, MAP_PRIVATE | (size <= POPULATE_MOST ? MAP_POPULATE : 0),
			 fd, 0);
	if (b->mapped == MAP_FAILED) {
		b->mapped = NULL;
		return err_errno(err, errno, "could not map file");
	}
	madvise(b->mapped, size, MADV_SEQUENTIAL);
	b->mapped_len = size;
	b->data = span_of(b->mapped, size);
	return true;
}

/* Given as a target where only the rules are to be tried; as in yara it is an empty file. */
static bool is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

int scan_open(const char *path, uint64_t *size, struct err *err)
{
	bool standard = !strcmp(path, "-") || !strcmp(path, "/dev/stdin");
	int fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_NOATIME | O_CLOEXEC |
							   O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 && errno == EPERM)	/* O_NOATIME is the owner's privilege */
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	*size = 0;
	if (fd < 0 || fstat(fd, &st) || (!standard && !S_ISREG(st.st_mode) && !is_null_device(&st))) {
		if (fd >= 0) {
			*size = S_ISDIR(st.st_mode) ? SCAN_FOLDER : 0;
			close(fd);
		}
		err_set(err, ERR_IO, ERR_NO_OFFSET, "could not open file");
		return -1;
	}
	*size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : SCAN_STREAM;
	return fd;
}

bool scan_bytes_read(struct scan_bytes *b, int fd, uint64_t size, struct err *err)
{
	b->data = (struct span){ 0 };
	b->mapped = NULL;
	if (size > READ_WHOLE && size != SCAN_STREAM)
		return map_all(b, fd, (size_t)size, err);
	return read_all(b, fd, size, err);
}

bool scan_bytes_open(struct scan_bytes *b, const char *path, struct err *err)
{
	uint64_t size;
	int fd = scan_open(path, &size, err);
	bool read = fd >= 0 && scan_bytes_read(b, fd, size, err);

	if (fd >= 0)
		close(fd);
	return read;
}

void scan_bytes_close(struct scan_bytes *b)
{
	if (b->mapped)
		munmap(b->mapped, b->mapped_len);
	b->mapped = NULL;
	b->data = (struct span){ 0 };
}

void scan_bytes_free(struct scan_bytes *b)
{
	scan_bytes_close(b);
	free(b->buffer);
	b->buffer = NULL;
	b->room = 0;
}

/* ---- processes ---- */

static bool read_maps(struct scan_process *p, uint64_t pid)
{
	struct buf text = buf_new(MAPS_MAX);
	char path[64];
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof path, "/proc/%" PRIu64 "/maps", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0) {
		uint8_t *to = buf_reserve(&text, 65536);

		got = to ? read(fd, to, 65536) : -1;
		if (got <= 0)
			break;
		text.len += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	p->maps = got ? NULL : strndup(text.at ? (const char *)text.at : "", text.len);
	p->next = p->maps;
	buf_free(&text);
	return p->maps;
}

bool scan_process_open(struct scan_process *p, uint64_t pid, size_t chunk, struct err *err)
{
	char path[64];

	*p = (struct scan_process){ .chunk = chunk, .memory_fd = -1 };
	snprintf(path, sizeof path, "/proc/%" PRIu64 "/mem", pid);
	p->memory_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (p->memory_fd >= 0 && read_maps(p, pid) && (p->buffer = malloc(chunk)))
		return true;
	scan_process_close(p);
	return err_set(err, ERR_DENIED, ERR_NO_OFFSET,
		       "can not attach to process (try running as root)");
}

void scan_process_close(struct scan_process *p)
{
	if (p->memory_fd >= 0)
		close(p->memory_fd);
	free(p->maps);
	free(p->buffer);
	*p = (struct scan_process){ .memory_fd = -1 };
}

/* A device, which reading could disturb; shared memory only has a name like one. */
static bool is_device(const char *name)
{
	return !strncmp(name, "/dev/", 5) && strncmp(name, "/dev/shm/", 9) &&
	       strncmp(name, "/dev/zero", 9);
}

/* The next readable region of the list. */
static bool next_region(struct scan_process *p)
{
	while (p->next && *p->next) {
		char *line = p->next, *end = strchr(line, '\n'), rights[8], name[64] = "";
		uint64_t from, to;

		p->next = end ? end + 1 : NULL;
		if (end)
			*end = 0;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %*s %63s", &from, &to, rights,
			   name) < 3 || rights[0] != 'r' || to <= from ||
		    is_device(name) || !strcmp(name, "[vvar]"))
			continue;
		p->at = from;
		p->end = to;
		return true;
	}
	return false;
}

bool scan_process_next(void *context, struct yara_block *out)
{
	struct scan_process *p = context;

	for (;;) {
		size_t want;
		ssize_t got;

		if (p->at >= p->end && !next_region(p))
			return false;
		want = p->end - p->at < p->chunk ? (size_t)(p->end - p->at) : p->chunk;
		got = pread(p->memory_fd, p->buffer, want, (off_t)p->at);
		if (got <= 0) {
			p->at = p->end;
			continue;
		}
		out->base = p->at;
		out->data = span_of(p->buffer, (size_t)got);
		p->at += (size_t)got;
		return true;
	}
}

bool scan_process_read(void *context, uint64_t at, uint8_t *to, size_t len)
{
	const struct scan_process *p = context;
	size_t done = 0;

	while (done < len && at + done >= at && at + done <= INT64_MAX) {
		ssize_t got = pread(p->memory_fd, to + done, len - done, (off_t)(at + done));

		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return done == len;
}
