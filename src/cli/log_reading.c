#include "cli/log_reading.h"

#include "codec/code_page.h"
#include "formats/log/log.h"

bool log_reading_check(struct log_reading *reading, struct err *err)
{
	if (reading->year > 9999)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--year is at most 9999");
	if (reading->zone && !log_zone_parse(span_text(reading->zone), &reading->zone_seconds))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is no zone like +09:00", reading->zone);
	if (!code_page_known(reading->code_page))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "code page %llu is not known",
			       (unsigned long long)reading->code_page);
	return true;
}
