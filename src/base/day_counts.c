#include "base/day_counts.h"

#include <inttypes.h>
#include <string.h>

#define DAY (INT64_C(86400) * TIME_SECOND)
#define WIDTH_MOST (UINT32_C(1) << 20)	/* all of time is fewer days */

/* Rounded down, also below zero. */
static int64_t floor_divide(int64_t n, int64_t by)
{
	return n / by - (n % by < 0);
}

static int64_t floor_to(int64_t n, int64_t step)
{
	return floor_divide(n, step) * step;
}

int64_t day_of(timestamp t)
{
	return floor_divide(t, DAY);
}

timestamp day_start(int64_t day)
{
	timestamp t;

	if (!__builtin_mul_overflow(day, DAY, &t))
		return t;
	return day < 0 ? TIME_NONE + 1 : INT64_MAX;
}

/* The first place whose day is not before `day`. */
static uint32_t find(const struct day_counts *d, int64_t day)
{
	uint32_t low = 0, high = d->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (d->list[middle].day < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void widen(struct day_counts *d)
{
	uint32_t kept = 0;

	d->width *= 2;
	for (uint32_t i = 0; i < d->count; i++) {
		int64_t day = floor_to(d->list[i].day, d->width);

		if (kept && d->list[kept - 1].day == day)
			d->list[kept - 1].records += d->list[i].records;
		else
			d->list[kept++] = (struct day_count){ day, d->list[i].records };
	}
	d->count = kept;
}

static void add_day(struct day_counts *d, int64_t given, uint64_t records)
{
	int64_t day;
	uint32_t at;

	d->width = d->width ? d->width : 1;
	day = floor_to(given, d->width);
	if (d->at < d->count && d->list[d->at].day == day) {
		d->list[d->at].records += records;
		return;
	}
	at = find(d, day);
	if (at == d->count || d->list[at].day != day) {
		while (d->count == DAY_COUNTS_MOST) {
			widen(d);
			day = floor_to(given, d->width);
			at = find(d, day);
		}
	}
	if (at == d->count || d->list[at].day != day) {
		memmove(d->list + at + 1, d->list + at, (d->count - at) * sizeof *d->list);
		d->list[at] = (struct day_count){ day, 0 };
		d->count++;
	}
	d->list[at].records += records;
	d->at = at;
}

void day_counts_add(struct day_counts *d, timestamp t, uint64_t records)
{
	if (t != TIME_NONE)
		add_day(d, day_of(t), records);
}

void day_counts_merge(struct day_counts *d, const struct day_counts *more)
{
	d->width = d->width ? d->width : 1;
	while (d->width < more->width)
		widen(d);
	for (uint32_t i = 0; i < more->count; i++)
		add_day(d, more->list[i].day, more->list[i].records);
}

void day_counts_write(const struct day_counts *d, struct buf *to)
{
	if (!d->count)
		return;
	buf_printf(to, "%" PRIu32 ":", d->width);
	for (uint32_t i = 0; i < d->count; i++)
		buf_printf(to, "%s%" PRId64 "=%" PRIu64, i ? " " : "", d->list[i].day,
			   d->list[i].records);
}

static bool to_day(struct span text, int64_t *day)
{
	bool is_before = text.len && text.at[0] == '-';
	uint64_t n;

	if (!span_to_u64(span_from(text, is_before), &n) || n > WIDTH_MOST)
		return false;
	*day = is_before ? -(int64_t)n : (int64_t)n;
	return true;
}

bool day_counts_read(struct span text, struct day_counts *out)
{
	struct span width = span_split(&text, ':');
	uint64_t n;

	memset(out, 0, sizeof *out);
	if (!width.len && !text.len)
		return true;
	if (!span_to_u64(width, &n) || !n || n > WIDTH_MOST || (n & (n - 1)))
		return false;
	out->width = (uint32_t)n;
	while (text.len) {
		struct span records = span_split(&text, ' '), day = span_split(&records, '=');
		int64_t number;

		if (!to_day(day, &number) || !span_to_u64(records, &n)) {
			memset(out, 0, sizeof *out);
			return false;
		}
		add_day(out, number, n);
	}
	return true;
}

uint64_t day_counts_between(const struct day_counts *d, int64_t from, int64_t to)
{
	uint64_t records = 0;

	for (uint32_t i = find(d, from); i < d->count && d->list[i].day < to; i++)
		records += d->list[i].records;
	return records;
}

void day_write(struct buf *to, int64_t day)
{
	struct buf text = buf_new(64);

	timestamp_format(&text, day * DAY, 0);
	buf_add(to, span_sub(buf_span(&text), 0, 10));
	buf_free(&text);
}
