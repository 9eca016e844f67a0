#include "case/collected.h"

static int hex_value(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10
		: c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_letter(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool collected_is_drive(struct span part)
{
	return part.len == 1 && part.at[0] >= 'A' && part.at[0] <= 'Z';
}

bool collected_is_root(struct span part)
{
	static const char *const devices[] = { "%5C%5C.%5C", "%5C%5C%3F%5C" };

	if (span_eq(part, SPAN("[root]")))
		return true;
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
		struct span device = span_text(devices[i]);

		if (part.len > device.len && span_eq_nocase(span_sub(part, 0, device.len), device))
			return true;
	}
	return part.len == 4 && is_letter(part.at[0]) && span_eq_nocase(span_from(part, 1), SPAN("%3A"));
}

/* The text fits `shape`: '0' stands for a digit, all else for itself. */
static bool has_shape(struct span text, const char *shape)
{
	struct span like = span_text(shape);

	if (text.len < like.len)
		return false;
	for (size_t i = 0; i < like.len; i++)
		if (like.at[i] == '0' ? !is_digit(text.at[i]) : text.at[i] != like.at[i])
			return false;
	return true;
}

/* "HOST-OS-20260102030405", what follows being an extension or nothing. */
static bool of_uac(struct span rest, struct span *host)
{
	static const char *const systems[] = { "-aix-", "-android-", "-esxi-", "-freebsd-", "-linux-",
		"-macos-", "-netbsd-", "-netscaler-", "-openbsd-", "-solaris-" };

	for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
		struct span system = span_text(systems[i]);
		size_t at = span_find(rest, 1, system);

		if (at != SIZE_MAX && has_shape(span_from(rest, at + system.len), "00000000000000")) {
			*host = span_sub(rest, 0, at);
			return true;
		}
	}
	return false;
}

/* "HOST-2026-01-02T03_04_05Z" */
static bool of_velociraptor(struct span rest, struct span *host)
{
	for (size_t at = span_find_byte(rest, 1, '-'); at != SIZE_MAX;
	     at = span_find_byte(rest, at + 1, '-'))
		if (has_shape(span_from(rest, at), "-0000-00-00T")) {
			*host = span_sub(rest, 0, at);
			return true;
		}
	return false;
}

/* "2026-01-02T030405_HOST.zip"; the time may have a fraction behind another '_'. */
static bool of_kape(struct span part, struct span *host)
{
	static const char *const ends[] = { ".zip", ".vhdx", ".vhd", ".7z" };
	size_t at = 10;

	if (!has_shape(part, "0000-00-00T00"))
		return false;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct span name = part;

		if (!span_ends(part, span_text(ends[i])))
			continue;
		name.len -= strlen(ends[i]);
		for (at++; at < name.len && (is_digit(name.at[at]) || name.at[at] == '_'); at++)
			;
		if (at < name.len && name.at[at - 1] == '_') {
			*host = span_from(name, at);
			return true;
		}
		return false;
	}
	return false;
}

enum collected_tool collected_of_name(struct span part, struct span *host)
{
	struct span uac = SPAN("uac-"), velociraptor = SPAN("Collection-");

	/* As a part of a path inside: "x.zip!". */
	if (part.len && part.at[part.len - 1] == '!')
		part.len--;
	if (span_starts(part, uac) && of_uac(span_from(part, uac.len), host))
		return COLLECTED_UAC;
	if (span_starts(part, velociraptor) && of_velociraptor(span_from(part, velociraptor.len), host))
		return COLLECTED_VELOCIRAPTOR;
	return of_kape(part, host) ? COLLECTED_KAPE : COLLECTED_NONE;
}

struct span collected_decode(struct arena *arena, struct span path)
{
	uint8_t *out;
	size_t len = 0;

	if (span_find_byte(path, 0, '%') == SIZE_MAX)
		return path;
	out = arena_alloc(arena, path.len);
	if (!out)
		return path;
	for (size_t i = 0; i < path.len; i++) {
		int high = path.at[i] == '%' && path.len - i > 2 ? hex_value(path.at[i + 1]) : -1;
		int low = high >= 0 ? hex_value(path.at[i + 2]) : -1;

		/* A slash or NUL within a name would make another path of it. */
		if (low >= 0 && high * 16 + low && high * 16 + low != '/') {
			out[len++] = (uint8_t)(high * 16 + low);
			i += 2;
		} else {
			out[len++] = path.at[i];
		}
	}
	return span_of(out, len);
}
