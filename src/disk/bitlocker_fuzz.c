/*
 * A small volume of BitLocker, its protector a key that lies on it, or a startup key behind
 * it: without the work of a password.
 */
#include "disk/bitlocker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *file = size && size < 1 << 20 ? blocks_of_span(span_of(data, size), NULL) : NULL, *volume;
	struct library_key key = { .startup = span_from(span_of(data, size), size > 156 ? size - 156 : 0) };
	struct luks_key used;
	uint8_t piece[8192];
	struct err err;
	size_t got;

	volume = file ? bitlocker_open(file, &key, bitlocker_is_startup_key(key.startup), &used, &err) : NULL;
	for (uint64_t at = 0; volume && at < volume->size; at += 60000)
		(void)blocks_read(volume, at, piece, sizeof piece, &got, &err);
	blocks_close(volume);
	blocks_close(file);
	return 0;
}
