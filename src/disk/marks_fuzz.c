/* Inodes of XFS with attributes of any length. */
#include "disk/marks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *volume = blocks_of_span(span_of(data, size), NULL);
	struct marks_room room;
	struct marks marks;

	for (uint64_t inode = 0; volume && inode < 16; inode++)
		marks_of_xfs(volume, inode, &room, &marks);
	blocks_close(volume);
	return 0;
}
