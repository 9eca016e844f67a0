/* Labels, metadata areas and texts of volume groups; volumes that lie anywhere. */
#include "disk/lvm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lvm_volume found[LVM_VOLUMES_MAX];
	struct blocks *disk = blocks_of_span(span_of(data, size), NULL);
	struct err err;
	size_t count = 0, got;
	bool is_damaged;
	uint8_t some[600];

	if (disk)
		lvm_open(disk, found, &count, &is_damaged, &err);
	while (count) {
		struct blocks *b = found[--count].blocks;

		if (b && blocks_read(b, 0, some, sizeof some, &got, &err) && b->size > sizeof some)
			blocks_read(b, b->size - sizeof some, some, sizeof some, &got, &err);
		blocks_close(b);
	}
	blocks_close(disk);
	return 0;
}
