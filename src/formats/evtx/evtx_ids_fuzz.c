/*
 * Record ids in any order against a map of them, one after the other and in parts that are added up;
 * where the first byte is odd, ids of 64 bits in parts against one after the other.
 */
#include "formats/evtx/evtx_ids.h"

#include <stdlib.h>

#include "base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define IDS 120		/* so that runs and holes never are more than are remembered */
#define STEPS_MAX (EVTX_RUNS_MAX / 2 - 1)

struct model {
	bool seen[IDS + 2], hole[IDS + 2];
	uint64_t last;
};

static void open_model(struct model *m, uint64_t first, uint64_t last)
{
	for (uint64_t i = first; i <= last; i++)
		m->hole[i] |= !m->seen[i];
}

static void see_model(struct model *m, uint64_t id)
{
	if (m->last && id > m->last)
		open_model(m, m->last + 1, id - 1);
	m->seen[id] = true;
	m->hole[id] = false;
	m->last = id;
}

static uint64_t missing_of(const struct model *m)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < sizeof m->hole; i++)
		missing += m->hole[i];
	return missing;
}

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* All ids at once, and in parts. */
struct both {
	struct evtx_ids one, total, part;
};

static void see(struct both *b, uint64_t id)
{
	evtx_ids_see(&b->one, id);
	evtx_ids_see(&b->part, id);
}

static void lose(struct both *b, uint64_t first, uint64_t last)
{
	evtx_ids_lose(&b->one, first, last);
	evtx_ids_lose(&b->part, first, last);
}

static void end_part(struct both *b)
{
	evtx_ids_add(&b->total, &b->part);
	b->part = (struct evtx_ids){ 0 };
	expect(b->total.missing == b->one.missing && b->total.last == b->one.last);
}

static void check_small(struct cursor *c)
{
	struct both b = { 0 };
	struct model m = { 0 };

	while (cursor_left(c) > 1) {
		uint8_t op = cursor_u8(c) & 7;
		uint64_t id = 1 + cursor_u8(c) % IDS;

		if (op == 7) {
			end_part(&b);
		} else if (op == 6 && b.part.last) {
			uint64_t last = id + 5 < IDS ? id + 5 : IDS;

			lose(&b, id, last);
			open_model(&m, id, last);
			m.last = last;
		} else {
			see(&b, id);
			see_model(&m, id);
		}
		expect(b.one.missing == missing_of(&m));
	}
	end_part(&b);
}

static void check_large(struct cursor *c)
{
	struct both b = { 0 };

	for (size_t i = 0; i < STEPS_MAX && cursor_left(c) > 8; i++) {
		uint8_t op = cursor_u8(c) & 7;
		uint64_t id = cursor_u64le(c);

		if (op == 7)
			end_part(&b);
		else if (op == 6 && b.part.last && id < UINT64_MAX - 9)
			lose(&b, id, id + 9);
		else
			see(&b, id ? id : 1);
	}
	end_part(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(span_of(data, size < 4096 ? size : 4096));

	if (cursor_u8(&c) & 1)
		check_large(&c);
	else
		check_small(&c);
	return 0;
}
