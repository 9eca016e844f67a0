#include "artefact/artefact.h"

#include <stdlib.h>

#define ENDINGS_MOST 4096
#define ARTEFACT_DECODERS_MOST 512

static const struct family {
	const struct artefact_decoder *at;
	const size_t *count;
} families[] = {
	{ artefact_registry, &artefact_registry_count },
	{ artefact_windows, &artefact_windows_count },
	{ artefact_linux, &artefact_linux_count },
	{ artefact_network, &artefact_network_count },
	{ artefact_program, &artefact_program_count },
	{ artefact_triage, &artefact_triage_count },
};

static uint8_t fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c == '\\' ? '/' : c;
}

/* '*' takes any run of characters; it has only one place to go back to, so no blow-up. */
static bool part_matches(struct span pattern, struct span part)
{
	size_t p = 0, s = 0, star = SIZE_MAX, back = 0;

	while (s < part.len) {
		if (p < pattern.len && pattern.at[p] == '*') {
			star = p++;
			back = s;
		} else if (p < pattern.len && fold(pattern.at[p]) == fold(part.at[s])) {
			p++;
			s++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			s = ++back;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.at[p] == '*')
		p++;
	return p == pattern.len;
}

/* Takes the last part off `path`. */
static struct span take_last(struct span *path)
{
	size_t at = path->len;
	struct span part;

	while (at && fold(path->at[at - 1]) != '/')
		at--;
	part = span_from(*path, at);
	*path = span_sub(*path, 0, at ? at - 1 : 0);
	return part;
}

static int hex_value(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : fold(c) >= 'a' && fold(c) <= 'f' ? fold(c) - 'a' + 10 : -1;
}

/* As it was before a collection wrote "%4" as "%254", ':' as "%3A". */
static bool decoded_matches(struct span pattern, struct span part)
{
	uint8_t plain[256];
	size_t len = 0;

	if (part.len > sizeof plain || span_find_byte(part, 0, '%') == SIZE_MAX)
		return false;
	for (size_t i = 0; i < part.len; i++) {
		int high = part.at[i] == '%' && part.len - i > 2 ? hex_value(part.at[i + 1]) : -1;
		int low = high >= 0 ? hex_value(part.at[i + 2]) : -1;

		plain[len++] = low >= 0 ? (uint8_t)(high * 16 + low) : part.at[i];
		i += low >= 0 ? 2 : 0;
	}
	return part_matches(pattern, span_of(plain, len));
}

/* `is_coded`: parts may be percent-encoded. */
static bool end_matches(struct span pattern, struct span path, bool is_coded)
{
	while (pattern.len) {
		struct span part = take_last(&path), like = take_last(&pattern);

		if (!part.len ||
		    !(part_matches(like, part) || (is_coded && decoded_matches(like, part))))
			return false;
	}
	return true;
}

bool artefact_path_matches(const char *patterns, struct span path)
{
	struct span rest = span_text(patterns);
	bool is_coded = span_find_byte(path, 0, '%') != SIZE_MAX;
	uint8_t end = path.len ? fold(path.at[path.len - 1]) : 0;

	while (rest.len) {
		struct span pattern = span_split(&rest, '|');
		uint8_t wanted = pattern.len ? fold(pattern.at[pattern.len - 1]) : 0;

		/* Most are told apart by their last character: there are some hundred for each file. */
		if ((wanted == end || wanted == '*' || is_coded) && end_matches(pattern, path, is_coded))
			return true;
	}
	return false;
}

bool artefact_is_packaged(struct span path)
{
	static const char *const ends[] = { ".deb!/", ".udeb!/", ".rpm!/", ".apk!/", ".pkg.tar.zst!/",
					    ".pkg.tar.xz!/" };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (span_find(path, 0, span_text(ends[i])) != SIZE_MAX)
			return true;
	return false;
}

/* ---- all patterns of all decoders, told apart by the last character ---- */

struct ending {
	struct span pattern, last, before;	/* "etc/cron.d/x": whole, "x", "etc/cron.d" */
	enum { STAR_NONE, STAR_FIRST, STAR_ELSE } star;	/* in the last part; FIRST: there alone */
	uint16_t decoder;			/* its number in the order of the families */
};

static struct {
	struct ending list[ENDINGS_MOST];
	uint8_t second[ENDINGS_MOST];	/* another character that a path must have; 0: any */
	size_t from[257];		/* of each last character; '*' takes any */
	size_t count;			/* 0: not made yet */
} endings;

static const struct artefact_decoder *decoder_at(size_t number)
{
	for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
		if (number < *families[f].count)
			return &families[f].at[number];
		number -= *families[f].count;
	}
	return NULL;
}

