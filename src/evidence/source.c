#include "evidence/source.h"

#include "evidence/beside.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAME_ROOM ((size_t)64 << 10)

struct sources {
	const char *const *paths;
	size_t count, next;
	struct sources_options options;
	struct walk *walk;
	/* Of a source that is a file: the next of those that belong to it. */
	bool has_beside, was_there;
	struct beside beside;
	struct buf name, path;
	size_t next_name;
};

static bool is_input(const char *path)
{
	return !strcmp(path, "-");
}

const char *source_kind(const char *path)
{
	struct stat st;

	if (is_input(path))
		return "standard input";
	return !stat(path, &st) && S_ISDIR(st.st_mode) ? "folder" : "file";
}

struct sources *sources_open(const char *const *paths, size_t count,
			     const struct sources_options *options, struct err *err)
{
	struct sources *s;
	struct stat st;

	for (size_t i = 0; i < count; i++)
		if (!is_input(paths[i]) && stat(paths[i], &st)) {
			err_errno(err, errno, "%s", paths[i]);
			return NULL;
		}
	s = calloc(1, sizeof *s);
	if (!s) {
		err_errno(err, ENOMEM, "sources");
		return NULL;
	}
	s->paths = paths;
	s->count = count;
	s->options = *options;
	s->name = buf_new(NAME_ROOM);
	s->path = buf_new(NAME_ROOM * 2);
	return s;
}

static bool copy_input(int to, uint64_t most, bool *is_cut, struct err *err)
{
	static uint8_t piece[1 << 16];
	uint64_t copied = 0;
	ssize_t got;

	while ((got = read(STDIN_FILENO, piece, sizeof piece)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, errno, "cannot read standard input");
		if ((uint64_t)got > most - copied) {
			*is_cut = true;
			got = (ssize_t)(most - copied);
		}
		for (ssize_t at = 0, put; at < got; at += put)
			if ((put = write(to, piece + at, (size_t)(got - at))) <= 0)
				return err_errno(err, errno, "cannot keep standard input");
		copied += (uint64_t)got;
		if (*is_cut)
			break;
	}
	return true;
}

static bool take_input(struct sources *s, struct place *out, struct err *err)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	out->entry = (struct walk_entry){ .kind = WALK_FILE, .fd = fd, .path = SPAN("-") };
	if (fd < 0)
		return err_errno(err, errno, "cannot keep standard input");
	if (s->options.walk.list_only) {
		close(fd);
		out->entry.fd = -1;
		return true;
	}
	if (!copy_input(fd, s->options.input_bytes, &out->is_cut, err) ||
	    fstat(fd, &out->entry.stat)) {
		close(fd);
		return false;
	}
	return true;
}

static void begin_beside(struct sources *s, const struct walk_entry *e)
{
	const char *path = s->paths[s->next - 1];

	s->has_beside = s->options.companions && e->kind == WALK_FILE && S_ISREG(e->stat.st_mode) &&
			span_eq(e->path, span_text(path));
	s->beside = beside_of(span_after_last(span_text(path), '/'));
	s->was_there = false;
	s->next_name = 0;
}

/* The next name that may lie there; NULL: no more. */
static const char *next_beside(struct sources *s)
{
	struct span of = s->beside.name;
	const char *other;

	if (beside_next(&s->beside, s->was_there, &s->name))
		return (char *)s->name.at;
	while (beside_has_logs(of) && (other = walk_name_beside(s->walk, &s->next_name)))
		if (beside_is_log(span_text(other)))
			return other;
	return NULL;
}

static bool take_companion(struct sources *s, struct place *out)
{
	struct span path = span_text(s->paths[s->next - 1]);
	struct walk_entry *e = &out->entry;
	const char *name;

	while (s->has_beside && (name = next_beside(s))) {
		e->fd = walk_open_beside(s->walk, name, &e->stat);
		s->was_there = e->fd >= 0;
		if (!s->was_there)
			continue;
		buf_clear(&s->path);
		buf_add(&s->path, span_sub(path, 0, path.len - s->beside.name.len));
		buf_text(&s->path, name);
		e->path = buf_span(&s->path);
		e->kind = WALK_FILE;
		out->is_companion = true;
		if (s->options.walk.list_only) {
			close(e->fd);
			e->fd = -1;
		}
		return true;
	}
	s->has_beside = false;
	return false;
}

bool sources_next(struct sources *s, struct place *out, struct err *err)
{
	for (;;) {
		*out = (struct place){ .source = s->next ? s->next - 1 : 0 };
		if (s->walk && walk_next(s->walk, &out->entry)) {
			begin_beside(s, &out->entry);
			return true;
		}
		if (s->walk && take_companion(s, out))
			return true;
		walk_free(s->walk);
		s->walk = NULL;
		if (s->next == s->count)
			return false;
		out->source = s->next++;
		if (is_input(s->paths[out->source]))
			return take_input(s, out, err);
		s->walk = walk_open(s->paths[out->source], &s->options.walk, err);
		if (!s->walk)
			return false;
	}
}

struct beside_taking {
	struct sources *s;
	sources_beside_fn *take;
	void *context;
	size_t count;
	bool is_enough;
};

static bool take_beside(struct beside_taking *t, const char *name)
{
	struct stat st;
	int fd = t->is_enough ? -1 : walk_open_beside(t->s->walk, name, &st);

	if (fd < 0)
		return false;
	t->is_enough = !t->take(t->context, name, fd, &st) || ++t->count >= BESIDE_MOST;
	return true;
}

/* Names that nobody can tell: logs of a database, and what an image rests on. */
static void take_of_folder(struct beside_taking *t, struct span name, bool may_rest)
{
	bool has_logs = beside_has_logs(name);
	size_t next = 0, images = 0;
	const char *other;

	while ((has_logs || may_rest) && !t->is_enough && (other = walk_name_beside(t->s->walk, &next))) {
		bool is_image = may_rest && images < BESIDE_IMAGES && beside_is_image(span_text(other)) &&
				!span_eq(span_text(other), name);

		if (is_image || (has_logs && beside_is_log(span_text(other))))
			images += take_beside(t, other) && is_image;
	}
}

void sources_beside(struct sources *s, struct span path, sources_beside_fn *take, void *context)
{
	struct beside_taking t = { .s = s, .take = take, .context = context };
	struct buf name = buf_new(NAME_ROOM);
	struct span last = span_after_last(path, '/');
	struct beside beside = beside_of(last);
	bool was_there = false;

	while (s->walk && !t.is_enough && beside_next(&beside, was_there, &name))
		was_there = take_beside(&t, (char *)name.at);
	buf_free(&name);
	/* Of a single file that was named no other image is read: it would be no item of the case. */
	if (s->walk)
		take_of_folder(&t, last, beside_may_rest(last) && !span_eq(path, span_text(s->paths[s->next - 1])));
}

void sources_free(struct sources *s)
{
	if (!s)
		return;
	walk_free(s->walk);
	buf_free(&s->name);
	buf_free(&s->path);
	free(s);
}
