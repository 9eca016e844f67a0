/* Descriptors, tables of paths and folders that lead anywhere. */
#include "formats/iso/iso.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *context, const struct iso_file *file)
{
	struct span *image = context;

	if (file->content.at < image->at || file->content.at + file->content.len > image->at + image->len)
		__builtin_trap();
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span image = span_of(data, size);
	struct iso_state state, again;

	iso_each(image, take, &image, &state);
	iso_each(image, NULL, NULL, &again);
	if (state.folders != again.folders || state.damaged != again.damaged)
		__builtin_trap();
	return 0;
}
