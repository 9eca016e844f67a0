#include "examine/examiner.h"

#include "artefact/artefact.h"
#include "codec/digest.h"
#include "disk/library.h"
#include "evidence/identify.h"
#include "evidence/unpack.h"
#include "examine/beside.h"
#include "examine/digester.h"
#include "examine/events.h"
#include "examine/images.h"
#include "examine/item.h"
#include "examine/matching.h"
#include "examine/pages.h"
#include "examine/seen.h"
#include "os/channel.h"
#include "os/sandbox.h"
#include "rules/yara/modules.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Reading from disk takes its time: a second more for each of these. */
#define BYTES_A_SECOND ((uint64_t)32 << 20)
/* A process that worked this long is replaced by the coordinator before. */
#define CPU_SECONDS_SPARE 900
/* Bits of the filter of one tree's contents. */
#define OWN_SEEN ((uint64_t)1 << 22)
/* Freed memory that is not given back between trees. */
#define HEAP_KEPT (16 << 20)
#define ITEM_ARENA ((size_t)64 << 20)
/* The file, a share of the image in it, memory for its chunks. */
#define FDS 3
/* What Argon2 is asked for by default (1 GiB), and a little. */
#define KEY_MEMORY (UINT64_C(1088) << 20)

void examiner_prepare(void)
{
	uint8_t digest[DIGEST_MAX];

	unpack_prepare();
	yara_modules_prepare(NULL);
	artefact_prepare();
	digest_of(DIGEST_MD5, SPAN("warm"), digest);
	digest_of(DIGEST_SHA1, SPAN("warm"), digest);
	digest_of(DIGEST_SHA256, SPAN("warm"), digest);
}

/* ---- the file's bytes ---- */

struct content {
	struct span bytes;
	void *mapped;
	uint8_t *copy;
	const char *cut;		/* why it is not all, or NULL */
	bool is_cut_by_limit;
};

static void read_content(int fd, uint64_t want, struct content *out)
{
	uint64_t got = 0;
	uint8_t beyond;

	out->copy = malloc(want ? (size_t)want : 1);
	while (out->copy && got < want) {
		ssize_t more = pread(fd, out->copy + got, (size_t)(want - got), (off_t)got);

		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			out->cut = "read error";
		else if (!more)
			out->cut = "became shorter while it was read";
		if (more <= 0)
			break;
		got += (uint64_t)more;
	}
	/* A stated size may be wrong (as in /proc), or the file is being written to. */
	if (!out->copy)
		out->cut = "no memory";
	else if (!out->cut && pread(fd, &beyond, 1, (off_t)want) == 1)
		out->cut = "longer than its stated size";
	out->bytes = span_of(out->copy, (size_t)got);
}

/* A disk image is never too large: what is in it is gone through file by file. */
static bool is_image(int fd)
{
	static uint8_t start[IDENTIFY_BYTES];
	ssize_t got = pread(fd, start, sizeof start, 0);

	return got > 0 && identify(span_of(start, (size_t)got)).reader == READER_IMAGE;
}

static void open_content(const struct examination *x, int fd, struct content *out)
{
	uint64_t want = x->command->size;

	*out = (struct content){ 0 };
	if (x->command->is_cut) {
		out->cut = "limit: bytes of standard input";
		out->is_cut_by_limit = true;
	}
	if (want > x->limits->file_bytes && !is_image(fd)) {
		want = x->limits->file_bytes;
		out->cut = "limit: bytes of one file";
		out->is_cut_by_limit = true;
	}
	if (want <= EXAMINER_READ_MOST) {
		const char *limit = out->cut;

		read_content(fd, want, out);
		out->cut = limit ? limit : out->cut;
		return;
	}
	out->mapped = mmap(NULL, (size_t)want, PROT_READ, MAP_PRIVATE, fd, 0);
	if (out->mapped == MAP_FAILED) {
		out->mapped = NULL;
		out->cut = "cannot be mapped";
		return;
	}
	madvise(out->mapped, (size_t)want, MADV_SEQUENTIAL);
	out->bytes = span_of(out->mapped, (size_t)want);
}

static void close_content(struct content *c)
{
	if (c->mapped)
		munmap(c->mapped, c->bytes.len);
	free(c->copy);
}

/* ---- one tree ---- */

static void examine_file(struct examination *x)
{
	const struct command *command = x->command;
	struct item item = { .path = command->path, .modified = command->modified,
			     .marks = command->marks, .near = &x->beside->near };
	struct item_origin origin = { .begin = {
		.size = command->size, .modified = command->modified, .changed = command->changed,
		.accessed = command->accessed, .created = TIME_NONE, .mode = command->mode },
		.no_rights = command->no_rights };
	struct content content;

	open_content(x, x->file, &content);
	item.bytes = content.bytes;
	item.is_mapped = content.mapped;
	pages_watch(content.mapped ? content.bytes : (struct span){ 0 });
	origin.cut = content.cut;
	origin.is_cut_by_limit = content.is_cut_by_limit;
	item_examine(x, &item, &origin);
	close_content(&content);
}

static void examine_part(struct examination *x, int fd)
{
	uint8_t *bytes = x->command->part_bytes <= RECORD_MAX ? malloc(x->command->part_bytes) : NULL;

	if (!bytes || pread(fd, bytes, x->command->part_bytes, 0) != (ssize_t)x->command->part_bytes)
		_exit(EXAMINER_EXIT_NO_MEMORY);
	images_share(x, span_of(bytes, x->command->part_bytes));
	free(bytes);
}

