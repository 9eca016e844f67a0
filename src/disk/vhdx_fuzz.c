/* Metadata and tables of a VHDX that point anywhere: where its regions lie is not to be read, so that it is guessed. */
#include "disk/vhdx.h"

#define MIB ((size_t)1 << 20)
#define SIZE (4 * MIB)
#define METADATA_MOST 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_some(struct blocks *file)
{
	struct buf words = buf_new(4096);
	uint8_t piece[1000];
	struct err err;
	struct blocks *media = vhdx_media(file, &words, &err);
	size_t got;

	if (media) {
		for (uint64_t at = 0; at < media->size && at < 16 * MIB; at += 131071)
			(void)blocks_read(media, at, piece, sizeof piece, &got, &err);
		(void)blocks_read(media, media->size - 1, piece, sizeof piece, &got, &err);
		if (media->size < 1024 * MIB)
			vhdx_look(media, &words);
	}
	blocks_close(media);
	buf_free(&words);
}

/* The first half KiB stands for the metadata, the rest for the table of blocks. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t image[SIZE];
	struct span in = span_of(data, size), metadata = span_sub(in, 0, METADATA_MOST), table = span_sub(in, METADATA_MOST, MIB);
	struct blocks *file = blocks_of_span(span_of(image, sizeof image), NULL);

	memset(image + MIB, 0, MIB / 16);
	memset(image + 3 * MIB, 0, MIB);
	memcpy(image + MIB, "metadata", 8);
	if (metadata.len)
		memcpy(image + MIB + 8, metadata.at, metadata.len);
	if (table.len)
		memcpy(image + 3 * MIB, table.at, table.len);
	memcpy(image, "vhdxfile", 8);
	if (file && vhdx_is(file))
		read_some(file);
	blocks_close(file);
	return 0;
}
