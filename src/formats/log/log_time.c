#include "formats/log/log_reader.h"

#include <stdlib.h>
#include <time.h>

static uint8_t at(struct span s, size_t i)
{
	return i < s.len ? s.at[i] : 0;
}

static bool digits(struct span s, size_t from, size_t count, int *out)
{
	*out = 0;
	for (size_t i = from; i < from + count; i++) {
		if (at(s, i) < '0' || at(s, i) > '9')
			return false;
		*out = *out * 10 + (at(s, i) - '0');
	}
	return true;
}

static int month_of(struct span s)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; s.len >= 3 && i < 12; i++)
		if (memcmp(s.at, names + 3 * i, 3) == 0)
			return i + 1;
	return 0;
}

/* hh:mm:ss[.fraction] at `from`; the position behind it, 0 where there is none. */
static size_t clock_at(struct span s, size_t from, int clock[3], uint32_t *nanoseconds)
{
	uint32_t scale = 100000000;
	size_t i = from + 8;

	*nanoseconds = 0;
	if (!digits(s, from, 2, &clock[0]) || at(s, from + 2) != ':' ||
	    !digits(s, from + 3, 2, &clock[1]) || at(s, from + 5) != ':' ||
	    !digits(s, from + 6, 2, &clock[2]))
		return 0;
	if (at(s, i) == '.' || at(s, i) == ',')
		for (i++; at(s, i) >= '0' && at(s, i) <= '9'; i++, scale /= 10)
			*nanoseconds += (uint32_t)(at(s, i) - '0') * scale;
	return i;
}

/* "+0900", "+09:00", "Z", " +0000", " UTC": seconds east; the position behind, `from` if none. */
static size_t zone_at(struct span s, size_t from, int32_t *seconds, bool *found)
{
	size_t i = from + (at(s, from) == ' ');
	int hours, minutes;

	*found = true;
	*seconds = 0;
	if (at(s, i) == 'Z')
		return i + 1;
	if (span_eq(span_sub(s, i, 3), SPAN("UTC")) || span_eq(span_sub(s, i, 3), SPAN("GMT")))
		return i + 3;
	if ((at(s, i) == '+' || at(s, i) == '-') && digits(s, i + 1, 2, &hours)) {
		size_t colon = at(s, i + 3) == ':';

		if (digits(s, i + 3 + colon, 2, &minutes)) {
			*seconds = (hours * 3600 + minutes * 60) * (at(s, i) == '-' ? -1 : 1);
			return i + 5 + colon;
		}
	}
	*found = false;
	return from;
}

bool log_zone_parse(struct span text, int32_t *seconds)
{
	bool found;

	return zone_at(text, 0, seconds, &found) == text.len && found && text.len;
}

static timestamp shifted(struct log_reader *r, timestamp t, int32_t zone, bool found)
{
	if (t == TIME_NONE)
		return t;
	if (!found) {
		zone = r->options.zone_seconds;
		r->report.zone_assumed = true;
	}
	return timestamp_shift(t, -zone);
}

/* 2026-11-21T22:00:00.123+09:00, with a space or slashes too. */
static timestamp iso_at(struct log_reader *r, struct span s, size_t *used)
{
	int year, month, day, clock[3];
	uint32_t nanoseconds;
	int32_t zone;
	bool found;
	size_t end;

	if (!digits(s, 0, 4, &year) || (at(s, 4) != '-' && at(s, 4) != '/') ||
	    !digits(s, 5, 2, &month) || at(s, 7) != at(s, 4) || !digits(s, 8, 2, &day) ||
	    (at(s, 10) != 'T' && at(s, 10) != ' ' && at(s, 10) != '-'))
		return TIME_NONE;
	end = clock_at(s, 11, clock, &nanoseconds);
	if (!end)
		return TIME_NONE;
	*used = zone_at(s, end, &zone, &found);
	return shifted(r, timestamp_of_civil(year, month, day, clock[0], clock[1], clock[2], nanoseconds),
		       zone, found);
}

static int year_now(timestamp now)
{
	time_t seconds = (time_t)(now / TIME_SECOND);
	struct tm tm;

	return gmtime_r(&seconds, &tm) ? tm.tm_year + 1900 : 1970;
}

/* The latest that does not lie in the future by over a day; 29 February is of a leap year. */
static timestamp newest_possible(const struct log_reader *r, int month, int day, const int clock[3],
				 uint32_t nanoseconds)
{
	int year = year_now(r->options.now);

	for (int back = 0; back < 9; back++) {
		timestamp t = timestamp_of_civil(year - back, month, day, clock[0], clock[1], clock[2],
						 nanoseconds);

		if (t != TIME_NONE && timestamp_shift(t, -86400) <= r->options.now)
			return t;
	}
	return TIME_NONE;
}

