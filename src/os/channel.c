#include "os/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
};

bool channel_pair(int ends[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return err_errno(err, errno, "cannot make a channel");
	return true;
}

bool channel_send(int fd, struct span message, const int *fds, size_t count, struct err *err)
{
	struct iovec bytes = { .iov_base = (void *)(uintptr_t)message.at, .iov_len = message.len };
	union control control = { .space = { 0 } };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1 };
	ssize_t sent;

	if (count) {
		header.msg_control = control.space;
		header.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	}
	do
		sent = sendmsg(fd, &header, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)message.len ? true : err_errno(err, errno, "cannot send");
}

static void take_fds(struct msghdr *header, int fds[CHANNEL_FDS_MAX])
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		    count <= CHANNEL_FDS_MAX)
			memcpy(fds, CMSG_DATA(c), count * sizeof(int));
	}
}

bool channel_receive(int fd, void *to, size_t room, size_t *got, int fds[CHANNEL_FDS_MAX],
		     struct err *err)
{
	struct iovec bytes = { .iov_base = to, .iov_len = room };
	union control control = { .space = { 0 } };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = sizeof control.space };
	ssize_t received;

	for (size_t i = 0; i < CHANNEL_FDS_MAX; i++)
		fds[i] = -1;
	do
		received = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
	while (received < 0 && errno == EINTR);
	if (received < 0 && errno == ECONNRESET)
		received = 0;
	if (received < 0)
		return err_errno(err, errno, "cannot receive");
	take_fds(&header, fds);
	*got = (size_t)received;
	return true;
}

bool channel_write_all(int fd, struct span bytes, struct err *err)
{
	while (bytes.len) {
		ssize_t written = write(fd, bytes.at, bytes.len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return err_errno(err, errno, "cannot write");
		bytes = span_from(bytes, (size_t)written);
	}
	return true;
}
