#include "examine/seen.h"

#include "codec/digest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LOOKS 3

struct seen {
	uint64_t *words;
	uint64_t bits;
};

struct seen *seen_new(uint64_t bits)
{
	struct seen *s = calloc(1, sizeof *s);
	void *room = s ? mmap(NULL, (size_t)(bits / 8), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;

	if (room == MAP_FAILED) {
		free(s);
		return NULL;
	}
	*s = (struct seen){ room, bits };
	return s;
}

void seen_free(struct seen *s)
{
	if (!s)
		return;
	munmap(s->words, (size_t)(s->bits / 8));
	free(s);
}

/* A digest is as good as any hash: each look takes other bits of it. */
static uint64_t place(const struct seen *s, const uint8_t sha256[32], size_t look)
{
	uint64_t n;

	memcpy(&n, sha256 + 8 * look, sizeof n);
	return n & (s->bits - 1);
}

void seen_add(struct seen *s, const uint8_t sha256[32])
{
	for (size_t i = 0; i < LOOKS; i++) {
		uint64_t at = place(s, sha256, i);

		__atomic_fetch_or(&s->words[at / 64], UINT64_C(1) << at % 64, __ATOMIC_RELAXED);
	}
}

bool seen_has(const struct seen *s, const uint8_t sha256[32])
{
	for (size_t i = 0; i < LOOKS; i++) {
		uint64_t at = place(s, sha256, i);

		if (!(__atomic_load_n(&s->words[at / 64], __ATOMIC_RELAXED) >> at % 64 & 1))
			return false;
	}
	return true;
}

static void digest_size(uint64_t size, uint8_t out[SHA256_SIZE])
{
	sha256_of(span_of(&size, sizeof size), out);
}

void seen_add_size(struct seen *s, uint64_t size)
{
	uint8_t digest[SHA256_SIZE];

	digest_size(size, digest);
	seen_add(s, digest);
}

bool seen_has_size(const struct seen *s, uint64_t size)
{
	uint8_t digest[SHA256_SIZE];

	digest_size(size, digest);
	return seen_has(s, digest);
}

void seen_clear(struct seen *s)
{
	memset(s->words, 0, (size_t)(s->bits / 8));
}

bool seen_lock(const struct seen *s)
{
	return !mprotect(s->words, (size_t)(s->bits / 8), PROT_READ);
}
