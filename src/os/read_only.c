#include "os/read_only.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_quietly(const char *path)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	int fd = open(path, flags | O_NOATIME);

	return fd < 0 && errno == EPERM ? open(path, flags) : fd;
}

static bool read_pieces(int fd, const char *path, read_only_fn *piece, void *context,
			struct err *err)
{
	static uint8_t part[64 << 10];

	for (;;) {
		ssize_t got = read(fd, part, sizeof part);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, errno, "cannot read '%s'", path);
		if (got == 0)
			return true;
		piece(context, span_of(part, (size_t)got));
	}
}

bool read_only_each(const char *path, read_only_fn *piece, void *context, struct err *err)
{
	struct stat st;
	bool ok;
	int fd = open_quietly(path);

	if (fd < 0)
		return err_errno(err, errno, "cannot open '%s'", path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		ok = err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "'%s' is no regular file", path);
	else
		ok = read_pieces(fd, path, piece, context, err);
	close(fd);
	return ok;
}

bool read_only_is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}
