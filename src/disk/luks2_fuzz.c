/* A text and what lies behind the headers, as a LUKS 2 volume whose passphrase is "pass". */
#include "disk/luks.h"
#include "disk/luks2_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key slot may ask for minutes of work, which only the budget ends: here for four digits. */
static void bound_work(uint8_t *text, size_t len)
{
	static const struct span words[] = { { (const uint8_t *)"iterations\":", 12 },
		{ (const uint8_t *)"memory\":", 8 }, { (const uint8_t *)"time\":", 6 } };
	size_t at;

	for (size_t w = 0; w < 3; w++)
		for (at = 0; (at = span_find(span_of(text, len), at, words[w])) != SIZE_MAX; at++) {
			size_t end = at + words[w].len + 4 - w;

			while (end < len && text[end] != ',' && text[end] != '}' && text[end])
				text[end++] = ' ';
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct library_key key = { .passphrase = SPAN("pass") };
	struct buf seed = buf_new(size + 1), bytes = buf_new(size + 2 * LUKS2_HEADER);
	struct blocks *file = NULL, *volume = NULL;
	struct luks_key used;
	uint8_t piece[3 * LUKS_SECTOR_MOST];
	struct err err;
	size_t got;

	if (size && size < 1 << 20 && buf_add(&seed, span_of(data, size))) {
		bound_work(seed.at, size);
		file = luks2_build(buf_span(&seed), &bytes) ? blocks_of_span(buf_span(&bytes), NULL) : NULL;
	}
	volume = file ? luks_open(file, &key, 1, &used, &err) : NULL;
	if (volume) {
		(void)blocks_read(volume, 0, piece, sizeof piece, &got, &err);
		(void)blocks_read(volume, volume->size / 2 + 7, piece, 512, &got, &err);
	}
	blocks_close(volume);
	blocks_close(file);
	buf_free(&bytes);
	buf_free(&seed);
	return 0;
}
