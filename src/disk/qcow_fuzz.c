/* Headers and tables of QCOW images that point anywhere. */
#include "disk/media_fuzz.h"
#include "disk/qcow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *file = blocks_of_span(span_of(data, size), NULL);
	struct buf words = buf_new(4096);
	struct err err;

	if (file)
		media_read_some(qcow_media(file, NULL, &words, &err), qcow_look, &words);
	blocks_close(file);
	buf_free(&words);
	return 0;
}
