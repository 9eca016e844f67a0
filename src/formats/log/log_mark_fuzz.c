/*
 * Any bytes as a log that is cut at marks: its parts, each read by a reader of its own, must
 * give the events of the whole, with their numbers and in their order.
 */
#include "formats/log/log_mark.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool tell(void *context, const struct event *event)
{
	struct buf *told = context;

	buf_printf(told, "%llu %llu", (unsigned long long)event->record_id, (unsigned long long)event->offset);
	for (uint32_t i = 0; i < event->shape->count; i++) {
		buf_add_u8(told, ' ');
		buf_add(told, event->shape->names[i]);
		buf_add_u8(told, '=');
		value_text(told, &event->values[i]);
	}
	buf_add_u8(told, '\n');
	return true;
}

static struct log_reader *new_reader(enum log_format format)
{
	return log_reader_new(format, &(struct log_options){ .year = 2026, .now = 0 });
}

static uint64_t bad_lines(struct log_reader *r)
{
	const struct log_report *report = log_reader_report(r);

	return report->bad_lines + report->long_lines;
}

static uint64_t read_whole(struct span log, enum log_format format, struct buf *told)
{
	struct log_reader *r = new_reader(format);
	uint64_t bad = 0;

	if (r) {
		log_reader_feed(r, log, true, tell, told);
		bad = bad_lines(r);
	}
	log_reader_free(r);
	return bad;
}

static void give_heads(struct log_reader *r, struct span log, enum log_format format, const struct log_mark *m)
{
	for (size_t i = 0; i < LOG_MARK_HEADS && !(format == LOG_CSV && i); i++) {
		struct span head = span_from(log, m->heads[i] ? (size_t)(m->heads[i] - 1) : log.len);
		size_t end = format == LOG_CSV ? (size_t)(m->heads[1] - m->heads[0])
					       : span_find_byte(head, 0, '\n') + 1;

		if (head.len)
			log_reader_head(r, span_sub(head, 0, end), m->heads[i] - 1);
	}
}

static uint64_t read_part(struct span log, enum log_format format, const struct log_mark *from, uint64_t to,
			  struct buf *told)
{
	struct log_reader *r = new_reader(format);
	bool joins = format == LOG_AUDITD;
	uint64_t bad;

	if (!r)
		return 0;
	if (joins) {
		log_reader_share(r, LOG_SHARE_BEFORE);
		log_reader_seek(r, 0, NULL, NULL);
		log_reader_feed(r, span_sub(log, 0, (size_t)from->at), false, tell, told);
		log_reader_share(r, LOG_SHARE_OWN);
	}
	give_heads(r, log, format, from);
	log_reader_seek_mark(r, from);
	log_reader_feed(r, span_sub(log, (size_t)from->at, (size_t)(to - from->at)), !joins || to == log.len, tell, told);
	if (log_reader_awaits(r)) {
		log_reader_share(r, LOG_SHARE_BEHIND);
		log_reader_feed(r, span_from(log, (size_t)to), true, tell, told);
	}
	bad = bad_lines(r);
	log_reader_free(r);
	return bad;
}

static void next_mark(struct log_mark *m, struct span log, uint64_t least, enum log_format format)
{
	while ((m->at < least || m->inside) && !m->ended) {
		uint64_t before = m->at;

		log_mark_pass(m, span_from(log, (size_t)before), true, least, format);
		m->ended |= m->at == before;
	}
	if (m->ended || m->at > log.len)
		m->at = log.len;
}

static uint64_t read_parts(struct span log, enum log_format format, size_t window, struct buf *told)
{
	struct log_mark here = { 0 }, next;
	uint64_t bad = 0;

	for (; here.at < log.len; here = next) {
		next = here;
		next_mark(&next, log, (here.at / window + 1) * window, format);
		bad += read_part(log, format, &here, next.at, told);
	}
	return bad;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum log_format formats[] = { LOG_JSON, LOG_ZEEK, LOG_W3C, LOG_CSV, LOG_AUDITD };
	enum log_format format = formats[size ? data[0] % 5 : 0];
	struct span log = span_from(span_of(data, size), 2);
	struct buf whole = buf_new(1 << 22), parts = buf_new(1 << 22);

	if (size > 2 && log_mark_fits(log, format)) {
		uint64_t bad = read_whole(log, format, &whole);

		if (bad != read_parts(log, format, 1 + data[1], &parts) ||
		    !span_eq(buf_span(&whole), buf_span(&parts)))
			abort();
	}
	buf_free(&whole);
	buf_free(&parts);
	return 0;
}
