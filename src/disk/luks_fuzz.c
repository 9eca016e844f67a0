/* Bytes as a LUKS volume whose passphrase is "pass": opened, and read where there is something. */
#include "base/buf.h"
#include "disk/luks.h"

#define HEADER 592
#define SECTOR 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A header may ask for millions of rounds, which is time and nothing else: here at most 255. */
static void bound_work(uint8_t *header)
{
	memset(header + 164, 0, 3);
	for (size_t slot = 0; slot < 8; slot++)
		memset(header + 208 + slot * 48 + 4, 0, 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct library_key key = { .passphrase = SPAN("pass") };
	struct blocks *file, *volume;
	struct luks_key used;
	struct buf copy = buf_new(size + 1);
	uint8_t piece[3 * SECTOR];
	struct err err;
	size_t got;

	if (size < HEADER || !buf_add(&copy, span_of(data, size))) {
		buf_free(&copy);
		return 0;
	}
	bound_work(copy.at);
	file = blocks_of_span(buf_span(&copy), NULL);
	volume = file ? luks_open(file, &key, 1, &used, &err) : NULL;
	if (volume) {
		(void)blocks_read(volume, 0, piece, sizeof piece, &got, &err);
		(void)blocks_read(volume, volume->size / 2 + 7, piece, SECTOR, &got, &err);
	}
	blocks_close(volume);
	blocks_close(file);
	buf_free(&copy);
	return 0;
}
