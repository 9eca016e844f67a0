#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "case/case.h"

static bool is_below(const char *path, const char *folder)
{
	char file[PATH_MAX], above[PATH_MAX];
	size_t len;

	if (!realpath(path, file) || !realpath(folder, above))
		return false;
	len = strlen(above);
	return !strncmp(file, above, len) && (file[len] == '/' || above[len - 1] == '/');
}

static bool is_evidence(const char *path, const struct stat *st, const char *input)
{
	struct stat other;

	if (strcmp(input, "-") ? stat(input, &other) : fstat(STDIN_FILENO, &other))
		return false;
	if (other.st_dev == st->st_dev && other.st_ino == st->st_ino)
		return true;
	return S_ISDIR(other.st_mode) && S_ISREG(st->st_mode) && is_below(path, input);
}

bool output_lies_in(const char *path, const char *const *inputs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_below(path, inputs[i]))
			return true;
	return false;
}

/* A slip that is easily made: assess has -c for its case and -o for its page. */
static bool is_name_of_case(const char *path)
{
	return span_ends(span_text(path), SPAN(".case"));
}

/* `found`: something is at `path`, and `st` tells what. */
static bool is_writable(const char *path, bool found, const struct stat *st)
{
	char folder[PATH_MAX];
	size_t len = strlen(path) - span_after_last(span_text(path), '/').len;

	if (found && S_ISDIR(st->st_mode))
		return errno = EISDIR, false;
	if (found)
		return !access(path, W_OK);
	snprintf(folder, sizeof folder, "%.*s", len ? (int)len : 1, len ? path : ".");
	return !access(folder, W_OK | X_OK);
}

bool output_allowed(const char *path, const char *const *inputs, size_t count, struct err *err)
{
	struct stat st;
	bool found;

	if (!path)
		return true;
	if (case_is_at(path))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is a case, and would be overwritten", path);
	if (is_name_of_case(path))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is the name of a case, and this output is none",
			       path);
	found = !stat(path, &st);
	if (found && S_ISBLK(st.st_mode))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is a device, and would be overwritten", path);
	for (size_t i = 0; found && i < count; i++)
		if (is_evidence(path, &st, inputs[i]))
			return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
				       "'%s' is among what is to be read, and would be overwritten", path);
	return is_writable(path, found, &st) || err_errno(err, errno, "cannot write '%s'", path);
}

int output_open(const char *path, const char *const *inputs, size_t count, struct err *err)
{
	int fd;

	if (!output_allowed(path, inputs, count, err))
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		err_errno(err, errno, "cannot write '%s'", path);
	return fd;
}

FILE *output_stream(const char *path, const char *const *inputs, size_t count, struct err *err)
{
	int fd = output_open(path, inputs, count, err);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "wb");

	if (fd >= 0 && !stream) {
		err_errno(err, errno, "cannot write '%s'", path);
		close(fd);
	}
	return stream;
}

bool output_close(FILE *stream, const char *path, bool ok, struct err *err)
{
	struct stat st;
	bool is_file = !fstat(fileno(stream), &st) && S_ISREG(st.st_mode);

	if (fclose(stream) && ok)
		ok = err_errno(err, errno, "cannot write '%s'", path);
	if (!ok && is_file)
		unlink(path);
	/* The writer knows no names. */
	if (!ok && err->code == ERR_IO && span_find(span_text(err->text), 0, span_text(path)) == SIZE_MAX)
		err_prefix(err, "'%s'", path);
	return ok;
}
