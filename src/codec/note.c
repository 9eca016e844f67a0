#include "codec/note.h"

#include <sodium.h>

#define ED25519 0x01			/* the signature type */
#define DASH "\xe2\x80\x94 "		/* em dash and space */

static void add_base64(struct buf *to, struct span s)
{
	char text[sodium_base64_ENCODED_LEN(256, sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(text, sizeof text, s.at, s.len, sodium_base64_VARIANT_ORIGINAL);
	buf_text(to, text);
	sodium_memzero(text, sizeof text);
}

/*
 * Exactly `len` bytes in canonical base64. libsodium takes '+' and '/' with the
 * top bit set for themselves, so bytes beyond ASCII are refused here.
 */
static bool read_base64(struct span text, uint8_t *out, size_t len)
{
	const char *end;
	size_t got;

	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] >= 0x80)
			return false;
	return sodium_base642bin(out, len, (const char *)text.at, text.len, NULL, &got, &end,
				 sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       got == len && end == (const char *)text.at + text.len;
}

bool note_name_is_valid(struct span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] <= ' ' || name.at[i] >= 0x7f || name.at[i] == '+')
			return false;
	return name.len > 0 && name.len <= NOTE_NAME_MAX;
}

static void find_id(struct note_key *key)
{
	struct buf text = buf_new(NOTE_MAX);
	uint8_t digest[SHA256_SIZE];

	buf_text(&text, key->name);
	buf_add_u8(&text, '\n');
	buf_add_u8(&text, ED25519);
	buf_add(&text, span_of(key->bytes, sizeof key->bytes));
	sha256_of(buf_span(&text), digest);
	memcpy(key->id, digest, sizeof key->id);
	buf_free(&text);
}

static void set_name(struct note_key *key, struct span name)
{
	memset(key->name, 0, sizeof key->name);
	memcpy(key->name, name.at, name.len);
}

/* NAME+ID+BASE64 of a type byte and 32 bytes. */
static bool parse_key(struct span text, struct span *name, struct span *id, uint8_t bytes[32])
{
	struct span rest = span_trim(text);
	uint8_t typed[33];
	bool ok;

	*name = span_split(&rest, '+');
	*id = span_split(&rest, '+');
	ok = note_name_is_valid(*name) && read_base64(rest, typed, sizeof typed) &&
	     typed[0] == ED25519;
	if (ok)
		memcpy(bytes, typed + 1, 32);
	sodium_memzero(typed, sizeof typed);
	return ok;
}

static bool id_fits(const struct note_key *key, struct span id)
{
	char hex[2 * sizeof key->id + 1];

	sodium_bin2hex(hex, sizeof hex, key->id, sizeof key->id);
	return span_eq(id, span_text(hex));
}

bool note_key_parse(struct span text, struct note_key *out, struct err *err)
{
	struct note_key key = { 0 };
	struct span name, id;

	if (!parse_key(text, &name, &id, key.bytes))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "this is no verifier key (NAME+ID+BASE64)");
	set_name(&key, name);
	find_id(&key);
	if (!id_fits(&key, id))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the verifier key has a typing error");
	*out = key;
	return true;
}

static void key_text(struct buf *to, const struct note_key *key, const uint8_t bytes[32])
{
	uint8_t typed[33] = { ED25519 };

	memcpy(typed + 1, bytes, 32);
	buf_text(to, key->name);
	buf_add_u8(to, '+');
	buf_hex(to, span_of(key->id, sizeof key->id));
	buf_add_u8(to, '+');
	add_base64(to, span_of(typed, sizeof typed));
	sodium_memzero(typed, sizeof typed);
}

void note_key_text(struct buf *to, const struct note_key *key)
{
	key_text(to, key, key->bytes);
}

bool note_key_equal(const struct note_key *a, const struct note_key *b)
{
	return !strcmp(a->name, b->name) && !memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

struct note_secret *note_secret_new(void)
{
	/* Guarded, locked and kept out of core dumps by libsodium. */
	struct note_secret *secret = sodium_init() < 0 ? NULL : sodium_malloc(sizeof *secret);

	if (secret)
		memset(secret, 0, sizeof *secret);
	return secret;
}

void note_secret_free(struct note_secret *secret)
{
	sodium_free(secret);
}

bool note_secret_make(struct note_secret *secret, struct span name, struct err *err)
{
	if (!note_name_is_valid(name))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "this is no name for a key");
	if (crypto_sign_keypair(secret->key.bytes, secret->bytes))
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "cannot make a key");
	set_name(&secret->key, name);
	find_id(&secret->key);
	return true;
}

bool note_secret_parse(struct note_secret *secret, struct span text, struct err *err)
{
	struct span rest = span_trim(text), prefix = SPAN("PRIVATE+KEY+"), name, id;
	uint8_t seed[crypto_sign_SEEDBYTES];

	if (!span_starts(rest, prefix) || !parse_key(span_from(rest, prefix.len), &name, &id, seed))
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "this is no signing key");
	crypto_sign_seed_keypair(secret->key.bytes, secret->bytes, seed);
	sodium_memzero(seed, sizeof seed);
	set_name(&secret->key, name);
	find_id(&secret->key);
	return id_fits(&secret->key, id) ||
	       err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "the signing key is damaged");
}

