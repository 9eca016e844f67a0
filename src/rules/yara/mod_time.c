#include "rules/yara/module.h"

#include "base/timestamp.h"

static void now(struct yara_call *c)
{
	yara_return_integer(c, timestamp_now() / TIME_SECOND);
}

static const struct yara_function now_overloads[] = { { "", 'i', now }, { 0 } };
static const struct yara_field fields[] = { YARA_FUNCTION_FIELD("now", now_overloads), YARA_END };

const struct yara_module yara_module_time = { .name = "time", .fields = fields };
