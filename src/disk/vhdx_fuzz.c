/* Metadata and tables of a VHDX that point anywhere: where its regions lie is not to be read, so that it is guessed. */
#include "disk/media_fuzz.h"
#include "disk/vhdx.h"

#define MIB ((size_t)1 << 20)
#define SIZE (4 * MIB)
#define METADATA_MOST 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first half KiB stands for the metadata, the rest for the table of blocks. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t image[SIZE];
	struct span in = span_of(data, size), metadata = span_sub(in, 0, METADATA_MOST), table = span_sub(in, METADATA_MOST, MIB);
	struct blocks *file = blocks_of_span(span_of(image, sizeof image), NULL);
	struct buf words = buf_new(4096), mended = buf_new(4096);
	struct image_base base = image_base_new();
	struct err err;

	memset(image + MIB, 0, MIB / 16);
	memset(image + 3 * MIB, 0, MIB);
	memcpy(image + MIB, "metadata", 8);
	if (metadata.len)
		memcpy(image + MIB + 8, metadata.at, metadata.len);
	if (table.len)
		memcpy(image + 3 * MIB, table.at, table.len);
	memcpy(image, "vhdxfile", 8);
	if (file && vhdx_base(file, &base))
		vhdx_has_id(file, base.id);
	if (file && vhdx_is(file))
		media_read_some(vhdx_media(file, file, &words, &mended, &err), vhdx_look, &words);
	blocks_close(file);
	buf_free(&words);
	buf_free(&mended);
	buf_free(&base.name);
	return 0;
}
