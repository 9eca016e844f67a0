#include "case/machine.h"

#include "case/case.h"
#include "case/query.h"

struct machine {
	uint64_t source;
	struct span root, container;
	struct span name;		/* or empty, where only the zone is known */
	struct span zone;
};

static bool is_separator(uint8_t c)
{
	return c == '/' || c == '\\';
}

static bool is_top(struct span part)
{
	static const char *const names[] = {
		"etc", "usr", "var", "bin", "sbin", "lib", "lib32", "lib64", "boot", "opt", "srv",
		"root", "home", "tmp", "dev", "proc", "sys", "run", "windows", "winnt", "users",
		"documents and settings", "programdata", "program files", "program files (x86)",
		"$recycle.bin", "recycler", "$extend", "$mft", "inetpub", "perflogs",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eq_nocase(part, span_text(names[i])))
			return true;
	return false;
}

/* Where the innermost container ends: after the last "!". */
static size_t container_end(struct span path)
{
	for (size_t i = path.len; i-- > 1;)
		if (path.at[i] == '/' && path.at[i - 1] == '!')
			return i;
	return 0;
}

static struct span source_path(const struct machines *m, uint64_t source)
{
	return source && source <= m->source_count ? m->sources[source - 1] : (struct span){ 0 };
}

/* The source's own last part may be a top folder: "assess /mnt/disk/etc". */
static size_t search_from(const struct machines *m, uint64_t source, struct span path)
{
	struct span given = source_path(m, source);
	size_t at = container_end(path);

	if (at)
		return at;
	if (!span_starts(path, given))
		return 0;
	at = given.len;
	while (at && is_separator(given.at[at - 1]))
		at--;
	while (at && !is_separator(given.at[at - 1]))
		at--;
	return at ? at - 1 : 0;
}

size_t machine_root(const struct machines *m, uint64_t source, struct span path)
{
	size_t at = search_from(m, source, path);

	while (at < path.len) {
		size_t start = is_separator(path.at[at]) ? at + 1 : at, end = start;

		while (end < path.len && !is_separator(path.at[end]))
			end++;
		if (is_top(span_sub(path, start, end - start)))
			return at;
		at = end > at ? end : path.len;
	}
	return path.len;
}

struct span machine_path(const struct machines *m, uint64_t source, struct span path)
{
	return span_from(path, machine_root(m, source, path));
}

/* All up to the first "!": the file that the user named, or that a folder held. */
static struct span outer_container(struct span path)
{
	for (size_t i = 0; i + 1 < path.len; i++)
		if (path.at[i] == '!' && path.at[i + 1] == '/')
			return span_sub(path, 0, i + 1);
	return (struct span){ 0 };
}

struct span machine_name(const struct machines *m, uint64_t source, struct span path)
{
	struct span root = span_sub(path, 0, machine_root(m, source, path));
	struct span container = outer_container(path), of_container = { 0 }, of_source = { 0 };
	size_t named = 0;

	for (size_t i = 0; i < m->count; i++) {
		const struct machine *one = &m->list[i];

		if (one->source != source || !one->name.len)
			continue;
		if (span_eq(one->root, root))
			return one->name;
		if (container.len && span_eq(one->container, container) && !of_container.len)
			of_container = one->name;
		named += !span_eq_nocase(of_source, one->name);
		of_source = one->name;
	}
	return of_container.len ? of_container : named == 1 ? of_source : (struct span){ 0 };
}

struct span machine_zone(const struct machines *m, uint64_t source, struct span path)
{
	struct span root = span_sub(path, 0, machine_root(m, source, path));
	struct span zone = { 0 };

	for (size_t i = 0; i < m->count; i++) {
		const struct machine *one = &m->list[i];

		if (one->source != source || !one->zone.len)
			continue;
		if (span_eq(one->root, root))
			return one->zone;
		zone = one->zone;
	}
	return zone;
}

static bool load_sources(sqlite3 *db, struct arena *arena, struct machines *out, struct err *err)
{
	sqlite3_stmt *q;
	size_t room = 0;
	bool row, ok = query_prepare(db, "SELECT path FROM source ORDER BY id", &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct span *path = arena_push(arena, (void **)&out->sources, &out->source_count,
					       &room, sizeof *path);

		if (path)
			*path = arena_copy(arena, query_span(q, 0));
		ok = path || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many sources");
	}
	sqlite3_finalize(q);
	return ok;
}

bool machines_load(struct case_file *file, struct arena *arena, struct machines *out,
		   struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok;

	*out = (struct machines){ 0 };
	ok = load_sources(case_db(file), arena, out, err) &&
	     query_prepare(case_db(file), "SELECT item.source, item.path, trace.name, trace.what = "
			   "'zone' FROM trace JOIN item ON item.id = trace.item WHERE trace.kind = 'host' "
			   "AND trace.what IN ('name', 'zone') AND trace.name IS NOT NULL "
			   "ORDER BY item.source, item.path, trace.id", &q, err);
	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct machine *one = arena_push(arena, (void **)&out->list, &out->count, &out->room,
						 sizeof *one);
		struct span path = arena_copy(arena, query_span(q, 1));

		if (one) {
			*one = (struct machine){ .source = query_u64(q, 0, 0),
						 .container = outer_container(path) };
			*(query_u64(q, 3, 0) ? &one->zone : &one->name) =
				arena_copy(arena, query_span(q, 2));
			one->root = span_sub(path, 0, machine_root(out, one->source, path));
		}
		ok = one || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many machines");
	}
	sqlite3_finalize(q);
	return ok;
}
