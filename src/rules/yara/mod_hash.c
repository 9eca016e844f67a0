#include "rules/yara/module.h"

#include "codec/crc32.h"
#include "codec/digest.h"

#define CACHED 64

/* Many rules ask for the same digest of the same range: kept for the scan. */
struct cached {
	enum digest_kind kind;
	struct span of;			/* where it lies, not what it holds */
	struct span hex;
};

struct state {
	struct cached cached[CACHED];
	size_t count;
};

/* A string, or offset and length cut to the data; false: undefined. */
static bool bytes_of(const struct yara_call *c, struct span *out)
{
	if (c->arguments[0].type == YARA_STRING) {
		*out = c->arguments[0].string;
		return true;
	}
	return yara_call_range(c, c->arguments[0].integer, c->count > 1 ? c->arguments[1].integer : 0, out);
}

static struct span hex_of(struct arena *arena, enum digest_kind kind, struct span bytes)
{
	uint8_t digest[DIGEST_MAX];
	size_t len = digest_of(kind, bytes, digest);
	char *hex = arena_alloc(arena, 2 * len);

	for (size_t i = 0; hex && i < len; i++) {
		hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	return span_of(hex, hex ? 2 * len : 0);
}

static struct span digest_hex(struct yara_call *c, enum digest_kind kind, struct span bytes)
{
	/* Only ranges of the data stay what and where they are. */
	struct state *state = c->arguments[0].type == YARA_INTEGER ? c->root->state : NULL;
	struct span hex;

	for (size_t i = 0; state && i < state->count; i++) {
		const struct cached *known = &state->cached[i];

		if (known->kind == kind && known->of.at == bytes.at && known->of.len == bytes.len)
			return known->hex;
	}
	hex = hex_of(c->arena, kind, bytes);
	if (hex.at && state && state->count < CACHED)
		state->cached[state->count++] = (struct cached){ kind, bytes, hex };
	return hex;
}

static void return_digest(struct yara_call *c, enum digest_kind kind)
{
	struct span bytes, hex;

	if (!bytes_of(c, &bytes))
		return;
	hex = digest_hex(c, kind, bytes);
	if (hex.at)
		yara_return_string(c, hex);
}

static void md5(struct yara_call *c)
{
	return_digest(c, DIGEST_MD5);
}

static void sha1(struct yara_call *c)
{
	return_digest(c, DIGEST_SHA1);
}

static void sha256(struct yara_call *c)
{
	return_digest(c, DIGEST_SHA256);
}

static void crc32(struct yara_call *c)
{
	struct span bytes;

	if (bytes_of(c, &bytes))
		yara_return_integer(c, crc32_of(bytes));
}

static void checksum32(struct yara_call *c)
{
	struct span bytes;
	uint32_t sum = 0;

	if (!bytes_of(c, &bytes))
		return;
	for (size_t i = 0; i < bytes.len; i++)
		sum += bytes.at[i];
	yara_return_integer(c, sum);
}

static const struct yara_function md5_overloads[] = { { "ii", 's', md5 }, { "s", 's', md5 }, { 0 } };
static const struct yara_function sha1_overloads[] = {
	{ "ii", 's', sha1 }, { "s", 's', sha1 }, { 0 } };
static const struct yara_function sha256_overloads[] = {
	{ "ii", 's', sha256 }, { "s", 's', sha256 }, { 0 } };
static const struct yara_function crc32_overloads[] = {
	{ "ii", 'i', crc32 }, { "s", 'i', crc32 }, { 0 } };
static const struct yara_function checksum32_overloads[] = {
	{ "ii", 'i', checksum32 }, { "s", 'i', checksum32 }, { 0 } };

static const struct yara_field fields[] = {
	YARA_FUNCTION_FIELD("md5", md5_overloads),
	YARA_FUNCTION_FIELD("sha1", sha1_overloads),
	YARA_FUNCTION_FIELD("sha256", sha256_overloads),
	YARA_FUNCTION_FIELD("crc32", crc32_overloads),
	YARA_FUNCTION_FIELD("checksum32", checksum32_overloads),
	YARA_END,
};

static bool load(struct yara_load *l)
{
	l->root->state = ARENA_NEW(l->arena, struct state);
	return true;
}

const struct yara_module yara_module_hash = {
	.name = "hash", .fields = fields, .load = load,
	.prepare = digest_prepare,
};
