#include "examine/rule_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define FOLDER_FLAGS (O_RDONLY | O_CLOEXEC | O_DIRECTORY)

struct rule_files rule_files_new(void)
{
	return (struct rule_files){ .arena = arena_new(RULE_FILES_BYTES) };
}

void rule_files_free(struct rule_files *files)
{
	arena_free(&files->arena);
}

static bool read_whole(int fd, uint8_t *to, size_t size, const char *path, struct err *err)
{
	size_t have = 0;

	while (have < size) {
		ssize_t got = read(fd, to + have, size - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, errno, "cannot read '%s'", path);
		if (got == 0)
			return err_set(err, ERR_IO, have, "'%s' became shorter while it was read", path);
		have += (size_t)got;
	}
	return true;
}

/* Closes `fd`; -1 where it could not be opened. */
static bool read_text(struct arena *arena, int fd, const char *path, struct span *out, struct err *err)
{
	struct stat st;
	uint8_t *text = NULL;
	bool ok = false;

	if (fd < 0)
		return err_errno(err, errno, "cannot open '%s'", path);
	if (fstat(fd, &st))
		err_errno(err, errno, "cannot read '%s'", path);
	else if (!S_ISREG(st.st_mode))
		err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is not a file", path);
	else if ((uint64_t)st.st_size > RULE_FILE_BYTES)
		err_set(err, ERR_LIMIT, RULE_FILE_BYTES, "'%s' is larger than 64 MiB", path);
	else if (!(text = arena_alloc(arena, (size_t)st.st_size + 1)))
		err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "rules are larger than 1 GiB together");
	else
		ok = read_whole(fd, text, (size_t)st.st_size, path, err);
	close(fd);
	if (ok)
		*out = span_of(text, (size_t)st.st_size);
	return ok;
}

bool rule_files_text(struct arena *arena, const char *path, struct span *out, struct err *err)
{
	return read_text(arena, open(path, FILE_FLAGS), path, out, err);
}

static bool language_of(const char *path, enum rule_language *out)
{
	static const struct {
		const char *end;
		enum rule_language language;
	} ends[] = { { ".yar", RULE_YARA }, { ".yara", RULE_YARA }, { ".rule", RULE_YARA },
		     { ".yml", RULE_SIGMA }, { ".yaml", RULE_SIGMA } };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (span_ends(span_text(path), span_text(ends[i].end)))
			return *out = ends[i].language, true;
	return false;
}

/* `path` lives as long as the files. */
static bool add_file(struct rule_files *files, int fd, const char *path, enum rule_language language,
		     struct err *err)
{
	struct rule_file *file = arena_push(&files->arena, (void **)&files->files, &files->count,
					    &files->room, sizeof *file);

	if (!file) {
		close(fd);
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "rules are larger than 1 GiB together");
	}
	file->language = language;
	file->path = path;
	return read_text(&files->arena, fd, path, &file->text, err);
}

static int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* A file for --logsources, as ours among our rules: its first line that says something. */
static bool is_source_map(struct span text)
{
	while (text.len) {
		size_t end = span_find_byte(text, 0, '\n');
		struct span line = span_sub(text, 0, end);

		if (span_starts(line, SPAN("sources:")) || span_starts(line, SPAN("joined:")))
			return true;
		if (line.len && line.at[0] != '#' && line.at[0] != '\r' && !span_starts(line, SPAN("---")))
			return false;
		text = end == SIZE_MAX ? (struct span){ 0 } : span_from(text, end + 1);
	}
	return false;
}

/* A folder being read: its path has an open descriptor, so that each file is one short look away. */
struct folder {
	int fd;
	struct span path;
	int depth;
};

static bool add_folder(struct rule_files *files, int fd, struct span path, int depth, struct err *err);

static unsigned char kind_of(int folder, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	return fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ? DT_UNKNOWN : IFTODT(st.st_mode);
}

static bool add_entry(struct rule_files *files, const struct folder *folder, const struct dirent *entry,
		      struct err *err)
{
	enum rule_language language = RULE_YARA;
	unsigned char kind = kind_of(folder->fd, entry);
	struct span name = span_text(entry->d_name), path;
	char *at;

	if (kind != DT_DIR && (kind != DT_REG || !language_of(entry->d_name, &language)))
		return kind != DT_UNKNOWN || err_errno(err, errno, "cannot read '%.*s/%s'", SPAN_ARG(folder->path),
						       entry->d_name);
	at = arena_alloc(&files->arena, folder->path.len + name.len + 2);
	if (!at)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "rules are larger than 1 GiB together");
	memcpy(at, folder->path.at, folder->path.len);
	at[folder->path.len] = '/';
	memcpy(at + folder->path.len + 1, name.at, name.len);
	path = span_of(at, folder->path.len + 1 + name.len);
	if (kind == DT_DIR)
		return add_folder(files, openat(folder->fd, entry->d_name, FOLDER_FLAGS | O_NOFOLLOW), path,
				  folder->depth + 1, err);
	if (!add_file(files, openat(folder->fd, entry->d_name, FILE_FLAGS | O_NOFOLLOW), at, language, err))
		return false;
	if (language == RULE_SIGMA && is_source_map(files->files[files->count - 1].text))
		files->count--;
	return true;
}

/* Closes `fd`; -1 where it could not be opened. */
static bool add_folder(struct rule_files *files, int fd, struct span path, int depth, struct err *err)
{
	struct folder folder = { fd, path, depth };
	struct dirent **entries;
	int count;
	bool ok = true;

	if (depth > RULE_FOLDER_DEPTH) {
		close(fd);
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "folders of rules deeper than %d: '%.*s'",
			       RULE_FOLDER_DEPTH, SPAN_ARG(path));
	}
	count = fd < 0 ? -1 : scandirat(fd, ".", &entries, no_dots, by_bytes);
	if (count < 0)
		ok = err_errno(err, errno, "cannot read '%.*s'", SPAN_ARG(path));
	for (int i = 0; i < count; i++) {
		ok = ok && add_entry(files, &folder, entries[i], err);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	if (fd >= 0)
		close(fd);
	return ok;
}

bool rule_files_add(struct rule_files *files, const char *path, struct err *err)
{
	enum rule_language language;
	struct span kept = arena_copy(&files->arena, span_text(path));
	struct stat st;

	if (!kept.at)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "rules are larger than 1 GiB together");
	if (stat(path, &st))
		return err_errno(err, errno, "cannot read '%s'", path);
	if (S_ISDIR(st.st_mode))
		return add_folder(files, open(path, FOLDER_FLAGS), kept, 0, err);
	if (!language_of(path, &language))
		language = RULE_YARA;
	return add_file(files, open(path, FILE_FLAGS), (const char *)kept.at, language, err);
}
