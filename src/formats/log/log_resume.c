#include "formats/log/log_json.h"
#include "formats/log/log_reader.h"

#define FIRST_MAX ((size_t)1 << 10)

static bool drop(void *context, const struct event *event)
{
	(void)context;
	(void)event;
	return true;
}

/* How the events of a JSON log begin: from the bracket to the end of the first key. */
static struct span first_key(struct span start)
{
	struct json_text t = { 0 };
	struct span raw;
	size_t at = span_find_byte(start, 0, '{'), end;

	if (at == SIZE_MAX)
		return (struct span){ 0 };
	if (json_skip_document(start, at, &end) == JSON_SKIP_INSIDE)
		at = end;
	t.at = start.at + at + 1;
	t.end = start.at + start.len;
	json_skip_space(&t);
	if (t.at == t.end || *t.at != '"' || !json_raw_string(&t, &raw))
		return (struct span){ 0 };
	return span_sub(start, at, (size_t)(t.at - start.at) - at);
}

void log_reader_recall(struct log_reader *r, struct span start)
{
	struct log_report report = r->report;

	r->others = true;
	log_reader_feed(r, start, false, drop, NULL);
	r->others = false;
	r->report = report;
	r->first = buf_new(FIRST_MAX);
	if (r->format == LOG_JSON)
		buf_add(&r->first, first_key(start));
}

static size_t behind_line(struct span text)
{
	size_t end = span_find_byte(text, 0, '\n');

	return end == SIZE_MAX ? SIZE_MAX : end + 1;
}

/* Both bytes of a line end, at an even place behind the mark of two. */
static size_t behind_wide_line(struct span text, uint64_t offset, enum log_width width)
{
	struct span end = width == LOG_WIDTH_LITTLE ? SPAN("\n\0") : SPAN("\0\n");
	size_t at = 0;

	while ((at = span_find(text, at, end)) != SIZE_MAX && (offset + at) % 2)
		at++;
	return at == SIZE_MAX ? SIZE_MAX : at + 2;
}

/* Beside a line's start, which is none where a document is one line, as the first event began. */
static size_t behind_object(struct span text, struct span first)
{
	size_t line = span_find(text, 0, SPAN("\n{")), event = SIZE_MAX;

	if (first.len > 1)
		event = span_find(span_sub(text, 0, line == SIZE_MAX ? SIZE_MAX : line + first.len), 0, first);
	if (line == SIZE_MAX)
		return event;
	return event < line + 1 ? event : line + 1;
}

size_t log_reader_find(const struct log_reader *r, struct span text, uint64_t offset)
{
	if (r->wide.width == LOG_WIDTH_LITTLE || r->wide.width == LOG_WIDTH_BIG)
		return behind_wide_line(text, offset, r->wide.width);
	if (r->format == LOG_JSON)
		return behind_object(text, buf_span(&r->first));
	if (r->format == LOG_XML)
		return 0;
	if (r->format == LOG_JOURNAL) {
		size_t end = span_find(text, 0, SPAN("\n\n"));

		return end == SIZE_MAX ? SIZE_MAX : end + 2;
	}
	return behind_line(text);
}

void log_reader_resume(struct log_reader *r, uint64_t offset, uint64_t lines)
{
	buf_clear(&r->pending);
	r->skipping = false;
	r->wide.carried = 0;
	r->offset = offset;
	r->before = lines;
	r->line = 0;
	if (r->audit)
		log_audit_share(r->audit, LOG_SHARE_BEFORE), log_audit_share(r->audit, LOG_SHARE_OWN);
}

void log_reader_place(const struct log_reader *r, uint64_t *offset, uint64_t *lines)
{
	*offset = r->offset;
	*lines = r->before + r->line;
}
