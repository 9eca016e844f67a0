#include "examine/findings.h"

#include <inttypes.h>

#define MEMORY ((size_t)96 << 20)
#define TEXT_MOST ((size_t)32 << 10)

void findings_init(struct findings *f, uint64_t most)
{
	*f = (struct findings){ .arena = arena_new(MEMORY), .most = most };
	f->seen = map_new(&f->arena);
}

void findings_free(struct findings *f)
{
	arena_free(&f->arena);
}

static struct span key_of(struct findings *f, const struct finding *x, struct buf *room)
{
	const struct span parts[] = { x->rule, x->matched, x->host, x->user };

	buf_clear(room);
	buf_add_u8(room, (uint8_t)x->engine);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		buf_add_u32le(room, (uint32_t)parts[i].len);
		buf_add(room, span_sub(parts[i], 0, TEXT_MOST));
	}
	return buf_span(room);
}

static struct span keep(struct findings *f, struct span s)
{
	return arena_copy(&f->arena, span_sub(s, 0, TEXT_MOST));
}

static struct record_finding *copy(struct findings *f, const struct finding *from)
{
	struct record_finding *to = ARENA_NEW(&f->arena, struct record_finding);

	if (!to)
		return NULL;
	to->finding = *from;
	to->finding.rule = keep(f, from->rule);
	to->finding.title = keep(f, from->title);
	to->finding.techniques = keep(f, from->techniques);
	to->finding.references = keep(f, from->references);
	to->finding.host = keep(f, from->host);
	to->finding.user = keep(f, from->user);
	to->finding.matched = keep(f, from->matched);
	to->finding.detail = keep(f, from->detail);
	to->last = from->time;
	return f->arena.exhausted ? NULL : to;
}

static struct record_finding *add_new(struct findings *f, const struct finding *finding,
				      struct span key)
{
	struct record_finding **place, *kept = NULL;
	void **slot;

	if (f->count >= f->most)
		return NULL;
	key = arena_copy(&f->arena, key);
	kept = copy(f, finding);
	slot = kept && key.at ? map_slot(&f->seen, key) : NULL;
	place = slot ? arena_push(&f->arena, (void **)&f->list, &f->count, &f->room, sizeof *place)
		     : NULL;
	if (!place)
		return NULL;
	*slot = *place = kept;
	return kept;
}

void findings_add(struct findings *f, const struct finding *finding)
{
	struct buf room = buf_new(TEXT_MOST * 5);
	struct span key = key_of(f, finding, &room);
	struct record_finding *kept = map_get(&f->seen, key);

	if (!kept)
		kept = add_new(f, finding, key);
	if (kept)
		kept->count++;
	else
		f->left_out++;
	if (kept && finding->time != TIME_NONE) {
		if (kept->last == TIME_NONE || finding->time > kept->last)
			kept->last = finding->time;
		if (kept->finding.time == TIME_NONE || finding->time < kept->finding.time)
			kept->finding.time = finding->time;
	}
	buf_free(&room);
}

void findings_tell(struct findings *f, struct examination *x)
{
	struct record record = { .type = RECORD_FINDING };

	for (size_t i = 0; i < f->count; i++) {
		record.finding = *f->list[i];
		examination_tell(x, &record);
	}
	if (f->left_out)
		examination_limit(x, "limit: %zu findings of an item, %" PRIu64 " left out", f->count,
				  f->left_out);
	arena_reset(&f->arena);
	*f = (struct findings){ .arena = f->arena, .most = f->most };
	f->seen = map_new(&f->arena);
}
