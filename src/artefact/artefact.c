#include "artefact/artefact.h"

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

static bool end_matches(struct span pattern, struct span path)
{
	while (pattern.len) {
		struct span part = take_last(&path), like = take_last(&pattern);

		if (!part.len || !(part_matches(like, part) || decoded_matches(like, part)))
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
		if ((wanted == end || wanted == '*' || is_coded) && end_matches(pattern, path))
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

static bool fits(const struct artefact_decoder *d, const char *kind, struct span path)
{
	return (!d->kind || !strcmp(d->kind, kind)) &&
	       (!d->paths || artefact_path_matches(d->paths, path)) &&
	       !(d->of_place && artefact_is_packaged(path));
}

const struct artefact_decoder *artefact_next(const struct artefact_decoder *after, const char *kind,
					     struct span path)
{
	bool begun = !after;

	for (size_t f = 0; f < sizeof families / sizeof *families; f++)
		for (size_t i = 0; i < *families[f].count; i++) {
			const struct artefact_decoder *d = &families[f].at[i];

			if (begun && fits(d, kind, path))
				return d;
			begun = begun || d == after;
		}
	return NULL;
}
