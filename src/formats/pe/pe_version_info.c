#include "formats/pe/pe_version_info.h"

#define HEAD_SIZE 6		/* length, value length, type; the key follows */
#define FIXED_SIZE 92		/* head, "VS_VERSION_INFO" and the fixed part */
#define FIRST_TABLE 36		/* head and "StringFileInfo", behind a StringFileInfo */
#define MAX_KEY 63
#define MAX_VALUE 255
#define MAX_STEPS 65536
#define MAX_WIDE 32768		/* characters looked at for the end of a text */
#define WIDE_BYTES_A_STEP 256

struct block {
	size_t at;
	uint16_t length;
	uint16_t value_length;
};

struct reader {
	struct span bytes;
	struct arena *arena;
	struct pe_version_budget *budget;
	struct pe_resources *out;
};

static size_t aligned(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* False where the bytes or the budget end. */
static bool read_block(struct reader *r, size_t at, struct block *out)
{
	struct cursor c = cursor_of(span_sub(r->bytes, at, HEAD_SIZE));

	out->at = at;
	out->length = cursor_u16le(&c);
	out->value_length = cursor_u16le(&c);
	cursor_skip(&c, 2);
	return !c.short_read && ++r->budget->steps <= MAX_STEPS;
}

/* Length in characters of the UTF-16 text at `at`; false where it does not end. */
static bool wide_length(struct reader *r, size_t at, size_t *len)
{
	struct span text = span_sub(r->bytes, at, 2 * MAX_WIDE);

	size_t i = 0;

	while (i + 1 < text.len && (text.at[i] || text.at[i + 1]))
		i += 2;
	r->budget->steps += i / WIDE_BYTES_A_STEP;
	*len = i / 2;
	return i + 1 < text.len;
}

static bool has_key(const struct reader *r, size_t at, struct span key)
{
	struct span text = span_sub(r->bytes, at + HEAD_SIZE, 2 * key.len + 2);

	if (text.len < 2 * key.len + 2)
		return false;
	for (size_t i = 0; i <= key.len; i++) {
		uint8_t expected = i < key.len ? key.at[i] : 0;

		if (text.at[2 * i] != expected || text.at[2 * i + 1] != 0)
			return false;
	}
	return true;
}

static struct span narrow(const struct reader *r, size_t at, size_t len, size_t limit)
{
	uint8_t *text = arena_alloc(r->arena, limit < len ? limit : len);
	size_t n = 0;

	while (text && n < len && n < limit && r->bytes.at[at + 2 * n] != 0) {
		text[n] = r->bytes.at[at + 2 * n];
		n++;
	}
	return span_of(text, n);
}

static void add_string(struct reader *r, const struct block *string, size_t key_len)
{
	size_t value_at = string->at + aligned(HEAD_SIZE + 2 * (key_len + 1)), value_len;
	struct pe_version_string *added;

	if (r->out->string_count >= PE_MAX_VERSION_STRINGS || !wide_length(r, value_at, &value_len))
		return;
	added = arena_push(r->arena, (void **)&r->out->strings, &r->out->string_count,
			   &r->budget->room, sizeof *added);
	if (!added)
		return;
	added->key = narrow(r, string->at + HEAD_SIZE, key_len, MAX_KEY);
	added->value = narrow(r, value_at, string->value_length ? value_len : 0, MAX_VALUE);
}

/* Next child in [at, end), with the length of its key; moves *at behind it. */
static bool next_child(struct reader *r, size_t *at, size_t end, struct block *child,
		       size_t *key_len)
{
	if (*at >= end || !read_block(r, *at, child) || child->length == 0 ||
	    !wide_length(r, *at + HEAD_SIZE, key_len))
		return false;
	*at += aligned(child->length);
	return true;
}

static void read_string_file_info(struct reader *r, const struct block *info)
{
	size_t at = info->at + FIRST_TABLE, end = info->at + aligned(info->length);
	struct block table, string;
	size_t key_len;

	while (next_child(r, &at, end, &table, &key_len)) {
		size_t inner = table.at + aligned(HEAD_SIZE + 2 * (key_len + 1));

		while (next_child(r, &inner, at, &string, &key_len))
			add_string(r, &string, key_len);
	}
}

void pe_version_info_read(struct span bytes, struct arena *arena,
			  struct pe_version_budget *budget, struct pe_resources *out)
{
	struct reader r = { .bytes = bytes, .arena = arena, .budget = budget, .out = out };
	struct block block;
	size_t at = FIXED_SIZE;

	if (!has_key(&r, 0, SPAN("VS_VERSION_INFO")))
		return;
	while (has_key(&r, at, SPAN("VarFileInfo")) && read_block(&r, at, &block) && block.length)
		at += aligned(block.length);
	while (has_key(&r, at, SPAN("StringFileInfo")) && read_block(&r, at, &block) &&
	       block.length) {
		read_string_file_info(&r, &block);
		at += aligned(block.length);
	}
}
