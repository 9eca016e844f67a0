/* The log of a VHDX, with checksums that are right: replayed, and the image read with it. */
#include "codec/crc32.h"
#include "disk/media_fuzz.h"
#include "disk/vhdx_log.h"

#define SECTOR 4096
#define SIZE ((size_t)64 * SECTOR)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of an entry that does not go around the end. */
static void put_sum(uint8_t *at, size_t most)
{
	size_t len = load_u32le(at + 8);
	uint32_t sum;

	if (memcmp(at, "loge", 4) || len < SECTOR || len > most)
		return;
	memset(at + 4, 0, 4);
	sum = ~crc32c_add(UINT32_MAX, span_of(at, len));
	for (unsigned i = 0; i < 4; i++)
		at[4 + i] = (uint8_t)(sum >> 8 * i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t image[SIZE];
	size_t len = size / SECTOR * SECTOR < SIZE ? size / SECTOR * SECTOR : SIZE;
	struct vhdx_log log = { .size = len };
	struct blocks *file = blocks_of_span(span_of(image, sizeof image), NULL);
	struct buf words = buf_new(4096);
	struct err err;

	memset(image, 0, sizeof image);
	if (len)
		memcpy(image, data, len);
	/* Sums of the later ones are in those of the earlier. */
	for (size_t at = len; at; at -= SECTOR)
		put_sum(image + at - SECTOR, len - (at - SECTOR));
	if (file)
		media_read_some(vhdx_log_replay(file, &log, &err), NULL, &words);
	blocks_close(file);
	buf_free(&words);
	return 0;
}
