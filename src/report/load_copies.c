/*
 * Where else the content of an item lies. Equal content is examined once, so a
 * finding in it is true of each place: of items with the same digest, and of
 * what is inside copies of the archives that hold them, which were not opened
 * again.
 */
#include "report/load.h"

/* Nesting is limited when evidence is read; a case may come from anyone. */
#define NESTED 64

struct copies {
	struct load *load;
	struct map known;		/* digest, or item number → struct places */
};

/* All places of one content. A single one needs no list: it is the item's own path. */
struct places {
	struct span *list;		/* the first */
	size_t count, room;
	uint64_t total;
};

struct member {
	uint64_t parent;
	struct span path, parent_path;
};

#define MEMBERS \
	"SELECT item.parent, coalesce(item.path_raw, item.path), " \
	"coalesce(above.path_raw, above.path) FROM item " \
	"JOIN unit ON unit.id = item.unit AND unit.done = 1 " \
	"LEFT JOIN item AS above ON above.id = item.parent "

/* Digests are indexed, so that the copies of one content are found at once. */
static const char by_digest[] =
	MEMBERS "WHERE item.sha256 = ?1 ORDER BY item.source, item.path, item.id";
static const char by_number[] = MEMBERS "WHERE item.id = ?1";

static bool add_place(struct copies *c, struct places *places, struct span start, struct span end)
{
	struct span *place;
	uint8_t *at;

	if (places->count > REPORT_MOST_COPIES)
		return true;
	place = load_push(c->load, &places->list, &places->count, &places->room, sizeof *place);
	at = place ? arena_alloc(c->load->arena, start.len + end.len + 1) : NULL;
	if (!at)
		return false;
	memcpy(at, start.at, start.len);
	memcpy(at + start.len, end.at, end.len);
	*place = span_of(at, start.len + end.len);
	return true;
}

/* One member is as often there as the archive that holds it. */
static bool add_member(struct copies *c, struct places *places, const struct member *member,
		       const struct places *above)
{
	struct span end = span_from(member->path, member->parent_path.len);

	if (!above || above->total < 2 || !span_starts(member->path, member->parent_path)) {
		places->total++;
		return add_place(c, places, member->path, SPAN(""));
	}
	places->total += above->total < UINT64_MAX / 2 - places->total ? above->total : 0;
	for (size_t i = 0; i < above->count; i++)
		if (!add_place(c, places, above->list[i], end))
			return false;
	return true;
}

static bool places_of(struct copies *c, uint64_t id, unsigned depth, const struct places **out);

static bool read_members(struct copies *c, sqlite3_stmt *row, struct places *places,
			 unsigned depth)
{
	const struct places *above = NULL;
	uint64_t last = 0;
	bool more, ok;

	while ((ok = query_step(row, &more, c->load->err)) && more) {
		struct member member = { query_u64(row, 0, 0), query_span(row, 1),
					 query_span(row, 2) };

		if (member.parent != last && !places_of(c, member.parent, depth + 1, &above))
			return false;
		last = member.parent;
		if (!add_member(c, places, &member, above))
			return false;
	}
	return ok;
}

static bool gather(struct copies *c, uint64_t id, struct span digest, unsigned depth,
		   struct places *places)
{
	sqlite3_stmt *row;
	bool ok = query_prepare(c->load->db, digest.len ? by_digest : by_number, &row,
				c->load->err);

	if (ok && digest.len)
		sqlite3_bind_blob(row, 1, digest.at, (int)digest.len, SQLITE_STATIC);
	else if (ok)
		sqlite3_bind_int64(row, 1, (sqlite3_int64)id);
	ok = ok && read_members(c, row, places, depth);
	sqlite3_finalize(row);
	return ok;
}

static bool digest_of(struct copies *c, uint64_t id, struct span *digest)
{
	sqlite3_stmt *row;
	bool there, ok = query_prepare(c->load->db, "SELECT sha256 FROM item WHERE id = ?1", &row,
				       c->load->err);

	if (ok) {
		sqlite3_bind_int64(row, 1, (sqlite3_int64)id);
		ok = query_step(row, &there, c->load->err);
		*digest = ok && there ? load_text(c->load, row, 0) : SPAN("");
	}
	sqlite3_finalize(row);
	return ok;
}

/* Each content is gathered once; one that is being gathered, in a loop of parents, is empty. */
static bool places_of(struct copies *c, uint64_t id, unsigned depth, const struct places **out)
{
	struct span digest, key;
	void **slot;
	struct places *places;

	*out = NULL;
	if (!id || depth > NESTED)
		return true;
	if (!digest_of(c, id, &digest))
		return false;
	key = digest.len ? digest : arena_copy(c->load->arena, span_of(&id, sizeof id));
	slot = map_slot(&c->known, key);
	if (slot && *slot) {
		*out = *slot;
		return true;
	}
	places = ARENA_NEW(c->load->arena, struct places);
	if (!slot || !places)
		return err_set(c->load->err, ERR_LIMIT, ERR_NO_OFFSET,
			       "too many copies to report");
	*slot = places;
	*out = places;
	return gather(c, id, digest, depth, places);
}

static bool copies_of(struct copies *c, struct report_item *item)
{
	const struct places *places;
	struct span *others;

	if (!places_of(c, item->id, 0, &places))
		return false;
	if (!places || places->total < 2)
		return true;
	others = ARENA_ARRAY(c->load->arena, places->count, struct span);
	if (!others)
		return err_set(c->load->err, ERR_LIMIT, ERR_NO_OFFSET,
			       "too many copies to report");
	for (size_t i = 0; i < places->count && item->copy_count < REPORT_MOST_COPIES; i++)
		if (!span_eq(places->list[i], item->path))
			others[item->copy_count++] = places->list[i];
	item->copies = others;
	item->copy_total = places->total - 1;
	return true;
}

bool load_copies(struct load *load)
{
	struct copies c = { .load = load, .known = map_new(load->arena) };
	struct report_item *items = (struct report_item *)(uintptr_t)load->report->items;

	for (size_t i = 0; i < load->report->item_count; i++)
		if (!copies_of(&c, &items[i]))
			return false;
	return true;
}
