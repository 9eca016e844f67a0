/* Inodes of XFS with attributes of any length. */
#include "disk/capability.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *volume = blocks_of_span(span_of(data, size), NULL);
	uint8_t out[CAPABILITY_MAX];

	for (uint64_t inode = 0; volume && inode < 16; inode++)
		(void)capability_of_xfs(volume, inode, out);
	blocks_close(volume);
	return 0;
}
