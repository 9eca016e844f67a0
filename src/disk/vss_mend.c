#include "disk/vss_mend.h"

#include <stdlib.h>

#include "base/buf.h"
#include "disk/patched.h"

#define BLOCK 16384
#define HEADER_AT UINT64_C(0x1e00)
#define CATALOG_FIELD 48
#define HEAD VSS_HEAD
#define ENTRY 128
#define BLOCKS_MOST 64
#define STORES_MOST 512
#define INFORMATION 68		/* of a store: three numbers, its kind, two empty names */

enum record { RECORD_HEADER = 1, RECORD_CATALOG = 2, RECORD_STORE = 4 };
enum entry { ENTRY_NONE, ENTRY_UNUSED, ENTRY_TIME, ENTRY_PLACE };

static const uint8_t identifier[16] = { 0x6b, 0x87, 0x08, 0x38, 0x76, 0xc1, 0x48, 0x4e,
					0xb7, 0xae, 0x04, 0x04, 0x6e, 0x6c, 0xc7, 0x52 };

/* Half of what the catalog says of a snapshot: when, or where. */
struct half {
	uint64_t at;		/* of the entry, in the volume */
	uint64_t store;		/* where its head lies */
	uint8_t id[16];
	enum entry kind;
};

struct mending {
	struct blocks *volume;
	struct patched *p;
	struct vss_damage *damage;
	struct half halves[STORES_MOST];
	size_t count;
};

static void put_u32(uint8_t *to, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(n >> 8 * i);
}

static void put_u64(uint8_t *to, uint64_t n)
{
	put_u32(to, (uint32_t)n);
	put_u32(to + 4, (uint32_t)(n >> 32));
}

static bool is_head(const uint8_t *head, enum record kind)
{
	return !memcmp(head, identifier, sizeof identifier) && load_u32le(head + 16) == 1 && load_u32le(head + 20) == kind;
}

/* The head of a block, and where that is a store's, what follows it. */
static void mend_head(struct mending *m, enum record kind, uint64_t relative, uint64_t at, uint64_t next)
{
	uint8_t head[HEAD + INFORMATION] = { 0 };

	memcpy(head, identifier, sizeof identifier);
	put_u32(head + 16, 1);
	put_u32(head + 20, kind);
	put_u64(head + 24, relative);
	put_u64(head + 32, at);
	put_u64(head + 40, next);
	if (kind == RECORD_STORE) {
		put_u64(head + 48, INFORMATION);
		put_u32(head + HEAD + 48, 9);
		put_u32(head + HEAD + 52, 1);
		put_u32(head + HEAD + 56, 0x420009);
	}
	if (patched_add(m->p, at, span_of(head, kind == RECORD_STORE ? sizeof head : HEAD)))
		m->damage->heads++;
}

static bool is_place(const struct mending *m, uint64_t at)
{
	return at && at % BLOCK == 0 && at <= m->volume->size - BLOCK;
}

/* ---- the catalog ---- */

static void leave_out(struct mending *m, uint64_t at)
{
	uint8_t unused[ENTRY] = { ENTRY_UNUSED };

	m->damage->lost += patched_add(m->p, at, span_of(unused, sizeof unused));
}

static bool is_zeros(const uint8_t *at, size_t len)
{
	return !*at && !memcmp(at, at + 1, len - 1);
}

static void take_entry(struct mending *m, const uint8_t *entry, uint64_t at)
{
	uint64_t kind = load_u64le(entry);
	struct half *h = &m->halves[m->count];
	bool makes_sense = (kind == ENTRY_TIME && load_u64le(entry + 8)) ||
			   (kind == ENTRY_PLACE && is_place(m, load_u64le(entry + 8)) && is_place(m, load_u64le(entry + 32)) &&
			    is_place(m, load_u64le(entry + 40)) && is_place(m, load_u64le(entry + 48)));

	if (kind == ENTRY_UNUSED || (kind == ENTRY_NONE && is_zeros(entry, ENTRY)))
		return;
	if (!makes_sense || is_zeros(entry + 16, 16) || m->count == STORES_MOST) {
		leave_out(m, at);
		return;
	}
	*h = (struct half){ .at = at, .store = load_u64le(entry + 32), .kind = (enum entry)kind };
	memcpy(h->id, entry + 16, sizeof h->id);
	m->count++;
}

