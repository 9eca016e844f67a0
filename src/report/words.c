#include "report/words.h"

void words_number(struct buf *to, uint64_t n)
{
	char digits[32];
	int len = 0;

	do {
		if (len % 4 == 3)
			digits[len++] = ',';
		digits[len++] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	while (len)
		buf_add_u8(to, (uint8_t)digits[--len]);
}

void words_count(struct buf *to, uint64_t n, const char *one, const char *many)
{
	words_number(to, n);
	buf_printf(to, " %s", n == 1 ? one : many);
}

void words_bytes(struct buf *to, uint64_t n)
{
	static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB", "PB", "EB" };
	double size = (double)n;
	size_t unit = 0;

	while (size >= 999.95 && unit + 1 < sizeof units / sizeof *units) {
		size /= 1000;
		unit++;
	}
	buf_printf(to, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

void words_time(struct buf *to, timestamp t)
{
	struct buf text = buf_new(64);

	timestamp_format(&text, t, 0);
	if (text.len >= 20) {
		buf_add(to, span_sub(buf_span(&text), 0, text.len - 10));
		buf_text(to, " ");
		buf_add(to, span_sub(buf_span(&text), text.len - 9, 8));
	}
	buf_free(&text);
}

void words_span(struct buf *to, timestamp first, timestamp last)
{
	struct buf a = buf_new(64), b = buf_new(64);

	if (first != TIME_NONE)
		words_time(&a, first);
	if (last != TIME_NONE)
		words_time(&b, last);
	if (span_eq(buf_span(&a), buf_span(&b)))
		buf_clear(&b);
	buf_add(to, buf_span(&a));
	if (b.len) {
		bool same_day = a.len == b.len && a.len > 10 && !memcmp(a.at, b.at, 10);

		buf_text(to, a.len ? " to " : "until ");
		buf_add(to, span_from(buf_span(&b), same_day ? 11 : 0));
	}
	if (a.len || b.len)
		buf_text(to, " UTC");
	buf_free(&a);
	buf_free(&b);
}

