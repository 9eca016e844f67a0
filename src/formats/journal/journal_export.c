#include "formats/journal/journal_export.h"

/* Names are A-Z, 0-9 and underscores, at most 64: anything else would break the form. */
static bool is_name(struct span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!((name.at[i] >= 'A' && name.at[i] <= 'Z') || name.at[i] == '_' ||
		      (name.at[i] >= '0' && name.at[i] <= '9')))
			return false;
	return name.len && name.len <= 64;
}

bool journal_export(struct buf *to, const struct journal_entry *entry)
{
	if (entry->time != TIME_NONE)
		buf_printf(to, "__REALTIME_TIMESTAMP=%lld\n", (long long)(entry->time / 1000));
	for (size_t i = 0; i < entry->count; i++) {
		size_t equals = span_find_byte(entry->fields[i], 0, '=');
		struct span name = span_sub(entry->fields[i], 0, equals);
		struct span value = equals == SIZE_MAX ? (struct span){ 0 }
						       : span_from(entry->fields[i], equals + 1);

		if (equals == SIZE_MAX || !is_name(name))
			continue;
		buf_add(to, name);
		if (span_find_byte(value, 0, '\n') == SIZE_MAX) {
			buf_add_u8(to, '=');
		} else {
			buf_add_u8(to, '\n');
			buf_add_u64le(to, value.len);
		}
		buf_add(to, value);
		buf_add_u8(to, '\n');
	}
	return buf_add_u8(to, '\n');
}
