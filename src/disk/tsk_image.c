#include "disk/tsk_image.h"

#include <stdlib.h>

#define SECTOR 512

struct image {
	TSK_IMG_INFO info;	/* two megabytes: it holds a cache */
	struct blocks *of;
};

static ssize_t read_image(TSK_IMG_INFO *info, TSK_OFF_T at, char *to, size_t len)
{
	struct image *image = (struct image *)info;
	struct err ignored;
	size_t got;

	if (at < 0 || !blocks_read(image->of, (uint64_t)at, to, len, &got, &ignored))
		return -1;
	return (ssize_t)got;
}

static void close_image(TSK_IMG_INFO *info)
{
	free(info);
}

static void describe_image(TSK_IMG_INFO *info, FILE *to)
{
}

TSK_IMG_INFO *tsk_image_open(struct blocks *of)
{
	struct image *image = calloc(1, sizeof *image);

	if (!image)
		return NULL;
	image->of = of;
	if (tsk_img_open_external(image, (TSK_OFF_T)of->size, SECTOR, read_image, close_image,
				  describe_image))
		return &image->info;
	free(image);
	return NULL;
}

void tsk_image_close(TSK_IMG_INFO *info)
{
	if (info)
		tsk_img_close(info);
}

/*
 * The library's readers for image formats would bring in libraries for networks
 * and clouds. They are never asked for: these stand in their place, so that the
 * linker leaves them out.
 */
void *ewf_open(void);
void *aff_open(void);
void *vmdk_open(void);
void *vhdi_open(void);

void *ewf_open(void)
{
	return NULL;
}

void *aff_open(void)
{
	return NULL;
}

void *vmdk_open(void)
{
	return NULL;
}

void *vhdi_open(void)
{
	return NULL;
}
