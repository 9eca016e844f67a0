/* Footers, headers and tables of a VHD that point anywhere. */
#include "disk/vhd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *file = blocks_of_span(span_of(data, size), NULL);
	struct blocks *media = NULL;
	struct vhd_damage damage;
	uint8_t piece[1000];
	struct err err;
	size_t got;

	if (file && vhd_is(file))
		media = vhd_media(file, file, &damage, &err);
	if (media) {
		for (uint64_t at = 0; at < media->size && at < 1u << 24; at += 131071)
			(void)blocks_read(media, at, piece, sizeof piece, &got, &err);
		if (media->size > sizeof piece)
			(void)blocks_read(media, media->size - 10, piece, sizeof piece, &got, &err);
		(void)blocks_data_from(media, media->size / 2);
	}
	blocks_close(media);
	blocks_close(file);
	return 0;
}