/* Where the catalog goes on; 0: nowhere. */
static uint64_t take_block(struct mending *m, uint64_t at, uint64_t relative)
{
	uint8_t block[BLOCK], next_head[HEAD];
	struct err ignored;
	uint64_t next;

	if (!blocks_read_all(m->volume, at, block, sizeof block, &ignored))
		return 0;
	next = load_u64le(block + 40);
	if (!is_place(m, next) || !blocks_read_all(m->volume, next, next_head, sizeof next_head, &ignored) ||
	    !is_head(next_head, RECORD_CATALOG))
		next = 0;
	if (!is_head(block, RECORD_CATALOG) || load_u64le(block + 32) != at || load_u64le(block + 40) != next)
		mend_head(m, RECORD_CATALOG, relative, at, next);
	for (size_t i = HEAD; i + ENTRY <= sizeof block; i += ENTRY)
		take_entry(m, block + i, at + i);
	return next;
}

/* ---- the stores ---- */

static struct half *find_other(struct mending *m, const struct half *h)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->halves[i].kind != h->kind && !memcmp(m->halves[i].id, h->id, sizeof h->id))
			return &m->halves[i];
	return NULL;
}

static void take_store(struct mending *m, const struct half *h)
{
	uint8_t head[HEAD];
	struct err ignored;

	if (!find_other(m, h)) {
		leave_out(m, h->at);
		return;
	}
	if (h->kind != ENTRY_PLACE)
		return;
	m->damage->stores++;
	if (blocks_read_all(m->volume, h->store, head, sizeof head, &ignored) &&
	    (!is_head(head, RECORD_STORE) || load_u64le(head + 32) != h->store))
		mend_head(m, RECORD_STORE, 0, h->store, 0);
}

uint64_t vss_catalog_place(struct span head)
{
	return head.len >= HEAD && is_head(head.at, RECORD_CATALOG) ? load_u64le(head.at + 32) : 0;
}

/* Of a volume that keeps its snapshots itself. */
static void make_header(uint8_t header[HEAD], uint64_t catalog)
{
	memset(header, 0, HEAD);
	memcpy(header, identifier, sizeof identifier);
	put_u32(header + 16, 2);
	put_u32(header + 20, RECORD_HEADER);
	put_u64(header + 24, HEADER_AT);
	put_u64(header + 32, HEADER_AT);
	put_u64(header + CATALOG_FIELD, catalog);
}

struct blocks *vss_mend(struct blocks *volume, uint64_t catalog, struct vss_damage *damage)
{
	struct mending *m = calloc(1, sizeof *m);
	uint8_t header[HEAD];
	struct err ignored;
	uint64_t at = 0;

	*damage = (struct vss_damage){ 0 };
	if (!m || volume->size < 2 * BLOCK || !blocks_read_all(volume, HEADER_AT, header, sizeof header, &ignored) ||
	    !(m->p = patched_new(volume, 0))) {
		free(m);
		return NULL;
	}
	m->volume = volume;
	m->damage = damage;
	if (catalog) {
		make_header(header, catalog);
		patched_add(m->p, HEADER_AT, span_of(header, sizeof header));
	}
	at = load_u64le(header + CATALOG_FIELD);
	for (unsigned i = 0; i < BLOCKS_MOST && is_place(m, at); i++)
		at = take_block(m, at, (uint64_t)i * BLOCK);
	for (size_t i = 0; i < m->count; i++)
		take_store(m, &m->halves[i]);
	if (!patched_count(m->p)) {
		blocks_close(patched_blocks(m->p));
		m->p = NULL;
	}
	volume = m->p ? patched_blocks(m->p) : NULL;
	free(m);
	return volume;
}
