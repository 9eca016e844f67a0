#include "codec/merkle.h"

#include <stdio.h>

#include "test.h"

/* The definition, word by word, as a second opinion. */
static void by_definition(char *const *leaves, size_t n, uint8_t out[SHA256_SIZE])
{
	uint8_t node[1 + 2 * SHA256_SIZE] = { 1 };
	char leaf[64] = { 0 };
	size_t k = 1;

	if (n == 0) {
		sha256_of(span_of(NULL, 0), out);
		return;
	}
	if (n == 1) {
		memcpy(leaf + 1, leaves[0], strlen(leaves[0]));
		sha256_of(span_of(leaf, 1 + strlen(leaves[0])), out);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	by_definition(leaves, k, node + 1);
	by_definition(leaves + k, n - k, node + 1 + SHA256_SIZE);
	sha256_of(span_of(node, sizeof node), out);
}

TEST(merkle_root_is_that_of_the_definition_at_every_size)
{
	char text[100][16], *leaves[100];
	struct merkle m = { 0 };
	uint8_t got[SHA256_SIZE], expected[SHA256_SIZE];

	for (size_t n = 0; n < 100; n++) {
		merkle_root(&m, got);
		by_definition(leaves, n, expected);
		assert_memory_equal(got, expected, SHA256_SIZE);
		leaves[n] = text[n];
		snprintf(text[n], sizeof text[n], "entry %zu", n);
		merkle_add(&m, span_text(text[n]));
	}
}

TEST(merkle_root_of_one_empty_entry_is_the_known_one)
{
	/* SHA-256 of one zero byte. */
	static const uint8_t known[4] = { 0x6e, 0x34, 0x0b, 0x9c };
	struct merkle m = { 0 };
	uint8_t got[SHA256_SIZE];

	merkle_add(&m, SPAN(""));
	merkle_root(&m, got);
	assert_memory_equal(got, known, sizeof known);
}
