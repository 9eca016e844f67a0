/*
 * decode_support: for tests and fuzz harnesses of decoders: runs one over bytes
 * as the examiner would and keeps what it told.
 */
#ifndef KANSHIKI_ARTEFACT_DECODE_SUPPORT_H
#define KANSHIKI_ARTEFACT_DECODE_SUPPORT_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "artefact/artefact.h"

struct told {
	struct arena arena;		/* of the decoder and of the traces below */
	struct trace *traces;
	size_t count, room;
	size_t most;			/* traces after which the decoder is told to stop; 0: never */
	uint64_t lost;
	char short_of[200];
	bool ok;
	struct err err;
	/* Neighbour files, by name; ended by an empty name. May be NULL. */
	const struct told_file { const char *name; struct span bytes; } *files;
};

static inline bool told_trace(void *context, const struct trace *trace)
{
	struct told *t = context;
	struct trace *to = arena_push(&t->arena, (void **)&t->traces, &t->count, &t->room, sizeof *to);
	struct span *spans[] = { &to->what, &to->source, &to->host, &to->user, &to->program, &to->path,
				 &to->name, &to->command, &to->local, &to->peer, &to->protocol,
				 &to->digest, &to->technique, &to->summary, &to->detail };

	if (!to)
		return false;
	*to = *trace;
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
		*spans[i] = arena_copy(&t->arena, *spans[i]);
	return !t->most || t->count < t->most;
}

__attribute__((format(printf, 2, 3)))
static inline void told_short(void *context, const char *format, ...)
{
	struct told *t = context;
	va_list args;

	if (t->short_of[0])
		return;
	va_start(args, format);
	vsnprintf(t->short_of, sizeof t->short_of, format, args);
	va_end(args);
}

static inline void told_lost(void *context, uint64_t lost)
{
	((struct told *)context)->lost += lost;
}

static inline bool told_near(void *context, struct span name, struct span *bytes)
{
	const struct told_file *f = ((struct told *)context)->files;

	for (; f && f->name; f++)
		if (span_eq_nocase(span_text(f->name), name)) {
			*bytes = f->bytes;
			return true;
		}
	return false;
}

/* Runs `decode` over `bytes` as a file at `path`; free with told_free. */
static inline void told_run(struct told *t, artefact_fn *decode, struct span bytes, const char *path,
			    const char *kind, const struct told_file *files)
{
	struct near_files near = { told_near, t };
	struct artefact a = {
		.bytes = bytes, .path = span_text(path), .name = span_text(path), .kind = kind,
		.modified = TIME_NONE, .near = &near, .arena = &t->arena, .trace = told_trace,
		.short_of = told_short, .lost = told_lost, .context = t,
	};
	const char *slash = strrchr(path, '/');

	*t = (struct told){ .arena = arena_new((size_t)256 << 20), .files = files, .most = t->most };
	if (slash)
		a.name = span_text(slash + 1);
	t->ok = decode(&a, &t->err);
}

static inline void told_free(struct told *t)
{
	arena_free(&t->arena);
}

/* The first trace from `from` of that kind and word, or NULL. */
static inline const struct trace *told_find(const struct told *t, size_t from, enum trace_kind kind,
					    const char *what)
{
	for (size_t i = from; i < t->count; i++)
		if (t->traces[i].kind == kind && span_eq(t->traces[i].what, span_text(what)))
			return &t->traces[i];
	return NULL;
}

#endif
