#include "rules/yara/module.h"

#include <inttypes.h>
#include <math.h>

#define PI 3.141592653589793
#define NOT_CORRELATED (-100000.0)	/* what YARA answers where all bytes are equal */

/*
 * What a function works on: a range of the data as unsigned bytes, or a string
 * as signed characters, which is how YARA's own build on x86 sees them.
 */
struct bytes {
	struct span span;
	bool is_signed;
};

static double number(const struct bytes *b, size_t i)
{
	return b->is_signed ? (double)(int8_t)b->span.at[i] : (double)b->span.at[i];
}

/* From arguments `first`: a string, or offset and length cut to the data; false: undefined. */
static bool bytes_of(const struct yara_call *c, size_t first, struct bytes *out)
{
	if (first < c->count && c->arguments[first].type == YARA_STRING) {
		*out = (struct bytes){ c->arguments[first].string, true };
		return true;
	}
	*out = (struct bytes){ .is_signed = false };
	return yara_call_range(c, c->arguments[first].integer, c->arguments[first + 1].integer, &out->span);
}

struct distribution {
	uint64_t count[256];
	uint64_t total;
};

static void count_bytes(struct distribution *d, struct span s)
{
	/* Four tables, so that a run of one byte does not wait for its own counter. */
	uint32_t part[4][256];
	size_t i = 0;

	memset(d, 0, sizeof *d);
	while (i < s.len) {
		size_t end = s.len - i > UINT32_MAX ? i + UINT32_MAX : s.len;

		memset(part, 0, sizeof part);
		for (; i + 4 <= end; i += 4) {
			part[0][s.at[i]]++;
			part[1][s.at[i + 1]]++;
			part[2][s.at[i + 2]]++;
			part[3][s.at[i + 3]]++;
		}
		for (; i < end; i++)
			part[0][s.at[i]]++;
		for (int byte = 0; byte < 256; byte++)
			d->count[byte] += (uint64_t)part[0][byte] + part[1][byte] + part[2][byte] +
					  part[3][byte];
	}
	d->total = s.len;
}

/* The whole data's distribution is asked for by many rules: kept for the scan. */
struct state {
	bool is_known;
	struct distribution all;
};

static const struct distribution *whole(struct yara_call *c)
{
	struct state *state = yara_call_has_whole(c) ? c->root->state : NULL;

	if (state && !state->is_known) {
		count_bytes(&state->all, c->data);
		state->is_known = true;
	}
	return state ? &state->all : NULL;
}

/* Of the range from argument `first` on, or of everything where there is none. */
static const struct distribution *distribution_of(struct yara_call *c, size_t first,
						  struct distribution *room)
{
	struct bytes bytes;

	if (first >= c->count)
		return whole(c);
	if (!bytes_of(c, first, &bytes))
		return NULL;
	if (bytes.span.at == c->data.at && bytes.span.len == c->data.len)
		return whole(c);
	count_bytes(room, bytes.span);
	return room;
}

static void entropy(struct yara_call *c)
{
	struct distribution room;
	const struct distribution *d = distribution_of(c, 0, &room);
	double sum = 0;

	if (!d)
		return;
	for (int i = 0; i < 256; i++) {
		double x = (double)d->count[i] / (double)d->total;

		if (d->count[i])
			sum -= x * log2(x);
	}
	yara_return_float(c, sum);
}

static double mean_of(const struct bytes *b)
{
	struct distribution d;
	double sum = 0;

	count_bytes(&d, b->span);
	for (int i = 0; i < 256; i++)
		sum += (b->is_signed ? (double)(int8_t)i : (double)i) * (double)d.count[i];
	return sum / (double)d.total;
}

static void mean(struct yara_call *c)
{
	struct bytes b;

	if (bytes_of(c, 0, &b))
		yara_return_float(c, mean_of(&b));
}

