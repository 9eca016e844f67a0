#include "os/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int create(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' exists already", path);
	else if (fd < 0)
		err_errno(err, errno, "cannot create '%s'", path);
	return fd;
}

bool private_file_create(const char *path, struct err *err)
{
	int fd = create(path, err);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool write_all(int fd, struct span s)
{
	while (s.len) {
		ssize_t done = write(fd, s.at, s.len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		s = span_from(s, (size_t)done);
	}
	return !fsync(fd);
}

bool private_file_write(const char *path, struct span content, struct err *err)
{
	int number, fd = create(path, err);

	if (fd < 0)
		return false;
	number = write_all(fd, content) ? 0 : errno;
	if (close(fd) && !number)
		number = errno;
	if (!number)
		return true;
	unlink(path);
	return err_errno(err, number, "cannot write '%s'", path);
}

static bool read_all(int fd, const char *path, struct buf *to, struct err *err)
{
	uint8_t part[4096];

	for (;;) {
		ssize_t got = read(fd, part, sizeof part);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, errno, "cannot read '%s'", path);
		if (got == 0)
			return true;
		if (!buf_add(to, span_of(part, (size_t)got)))
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "'%s' is too large", path);
	}
}

static bool read_file(const char *path, bool secret, struct buf *to, struct err *err)
{
	struct stat st;
	bool ok;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (secret ? O_NOFOLLOW : 0));

	if (fd < 0)
		return err_errno(err, errno, "cannot open '%s'", path);
	if (fstat(fd, &st))
		ok = err_errno(err, errno, "cannot read '%s'", path);
	else if (secret && (!S_ISREG(st.st_mode) || (st.st_mode & 077)))
		ok = err_set(err, ERR_DENIED, ERR_NO_OFFSET,
			     "'%s' must be a file that only its owner may read (chmod 600)", path);
	else
		ok = read_all(fd, path, to, err);
	close(fd);
	return ok;
}

bool private_file_read(const char *path, struct buf *to, struct err *err)
{
	return read_file(path, false, to, err);
}

bool private_file_read_secret(const char *path, struct buf *to, struct err *err)
{
	return read_file(path, true, to, err);
}

bool private_file_exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

void private_file_remove(const char *path)
{
	unlink(path);
}

char *private_config_dir(bool make)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *above = NULL, *path = NULL;

	if (xdg && *xdg == '/') {
		if (asprintf(&above, "%s", xdg) < 0)
			return NULL;
	} else if (!home || *home != '/' || asprintf(&above, "%s/.config", home) < 0) {
		return NULL;
	}
	if (asprintf(&path, "%s/kanshiki", above) < 0)
		path = NULL;
	if (path && make) {
		mkdir(above, 0700);
		mkdir(path, 0700);
	}
	free(above);
	return path;
}