static void examine_tree(struct examination *x, int part)
{
	uint64_t seconds = x->limits->tree_seconds + x->command->allocated / BYTES_A_SECOND;
	struct record done = { .type = RECORD_DONE };
	struct mallinfo2 heap;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	x->now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	x->tree_deadline_ns = x->now_ns + seconds * 1000000000;
	x->flushed_ns = x->now_ns;
	x->is_hasty = x->command->part_bytes && !x->command->is_careful;
	if (x->command->part_bytes)
		examine_part(x, part);
	else
		examine_file(x);
	heap = mallinfo2();
	if (heap.fordblks > HEAP_KEPT) {
		malloc_trim((size_t)1 << 20);
		heap = mallinfo2();
	}
	done.done.events = x->event_count;
	done.done.unpacked = x->unpacked;
	done.done.heap = heap.arena + heap.hblkhd;
	examination_tell(x, &done);
	examination_flush(x);
}

/* False: the coordinator is gone or talks nonsense. */
static bool take_beside(struct examination *x, uint32_t expected, struct beside_files *to)
{
	static uint8_t message[CHANNEL_MESSAGE_MAX];
	struct command_beside list;
	int fds[CHANNEL_FDS_MAX];
	struct err err;
	size_t got;

	while (to->count < expected) {
		if (!channel_receive(x->commands, message, sizeof message, &got, fds, &err) ||
		    !got || !command_read_beside(span_of(message, got), &list, &err) || !list.count)
			return false;
		for (size_t i = 0; i < list.count; i++)
			if (!beside_add(to, list.files[i].name, fds[i], list.files[i].size))
				return false;
	}
	return true;
}

/* Deriving the key of a LUKS volume fills as much as was found on the machine that made it. */
static uint64_t memory_of_keys(const struct examiner_options *options)
{
	for (size_t i = 0; i < options->key_count; i++)
		if (options->keys[i].passphrase.len)
			return KEY_MEMORY;
	return 0;
}

/* Small pages would have to be asked for one by one, by each process anew. */
static void take_room(struct examination *x, const struct command *first, int fd)
{
	int may = first->is_room_ours ? PROT_READ | PROT_WRITE : PROT_READ;
	void *at = mmap(NULL, (size_t)first->room_bytes, may, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return;
	madvise(at, (size_t)first->room_bytes, MADV_HUGEPAGE);
	x->room = (struct chunk_room){ at, (size_t)first->room_bytes, first->is_room_ours };
}

/*
 * Before the first tree, whose command says whether a second thread is of use, and which
 * memory is shared: in the sandbox there is neither. `room`: a descriptor or -1.
 */
static void lock_in(struct examination *x, const struct examiner_options *options, const struct command *first,
		    int room)
{
	const struct sandbox_options box = {
		.commands = x->commands, .records = x->records,
		.memory_bytes = options->limits->memory_bytes + memory_of_keys(options),
		.cpu_seconds = options->limits->tree_seconds + CPU_SECONDS_SPARE,
	};
	struct err err;

	if (x->is_locked_in)
		return;
	x->is_locked_in = true;
	pages_prepare();
	if (first->room_bytes && room >= 0)
		take_room(x, first, room);
	if (first->is_only_size)
		x->digester = digester_new(options->no_sandbox ? NULL : &box);
	if (!(options->no_sandbox ? sandbox_limits(&box, &err) : sandbox_enter(&box, &err)))
		_exit(EXAMINER_EXIT_NO_SANDBOX);
}

static bool next_tree(struct examination *x, const struct examiner_options *options)
{
	static uint8_t message[CHANNEL_MESSAGE_MAX];
	struct command command;
	struct beside_files beside;
	int fds[CHANNEL_FDS_MAX];
	struct err err;
	size_t got;

	if (!channel_receive(x->commands, message, sizeof message, &got, fds, &err) || !got)
		return false;
	if (!command_read(span_of(message, got), &command, &err) || fds[0] < 0)
		return false;
	lock_in(x, options, &command, fds[2]);
	if (options->misbehave) {
		char name[64] = { 0 };
		size_t cut = command.path.len > 63 ? command.path.len - 63 : 0;

		memcpy(name, command.path.at + cut, command.path.len - cut);
		if (options->misbehave(name, x->records))
			return false;
	}
	x->command = &command;
	beside_init(&beside, x);
	if (!take_beside(x, command.beside_count, &beside))
		return false;
	x->file = fds[0];
	x->beside = &beside;
	examine_tree(x, fds[1]);
	beside_clear(&beside);
	for (size_t i = 0; i < FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	x->unpacked = x->entries = x->held = x->event_count = x->written = 0;
	x->is_risky_told = false;
	seen_clear(x->own);
	arena_reset(&x->arena);
	return true;
}

void examiner_main(void *context, int commands, int records)
{
	const struct examiner_options *options = context;
	struct examination x = { .limits = options->limits, .commands = commands,
				 .records = records, .out = buf_new(RECORD_MAX * 2),
				 .misbehave = options->misbehave,
				 .keys = options->keys, .key_count = options->key_count,
				 .arena = arena_new(ITEM_ARENA) };

	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	/* What one file needed the next one needs: the kernel would clear the same pages again. */
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	x.matching = matching_new(options->yara, options->limits);
	x.events = events_new(options->sigma);
	x.seen = options->seen;
	x.own = seen_new(OWN_SEEN);
	if (!x.matching || !x.events || !x.own || (x.seen && !seen_lock(x.seen)))
		_exit(EXAMINER_EXIT_NO_MEMORY);
	while (next_tree(&x, options))
		;
	_exit(0);
}
