/*
 * merkle: the Merkle tree hash of RFC 6962, section 2.1, over a growing list.
 *
 * Leaf: SHA-256(0x00 || entry). Node: SHA-256(0x01 || left || right). Only the
 * roots of the complete subtrees are kept, so adding is cheap and the root is
 * known at every size.
 */
#ifndef KANSHIKI_CODEC_MERKLE_H
#define KANSHIKI_CODEC_MERKLE_H

#include "codec/digest.h"

struct merkle {
	uint64_t size;
	uint8_t subtrees[64][SHA256_SIZE];	/* [h]: of 2^h leaves, where bit h of size is set */
};

void merkle_add(struct merkle *m, struct span entry);
/* Of an empty tree: SHA-256 of nothing. */
void merkle_root(const struct merkle *m, uint8_t root[SHA256_SIZE]);

#endif
