#include "disk/luks2.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <stdio.h>

#include "base/buf.h"
#include "codec/json_read.h"

#define BINARY 4096
#define CHECKSUM_AT 448
#define CHECKSUM_LEN 64
#define HEADER_LEAST ((uint64_t)16 << 10)
#define HEADER_MOST ((uint64_t)4 << 20)
#define ARENA_MOST ((size_t)64 << 20)
#define SALT_MOST 256
/* Memory that Argon2 fills in all its passes, in KiB: 64 passes of 1 GiB. */
#define ARGON_WORK_MOST (UINT64_C(64) << 20)
#define ARGON_LANES_MOST 64

/* The copy stands where the first header ends, whose size has one of these values. */
static const uint64_t copies[] = { 0x4000, 0x8000, 0x10000, 0x20000, 0x40000, 0x80000, 0x100000,
				   0x200000, 0x400000 };

struct header {
	uint64_t sequence;
	struct buf bytes;
	struct span text;
};

/* ---- the two headers ---- */

static bool is_whole(struct span header)
{
	uint8_t digest[EVP_MAX_MD_SIZE], zeros[CHECKSUM_LEN] = { 0 };
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) &&
		  EVP_DigestUpdate(context, header.at, CHECKSUM_AT) &&
		  EVP_DigestUpdate(context, zeros, sizeof zeros) &&
		  EVP_DigestUpdate(context, header.at + CHECKSUM_AT + CHECKSUM_LEN,
				   header.len - CHECKSUM_AT - CHECKSUM_LEN) &&
		  EVP_DigestFinal_ex(context, digest, NULL);

	EVP_MD_CTX_free(context);
	return ok && !memcmp(digest, header.at + CHECKSUM_AT, 32);
}

/* False: no header there, or none whose checksum holds. */
static bool read_header(struct blocks *of, uint64_t at, struct header *out)
{
	uint8_t raw[BINARY], *room;
	struct cursor c = cursor_of(span_of(raw, sizeof raw));
	struct err ignored;
	uint64_t size;
	size_t end;

	*out = (struct header){ .bytes = buf_new(HEADER_MOST) };
	if (!blocks_read_all(of, at, raw, sizeof raw, &ignored) ||
	    !span_eq(cursor_take(&c, 6), at ? SPAN("SKUL\xba\xbe") : SPAN("LUKS\xba\xbe")) ||
	    cursor_u16be(&c) != 2)
		return false;
	size = cursor_u64be(&c);
	out->sequence = cursor_u64be(&c);
	cursor_seek(&c, 256);
	if (size < HEADER_LEAST || size > HEADER_MOST || cursor_u64be(&c) != at)
		return false;
	room = buf_reserve(&out->bytes, (size_t)size);
	if (!room || !blocks_read_all(of, at, room, (size_t)size, &ignored) ||
	    !is_whole(span_of(room, (size_t)size))) {
		buf_free(&out->bytes);
		return false;
	}
	out->text = span_of(room + BINARY, (size_t)size - BINARY);
	end = span_find_byte(out->text, 0, 0);
	out->text = span_sub(out->text, 0, end);
	return true;
}

/* The younger of those that are whole. */
static bool best_header(struct blocks *of, struct header *out)
{
	bool found = read_header(of, 0, out);
	struct header other;

	for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
		if (!read_header(of, copies[i], &other))
			continue;
		if (found && other.sequence <= out->sequence) {
			buf_free(&other.bytes);
			continue;
		}
		buf_free(&out->bytes);
		*out = other;
		found = true;
	}
	return found;
}

bool luks2_has_copy(struct blocks *of)
{
	struct header copy;
	bool found = false;

	for (size_t i = 0; !found && i < sizeof copies / sizeof *copies; i++) {
		found = read_header(of, copies[i], &copy);
		buf_free(&copy.bytes);
	}
	return found;
}

/* ---- what the text says ---- */

/* A number, written as one or (where it may not fit a double) as a string. */
static bool number_of(const struct json *of, const char *key, uint64_t *out)
{
	const struct json *member = json_member(of, key);

	return member && span_to_u64(member->text, out);
}

static bool bytes_of(const struct json *of, const char *key, uint8_t to[SALT_MOST], size_t *len)
{
	struct span text = json_member_text(of, key);
	uint8_t room[SALT_MOST + 4];
	int got;

	if (!text.len || text.len % 4 || text.len / 4 * 3 > SALT_MOST)
		return false;
	got = EVP_DecodeBlock(room, text.at, (int)text.len);
	if (got < 0)
		return false;
	*len = (size_t)got - (text.at[text.len - 1] == '=') - (text.at[text.len - 2] == '=');
	memcpy(to, room, *len);
	return true;
}

static const EVP_MD *hash_of(const struct json *of)
{
	char name[32];

	snprintf(name, sizeof name, "%.*s", SPAN_ARG(json_member_text(of, "hash")));
	return luks_hash(name);
}

