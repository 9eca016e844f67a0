#include "codec/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct note_key key = { .name = "PeterNeumann", .id = { 0xc7, 0x4f, 0x20, 0xa3 } };
	struct note_key parsed;
	struct checkpoint checkpoint;
	struct err err = { 0 };
	struct span text;

	(void)note_key_parse(span_of(data, size), &parsed, &err);
	(void)note_verify(span_of(data, size), &key, &text, &err);
	(void)checkpoint_parse(span_of(data, size), &checkpoint, &err);
	return 0;
}
