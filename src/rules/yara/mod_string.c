#include "rules/yara/module.h"

#include <errno.h>
#include <stdlib.h>

/* strtoll's rules: blanks and a sign in front, base 0 by prefix; up to the first NUL. */
static void return_number(struct yara_call *c, int base)
{
	const char *text = arena_text(c->arena, c->arguments[0].string);
	char *end;
	long long n;

	if (!text)
		return;
	errno = 0;
	n = strtoll(text, &end, base);
	if (errno == 0 && end != text && *end == 0)
		yara_return_integer(c, n);
}

static void to_int(struct yara_call *c)
{
	return_number(c, 0);
}

static void to_int_base(struct yara_call *c)
{
	int64_t base = c->arguments[1].integer;

	if (base == 0 || (base >= 2 && base <= 36))
		return_number(c, (int)base);
}

static void length(struct yara_call *c)
{
	yara_return_integer(c, (int64_t)c->arguments[0].string.len);
}

static const struct yara_function to_int_overloads[] = {
	{ "s", 'i', to_int }, { "si", 'i', to_int_base }, { 0 },
};
static const struct yara_function length_overloads[] = { { "s", 'i', length }, { 0 } };

static const struct yara_field fields[] = {
	YARA_FUNCTION_FIELD("to_int", to_int_overloads),
	YARA_FUNCTION_FIELD("length", length_overloads),
	YARA_END,
};

const struct yara_module yara_module_string = { .name = "string", .fields = fields };
