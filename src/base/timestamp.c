#include "base/timestamp.h"

#include <time.h>

#define FILETIME_OF_1970 INT64_C(116444736000000000)

timestamp timestamp_of_unix(int64_t seconds, uint32_t nanoseconds)
{
	int64_t t;

	if (nanoseconds >= TIME_SECOND || __builtin_mul_overflow(seconds, TIME_SECOND, &t) ||
	    __builtin_add_overflow(t, (int64_t)nanoseconds, &t))
		return TIME_NONE;
	return t;
}

timestamp timestamp_of_filetime(uint64_t filetime)
{
	int64_t ticks;

	if (filetime == 0 || filetime > INT64_MAX)
		return TIME_NONE;
	ticks = (int64_t)filetime - FILETIME_OF_1970;
	return __builtin_mul_overflow(ticks, INT64_C(100), &ticks) ? TIME_NONE : ticks;
}

/* Days since 1970-01-01 of a proleptic Gregorian date (Hinnant's algorithm). */
static int64_t days_of_civil(int year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

timestamp timestamp_shift(timestamp t, int64_t seconds)
{
	int64_t by;

	if (t == TIME_NONE || __builtin_mul_overflow(seconds, TIME_SECOND, &by) || __builtin_add_overflow(t, by, &t))
		return TIME_NONE;
	return t;
}

timestamp timestamp_of_civil(int year, int month, int day, int hour, int minute, int second,
			     uint32_t nanoseconds)
{
	if (year < 1600 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > days_in_month(year, month) || hour < 0 || hour > 23 || minute < 0 ||
	    minute > 59 || second < 0 || second > 60)
		return TIME_NONE;
	return timestamp_of_unix(days_of_civil(year, month, day) * 86400 + hour * 3600 +
				 minute * 60 + second, nanoseconds);
}

static bool digits(struct cursor *c, int count, int *out)
{
	int total = 0;

	for (int i = 0; i < count; i++) {
		uint8_t byte = cursor_u8(c);

		if (byte < '0' || byte > '9')
			return false;
		total = total * 10 + byte - '0';
	}
	*out = total;
	return true;
}

static bool fraction(struct cursor *c, uint32_t *nanoseconds)
{
	uint32_t total = 0;
	int seen = 0;

	while (cursor_left(c) && c->in.at[c->at] >= '0' && c->in.at[c->at] <= '9') {
		uint8_t byte = cursor_u8(c);

		if (seen++ < 9)
			total = total * 10 + byte - '0';
	}
	for (int i = seen; i < 9; i++)
		total *= 10;
	*nanoseconds = total;
	return seen > 0;
}

static bool zone(struct cursor *c, int64_t *offset)
{
	uint8_t sign;
	int hours, minutes = 0;

	*offset = 0;
	if (!cursor_left(c))
		return true;
	sign = cursor_u8(c);
	if (sign == 'Z' || sign == 'z')
		return cursor_left(c) == 0;
	if ((sign != '+' && sign != '-') || !digits(c, 2, &hours))
		return false;
	if (cursor_left(c) && c->in.at[c->at] == ':')
		cursor_skip(c, 1);
	if (cursor_left(c) && !digits(c, 2, &minutes))
		return false;
	*offset = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
	return cursor_left(c) == 0 && hours < 24 && minutes < 60;
}

bool timestamp_parse(struct span text, timestamp *out)
{
	struct cursor c = cursor_of(span_trim(text));
	int year, month, day, hour = 0, minute = 0, second = 0;
	uint32_t nanoseconds = 0;
	int64_t offset = 0;
	timestamp t;
	uint8_t mark;

	if (!digits(&c, 4, &year) || cursor_u8(&c) != '-' || !digits(&c, 2, &month) ||
	    cursor_u8(&c) != '-' || !digits(&c, 2, &day))
		return false;
	if (cursor_left(&c)) {
		mark = cursor_u8(&c);
		if ((mark != 'T' && mark != 't' && mark != ' ') || !digits(&c, 2, &hour) ||
		    cursor_u8(&c) != ':' || !digits(&c, 2, &minute))
			return false;
		if (cursor_left(&c) && c.in.at[c.at] == ':') {
			cursor_skip(&c, 1);
			if (!digits(&c, 2, &second))
				return false;
		}
		if (cursor_left(&c) && (c.in.at[c.at] == '.' || c.in.at[c.at] == ',')) {
			cursor_skip(&c, 1);
			if (!fraction(&c, &nanoseconds))
				return false;
		}
		if (!zone(&c, &offset))
			return false;
	}
	t = timestamp_of_civil(year, month, day, hour, minute, second, nanoseconds);
	if (t == TIME_NONE || __builtin_sub_overflow(t, offset * TIME_SECOND, &t))
		return false;
	*out = t;
	return true;
}

static void civil_of_days(int64_t days, int *year, int *month, int *day)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t of_era = shifted - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

static void put(char *to, int64_t n, int width)
{
	for (int i = width - 1; i >= 0; i--, n /= 10)
		to[i] = (char)('0' + n % 10);
}

void timestamp_format(struct buf *to, timestamp t, int digits_wanted)
{
	char text[] = "0000-00-00T00:00:00.000000000Z";
	int64_t seconds, rest, days;
	int year, month, day, width = digits_wanted > 9 ? 9 : digits_wanted;

	if (t == TIME_NONE)
		return;
	seconds = t / TIME_SECOND - (t % TIME_SECOND < 0);
	rest = t - seconds * TIME_SECOND;
	days = seconds / 86400 - (seconds % 86400 < 0);
	seconds -= days * 86400;
	civil_of_days(days, &year, &month, &day);
	put(text, year, 4);
	put(text + 5, month, 2);
	put(text + 8, day, 2);
	put(text + 11, seconds / 3600, 2);
	put(text + 14, seconds / 60 % 60, 2);
	put(text + 17, seconds % 60, 2);
	put(text + 20, rest, 9);
	buf_add(to, span_of(text, width > 0 ? 20 + (size_t)width : 19));
	buf_add_u8(to, 'Z');
}

timestamp timestamp_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return timestamp_of_unix(now.tv_sec, (uint32_t)now.tv_nsec);
}

bool period_meets(const struct period *p, timestamp first, timestamp last)
{
	first = first == TIME_NONE ? last : first;
	last = last == TIME_NONE || last < first ? first : last;
	if (!p || first == TIME_NONE)
		return true;
	return (p->since == TIME_NONE || last >= p->since) &&
	       (p->until == TIME_NONE || first <= p->until);
}

/* The first nine digits of a fraction; false where something else stands there. */
static bool nine_digits(struct span text, uint32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	for (size_t i = 0; i < 9; i++)
		*out = *out * 10 + (i < text.len ? text.at[i] - '0' : 0);
	return true;
}

bool timestamp_parse_epoch(struct span text, timestamp *out)
{
	struct span whole = span_split(&text, '.');
	uint32_t part;
	uint64_t n;

	if (!span_to_u64(whole, &n) || n < 100000000 || !nine_digits(text, &part))
		return false;
	for (; n >= 100000000000; n /= 1000)
		part = (uint32_t)(n % 1000) * 1000000 + part / 1000;
	*out = timestamp_of_unix((int64_t)n, part);
	return *out != TIME_NONE;
}