void note_secret_text(struct buf *to, const struct note_secret *secret)
{
	uint8_t seed[crypto_sign_SEEDBYTES];

	crypto_sign_ed25519_sk_to_seed(seed, secret->bytes);
	buf_text(to, "PRIVATE+KEY+");
	key_text(to, &secret->key, seed);
	sodium_memzero(seed, sizeof seed);
}

bool note_sign(struct buf *to, struct span text, const struct note_secret *secret,
	       struct err *err)
{
	uint8_t signature[sizeof secret->key.id + crypto_sign_BYTES];

	if (!span_ends(text, SPAN("\n")))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "a note ends in a newline");
	memcpy(signature, secret->key.id, sizeof secret->key.id);
	if (crypto_sign_detached(signature + sizeof secret->key.id, NULL, text.at, text.len,
				 secret->bytes))
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "cannot sign");
	buf_add(to, text);
	buf_text(to, "\n" DASH);
	buf_text(to, secret->key.name);
	buf_add_u8(to, ' ');
	add_base64(to, span_of(signature, sizeof signature));
	buf_add_u8(to, '\n');
	return !to->overflow || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "the note is too long");
}

/* Cuts the note at its last empty line: text before it, signature lines after. */
static bool cut(struct span note, struct span *text, struct span *signatures)
{
	size_t at = SIZE_MAX;

	if (note.len > NOTE_MAX)
		return false;
	for (size_t next = span_find(note, 0, SPAN("\n\n")); next != SIZE_MAX;
	     next = span_find(note, next + 1, SPAN("\n\n")))
		at = next;
	if (at == SIZE_MAX || !span_ends(note, SPAN("\n")))
		return false;
	*text = span_sub(note, 0, at + 1);
	*signatures = span_from(note, at + 2);
	return signatures->len > 0;
}

enum { LINE_MALFORMED, LINE_OF_OTHERS, LINE_WRONG, LINE_RIGHT };

static int check_line(struct span line, struct span text, const struct note_key *key)
{
	uint8_t signature[sizeof key->id + crypto_sign_BYTES];
	struct span rest = span_from(line, sizeof DASH - 1), name = span_split(&rest, ' ');

	if (!span_starts(line, SPAN(DASH)) || !note_name_is_valid(name) || rest.len < 8)
		return LINE_MALFORMED;
	if (!span_eq(name, span_text(key->name)))
		return LINE_OF_OTHERS;
	/* Of another kind of key it may have another length. */
	if (!read_base64(rest, signature, sizeof signature))
		return LINE_MALFORMED;
	if (memcmp(signature, key->id, sizeof key->id) != 0)
		return LINE_OF_OTHERS;
	return crypto_sign_verify_detached(signature + sizeof key->id, text.at, text.len,
					   key->bytes) ? LINE_WRONG : LINE_RIGHT;
}

bool note_verify(struct span note, const struct note_key *key, struct span *text,
		 struct err *err)
{
	struct span signed_text, lines;
	bool right = false;

	if (sodium_init() < 0)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "cannot check signatures");
	if (!cut(note, &signed_text, &lines))
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "this is no signed note");
	for (size_t n = 0; lines.len; n++) {
		int found = check_line(span_split(&lines, '\n'), signed_text, key);

		if (found == LINE_MALFORMED || n == NOTE_SIGNATURES_MAX)
			return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "a signature line is malformed");
		if (found == LINE_WRONG)
			return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET,
				       "the signature of '%s' is wrong", key->name);
		right = right || found == LINE_RIGHT;
	}
	if (!right)
		return err_set(err, ERR_DENIED, ERR_NO_OFFSET, "not signed by '%s'", key->name);
	*text = signed_text;
	return true;
}

void checkpoint_text(struct buf *to, const struct checkpoint *checkpoint)
{
	buf_add(to, checkpoint->origin);
	buf_add_u8(to, '\n');
	buf_decimal(to, checkpoint->size);
	buf_add_u8(to, '\n');
	add_base64(to, span_of(checkpoint->root, SHA256_SIZE));
	buf_add_u8(to, '\n');
}

bool checkpoint_parse(struct span text, struct checkpoint *out, struct err *err)
{
	struct checkpoint found;
	struct span signatures, size;

	(void)cut(text, &text, &signatures);
	found.origin = span_split(&text, '\n');
	size = span_split(&text, '\n');
	if (!note_name_is_valid(found.origin) || !span_to_u64(size, &found.size) ||
	    size.len > 20 || (size.len > 1 && size.at[0] == '0') ||
	    !read_base64(span_split(&text, '\n'), found.root, SHA256_SIZE) || text.len)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "this is no checkpoint");
	*out = found;
	return true;
}
