#include "examine/artefacts.h"

#include "artefact/artefact.h"
#include "artefact/program.h"
#include "base/day_counts.h"
#include "codec/digest.h"

#include <stdarg.h>
#include <stdio.h>

#define CLOCK_EVERY 256
#define CONFIGURATION_MOST ((size_t)1 << 20)	/* larger is no file of settings but a database */

struct decoding {
	struct examination *x;
	const struct artefact_decoder *decoder;
	timestamp first, last;
	struct day_counts days;
	uint64_t count, lost;
	bool starts_something;
};

static void widen(struct decoding *d, timestamp t)
{
	if (t == TIME_NONE)
		return;
	if (d->first == TIME_NONE || t < d->first)
		d->first = t;
	if (d->last == TIME_NONE || t > d->last)
		d->last = t;
}

static bool take_trace(void *context, const struct trace *trace)
{
	struct decoding *d = context;
	struct record r = { .type = RECORD_TRACE, .trace = *trace };

	widen(d, trace->time);
	widen(d, trace->last);
	day_counts_add(&d->days, trace->time, 1);
	d->starts_something |= trace->kind == TRACE_AUTOSTART;
	r.trace.of_place = d->decoder->of_place;
	examination_tell(d->x, &r);
	return ++d->count % CLOCK_EVERY || !examination_over(d->x);
}

static void note_short(void *context, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void note_short(void *context, const char *format, ...)
{
	struct decoding *d = context;
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	examination_short(d->x, FATE_PARTLY, "%s: %s", d->decoder->name, text);
}

static void add_lost(void *context, uint64_t lost)
{
	struct decoding *d = context;

	d->lost = d->lost + lost < lost ? UINT64_MAX : d->lost + lost;
}

static bool find_none(void *context, struct span name, struct span *bytes)
{
	return false;
}

static void tell_fact(const struct decoding *d)
{
	struct buf days = buf_new(DAY_COUNTS_TEXT);

	day_counts_write(&d->days, &days);
	examination_tell(d->x, &(struct record){ .type = RECORD_FACT, .fact = {
		.evidence_class = d->decoder->evidence_class,
		.channel = span_text(d->decoder->name), .days = buf_span(&days),
		.first = d->first, .last = d->last, .count = d->count, .lost = d->lost,
	} });
	buf_free(&days);
}

/* Whether it starts something is told. */
static bool decode(struct examination *x, const struct artefact_decoder *decoder,
		   struct artefact *a)
{
	struct decoding d = { .x = x, .decoder = decoder, .first = TIME_NONE, .last = TIME_NONE };
	struct err err = { 0 };

	if (decoder->is_risky)
		examination_risk(x);
	a->context = &d;
	if (decoder->decode(a, &err))
		tell_fact(&d);
	else if (err.code != ERR_UNSUPPORTED)
		examination_short(x, FATE_PARTLY, "%s: %s", decoder->name, err.text);
	return d.starts_something;
}

/* So that a package database, which knows MD5, SHA-1 or SHA-256, can vouch for the entry. */
static void tell_configuration(struct examination *x, const struct item *item)
{
	struct record r = { .type = RECORD_TRACE,
			    .trace = trace_new(TRACE_PROGRAM, "configuration") };
	struct digests digests = item->digests;
	struct buf text = buf_new(64), detail = buf_new(128);

	if (!item->has_digests)
		digests_of(item->bytes, &digests);
	buf_text(&text, "md5:");
	buf_hex(&text, span_of(digests.md5, sizeof digests.md5));
	buf_text(&detail, "{\"sha1\":\"");
	buf_hex(&detail, span_of(digests.sha1, sizeof digests.sha1));
	buf_text(&detail, "\"}");
	r.trace.digest = buf_span(&text);
	r.trace.detail = buf_span(&detail);
	r.trace.bytes_in = item->bytes.len;
	examination_tell(x, &r);
	buf_free(&text);
	buf_free(&detail);
}

bool artefacts_is_program(const struct item *item)
{
	const struct artefact_list *fitting = item->fitting;

	for (size_t i = 0; i < fitting->count; i++)
		if (fitting->at[i]->evidence_class == CLASS_SCRIPT || fitting->at[i]->evidence_class == CLASS_EXECUTABLE)
			return true;
	return false;
}

void artefacts_examine(struct examination *x, struct item *item, const char *kind,
		       bool is_new_content)
{
	static const struct near_files nothing = { find_none, NULL };
	struct arena arena = arena_new((size_t)256 << 20);
	struct artefact a = {
		.bytes = item->bytes, .rest = item->rest, .path = item->path,
		.name = span_after_last(item->path, '/'), .kind = kind,
		.modified = item->modified, .mode = item->mode, .marks = item->marks,
		.near = item->near ? item->near : &nothing,
		.digests = item->has_digests ? &item->digests : NULL,
		.arena = &arena, .trace = take_trace, .short_of = note_short, .lost = add_lost,
	};
	const struct artefact_list *fitting = item->fitting;
	bool starts = false;

	for (size_t i = 0; i < fitting->count && !examination_over(x); i++) {
		if (is_new_content || fitting->at[i]->of_place)
			starts |= decode(x, fitting->at[i], &a);
		arena_reset(&arena);
	}
	if (item->mode & 0111 && !artefacts_is_program(item) && !examination_over(x))
		decode(x, &program_allowed, &a);
	if (starts && is_new_content && item->bytes.len <= CONFIGURATION_MOST)
		tell_configuration(x, item);
	arena_free(&arena);
}
