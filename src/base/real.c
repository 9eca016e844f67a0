#include "base/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The fewest digits as "-d.ddde-07". */
static void shortest(char text[REAL_TEXT_MAX], double n, bool narrow)
{
	for (int more = 0; more < 17; more++) {
		snprintf(text, REAL_TEXT_MAX, "%.*e", more, n);
		if (narrow ? strtof(text, NULL) == (float)n : strtod(text, NULL) == n)
			return;
	}
}

static int power_of(const char *text)
{
	uint64_t power = 0;

	span_to_u64(span_text(text + 1), &power);
	return text[0] == '-' ? -(int)power : (int)power;
}

static size_t put(char *to, size_t at, const char *from, size_t len)
{
	memcpy(to + at, from, len);
	return at + len;
}

static size_t put_zeros(char *to, size_t at, int count)
{
	for (; count > 0; count--)
		to[at++] = '0';
	return at;
}

size_t real_text(char text[REAL_TEXT_MAX], double n, bool narrow)
{
	char digits[REAL_TEXT_MAX], raw[REAL_TEXT_MAX];
	size_t len = 0, at = 0;
	int power;

	if (!isfinite(n))
		return isnan(n) ? put(text, 0, "NaN", 3) : n < 0 ? put(text, 0, "-inf", 4) : put(text, 0, "inf", 3);
	shortest(raw, n, narrow);
	power = power_of(strchr(raw, 'e') + 1);
	for (const char *c = raw; *c != 'e'; c++)
		if (*c >= '0' && *c <= '9')
			digits[len++] = *c;
	if (raw[0] == '-')
		text[at++] = '-';
	if (power < (narrow ? -6 : -5) || power >= (narrow ? 13 : 16)) {
		at = put(text, at, digits, 1);
		at = len > 1 ? put(text, put(text, at, ".", 1), digits + 1, len - 1) : at;
		return at + (size_t)snprintf(text + at, REAL_TEXT_MAX - at, "e%+d", power);
	}
	if (power < 0)
		return put(text, put_zeros(text, put(text, at, "0.", 2), -power - 1), digits, len);
	if (len > (size_t)power + 1) {
		at = put(text, put(text, at, digits, (size_t)power + 1), ".", 1);
		return put(text, at, digits + power + 1, len - (size_t)power - 1);
	}
	at = put_zeros(text, put(text, at, digits, len), power + 1 - (int)len);
	return put(text, at, ".0", 2);
}
