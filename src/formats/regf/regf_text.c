#include "formats/regf/regf.h"

#include "base/utf8.h"

#define MAX_TEXT ((size_t)4 << 20)	/* of one value */
#define MAX_PATH ((size_t)32 << 10)

/* Up to its NUL; Windows keeps what stands behind it, but shows none of it. */
static struct span until_nul(struct span utf16)
{
	for (size_t i = 0; i + 1 < utf16.len; i += 2)
		if (!utf16.at[i] && !utf16.at[i + 1])
			return span_sub(utf16, 0, i);
	return span_sub(utf16, 0, utf16.len & ~(size_t)1);
}

static struct span all_utf16(struct span utf16, struct arena *arena)
{
	uint8_t *to;

	if (utf16.len > MAX_TEXT)
		utf16.len = MAX_TEXT;
	to = arena_alloc(arena, utf16.len / 2 * 3 + 1);
	return to ? span_of(to, utf8_of_utf16le(to, utf16)) : (struct span){ 0 };
}

struct span regf_utf16(struct span utf16, struct arena *arena)
{
	return all_utf16(until_nul(utf16), arena);
}

/* A NUL in a name hides it from most tools: it is kept. */
struct span regf_name_text(struct regf_name name, struct arena *arena)
{
	struct buf b = buf_new(2 * 65536 + 1);
	struct span text;

	if (name.is_wide)
		return all_utf16(name.raw, arena);
	for (size_t i = 0; i < name.raw.len; i++)
		utf8_add(&b, name.raw.at[i]);
	text = arena_copy(arena, buf_span(&b));
	buf_free(&b);
	return text;
}

struct span regf_text(const struct regf_value *v, struct arena *arena)
{
	switch (v->type) {
	case REGF_SZ: case REGF_EXPAND_SZ: case REGF_LINK: case REGF_MULTI_SZ:
		return regf_utf16(v->data, arena);
	default:
		return (struct span){ 0 };
	}
}

bool regf_next_text(struct span *rest, struct arena *arena, struct span *out)
{
	struct span text = until_nul(*rest);

	if (rest->len < 2)
		return false;
	*rest = span_from(*rest, text.len + 2);
	if (!text.len)
		return false;
	*out = all_utf16(text, arena);
	return true;
}

bool regf_number(const struct regf_value *v, uint64_t *out)
{
	if (v->data.len == 8 && (v->type == REGF_QWORD || v->type == REGF_BINARY))
		*out = load_u64le(v->data.at);
	else if (v->data.len == 4 && v->type == REGF_DWORD_BE)
		*out = load_u32be(v->data.at);
	else if (v->data.len == 4 && (v->type == REGF_DWORD || v->type == REGF_BINARY))
		*out = load_u32le(v->data.at);
	else
		return false;
	return true;
}

struct span regf_join(struct arena *arena, const struct span *parts, size_t count)
{
	size_t len = 0;
	uint8_t *to, *at;

	for (size_t i = 0; i < count; i++)
		len += parts[i].len;
	at = to = arena_alloc(arena, len + 1);
	for (size_t i = 0; to && i < count; i++)
		if (parts[i].len) {
			memcpy(at, parts[i].at, parts[i].len);
			at += parts[i].len;
		}
	return span_of(to, to ? len : 0);
}

struct span regf_path(const struct regf_key *key, struct arena *arena)
{
	struct regf *h = key->hive;
	struct regf_key at = *key;
	struct span path = { 0 };

	for (int depth = 0; depth < REGF_MAX_DEPTH && at.at != h->root; depth++) {
		struct regf_key parent;
		struct span name = regf_name_text(at.name, arena);

		path = REGF_JOIN(arena, SPAN("\\"), name, path);
		if (path.len > MAX_PATH)
			break;
		if (!(key->is_deleted ? regf_deleted_key(h, at.parent, &parent) : regf_key_at(h, at.parent, &parent)))
			return REGF_JOIN(arena, SPAN("?"), path);
		at = parent;
	}
	return path;
}
