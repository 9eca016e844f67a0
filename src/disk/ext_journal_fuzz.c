/* Journals whose descriptors and revocations lead anywhere; the volume is read again through what they say. */
#include "disk/ext_journal.h"

#define READ_MOST ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *volume = blocks_of_span(span_of(data, size), NULL);
	struct ext_journal told;
	struct blocks *made = volume ? ext_journal_replay(volume, &told) : NULL;
	static uint8_t bytes[READ_MOST];
	struct err ignored;
	size_t got;

	if (made && (made->size != size || !told.blocks))
		__builtin_trap();
	if (made)
		blocks_read(made, 0, bytes, sizeof bytes, &got, &ignored);
	if (made && size > 512)
		blocks_read(made, size / 2 + 1, bytes, sizeof bytes, &got, &ignored);
	blocks_close(made);
	blocks_close(volume);
	return 0;
}
