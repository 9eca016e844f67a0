#include "codec/merkle.h"

#include <stdlib.h>

static void hash_node(const uint8_t left[SHA256_SIZE], const uint8_t right[SHA256_SIZE],
		      uint8_t out[SHA256_SIZE])
{
	uint8_t node[1 + 2 * SHA256_SIZE] = { 0x01 };

	memcpy(node + 1, left, SHA256_SIZE);
	memcpy(node + 1 + SHA256_SIZE, right, SHA256_SIZE);
	sha256_of(span_of(node, sizeof node), out);
}

static void hash_leaf(struct span entry, uint8_t out[SHA256_SIZE])
{
	static const uint8_t prefix = 0x00;
	struct digest *d = digest_new(DIGEST_SHA256);

	/* A hash that could not be made must not pass for one. */
	if (!d)
		abort();
	digest_add(d, span_of(&prefix, 1));
	digest_add(d, entry);
	digest_done(d, out);
	digest_free(d);
}

void merkle_add(struct merkle *m, struct span entry)
{
	uint8_t hash[SHA256_SIZE];
	size_t height = 0;

	hash_leaf(entry, hash);
	for (; m->size >> height & 1; height++)
		hash_node(m->subtrees[height], hash, hash);
	memcpy(m->subtrees[height], hash, SHA256_SIZE);
	m->size++;
}

void merkle_root(const struct merkle *m, uint8_t root[SHA256_SIZE])
{
	bool any = false;

	if (m->size == 0) {
		sha256_of(span_of(NULL, 0), root);
		return;
	}
	for (size_t height = 0; height < 64; height++) {
		if (!(m->size >> height & 1))
			continue;
		if (any)
			hash_node(m->subtrees[height], root, root);
		else
			memcpy(root, m->subtrees[height], SHA256_SIZE);
		any = true;
	}
}
