#include "examine/opened_image.h"

#include "examine/beside.h"

#include <stdlib.h>

static bool is_over(void *context)
{
	return examination_over(context);
}

static struct blocks *find_file(void *context, struct span name)
{
	struct opened_image *o = context;
	struct beside_file *f = o->item->depth ? NULL : beside_find(o->x->beside, name);
	struct blocks *made = NULL;
	struct span bytes;

	if (o->found_count == OPENED_IMAGE_FILES)
		return NULL;
	if (f && f->fd >= 0)
		made = blocks_of_fd(f->fd, f->size, &o->budget);
	else if (o->item->depth && o->item->near && o->item->near->find(o->item->near->context, name, &bytes))
		made = blocks_of_span(bytes, &o->budget);
	if (made)
		o->found[o->found_count++] = made;
	return made;
}

void opened_image_close(struct opened_image *o)
{
	disk_close(o->disk);
	image_close(o->image);
	while (o->found_count)
		blocks_close(o->found[--o->found_count]);
	blocks_close(o->first);
	free(o);
}

struct opened_image *opened_image_container(struct examination *x, struct item *item, struct err *err)
{
	struct opened_image *o = calloc(1, sizeof *o);

	if (!o) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
		return NULL;
	}
	o->x = x;
	o->item = item;
	o->budget = (struct blocks_budget){ .over = is_over, .context = x };
	o->files = (struct image_files){ find_file, o };
	o->first = item->depth ? blocks_of_span(item->bytes, &o->budget)
			       : blocks_of_fd(x->file, x->command->size, &o->budget);
	/* Who reads a share reads no more than shares of that image. */
	if (item->depth || !x->command->part_bytes)
		examination_risk(x);
	if (o->first)
		o->image = image_open(o->first, span_after_last(item->path, '/'), &o->files, err);
	if (o->image && !item->depth)
		image_use_room(o->image, &x->room);
	if (o->image)
		return o;
	opened_image_close(o);
	return NULL;
}

struct opened_image *opened_image_disk(struct examination *x, struct item *item, const struct library_key *keys,
				       size_t key_count, struct err *err)
{
	struct opened_image *o = opened_image_container(x, item, err);

	if (o)
		o->disk = disk_open(image_media(o->image), keys, key_count, err);
	if (!o || o->disk)
		return o;
	opened_image_close(o);
	return NULL;
}
