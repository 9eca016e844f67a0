#include "os/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int scratch_open(struct err *err)
{
	const char *folder = getenv("TMPDIR");
	char path[300];
	int fd;

	if (!folder || !*folder)
		folder = "/tmp";
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	if (fd >= 0)
		return fd;
	/* Not every file system has files without names. */
	snprintf(path, sizeof path, "%.250s/kanshiki-XXXXXX", folder);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	else
		err_errno(err, errno, "cannot make a temporary file in %s", folder);
	return fd;
}

bool scratch_write(int fd, struct span bytes, struct err *err)
{
	while (bytes.len) {
		ssize_t put = write(fd, bytes.at, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return err_errno(err, errno, "cannot write a temporary file");
		bytes = span_from(bytes, (size_t)put);
	}
	return true;
}

bool scratch_read(int fd, uint64_t at, void *to, size_t len, size_t *got, struct err *err)
{
	*got = 0;
	while (*got < len) {
		ssize_t more = pread(fd, (uint8_t *)to + *got, len - *got, (off_t)(at + *got));

		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return err_errno(err, errno, "cannot read a temporary file");
		if (!more)
			return true;
		*got += (size_t)more;
	}
	return true;
}
