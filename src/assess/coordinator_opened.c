#include "assess/coordinator_job.h"

#include "os/channel.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct opened *opened_new(int fd, const struct stat *st)
{
	struct opened *o = calloc(1, sizeof *o);

	if (!o) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	o->users = 1;
	o->fd = fd;
	o->room_fd = -1;
	o->allocated = (uint64_t)st->st_blocks * 512;
	return o;
}

struct opened *opened_share(struct opened *o)
{
	o->users++;
	return o;
}

void opened_release(struct opened *o)
{
	if (!o || --o->users)
		return;
	for (size_t i = 0; i < o->beside_count; i++) {
		close(o->beside[i].fd);
		free(o->beside[i].name);
	}
	if (o->fd >= 0)
		close(o->fd);
	if (o->room_fd >= 0)
		close(o->room_fd);
	free(o->beside);
	free(o);
}

void opened_make_room(struct opened *o)
{
	if (o->room_fd < 0)
		o->room_fd = memfd_create("chunks", MFD_CLOEXEC);
	if (o->room_fd >= 0 && ftruncate(o->room_fd, OPENED_ROOM)) {
		close(o->room_fd);
		o->room_fd = -1;
	}
}

static bool take_beside(void *context, const char *name, int fd, const struct stat *st)
{
	struct opened *o = context;
	char *kept = strdup(name);

	if (o->beside_count == o->beside_room) {
		size_t room = o->beside_room ? o->beside_room * 2 : 4;
		void *grown = reallocarray(o->beside, room, sizeof *o->beside);

		if (grown) {
			o->beside = grown;
			o->beside_room = room;
		}
	}
	if (!kept || o->beside_count == o->beside_room) {
		free(kept);
		close(fd);
		return false;
	}
	o->beside[o->beside_count++] = (struct opened_beside){ kept, fd, (uint64_t)st->st_size };
	o->allocated += (uint64_t)st->st_blocks * 512;
	return true;
}

void opened_beside(struct opened *o, struct sources *sources, struct span path)
{
	if (o->fd >= 0)
		sources_beside(sources, path, take_beside, o);
}

static bool send_some(const struct opened *o, size_t from, int channel, struct err *err)
{
	struct buf message = buf_new(CHANNEL_MESSAGE_MAX);
	struct command_beside list = { 0 };
	int fds[COMMAND_BESIDE_MAX];
	bool ok;

	for (size_t i = from; i < o->beside_count && list.count < COMMAND_BESIDE_MAX; i++) {
		list.files[list.count].name = span_text(o->beside[i].name);
		list.files[list.count].size = o->beside[i].size;
		fds[list.count++] = o->beside[i].fd;
	}
	ok = command_write_beside(&message, &list)
		     ? channel_send(channel, buf_span(&message), fds, list.count, err)
		     : err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "names too long");
	buf_free(&message);
	return ok;
}

bool opened_send_beside(const struct opened *o, int channel, struct err *err)
{
	for (size_t i = 0; i < o->beside_count; i += COMMAND_BESIDE_MAX)
		if (!send_some(o, i, channel, err))
			return false;
	return true;
}
