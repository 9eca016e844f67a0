#include "formats/utmp/utmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span file = span_of(data, size);
	struct utmp_layout layout;
	struct utmp_record record;
	struct lastlog_record last;
	struct faillog_record fail;
	struct err err;
	size_t at = 0;
	uint32_t uid = 0;

	utmp_find_layout(file, &layout, &err);
	while (utmp_next(file, &layout, &at, &record))
		;
	while (lastlog_next(file, &uid, &last))
		;
	uid = 0;
	while (faillog_next(file, faillog_is_wide(file), &uid, &fail))
		;
	return 0;
}
