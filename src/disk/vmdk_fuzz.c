/*
 * Texts, headers and tables of a VMDK. What stands before the first zero byte is the text, the
 * rest every extent that it names; without one all is an extent by itself.
 */
#include "disk/media_fuzz.h"
#include "disk/vmdk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct blocks *find_file(void *context, struct span name)
{
	return context;
}

static void open_media(struct span text, struct span extent)
{
	struct blocks *of = blocks_of_span(text, NULL), *file = blocks_of_span(extent, NULL);
	struct image_files files = { find_file, file };
	struct buf words = buf_new(4096);
	bool missing;
	struct err err;

	if (of && file)
		media_read_some(vmdk_media(of, NULL, &files, &words, &missing, &err), vmdk_look, &words);
	blocks_close(file);
	blocks_close(of);
	buf_free(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_of(data, size);
	size_t end = span_find_byte(all, 0, 0);

	open_media(all, all);
	if (end != SIZE_MAX && size - end > 1)
		open_media(span_sub(all, 0, end), span_from(all, end + 1));
	return 0;
}
