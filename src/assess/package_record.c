#include "assess/package_record.h"

#include "case/query.h"

/* Between two files of one package that are written, or copied, one after the other. */
#define WRITTEN_APART (2 * TIME_SECOND)
#define CHANGED_APART (600 * TIME_SECOND)

#define INFO "/var/lib/dpkg/info/"

/* Without what stands behind the last dot of the name. */
static struct span stem_of(struct span path)
{
	size_t end = path.len;

	while (end && path.at[end - 1] != '.' && path.at[end - 1] != '/')
		end--;
	return span_sub(path, 0, end && path.at[end - 1] == '.' ? end - 1 : path.len);
}

/* "…/info/libc6:amd64" */
static struct span without_architecture(struct span stem)
{
	size_t end = stem.len;

	while (end && stem.at[end - 1] != ':' && stem.at[end - 1] != '/')
		end--;
	return end && stem.at[end - 1] == ':' ? span_sub(stem, 0, end - 1) : stem;
}

static struct package_record *record_for(struct package_records *all, struct arena *arena, struct span stem)
{
	void **slot = map_slot(&all->by_stem, stem);
	struct package_record **listed;

	if (!slot || *slot)
		return slot ? *slot : NULL;
	listed = arena_push(arena, (void **)&all->list, &all->count, &all->room, sizeof *listed);
	*slot = listed ? ARENA_NEW(arena, struct package_record) : NULL;
	if (!*slot)
		return NULL;
	*listed = *slot;
	**listed = (struct package_record){ .stem = stem, .list_modified = TIME_NONE, .list_changed = TIME_NONE,
					    .sums_modified = TIME_NONE, .sums_changed = TIME_NONE,
					    .files_changed = TIME_NONE };
	slot = map_slot(&all->by_package, without_architecture(stem));
	if (slot && !*slot)
		*slot = *listed;
	return *slot;
}

static bool take(struct package_records *all, struct arena *arena, sqlite3_stmt *q, struct err *err)
{
	struct span path = query_span(q, 1);
	struct package_record *r = record_for(all, arena, arena_copy(arena, stem_of(path)));

	if (!r)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many packages");
	if (span_ends(path, SPAN(".list"))) {
		r->has_list = true;
		r->list_modified = query_time(q, 2);
		r->list_changed = query_time(q, 3);
	} else {
		r->sums_item = query_u64(q, 0, 0);
		r->sums_modified = query_time(q, 2);
		r->sums_changed = query_time(q, 3);
	}
	return true;
}

bool package_records_load(sqlite3 *db, struct arena *arena, struct package_records *out, struct err *err)
{
	static const char sql[] =
		"SELECT id, path, modified, changed FROM item WHERE instr(path, '" INFO "') AND fate IS NOT 'skipped' AND "
		"(path LIKE '%" INFO "%.list' OR path LIKE '%" INFO "%.md5sums') ORDER BY id";
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(db, sql, &q, err);

	*out = (struct package_records){ .by_stem = map_new(arena), .by_package = map_new(arena) };
	while (ok && (ok = query_step(q, &row, err)) && row)
		ok = take(out, arena, q, err);
	sqlite3_finalize(q);
	return ok;
}

void package_records_note(struct package_records *all, struct span info, timestamp changed)
{
	struct package_record *r = map_get(&all->by_package, info);

	if (r && changed != TIME_NONE && (r->files_changed == TIME_NONE || changed < r->files_changed))
		r->files_changed = changed;
}

const struct package_record *package_record_of(const struct package_records *all, struct span path)
{
	const struct package_record *r = map_get(&all->by_stem, stem_of(path));

	return r && r->has_list ? r : NULL;
}

static bool is_later(timestamp t, timestamp than, timestamp apart)
{
	return t != TIME_NONE && than != TIME_NONE && t > than && t - than > apart;
}

bool package_record_is_later(const struct package_record *r, timestamp modified, timestamp changed)
{
	return is_later(modified, r->list_modified, WRITTEN_APART) || is_later(changed, r->list_changed, CHANGED_APART) ||
	       is_later(changed, r->files_changed, CHANGED_APART);
}
