#include "formats/log/log_reader.h"

/*
 * journalctl -o export: FIELD=value lines, or FIELD, a 64-bit length and binary;
 * an empty line ends the entry. Specification: systemd.io/JOURNAL_EXPORT_FORMATS.
 */

static const struct {
	const char *from, *to;
} names[] = {
	{ "MESSAGE", "message" },	   { "_HOSTNAME", "host" },
	{ "SYSLOG_IDENTIFIER", "program" }, { "_PID", "pid" },
	{ "SYSLOG_FACILITY", "facility" }, { "PRIORITY", "severity" },
	{ "_EXE", "exe" },		   { "_CMDLINE", "cmdline" },
	{ "_UID", "uid" },		   { "_COMM", "comm" },
};

static struct span name_of(struct span name)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eq(name, span_text(names[i].from)))
			return span_text(names[i].to);
	return name;
}

/* One field; false where the block ends within it. */
static bool take_field(struct span *rest, struct span *name, struct span *value)
{
	size_t end = span_find_byte(*rest, 0, '\n'), equals = span_find_byte(*rest, 0, '=');
	uint64_t len;

	if (end == SIZE_MAX)
		return false;
	if (equals != SIZE_MAX && equals < end) {
		*name = span_sub(*rest, 0, equals);
		*value = span_sub(*rest, equals + 1, end - equals - 1);
		*rest = span_from(*rest, end + 1);
		return true;
	}
	*name = span_sub(*rest, 0, end);
	if (end == 0) {
		*rest = span_from(*rest, 1);
		return true;
	}
	if (rest->len < end + 9)
		return false;
	len = load_u64le(rest->at + end + 1);
	if (len > LOG_LINE_MAX || rest->len - end - 9 <= len)
		return false;
	*value = span_sub(*rest, end + 9, (size_t)len);
	*rest = span_from(*rest, end + 9 + (size_t)len + 1);
	return true;
}

bool log_journal_block(struct log_reader *r, struct span block, bool last, size_t *used)
{
	struct span rest = block;

	*used = 0;
	while (rest.len) {
		struct log_row row;
		timestamp time = TIME_NONE;
		struct span name = { 0 }, value = { 0 };
		bool whole = true;
		size_t begun = *used;

		arena_reset(&r->memory);
		row = log_row_begin(r);
		while ((whole = take_field(&rest, &name, &value)) && name.len) {
			uint64_t microseconds;

			if (span_eq(name, SPAN("__REALTIME_TIMESTAMP")) &&
			    span_to_u64(value, &microseconds) && microseconds < INT64_MAX / 1000)
				time = (timestamp)microseconds * 1000;
			log_row_add(r, &row, name_of(name),
				    (struct value){ .kind = VALUE_TEXT, .bytes = value });
			if (rest.len == 0) {
				whole = last;
				break;
			}
		}
		if (!whole && !last)
			break;
		*used = block.len - rest.len;
		if (!whole)
			*used = block.len;
		if (row.count > 1) {
			r->line++;
			if (!log_row_end(r, &row, time))
				return false;
		}
		log_pass(r, span_sub(block, begun, *used - begun));
		if (!whole)
			break;
	}
	return true;
}
