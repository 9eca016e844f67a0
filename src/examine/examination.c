#include "examine/examination.h"

#include "examine/digester.h"
#include "examine/seen.h"
#include "os/channel.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define BATCH ((size_t)64 << 10)
#define SILENCE_NS (UINT64_C(200) * 1000000)
#define LARGE ((uint64_t)1 << 20)

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void examination_flush(struct examination *x)
{
	struct err err;

	/* Nobody listens any more: there is nothing left to work for. */
	if (!channel_write_all(x->records, buf_span(&x->out), &err))
		_exit(1);
	buf_clear(&x->out);
	x->flushed_ns = x->now_ns;
}

static bool is_needed(enum record_type type)
{
	return type == RECORD_END || type == RECORD_DONE || type == RECORD_RISKY;
}

void examination_tell(struct examination *x, const struct record *record)
{
	/* The last megabyte is for ends. */
	uint64_t most = x->limits->output_bytes - (RECORD_MAX < x->limits->output_bytes / 2
						    ? RECORD_MAX : x->limits->output_bytes / 2);
	size_t before = x->out.len;

	if (x->written > most && !is_needed(record->type) && record->type != RECORD_BEGIN) {
		examination_limit(x, "limit: %" PRIu64 " bytes of findings and facts a file",
				  x->limits->output_bytes);
		return;
	}
	if (!record_write(&x->out, record)) {
		x->out.overflow = false;
		examination_short(x, FATE_PARTLY, "a finding or fact was too long to keep");
		return;
	}
	/* A share is another job, not something said of this one. */
	x->written += record->type == RECORD_PART ? 0 : x->out.len - before;
	if (x->out.len >= BATCH)
		examination_flush(x);
}

void examination_mark(struct examination *x)
{
	/* The coordinator takes silence for an item that hangs. */
	if (!x->is_hasty || x->now_ns - x->flushed_ns > SILENCE_NS)
		examination_flush(x);
}

/* What was told in this tree may not have been taken in yet. */
static bool is_surely_new(struct examination *x, const uint8_t sha256[32])
{
	bool is_new = x->seen && !seen_has(x->seen, sha256) && !seen_has(x->own, sha256);

	if (x->own)
		seen_add(x->own, sha256);
	return is_new;
}

enum record_answer examination_ask(struct examination *x, const struct record_content *content)
{
	struct record r = { .type = RECORD_CONTENT, .content = *content };
	int fds[CHANNEL_FDS_MAX];
	struct err err;
	uint8_t answer;
	size_t got;

	r.content.is_told = !content->size || is_surely_new(x, content->sha256);
	examination_tell(x, &r);
	/* Others may come upon the same while this one is at it. */
	if (!r.content.is_told || content->size >= LARGE)
		examination_flush(x);
	else if (x->at->depth)
		examination_mark(x);
	if (r.content.is_told)
		return ANSWER_EXAMINE;
	if (!channel_receive(x->commands, &answer, 1, &got, fds, &err) || got != 1)
		_exit(1);
	return answer;
}

void examination_tell_content(struct examination *x, const struct record_content *content)
{
	struct record r = { .type = RECORD_CONTENT, .content = *content };

	r.content.is_told = true;
	if (x->own)
		seen_add(x->own, content->sha256);
	examination_tell(x, &r);
	examination_flush(x);
}

/* Others may come upon the same meanwhile: so as soon as can be. */
static void tell_digested(struct examination *x)
{
	struct record_content content = { .size = x->at->bytes.len };

	if (!digester_done(x->digester, content.sha256))
		return;
	x->digested = NULL;
	examination_tell_content(x, &content);
}

void examination_risk(struct examination *x)
{
	if (x->is_risky_told)
		return;
	x->is_risky_told = true;
	examination_tell(x, &(struct record){ .type = RECORD_RISKY });
	examination_flush(x);
}

static void tick(struct examination *x)
{
	uint64_t now = clock_ns(), passed = now - x->now_ns;

	x->now_ns = now;
	if (x->at)
		x->at->left_ns -= passed < x->at->left_ns ? passed : x->at->left_ns;
}

void examination_enter(struct examination *x, struct item *item)
{
	tick(x);
	item->parent = x->at;
	item->left_ns = x->limits->item_seconds * 1000000000;
	x->at = item;
}

void examination_leave(struct examination *x)
{
	tick(x);
	x->at = (struct item *)(uintptr_t)x->at->parent;
}

/* Something else is amiss with what was whole until some time: no time can be said any more. */
static void spoil_whole(struct item *item)
{
	static const char more[] = "; and more";

	if (!reason_is_whole_until(item->short_of) || item->short_of.len + sizeof more > sizeof item->reason)
		return;
	memcpy(item->reason + item->short_of.len, more, sizeof more);
	item->short_of.len += sizeof more - 1;
}

/* Who reads it sees that there was more; never within a character. */
static void mark_cut(struct item *item)
{
	static const char more[] = "\u2026";
	size_t len = sizeof item->reason - sizeof more;

	while (len && (uint8_t)item->reason[len] >> 6 == 2)
		len--;
	memcpy(item->reason + len, more, sizeof more);
	item->short_of.len = len + sizeof more - 1;
}

__attribute__((format(printf, 3, 0)))
static void note(struct examination *x, enum fate fate, const char *format, va_list args)
{
	struct item *item = x->at;
	int len;

	if (fate != FATE_PARTLY && item->fate != FATE_LOCKED)
		item->fate = fate;
	else if (item->fate == FATE_NONE)
		item->fate = fate;
	if (item->short_of.len) {
		spoil_whole(item);
		return;
	}
	len = vsnprintf(item->reason, sizeof item->reason, format, args);
	item->short_of = span_of(item->reason, len < 0 ? 0 : (size_t)len);
	if (item->short_of.len >= sizeof item->reason)
		mark_cut(item);
}

void examination_short(struct examination *x, enum fate fate, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(x, fate, format, args);
	va_end(args);
}

void examination_limit(struct examination *x, const char *format, ...)
{
	va_list args;

	x->at->is_bounded = true;
	va_start(args, format);
	note(x, FATE_PARTLY, format, args);
	va_end(args);
}

bool examination_over(struct examination *x)
{
	tick(x);
	if (x->digested && x->digested == x->at)
		tell_digested(x);
	if (x->now_ns > x->tree_deadline_ns)
		examination_limit(x, "limit: %" PRIu64 " s a file with all that is in it",
				  x->limits->tree_seconds);
	else if (!x->at->left_ns)
		examination_limit(x, "limit: %" PRIu64 " s an item", x->limits->item_seconds);
	else
		return false;
	return true;
}