static bool cipher_of(const struct json *of, uint64_t key_len, struct luks_cipher *out)
{
	char name[64];

	snprintf(name, sizeof name, "%.*s", SPAN_ARG(json_member_text(of, "encryption")));
	return key_len <= LUKS_KEY_MOST && luks_cipher_choose(out, name, (uint32_t)key_len);
}

static bool lists(const struct json *list, struct span name)
{
	for (const struct json *at = list ? list->first : NULL; at; at = at->next)
		if (span_eq(at->text, name))
			return true;
	return false;
}

/* A segment that a change in progress keeps for itself. */
static bool is_spare(const struct json *segment)
{
	const struct json *flags = json_member(segment, "flags");

	return flags && flags->first;
}

struct volume {
	const struct json *root, *digest;
	const struct json *segment;
	uint64_t at, size, first, sector;
};

static bool read_segment(struct blocks *of, struct volume *v, struct err *err)
{
	const struct json *config = json_member(v->root, "config");
	const struct json *needs = json_member(json_member(config, "requirements"), "mandatory");
	const struct json *segments = json_member(v->root, "segments");
	uint64_t size;

	if (needs && needs->first)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "luks: in a state that is not read: %.*s",
			       SPAN_ARG(span_sub(needs->first->text, 0, 60)));
	for (const struct json *s = segments ? segments->first : NULL; s; s = s->next)
		if (!is_spare(s) && v->segment)
			return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "luks: several segments are not read");
		else if (!is_spare(s))
			v->segment = s;
	if (!span_eq(json_member_text(v->segment, "type"), SPAN("crypt")) ||
	    !number_of(v->segment, "offset", &v->at) || v->at >= of->size)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "luks: no segment that can be read");
	if (json_member(v->segment, "integrity"))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "luks: integrity tags are not read");
	v->size = of->size - v->at;
	/* "dynamic": to the end. */
	if (number_of(v->segment, "size", &size) && size < v->size)
		v->size = size;
	v->sector = LUKS_SECTOR;
	number_of(v->segment, "sector_size", &v->sector);
	number_of(v->segment, "iv_tweak", &v->first);
	return (v->sector >= LUKS_SECTOR && v->sector <= LUKS_SECTOR_MOST && !(v->sector & (v->sector - 1))) ||
	       err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "luks: impossible size of a sector");
}

static bool find_digest(struct volume *v, struct err *err)
{
	const struct json *digests = json_member(v->root, "digests");

	for (const struct json *d = digests ? digests->first : NULL; d; d = d->next)
		if (lists(json_member(d, "segments"), v->segment->key)) {
			v->digest = d;
			return true;
		}
	return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "luks: no digest of its key");
}

static bool fits(const struct volume *v, struct span key)
{
	uint8_t salt[SALT_MOST], stored[SALT_MOST], made[SALT_MOST];
	const EVP_MD *hash = hash_of(v->digest);
	size_t salt_len, len;
	uint64_t iterations;

	return hash && bytes_of(v->digest, "salt", salt, &salt_len) &&
	       bytes_of(v->digest, "digest", stored, &len) && len >= 16 &&
	       number_of(v->digest, "iterations", &iterations) &&
	       luks_pbkdf2(hash, key, span_of(salt, salt_len), iterations, made, len) &&
	       !memcmp(made, stored, len);
}

/* ---- key slots ---- */

static bool argon2(const struct json *kdf, bool is_mixed, struct span word, struct span salt,
		   uint8_t *out, uint32_t len, struct err *err)
{
	uint64_t passes, memory, lanes;
	argon2_context context;
	int got;

	if (!number_of(kdf, "time", &passes) || !number_of(kdf, "memory", &memory) ||
	    !number_of(kdf, "cpus", &lanes) || !passes || !memory || !lanes || lanes > ARGON_LANES_MOST)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "luks: a key slot makes no sense");
	if (memory > ARGON_WORK_MOST || passes > ARGON_WORK_MOST / memory)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: luks: a key slot asks for too much work");
	context = (argon2_context){ .out = out, .outlen = len, .pwd = (uint8_t *)(uintptr_t)word.at,
		.pwdlen = (uint32_t)word.len, .salt = (uint8_t *)(uintptr_t)salt.at,
		.saltlen = (uint32_t)salt.len, .t_cost = (uint32_t)passes, .m_cost = (uint32_t)memory,
		.lanes = (uint32_t)lanes, .threads = 1, .version = ARGON2_VERSION_13 };
	got = argon2_ctx(&context, is_mixed ? Argon2_id : Argon2_i);
	if (got == ARGON2_MEMORY_ALLOCATION_ERROR)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: luks: deriving its key takes %llu MiB; "
			       "give --memory", (unsigned long long)memory >> 10);
	return got == ARGON2_OK || err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "luks: a key slot makes no sense");
}