/* "Nov  3 22:00:00" has no year. */
static timestamp bsd_at(struct log_reader *r, struct span s, size_t *used)
{
	int month = month_of(s), day, clock[3], year = r->options.year;
	size_t from = at(s, 4) == ' ' ? 5 : 4, end;
	uint32_t nanoseconds;
	timestamp t;

	if (!month || at(s, 3) != ' ' || !digits(s, from, 6 - from, &day) || at(s, 6) != ' ')
		return TIME_NONE;
	/* Cisco and some syslogd put the year in. */
	if (digits(s, 7, 4, &year) && at(s, 11) == ' ')
		from = 12;
	else
		from = 7, year = r->options.year;
	end = clock_at(s, from, clock, &nanoseconds);
	if (!end)
		return TIME_NONE;
	*used = end;
	if (from == 7)
		r->report.year_assumed = true;
	if (year)
		return shifted(r, timestamp_of_civil(year, month, day, clock[0], clock[1], clock[2],
						     nanoseconds), 0, false);
	t = newest_possible(r, month, day, clock, nanoseconds);
	return shifted(r, t, 0, false);
}

/*
 * "12/28-12:55:38.76" of Snort, "21/12/28-" where it was told to write the year,
 * "12/28/2021-" of Suricata.
 */
static timestamp alert_at(struct log_reader *r, struct span s, size_t *used)
{
	int month, day, year = r->options.year, clock[3];
	uint32_t nanoseconds;
	size_t dash = at(s, 5) == '-' ? 5 : at(s, 8) == '-' ? 8 : 10, end;
	size_t from = dash == 8 ? 3 : 0;

	if (at(s, 2) != '/' || at(s, dash) != '-' || !digits(s, from, 2, &month) ||
	    !digits(s, from + 3, 2, &day))
		return TIME_NONE;
	if ((dash == 8 && !digits(s, 0, 2, &year)) || (dash == 10 && !digits(s, 6, 4, &year)))
		return TIME_NONE;
	end = clock_at(s, dash + 1, clock, &nanoseconds);
	if (!end)
		return TIME_NONE;
	*used = end;
	r->report.year_assumed |= dash == 5;
	if (dash == 8)
		year += 2000;
	return shifted(r, year ? timestamp_of_civil(year, month, day, clock[0], clock[1], clock[2],
						    nanoseconds)
			       : newest_possible(r, month, day, clock, nanoseconds), 0, false);
}

/* "21/Nov/2026:22:00:00 +0000", as web servers write it; "21 Nov 2026 22:00:00" too. */
static timestamp web_at(struct log_reader *r, struct span s, size_t *used)
{
	int day, month, year, clock[3];
	uint32_t nanoseconds;
	int32_t zone;
	bool found;
	size_t end;

	if (!digits(s, 0, 2, &day) || (at(s, 2) != '/' && at(s, 2) != ' ' && at(s, 2) != '-'))
		return TIME_NONE;
	month = month_of(span_from(s, 3));
	if (!month || at(s, 6) != at(s, 2) || !digits(s, 7, 4, &year) ||
	    (at(s, 11) != ':' && at(s, 11) != ' '))
		return TIME_NONE;
	end = clock_at(s, 12, clock, &nanoseconds);
	if (!end)
		return TIME_NONE;
	*used = zone_at(s, end, &zone, &found);
	return shifted(r, timestamp_of_civil(year, month, day, clock[0], clock[1], clock[2], nanoseconds),
		       zone, found);
}

/* "[Sat Nov 21 22:00:00.123 2026]" of Apache's error log, without the bracket. */
static timestamp ctime_at(struct log_reader *r, struct span s, size_t *used)
{
	int month = month_of(span_from(s, 4)), day, year, clock[3];
	uint32_t nanoseconds;
	size_t end;

	if (!month || at(s, 3) != ' ' || !digits(s, at(s, 8) == ' ' ? 9 : 8, at(s, 8) == ' ' ? 1 : 2, &day))
		return TIME_NONE;
	end = clock_at(s, 11, clock, &nanoseconds);
	if (!end || at(s, end) != ' ' || !digits(s, end + 1, 4, &year))
		return TIME_NONE;
	*used = end + 5;
	return shifted(r, timestamp_of_civil(year, month, day, clock[0], clock[1], clock[2], nanoseconds),
		       0, false);
}

timestamp log_time(struct log_reader *r, struct span line, size_t *used)
{
	static timestamp (*const forms[])(struct log_reader *, struct span, size_t *) = {
		iso_at, bsd_at, web_at, ctime_at, alert_at,
	};
	/* Cisco marks a clock that it does not trust. */
	size_t bracket = at(line, 0) == '[' || at(line, 0) == '*' || at(line, 0) == '.';
	struct span rest = span_from(line, bracket);

	*used = 0;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		timestamp t = forms[i](r, rest, used);

		if (t == TIME_NONE)
			continue;
		*used += bracket;
		if (at(line, 0) == '[' && at(line, *used) == ']')
			(*used)++;
		return t;
	}
	*used = 0;
	return TIME_NONE;
}

timestamp log_field_time(struct log_reader *r, struct span text)
{
	timestamp t;
	size_t used;

	text = span_trim(text);
	if (text.len >= 10 && text.at[4] == '-' && timestamp_parse(text, &t))
		return t;
	return timestamp_parse_epoch(text, &t) ? t : log_time(r, text, &used);
}
