/* A configuration, and behind a line of dashes the lines of a log. */
#include "formats/squid/squid_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_of(data, size), log = { 0 }, values[SQUID_FIELDS], first;
	size_t at = span_find(all, 0, SPAN("\n---\n"));
	struct squid_format format;

	if (at != SIZE_MAX)
		log = span_from(all, at + 5);
	first = span_sub(log, 0, span_find_byte(log, 0, '\n'));
	if (!squid_format_find(span_sub(all, 0, at), SPAN("access.log.1"), first, &format))
		return 0;
	while (log.len)
		if (squid_format_read(&format, span_split(&log, '\n'), values))
			for (size_t i = 0; i < SQUID_FIELDS; i++)
				if (values[i].len > size)
					__builtin_trap();
	return 0;
}
