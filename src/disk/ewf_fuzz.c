/* Bytes as the only segment of an EWF image: opened, verified, and read here and there. */
#include "disk/ewf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *segment = blocks_of_span(span_of(data, size), NULL);
	struct blocks *media;
	struct err err;
	uint8_t piece[1000];
	bool missing;
	size_t got;

	if (!segment)
		return 0;
	media = ewf_media(&segment, 1, &missing, &err);
	if (media) {
		for (uint64_t at = 0; at < media->size && at < 1u << 20; at += 65521)
			(void)blocks_read(media, at, piece, sizeof piece, &got, &err);
		if (media->size > sizeof piece)
			(void)blocks_read(media, media->size - 10, piece, sizeof piece, &got, &err);
	}
	blocks_close(media);
	blocks_close(segment);
	return 0;
}
