/* Texts, headers and tables of a VMDK; every extent that it names is the same file. */
#include "disk/vmdk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct blocks *find_file(void *context, struct span name)
{
	return context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *file = blocks_of_span(span_of(data, size), NULL);
	struct blocks *media = NULL;
	struct buf words = buf_new(4096);
	struct image_files files = { find_file, file };
	bool missing;
	uint8_t piece[1000];
	struct err err;
	size_t got;

	if (file)
		media = vmdk_media(file, &files, &words, &missing, &err);
	if (media) {
		for (uint64_t at = 0; at < media->size && at < 1u << 24; at += 131071)
			(void)blocks_read(media, at, piece, sizeof piece, &got, &err);
		if (media->size > sizeof piece)
			(void)blocks_read(media, media->size - 10, piece, sizeof piece, &got, &err);
		if (media->size < 1u << 30) {
			(void)blocks_data_from(media, media->size / 2);
			vmdk_look(media, &words);
		}
	}
	blocks_close(media);
	blocks_close(file);
	buf_free(&words);
	return 0;
}
