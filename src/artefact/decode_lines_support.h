/* decode_lines_support: a decoder over text in a test; its traces as lines. */
#ifndef KANSHIKI_ARTEFACT_DECODE_LINES_SUPPORT_H
#define KANSHIKI_ARTEFACT_DECODE_LINES_SUPPORT_H

#include <stdio.h>

#include "artefact/artefact.h"
#include "base/buf.h"

struct decoded {
	struct buf lines;		/* "kind|what|name|user|command|program|path" */
	uint64_t traces, lost;
	char reason[200];
	struct trace last;		/* numbers and times only */
	char ends[100];			/* of the last: "local peer" */
	const char *neighbour;		/* name of a file beside it, or NULL */
	struct span neighbour_bytes;
};

static inline bool decoded_trace(void *context, const struct trace *t)
{
	struct decoded *d = context;
	const struct span cells[] = { t->what, t->name, t->user, t->command, t->program, t->path };

	/* Told of every file with an entry, so that the ledger knows it. */
	if (span_eq(t->what, SPAN("configuration")))
		return true;
	buf_text(&d->lines, trace_kind_name(t->kind));
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		buf_add_u8(&d->lines, '|');
		buf_add(&d->lines, cells[i]);
	}
	buf_add_u8(&d->lines, '\n');
	d->traces++;
	d->last.time = t->time;
	d->last.last = t->last;
	d->last.count = t->count;
	d->last.bytes_in = t->bytes_in;
	snprintf(d->ends, sizeof d->ends, "%.*s %.*s", SPAN_ARG(t->local), SPAN_ARG(t->peer));
	return true;
}

__attribute__((format(printf, 2, 3)))
static inline void decoded_short(void *context, const char *format, ...)
{
	struct decoded *d = context;
	va_list args;

	va_start(args, format);
	vsnprintf(d->reason, sizeof d->reason, format, args);
	va_end(args);
}

static inline void decoded_lost(void *context, uint64_t lost)
{
	((struct decoded *)context)->lost += lost;
}

static inline bool decoded_near(void *context, struct span name, struct span *bytes)
{
	struct decoded *d = context;

	if (!d->neighbour || !span_eq(name, span_text(d->neighbour)))
		return false;
	*bytes = d->neighbour_bytes;
	return true;
}

/* Runs every decoder of the path and kind; lines grow in `d`. */
static inline void decode_into(struct decoded *d, const char *path, const char *kind,
			       struct span bytes, uint32_t mode)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct near_files near = { decoded_near, d };
	struct span name = span_text(path), rest = name;
	struct artefact_list fitting;
	struct err err = { 0 };

	while (rest.len)
		name = span_split(&rest, '/');
	artefact_find(kind, span_text(path), &fitting);
	for (size_t i = 0; i < fitting.count; i++) {
		struct artefact a = { .bytes = bytes, .path = span_text(path), .name = name,
			.kind = kind, .modified = TIME_SECOND, .mode = mode, .near = &near,
			.arena = &arena, .trace = decoded_trace, .short_of = decoded_short,
			.lost = decoded_lost, .context = d };

		fitting.at[i]->decode(&a, &err);
		arena_reset(&arena);
	}
	arena_free(&arena);
}

#endif