static void deviation(struct yara_call *c)
{
	double from = c->arguments[c->count - 1].real, sum = 0;
	struct distribution d;
	struct bytes b;

	if (!bytes_of(c, 0, &b))
		return;
	if (b.is_signed) {
		for (size_t i = 0; i < b.span.len; i++)
			sum += fabs(number(&b, i) - from);
	} else {
		count_bytes(&d, b.span);
		for (int i = 0; i < 256; i++)
			sum += fabs((double)i - from) * (double)d.count[i];
	}
	yara_return_float(c, sum / (double)b.span.len);
}

static void serial_correlation(struct yara_call *c)
{
	double last = 0, products = 0, sum = 0, squares = 0, n, below;
	struct bytes b;

	if (!bytes_of(c, 0, &b))
		return;
	for (size_t i = 0; i < b.span.len; i++) {
		double x = number(&b, i);

		products += last * x;
		sum += x;
		squares += x * x;
		last = x;
	}
	/* The bytes form a ring: the last is followed by the first. */
	if (b.span.len)
		products += last * number(&b, 0);
	n = (double)b.span.len;
	below = n * squares - sum * sum;
	yara_return_float(c, below == 0 ? NOT_CORRELATED : (n * products - sum * sum) / below);
}

static double coordinate(const struct bytes *b, size_t at)
{
	double x = 0;

	/* A negative character is seen by YARA as the unsigned number it wraps to. */
	for (size_t i = 0; i < 3; i++)
		x = x * 256.0 + (b->is_signed ? (double)(uint32_t)(int8_t)b->span.at[at + i]
					      : (double)b->span.at[at + i]);
	return x;
}

static void monte_carlo_pi(struct yara_call *c)
{
	const double radius = 256.0 * 256.0 * 256.0 - 1;
	uint64_t points = 0, inside = 0;
	struct bytes b;

	if (!bytes_of(c, 0, &b))
		return;
	for (size_t i = 0; i + 6 <= b.span.len; i += 6) {
		double x = coordinate(&b, i), y = coordinate(&b, i + 3);

		points++;
		inside += x * x + y * y <= radius * radius;
	}
	if (points)
		yara_return_float(c, fabs((4.0 * ((double)inside / (double)points) - PI) / PI));
}

/* How often the byte that is asked for occurs; NULL where no byte is so or there is no data. */
static const uint64_t *count_of(struct yara_call *c, struct distribution *room,
				const struct distribution **of)
{
	int64_t byte = c->arguments[0].integer;

	*of = byte < 0 || byte > 255 ? NULL : distribution_of(c, 1, room);
	return *of ? &(*of)->count[byte] : NULL;
}

static void count(struct yara_call *c)
{
	struct distribution room;
	const struct distribution *all;
	const uint64_t *one = count_of(c, &room, &all);

	if (one)
		yara_return_integer(c, (int64_t)*one);
}

static void percentage(struct yara_call *c)
{
	struct distribution room;
	const struct distribution *all;
	const uint64_t *one = count_of(c, &room, &all);

	if (one)
		yara_return_float(c, (double)((float)*one / (float)all->total));
}

static void mode(struct yara_call *c)
{
	struct distribution room;
	const struct distribution *d = distribution_of(c, 0, &room);
	int most = 0;

	if (!d)
		return;
	for (int i = 1; i < 256; i++) {
		if (d->count[i] > d->count[most])
			most = i;
	}
	yara_return_integer(c, most);
}

static void in_range(struct yara_call *c)
{
	double x = c->arguments[0].real;

	yara_return_integer(c, c->arguments[1].real <= x && x <= c->arguments[2].real);
}

/* Of integers: an addition of YARA-X. */
static void integer_in_range(struct yara_call *c)
{
	int64_t x = c->arguments[0].integer;

	yara_return_integer(c, c->arguments[1].integer <= x && x <= c->arguments[2].integer);
}

/* min and max compare as unsigned numbers, as YARA does. */
static void min(struct yara_call *c)
{
	uint64_t a = (uint64_t)c->arguments[0].integer, b = (uint64_t)c->arguments[1].integer;

	yara_return_integer(c, (int64_t)(a < b ? a : b));
}

static void max(struct yara_call *c)
{
	uint64_t a = (uint64_t)c->arguments[0].integer, b = (uint64_t)c->arguments[1].integer;

	yara_return_integer(c, (int64_t)(a > b ? a : b));
}