static bool derive(const struct json *kdf, struct span word, uint8_t *out, uint32_t len, struct err *err)
{
	struct span type = json_member_text(kdf, "type");
	bool is_mixed = span_eq(type, SPAN("argon2id"));
	uint8_t salt[SALT_MOST];
	uint64_t iterations;
	size_t salt_len;

	if (!bytes_of(kdf, "salt", salt, &salt_len))
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "luks: a key slot makes no sense");
	if (is_mixed || span_eq(type, SPAN("argon2i")))
		return argon2(kdf, is_mixed, word, span_of(salt, salt_len), out, len, err);
	if (!span_eq(type, SPAN("pbkdf2")) || !hash_of(kdf) || !number_of(kdf, "iterations", &iterations))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "luks: key slots of %.*s are not read",
			       SPAN_ARG(span_sub(type, 0, 30)));
	return luks_pbkdf2(hash_of(kdf), word, span_of(salt, salt_len), iterations, out, len) ||
	       err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: luks: a key slot asks for too much work");
}

static bool try_slot(struct blocks *of, const struct volume *v, const struct json *slot, struct span word,
		     struct luks_key *key, struct err *err)
{
	const struct json *area = json_member(slot, "area"), *af = json_member(slot, "af");
	uint8_t derived[LUKS_KEY_MOST];
	struct luks_cipher cipher;
	uint64_t key_len, area_key, at, stripes;
	bool ok;

	if (!span_eq(json_member_text(slot, "type"), SPAN("luks2")) ||
	    !number_of(slot, "key_size", &key_len) || !number_of(area, "key_size", &area_key) ||
	    !number_of(area, "offset", &at) || !number_of(af, "stripes", &stripes) ||
	    key_len > LUKS_KEY_MOST || stripes > LUKS_STRIPES_MOST || !hash_of(af) ||
	    !cipher_of(area, area_key, &cipher))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "luks: a key slot is not read");
	key->len = (uint32_t)key_len;
	ok = derive(json_member(slot, "kdf"), word, derived, cipher.key_len, err) &&
	     luks_unwrap(of, at, &cipher, derived, hash_of(af), (uint32_t)stripes, key->len, key->bytes) &&
	     fits(v, span_of(key->bytes, key->len));
	OPENSSL_cleanse(derived, sizeof derived);
	return ok;
}

static bool find_key(struct blocks *of, const struct volume *v, const struct library_key *given,
		     struct luks_key *key, struct err *err)
{
	const struct json *slots = json_member(v->root, "keyslots");

	if (given->volume_key.len && given->volume_key.len <= LUKS_KEY_MOST && fits(v, given->volume_key)) {
		key->len = (uint32_t)given->volume_key.len;
		memcpy(key->bytes, given->volume_key.at, key->len);
		return true;
	}
	if (!given->passphrase.len)
		return false;
	for (const struct json *s = slots ? slots->first : NULL; s; s = s->next)
		if (lists(json_member(v->digest, "keyslots"), s->key) &&
		    try_slot(of, v, s, given->passphrase, key, err))
			return true;
	return false;
}

static struct blocks *open_segment(struct blocks *of, const struct volume *v, const struct luks_key *key,
				   struct err *err)
{
	struct luks_cipher cipher;

	if (!cipher_of(v->segment, key->len, &cipher)) {
		err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "luks: cipher %.*s is not read",
			SPAN_ARG(span_sub(json_member_text(v->segment, "encryption"), 0, 60)));
		return NULL;
	}
	cipher.sector = (uint32_t)v->sector;
	cipher.first = v->first;
	return luks_volume(of, v->at, v->size, &cipher, key->bytes);
}

static struct blocks *open_text(struct blocks *of, struct span text, struct arena *arena,
				const struct library_key *keys, size_t count, struct luks_key *used,
				struct err *err)
{
	struct volume v = { 0 };
	struct json *root;

	if (!json_read(text, arena, &root, err)) {
		err_prefix(err, "luks");
		return NULL;
	}
	v.root = root;
	if (!read_segment(of, &v, err) || !find_digest(&v, err))
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (find_key(of, &v, &keys[i], used, err))
			return open_segment(of, &v, used, err);
	/* That a slot could not be tried is more than that no word fits. */
	if (!err->code)
		luks_no_key(keys, count, err);
	return NULL;
}

struct blocks *luks2_open(struct blocks *of, const struct library_key *keys, size_t count,
			  struct luks_key *used, struct err *err)
{
	struct arena arena = arena_new(ARENA_MOST);
	struct header header;
	struct blocks *made = NULL;

	if (best_header(of, &header))
		made = open_text(of, header.text, &arena, keys, count, used, err);
	else
		err_set(err, ERR_CORRUPT, 0, "luks: neither header can be read");
	buf_free(&header.bytes);
	arena_free(&arena);
	return made;
}
