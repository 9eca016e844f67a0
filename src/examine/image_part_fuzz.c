/* What the coordinator hands on unread from one examiner to another. */
#include "examine/image_part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor from = cursor_of(span_of(data, size));
	struct image_part head;
	struct fs_entry e;
	struct err err;

	if (!image_part_read_head(&from, &head, &err))
		return 0;
	while (head.count-- && image_part_read_entry(&from, &e, &err))
		;
	return 0;
}
