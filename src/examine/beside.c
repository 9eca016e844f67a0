#include "examine/beside.h"

#include "evidence/beside.h"
#include "evidence/unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Companions are small; what is larger than its item may be is not read. */
#define NAMES_MOST ((size_t)16 << 20)
#define MEMBERS_BYTES ((uint64_t)96 << 20)
#define MEMBERS_MOST 20000

/* ---- files ---- */

/* What is larger than is held in memory: its pages as they are asked for. */
static void map_file(struct beside_file *f)
{
	void *at = mmap(NULL, (size_t)f->size, PROT_READ, MAP_PRIVATE, f->fd, 0);

	f->is_mapped = at != MAP_FAILED;
	if (f->is_mapped)
		f->bytes = span_of(at, (size_t)f->size);
}

static void read_file(struct beside_files *b, struct beside_file *f)
{
	uint64_t got = 0;
	ssize_t more;

	if (f->size > b->x->limits->member_bytes) {
		map_file(f);
		return;
	}
	f->copy = malloc(f->size ? (size_t)f->size : 1);
	while (f->copy && got < f->size) {
		more = pread(f->fd, f->copy + got, (size_t)(f->size - got), (off_t)got);
		if (more < 0 && errno == EINTR)
			continue;
		if (more <= 0)
			break;
		got += (uint64_t)more;
	}
	f->bytes = span_of(f->copy, f->copy ? (size_t)got : 0);
}

static bool find_file(void *context, struct span name, struct span *bytes)
{
	struct beside_files *b = context;
	struct beside_file *f = beside_find(b, name);

	if (!f)
		return false;
	if (f->fd >= 0 && !f->copy && !f->is_mapped)
		read_file(b, f);
	*bytes = f->bytes;
	return f->bytes.len > 0;
}

void beside_init(struct beside_files *b, struct examination *x)
{
	*b = (struct beside_files){ .x = x, .names = arena_new(NAMES_MOST),
				    .near = { find_file, b } };
}

bool beside_add(struct beside_files *b, struct span name, int fd, uint64_t size)
{
	struct beside_file *f = arena_push(&b->names, (void **)&b->files, &b->count, &b->room,
					   sizeof *f);

	if (!f) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	*f = (struct beside_file){ .name = arena_copy(&b->names, name), .fd = fd, .size = size };
	return true;
}

struct beside_file *beside_find(struct beside_files *b, struct span name)
{
	for (size_t i = 0; i < b->count; i++)
		if (span_eq(b->files[i].name, name))
			return &b->files[i];
	for (size_t i = 0; i < b->count; i++)
		if (span_eq_nocase(b->files[i].name, name))
			return &b->files[i];
	return NULL;
}

void beside_clear(struct beside_files *b)
{
	for (size_t i = 0; i < b->count; i++) {
		if (b->files[i].fd >= 0)
			close(b->files[i].fd);
		if (b->files[i].is_mapped)
			munmap((void *)(uintptr_t)b->files[i].bytes.at, b->files[i].bytes.len);
		free(b->files[i].copy);
	}
	arena_free(&b->names);
	b->files = NULL;
	b->count = b->room = 0;
}

/* ---- members ---- */

static void keep_member(struct beside_members *m, struct unpack *u, const struct unpack_member *found,
			uint64_t *left)
{
	struct buf content = buf_new((size_t)*left);
	struct beside_file *f;
	struct err err;
	bool end = false;

	while (!end && !content.overflow && !examination_over(m->found.x) &&
	       unpack_read(u, &content, &end, &err))
		;
	if (end && content.len && beside_add(&m->found, found->path, -1, content.len)) {
		f = &m->found.files[m->found.count - 1];
		f->copy = content.at;
		f->bytes = buf_span(&content);
		m->found.x->held += content.len;
		*left -= content.len;
		return;
	}
	buf_free(&content);
}

/* All companions, or the one member of that path. */
static void read_members(struct beside_members *m, struct span wanted)
{
	struct unpack_member found;
	uint64_t left = wanted.len ? m->found.x->limits->member_bytes : MEMBERS_BYTES;
	struct err err;
	struct unpack *u = unpack_open(m->archive, m->name, &err);
	bool more = u;

	for (int i = 0; more && i < MEMBERS_MOST && !examination_over(m->found.x); i++) {
		enum unpack_step step = unpack_next(u, &found, &more, &err);

		if (step == UNPACK_END)
			break;
		if (step != UNPACK_MEMBER || found.kind != UNPACK_FILE || found.is_encrypted)
			continue;
		if (wanted.len ? span_eq_nocase(found.path, wanted) : beside_is_companion(found.path))
			keep_member(m, u, &found, &left);
		more = more && !(wanted.len && beside_find(&m->found, wanted));
	}
	unpack_free(u);
}

/* The path of `name` ("x" or "../x") as the member at hand would say it. */
static bool member_path(const struct beside_members *m, struct span name, struct buf *path)
{
	size_t at = m->member.len;

	while (at && m->member.at[at - 1] != '/')
		at--;
	for (; span_starts(name, SPAN("../")); name = span_from(name, 3)) {
		if (!at)
			return false;
		for (at--; at && m->member.at[at - 1] != '/';)
			at--;
	}
	buf_add(path, span_sub(m->member, 0, at));
	return buf_add(path, name);
}

/* access.log.1 in access.log.1.gz: one file that is packed, and has the neighbours of its packing. */
static bool is_one_file(const struct beside_members *m)
{
	struct span archive = span_after_last(m->name, '/');

	return m->outer && m->member.len && span_starts(archive, m->member) && archive.at[m->member.len] == '.';
}

/* Companions are read together and once; a table of files, which is large, where it is asked for. */
static bool find_member(void *context, struct span name, struct span *bytes)
{
	struct beside_members *m = context;
	bool is_table = span_eq(span_from(name, name.len - (name.len < 4 ? name.len : 4)), SPAN("$MFT"));
	struct buf path = buf_new((size_t)64 << 10);
	struct beside_file *f = NULL;

	if (is_one_file(m)) {
		buf_free(&path);
		return m->outer->find(m->outer->context, name, bytes);
	}
	if (member_path(m, name, &path) && (is_table || beside_is_companion(name))) {
		f = beside_find(&m->found, buf_span(&path));
		if (!f && (is_table || !m->is_read)) {
			read_members(m, is_table ? buf_span(&path) : (struct span){ 0 });
			m->is_read |= !is_table;
			f = beside_find(&m->found, buf_span(&path));
		}
	}
	buf_free(&path);
	if (f)
		*bytes = f->bytes;
	return f;
}

void beside_members_init(struct beside_members *m, struct examination *x, struct span archive,
			 struct span name, const struct near_files *outer)
{
	*m = (struct beside_members){ .archive = archive, .name = name, .outer = outer, .near = { find_member, m } };
	beside_init(&m->found, x);
}

void beside_members_clear(struct beside_members *m)
{
	for (size_t i = 0; i < m->found.count; i++)
		m->found.x->held -= m->found.files[i].bytes.len;
	beside_clear(&m->found);
}
