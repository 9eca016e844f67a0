/* Copies of superblocks and boot sectors that say anything; places where volumes seem to begin. */
#include "disk/rescue.h"

#define COPIES 4
#define PLACES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input stands at the beginning, where copies are, and at the end, of media that are large enough. */
static struct blocks *make_media(struct span input, struct span zeros, uint32_t at)
{
	struct blocks *parts[COPIES] = { blocks_of_span(span_sub(zeros, 0, at), NULL), blocks_of_span(input, NULL),
					 blocks_of_span(zeros, NULL), blocks_of_span(input, NULL) };

	return parts[0] && parts[1] && parts[2] && parts[3] ? blocks_chain(parts, COPIES, NULL) : NULL;
}

static void read_ends(struct blocks *b)
{
	uint8_t some[4096];
	struct err ignored;
	size_t got;

	blocks_read(b, 0, some, sizeof some, &got, &ignored);
	blocks_read(b, b->size - 1, some, sizeof some, &got, &ignored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[(size_t)18 << 20];
	static const uint32_t places[] = { 0, 8193 * 1024, (1 << 20) + 63 * 512, 1 << 20 };
	struct blocks *media = make_media(span_of(data, size), span_of(zeros, sizeof zeros),
					  places[size ? data[0] % COPIES : 0]);
	struct rescue_place place;
	const char *what;
	struct blocks *made = media ? rescue_volume(media, &what) : NULL;
	uint64_t at = 0;

	if (made)
		read_ends(made);
	for (unsigned i = 0; media && i < PLACES && rescue_search(media, &at, &place); i++)
		if (place.at >= media->size || place.size > media->size - place.at || !place.size)
			__builtin_trap();
	blocks_close(made);
	blocks_close(media);
	return 0;
}