static void absolute(struct yara_call *c)
{
	int64_t n = c->arguments[0].integer;

	yara_return_integer(c, n < 0 ? (int64_t)(0 - (uint64_t)n) : n);
}

static void to_number(struct yara_call *c)
{
	yara_return_integer(c, c->arguments[0].integer != 0);
}

static void to_string(struct yara_call *c)
{
	int64_t n = c->arguments[0].integer, base = c->count > 1 ? c->arguments[1].integer : 10;
	struct span text = { 0 };

	if (base == 10)
		text = arena_printf(c->arena, "%" PRId64, n);
	else if (base == 8)
		text = arena_printf(c->arena, "%" PRIo64, (uint64_t)n);
	else if (base == 16)
		text = arena_printf(c->arena, "%" PRIx64, (uint64_t)n);
	if (text.at)
		yara_return_string(c, text);
}

#define OVERLOADS(name) static const struct yara_function name##_overloads[]

OVERLOADS(entropy) = { { "ii", 'f', entropy }, { "s", 'f', entropy }, { 0 } };
OVERLOADS(mean) = { { "ii", 'f', mean }, { "s", 'f', mean }, { 0 } };
OVERLOADS(deviation) = { { "iif", 'f', deviation }, { "sf", 'f', deviation }, { 0 } };
OVERLOADS(serial_correlation) = {
	{ "ii", 'f', serial_correlation }, { "s", 'f', serial_correlation }, { 0 } };
OVERLOADS(monte_carlo_pi) = {
	{ "ii", 'f', monte_carlo_pi }, { "s", 'f', monte_carlo_pi }, { 0 } };
OVERLOADS(count) = { { "iii", 'i', count }, { "i", 'i', count }, { 0 } };
OVERLOADS(percentage) = { { "iii", 'f', percentage }, { "i", 'f', percentage }, { 0 } };
OVERLOADS(mode) = { { "ii", 'i', mode }, { "", 'i', mode }, { 0 } };
OVERLOADS(in_range) = { { "fff", 'i', in_range }, { "iii", 'i', integer_in_range }, { 0 } };
OVERLOADS(min) = { { "ii", 'i', min }, { 0 } };
OVERLOADS(max) = { { "ii", 'i', max }, { 0 } };
OVERLOADS(absolute) = { { "i", 'i', absolute }, { 0 } };
OVERLOADS(to_number) = { { "b", 'i', to_number }, { 0 } };
OVERLOADS(to_string) = { { "i", 's', to_string }, { "ii", 's', to_string }, { 0 } };

static const struct yara_field fields[] = {
	YARA_FLOAT_CONSTANT("MEAN_BYTES", 127.5),
	YARA_FUNCTION_FIELD("in_range", in_range_overloads),
	YARA_FUNCTION_FIELD("deviation", deviation_overloads),
	YARA_FUNCTION_FIELD("mean", mean_overloads),
	YARA_FUNCTION_FIELD("serial_correlation", serial_correlation_overloads),
	YARA_FUNCTION_FIELD("monte_carlo_pi", monte_carlo_pi_overloads),
	YARA_FUNCTION_FIELD("entropy", entropy_overloads),
	YARA_FUNCTION_FIELD("min", min_overloads),
	YARA_FUNCTION_FIELD("max", max_overloads),
	YARA_FUNCTION_FIELD("to_number", to_number_overloads),
	YARA_FUNCTION_FIELD("abs", absolute_overloads),
	YARA_FUNCTION_FIELD("count", count_overloads),
	YARA_FUNCTION_FIELD("percentage", percentage_overloads),
	YARA_FUNCTION_FIELD("mode", mode_overloads),
	YARA_FUNCTION_FIELD("to_string", to_string_overloads),
	YARA_END,
};

static bool load(struct yara_load *l)
{
	l->root->state = ARENA_NEW(l->arena, struct state);
	return true;
}

const struct yara_module yara_module_math = { .name = "math", .fields = fields, .load = load };
