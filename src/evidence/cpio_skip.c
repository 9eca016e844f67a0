#include "evidence/cpio_skip.h"

#include <string.h>

#define HEAD ((size_t)110)
#define NAME_MOST ((size_t)4096)
#define TRAILER "TRAILER!!!"

struct reading {
	cpio_read_fn *read;
	void *context;
};

static bool take(struct reading *r, uint8_t *to, size_t len)
{
	return r->read(r->context, to, len) == len;
}

static bool pass_over(struct reading *r, uint64_t len)
{
	uint8_t scratch[16384];

	while (len) {
		size_t piece = len < sizeof scratch ? (size_t)len : sizeof scratch;

		if (!take(r, scratch, piece))
			return false;
		len -= piece;
	}
	return true;
}

/* Eight hexadecimal digits. */
static bool number(const uint8_t *at, uint32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < 8; i++) {
		uint8_t c = at[i];
		uint32_t digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 16;

		if (digit == 16)
			return false;
		*out = *out << 4 | digit;
	}
	return true;
}

/* To the next multiple of four. */
static uint64_t padding(uint64_t len)
{
	return (4 - len % 4) % 4;
}

/* One entry with its content; *is_last: it was the trailer. */
static bool skip_entry(struct reading *r, bool *is_last)
{
	uint8_t head[HEAD], name[NAME_MOST];
	uint32_t size, name_len;

	if (!take(r, head, HEAD) || memcmp(head, "07070", 5) != 0 || (head[5] != '1' && head[5] != '2') ||
	    !number(head + 54, &size) || !number(head + 94, &name_len) || !name_len || name_len > NAME_MOST ||
	    !take(r, name, name_len))
		return false;
	*is_last = name_len == sizeof TRAILER && !memcmp(name, TRAILER, sizeof TRAILER);
	/* At the very end the padding may be missing. */
	return (pass_over(r, padding(HEAD + name_len)) && pass_over(r, (uint64_t)size + padding(size))) || *is_last;
}

bool cpio_skip(cpio_read_fn *read, void *context)
{
	struct reading r = { read, context };
	bool is_last = false;

	while (!is_last)
		if (!skip_entry(&r, &is_last))
			return false;
	return true;
}
