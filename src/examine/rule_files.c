#include "examine/rule_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

bool rule_files_text(struct arena *arena, const char *path, struct span *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
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

static bool add_file(struct rule_files *files, const char *path, enum rule_language language,
		     struct err *err)
{
	struct rule_file *file = arena_push(&files->arena, (void **)&files->files, &files->count,
					    &files->room, sizeof *file);

	if (!file)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "rules are larger than 1 GiB together");
	file->language = language;
	file->path = arena_text(&files->arena, span_text(path));
	return rule_files_text(&files->arena, path, &file->text, err);
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

static bool add_folder(struct rule_files *files, const char *path, int depth, struct err *err);

static bool add_entry(struct rule_files *files, const char *path, int depth, struct err *err)
{
	enum rule_language language;
	struct stat st;

	if (lstat(path, &st))
		return err_errno(err, errno, "cannot read '%s'", path);
	if (S_ISDIR(st.st_mode))
		return add_folder(files, path, depth + 1, err);
	if (!S_ISREG(st.st_mode) || !language_of(path, &language))
		return true;
	if (!add_file(files, path, language, err))
		return false;
	if (language == RULE_SIGMA && is_source_map(files->files[files->count - 1].text))
		files->count--;
	return true;
}

static bool add_folder(struct rule_files *files, const char *path, int depth, struct err *err)
{
	struct dirent **entries;
	char below[4096];
	int count;
	bool ok = true;

	if (depth > RULE_FOLDER_DEPTH)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "folders of rules deeper than %d: '%s'",
			       RULE_FOLDER_DEPTH, path);
	count = scandir(path, &entries, no_dots, by_bytes);
	if (count < 0)
		return err_errno(err, errno, "cannot read '%s'", path);
	for (int i = 0; i < count; i++) {
		if (ok && (size_t)snprintf(below, sizeof below, "%s/%s", path, entries[i]->d_name) >=
			  sizeof below)
			ok = err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "path too long below '%s'", path);
		ok = ok && add_entry(files, below, depth, err);
		free(entries[i]);
	}
	free(entries);
	return ok;
}

bool rule_files_add(struct rule_files *files, const char *path, struct err *err)
{
	enum rule_language language;
	struct stat st;

	if (stat(path, &st))
		return err_errno(err, errno, "cannot read '%s'", path);
	if (S_ISDIR(st.st_mode))
		return add_folder(files, path, 0, err);
	if (!language_of(path, &language))
		language = RULE_YARA;
	return add_file(files, path, language, err);
}