static void add_ending(struct span pattern, size_t decoder)
{
	struct ending *e = &endings.list[endings.count];
	size_t star;

	if (endings.count == ENDINGS_MOST || !pattern.len)
		abort();
	*e = (struct ending){ .pattern = pattern, .before = pattern, .decoder = (uint16_t)decoder };
	e->last = take_last(&e->before);
	star = span_find_byte(e->last, 0, '*');
	e->star = star == SIZE_MAX ? STAR_NONE
		: !star && span_find_byte(e->last, 1, '*') == SIZE_MAX ? STAR_FIRST : STAR_ELSE;
	endings.count++;
}

static uint8_t end_of(struct span s)
{
	return s.len ? fold(s.at[s.len - 1]) : 0;
}

/* 0 where it is a star or there is none. */
static uint8_t before_end_of(struct span s)
{
	uint8_t c = s.len > 1 && s.at[s.len - 1] != '*' ? fold(s.at[s.len - 2]) : 0;

	return c == '*' ? 0 : c;
}

/* Of "folder/star" the last one of the folder, else the one before the last. */
static uint8_t second_of(const struct ending *e)
{
	uint8_t folder = end_of(e->before);

	return end_of(e->last) != '*' ? before_end_of(e->last) : e->last.len > 1 || folder == '*' ? 0 : folder;
}

static int by_end(const void *x, const void *y)
{
	return (int)end_of(((const struct ending *)x)->pattern) -
	       (int)end_of(((const struct ending *)y)->pattern);
}

void artefact_prepare(void)
{
	const struct artefact_decoder *d;

	if (endings.count)
		return;
	for (size_t number = 0; (d = decoder_at(number)); number++) {
		struct span rest = span_text(d->paths);

		while (rest.len)
			add_ending(span_split(&rest, '|'), number);
	}
	qsort(endings.list, endings.count, sizeof *endings.list, by_end);
	for (size_t i = 0; i < endings.count; i++)
		endings.second[i] = second_of(&endings.list[i]);
	for (size_t c = 0, at = 0; c <= 256; c++) {
		while (at < endings.count && end_of(endings.list[at].pattern) < c)
			at++;
		endings.from[c] = at;
	}
}

static bool same(struct span x, struct span y)
{
	for (size_t i = 0; i < x.len; i++)
		if (fold(x.at[i]) != fold(y.at[i]))
			return false;
	return x.len == y.len;
}

static bool ending_matches(const struct ending *e, struct span part, struct span before)
{
	struct span tail = span_from(e->last, 1);

	if (e->star == STAR_NONE ? e->last.len != part.len || !same(e->last, part)
	    : e->star == STAR_FIRST ? tail.len > part.len || !same(tail, span_from(part, part.len - tail.len))
				    : !part_matches(e->last, part))
		return false;
	return end_matches(e->before, before, false);
}

/* Marks the decoders of those that the path ends like, from the first to before the last. */
static void mark(size_t from, size_t to, struct span path, bool is_coded, bool hit[])
{
	struct span before = path, part = take_last(&before);
	uint8_t c = from == endings.from['*'] ? end_of(before) : before_end_of(part);

	for (size_t i = from; part.len && i < to; i++) {
		const struct ending *e = &endings.list[i];

		if (!is_coded && endings.second[i] && endings.second[i] != c)
			continue;
		if (is_coded ? end_matches(e->pattern, path, true) : ending_matches(e, part, before))
			hit[e->decoder] = true;
	}
}

void artefact_find(const char *kind, struct span path, struct artefact_list *out)
{
	bool hit[ARTEFACT_DECODERS_MOST] = { false };
	bool is_coded = span_find_byte(path, 0, '%') != SIZE_MAX;
	const struct artefact_decoder *d;
	uint8_t end = end_of(path);

	artefact_prepare();
	if (is_coded) {
		mark(0, endings.count, path, true, hit);
	} else {
		mark(endings.from[end], endings.from[end + 1], path, false, hit);
		if (end != '*')
			mark(endings.from['*'], endings.from['*' + 1], path, false, hit);
	}
	out->count = 0;
	for (size_t i = 0; (d = decoder_at(i)); i++)
		if ((!d->paths || hit[i]) && (!d->kind || !strcmp(d->kind, kind)) &&
		    !(d->of_place && artefact_is_packaged(path)) && out->count < ARTEFACT_FITTING_MOST)
			out->at[out->count++] = d;
}
