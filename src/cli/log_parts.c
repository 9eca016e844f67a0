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

bool log_parts_fit(struct log_parts *p, struct span start)
{
	p->is_marked = !log_cut_fits(start, p->format) && log_mark_fits(start, p->format);
	return p->is_marked || log_cut_fits(start, p->format);
}

static uint64_t pack_flags(const struct log_mark *m)
{
	return (uint64_t)m->separator | (uint64_t)m->wrapper << 8 | (uint64_t)m->ended << 16;
}

static uint64_t sum_of(const uint64_t *words, uint64_t number)
{
	uint64_t sum = number + 1;

	for (size_t i = 0; i + 1 < LOG_MARK_WORDS; i++)
		sum = (sum ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return sum;
}

static void publish(const struct log_parts *p, uint64_t window, const struct log_mark *m)
{
	uint64_t number = p->first + window;
	uint64_t words[LOG_MARK_WORDS] = { m->at, m->lines, m->heads[0], m->heads[1],
					   m->heads[2], m->heads[3], pack_flags(m) };

	words[LOG_MARK_WORDS - 1] = sum_of(words, number);
	for (size_t i = 0; i < LOG_MARK_WORDS; i++)
		atomic_store(&p->units->marks[number % LOG_UNITS_MARKED][i], words[i]);
}

/* What another reader found already. */
static bool look_up(const struct log_parts *p, uint64_t window, struct log_mark *m)
{
	uint64_t number = p->first + window, words[LOG_MARK_WORDS];

	for (size_t i = 0; i < LOG_MARK_WORDS; i++)
		words[i] = atomic_load(&p->units->marks[number % LOG_UNITS_MARKED][i]);
	if (words[LOG_MARK_WORDS - 1] != sum_of(words, number))
		return false;
	*m = (struct log_mark){ .at = words[0], .lines = words[1],
				.heads = { words[2], words[3], words[4], words[5] },
				.separator = (uint8_t)words[6], .wrapper = (uint8_t)(words[6] >> 8),
				.ended = words[6] >> 16 & 1 };
	return true;
}

/* On to the first cut at or behind the start of the window. */
static void pass_to(const struct log_parts *p, struct log_mark *m, uint64_t window)
{
	uint64_t least = window * LOG_PART;

	while ((m->at < least || m->inside) && !m->ended) {
		uint64_t before = m->at;
		struct span text = span_of(p->block, read_at(p, before, LOG_PARTS_BLOCK));

		log_mark_pass(m, text, before + text.len >= p->size, least, p->format);
		m->ended |= m->at == before;
	}
	if (m->ended)
		m->at = p->size;
}

struct log_mark log_parts_mark(struct log_parts *p, uint64_t window)
{
	struct log_mark m = { 0 };
	uint64_t known = window;

	while (known && known != p->marked && !look_up(p, known, &m))
		known--;
	if (known && known == p->marked)
		m = p->mark;
	while (known < window) {
		pass_to(p, &m, ++known);
		publish(p, known, &m);
	}
	p->mark = m;
	p->marked = window;
	return m;
}

bool log_parts_head(struct log_parts *p, const struct log_mark *mark, size_t i, struct span *head, uint64_t *offset)
{
	size_t end;

	if (!mark->heads[i] || (p->format == LOG_CSV && i))
		return false;
	*offset = mark->heads[i] - 1;
	*head = span_of(p->block, read_at(p, *offset, LOG_PARTS_BLOCK));
	end = p->format == LOG_CSV ? (size_t)(mark->heads[1] - mark->heads[0]) : span_find_byte(*head, 0, '\n') + 1;
	*head = span_sub(*head, 0, end);
	return true;
}

static uint64_t cut_in(const struct log_parts *p, uint64_t window)
{
	uint64_t from = window * LOG_PART, to = from + LOG_PART;
	uint64_t at = from < LOG_CUT_CONTEXT ? 0 : from - LOG_CUT_CONTEXT;
	struct span text;
	size_t cut;

	do {
		text = span_of(p->block, read_at(p, at, PIECE));
		cut = log_cut_next(text, from > at ? (size_t)(from - at) : 0, p->format);
		if (cut != SIZE_MAX)
			return at + cut;
		/* What stands beside the last byte is seen with the next piece. */
		at += PIECE - LOG_CUT_CONTEXT - 1;
	} while (text.len == PIECE && at < to);
	return p->size;
}

uint64_t log_parts_begin(struct log_parts *p, uint64_t window)
{
	uint64_t from = window * LOG_PART, to = from + LOG_PART < p->size ? from + LOG_PART : p->size, cut;

	if (window == 0)
		return 0;
	cut = p->is_marked ? log_parts_mark(p, window).at : cut_in(p, window);
	return cut < to ? cut : LOG_PART_NONE;
}

uint64_t log_parts_end(struct log_parts *p, uint64_t window)
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
