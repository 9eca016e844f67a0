#include "cli/log_parts.h"

#include <errno.h>
#include <unistd.h>

#define PIECE ((size_t)16 << 10)
#define COUNT_BITS 24
#define LOOK_BACK ((size_t)4 << 10)	/* for the start of a line */

static size_t read_at(const struct log_parts *p, uint64_t at, uint64_t wanted)
{
	size_t len = 0, most = wanted < LOG_PARTS_BLOCK ? (size_t)wanted : LOG_PARTS_BLOCK;

	while (len < most) {
		ssize_t got = pread(p->fd, p->block + len, most - len, (off_t)(at + len));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	return len;
}

uint64_t log_parts_begin(const struct log_parts *p, uint64_t window)
{
	uint64_t from = window * LOG_PART, to = from + LOG_PART < p->size ? from + LOG_PART : p->size;
	uint64_t at = from < LOG_CUT_CONTEXT ? 0 : from - LOG_CUT_CONTEXT;
	struct span text;
	size_t cut;

	if (window == 0)
		return 0;
	do {
		text = span_of(p->block, read_at(p, at, PIECE));
		cut = log_cut_next(text, from > at ? (size_t)(from - at) : 0, p->format);
		if (cut != SIZE_MAX)
			return at + cut < to ? at + cut : LOG_PART_NONE;
		/* What stands beside the last byte is seen with the next piece. */
		at += PIECE - LOG_CUT_CONTEXT - 1;
	} while (text.len == PIECE && at < to);
	return LOG_PART_NONE;
}

uint64_t log_parts_end(const struct log_parts *p, uint64_t window)
{
	for (window++; window * LOG_PART < p->size; window++) {
		uint64_t cut = log_parts_begin(p, window);

		if (cut != LOG_PART_NONE)
			return cut;
	}
	return p->size;
}

static uint64_t count(const struct log_parts *p, uint64_t from, uint64_t to)
{
	uint64_t lines = 0;

	while (from < to) {
		size_t context = from < LOOK_BACK ? (size_t)from : LOOK_BACK;
		struct span text = span_of(p->block, read_at(p, from - context, to - from + context));

		if (text.len <= context)
			break;
		lines += log_cut_lines(text, context, p->format);
		from += text.len - context;
	}
	return lines;
}

/* What another reader counted already, or else counted here for others as well. */
static uint64_t lines_of(const struct log_parts *p, uint64_t window)
{
	uint64_t number = p->first + window, from = window * LOG_PART;
	_Atomic uint64_t *known = &p->units->lines[number % LOG_UNITS_COUNTED];
	uint64_t lines = atomic_load(known);

	if (lines >> COUNT_BITS == number + 1)
		return lines & ((UINT64_C(1) << COUNT_BITS) - 1);
	lines = count(p, from, from + LOG_PART < p->size ? from + LOG_PART : p->size);
	atomic_store(known, (number + 1) << COUNT_BITS | lines);
	return lines;
}

uint64_t log_parts_lines(struct log_parts *p, uint64_t window, uint64_t at)
{
	/* Others will ask for it. */
	lines_of(p, window);
	for (; p->counted < window; p->counted++)
		p->lines += lines_of(p, p->counted);
	return p->lines + count(p, window * LOG_PART, at);
}
