#include <math.h>
#include <stdlib.h>

#include "codec/yaml.h"

#define NUMBER_MAX 128	/* characters; what is longer is a text */

/* The next word of a list, in lower case, Capitalised or in UPPER case: no other is special. */
static bool is_word(struct span text, const char *words)
{
	bool upper = text.len > 1 && text.at[1] >= 'A' && text.at[1] <= 'Z';

	if (!span_is_one_of_nocase(text, words))
		return false;
	for (size_t i = 1; i < text.len; i++)
		if ((text.at[i] >= 'A' && text.at[i] <= 'Z') != upper)
			return false;
	return !upper || (text.at[0] >= 'A' && text.at[0] <= 'Z');
}

static int digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Digits to a base, with lines below between them; false where there is none or another character. */
static bool digits(struct span text, int base, struct yaml_number *out)
{
	bool any = false;

	for (size_t i = 0; i < text.len; i++) {
		int digit = digit_of(text.at[i]);

		if (text.at[i] == '_')
			continue;
		if (digit >= base)
			return false;
		any = true;
		out->real = out->real * base + digit;
		out->whole &= !__builtin_mul_overflow(out->n, (uint64_t)base, &out->n) &&
			      !__builtin_add_overflow(out->n, (uint64_t)digit, &out->n);
	}
	return any;
}

/* 190:20:30: each part behind the first is below 60. */
static bool sexagesimal(struct span text, struct yaml_number *out)
{
	while (text.len) {
		struct span part = span_split(&text, ':');
		struct yaml_number one = { .whole = true };
		bool first = out->real == 0 && out->n == 0;

		if (!digits(part, 10, &one) || (!first && (one.n > 59 || part.len > 2)))
			return false;
		out->real = out->real * 60 + one.real;
		out->whole &= one.whole && !__builtin_mul_overflow(out->n, UINT64_C(60), &out->n) &&
			      !__builtin_add_overflow(out->n, one.n, &out->n);
	}
	return true;
}

static bool whole_number(struct span text, struct yaml_number *out)
{
	uint8_t second = text.len > 1 ? text.at[1] | 0x20 : 0;

	*out = (struct yaml_number){ .whole = true };
	if (text.len == 0 || text.at[0] < '0' || text.at[0] > '9')
		return false;
	if (text.at[0] != '0' && text.at[text.len - 1] != ':' && span_find_byte(text, 0, ':') != SIZE_MAX)
		return sexagesimal(text, out);
	if (text.at[0] == '0' && second == 'x')
		return digits(span_from(text, 2), 16, out);
	if (text.at[0] == '0' && second == 'b')
		return digits(span_from(text, 2), 2, out);
	if (text.at[0] == '0' && text.len > 1)
		return digits(span_from(text, 1), 8, out);
	if (!digits(text, 10, out))
		return false;
	/* Beyond 64 bits the sum above was rounded at each step. */
	if (!out->whole)
		out->real = strtod((const char *)text.at, NULL);
	return true;
}

/* Digits with a point, and an exponent that has its sign. */
static bool real_number(struct span text, struct yaml_number *out)
{
	size_t point = span_find_byte(text, 0, '.'), at = 0, len = 0;
	char copy[NUMBER_MAX + 1];

	*out = (struct yaml_number){ 0 };
	if (point == SIZE_MAX || text.len < 2)
		return false;
	for (; at < text.len && (digit_of(text.at[at]) < 10 || text.at[at] == '_' || at == point); at++)
		if (text.at[at] != '_')
			copy[len++] = (char)text.at[at];
	if (len < 2 || text.at[0] == '_')
		return false;
	if (at < text.len) {
		if ((text.at[at] | 0x20) != 'e' || at < point || text.len - at < 3 ||
		    (text.at[at + 1] != '-' && text.at[at + 1] != '+'))
			return false;
		for (size_t i = at; i < text.len; i++) {
			if (i > at + 1 && digit_of(text.at[i]) > 9)
				return false;
			copy[len++] = (char)text.at[i];
		}
	}
	copy[len] = 0;
	out->real = strtod(copy, NULL);
	if (!isfinite(out->real))
		return false;
	out->whole = out->real < 0x1p53 && out->real == floor(out->real);
	out->n = out->whole ? (uint64_t)out->real : 0;
	return true;
}

bool yaml_number_of(const struct yaml_node *scalar, struct yaml_number *out)
{
	struct span text = scalar->text;
	bool negative = text.len && text.at[0] == '-';

	*out = (struct yaml_number){ 0 };
	if (scalar->kind != YAML_SCALAR || !scalar->plain || text.len > NUMBER_MAX)
		return false;
	if (text.len && (negative || text.at[0] == '+'))
		text = span_from(text, 1);
	if (!whole_number(text, out) && !real_number(text, out))
		return false;
	out->negative = negative;
	if (negative)
		out->real = -out->real;
	return true;
}

bool yaml_is_true(const struct yaml_node *scalar)
{
	return is_word(scalar->text, "true|yes|on");
}

enum yaml_scalar yaml_scalar_kind(const struct yaml_node *scalar)
{
	struct yaml_number number;

	if (!scalar->plain)
		return YAML_STRING;
	if (!scalar->text.len || span_eq(scalar->text, SPAN("~")) || is_word(scalar->text, "null"))
		return YAML_NULL;
	if (is_word(scalar->text, "true|false|yes|no|on|off"))
		return YAML_BOOL;
	return yaml_number_of(scalar, &number) ? YAML_NUMBER : YAML_STRING;
}
