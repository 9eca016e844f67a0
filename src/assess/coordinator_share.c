#include "assess/coordinator_job.h"

#include "case/query.h"
#include "examine/image_part.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PART_CAP RECORD_MAX
#define SHARES_MOST (UINT64_C(1) << SHARE_BITS)
/* How long a share may take depends on its own bytes; what it states is bounded. */
#define STATED_MOST (UINT64_C(4) << 30)

static struct job *new_share(struct coordinator *c, struct job *image, struct span part)
{
	struct job *job = calloc(1, sizeof *job);
	size_t room = image->path_len + 32;
	struct cursor head = cursor_of(part);
	struct image_part says;
	struct err err;

	if (!job || !(job->path = malloc(room))) {
		free(job);
		return NULL;
	}
	job->part = buf_new(PART_CAP);
	memcpy(job->path, image->path, image->path_len);
	job->path_len = image->path_len;
	job->stat = image->stat;
	job->source = image->source;
	job->number = image->number + image->shares;
	job->opened = opened_share(image->opened);
	tree_init(&job->tree, &c->options->limits, &err);
	job->tree.is_part = true;
	if (image_part_read_head(&head, &says, &err)) {
		job->share_bytes = says.bytes < STATED_MOST ? says.bytes : STATED_MOST;
		job->is_check = says.kind == IMAGE_PART_CHECK;
	}
	if (job->is_check)
		opened_make_room(job->opened);
	buf_add(&job->part, part);
	return job;
}

static void free_share(struct job *job)
{
	opened_release(job->opened);
	tree_clear(&job->tree);
	buf_free(&job->part);
	free(job->path);
	free(job);
}

/* Behind the image and its other shares but the check, before what the walk found after it. */
static void insert(struct coordinator *c, struct job *image, struct job *job)
{
	struct job *after = image->last_share ? image->last_share : image;

	job->next = after->next;
	after->next = job;
	if (c->tail == &after->next)
		c->tail = &job->next;
	if (job->is_check)
		job->opened->check = job;
	else
		image->last_share = job;
	job->state = JOB_WAITING;
	c->waiting = c->head;
	c->jobs_open++;
}

bool share_take(void *context, struct tree *t, struct span part, struct err *err)
{
	struct slot_ask *ask = context;
	struct coordinator *c = ask->c;
	struct job *image = ask->slot->job, *job;
	char number[24];
	struct buf path = buf_new((size_t)1 << 20);
	bool done = false, ok;

	if (++image->shares >= SHARES_MOST)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: shares of an image");
	/* Told before, by an examiner that then ended. */
	if (image->shares <= image->shares_kept)
		return true;
	image->shares_kept = image->shares;
	job = new_share(c, image, part);
	if (!job)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for a share of an image");
	snprintf(number, sizeof number, "#%" PRIu64, image->shares);
	buf_add(&path, span_of(image->path, image->path_len));
	buf_text(&path, number);
	ok = case_unit_begin(c->file, job->source, buf_span(&path), &job->unit, &done, err);
	buf_free(&path);
	if (!ok || done) {
		ask->has_failed = !ok;
		c->totals->kept += done;
		free_share(job);
		return ok;
	}
	insert(c, image, job);
	return true;
}

uint64_t share_image(const struct job *job)
{
	return job->tree.is_part ? (job->number >> SHARE_BITS) + 1 : 0;
}

int share_open(const struct job *job, struct err *err)
{
	int fd;

	if (!job->part.len)
		return -1;
	fd = memfd_create("share", MFD_CLOEXEC);
	if (fd >= 0 && write(fd, job->part.at, job->part.len) == (ssize_t)job->part.len)
		return fd;
	if (fd >= 0)
		close(fd);
	err_set(err, ERR_IO, ERR_NO_OFFSET, "cannot hand over a share of an image");
	return -1;
}

bool share_find_images(struct coordinator *c, struct err *err)
{
	static const char sql[] = "SELECT unit, id FROM item WHERE parent IS NULL AND "
				  "class = 'disk image' AND fate IN ('examined', 'partly')";
	sqlite3_stmt *s;
	size_t room = 0;
	bool row, ok = query_prepare(case_db(c->file), sql, &s, err);

	while (ok && (ok = query_step(s, &row, err)) && row) {
		struct known_image *image = arena_push(&c->image_arena, (void **)&c->images,
						       &c->image_count, &room, sizeof *image);

		if (!image)
			ok = err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many images");
		else
			*image = (struct known_image){ query_u64(s, 0, 0), query_u64(s, 1, 0) };
	}
	sqlite3_finalize(s);
	return ok;
}

uint64_t share_image_of(const struct coordinator *c, uint64_t unit)
{
	for (size_t i = 0; i < c->image_count; i++)
		if (c->images[i].unit == unit)
			return c->images[i].item;
	return 0;
}
