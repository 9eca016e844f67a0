#include "case/machine.h"

#include "base/map.h"
#include "case/case.h"
#include "case/collected.h"
#include "case/query.h"

struct machine {
	uint64_t source;
	struct span root, container;
	struct span name;		/* or empty, where only the zone is known */
	struct span zone;
};

/* What is asked of a source again and again: names by root and by container, first come first. */
struct machine_source {
	struct map names, containers, zones;
	struct span only;		/* the one name that it has, or empty */
	struct span zone;		/* the last of its zones */
	bool has_several;
};

struct machine_collection {
	uint64_t source;
	struct span folder;		/* or what its archive's name begins with */
	struct span host;		/* as the tool says, or empty */
	bool is_kape, is_beside;
};

static bool is_separator(uint8_t c)
{
	return c == '/' || c == '\\';
}

static bool is_top(struct span part)
{
	static const struct {
		size_t len;
		const char *text;
	} names[] = {
#define NAME(text) { sizeof(text) - 1, text }
		NAME("etc"), NAME("usr"), NAME("var"), NAME("bin"), NAME("sbin"), NAME("lib"), NAME("lib32"),
		NAME("lib64"), NAME("boot"), NAME("opt"), NAME("srv"), NAME("root"), NAME("home"), NAME("tmp"),
		NAME("dev"), NAME("proc"), NAME("sys"), NAME("run"), NAME("windows"), NAME("winnt"),
		NAME("users"), NAME("documents and settings"), NAME("programdata"), NAME("program files"),
		NAME("program files (x86)"), NAME("$recycle.bin"), NAME("recycler"), NAME("$extend"),
		NAME("$mft"), NAME("inetpub"), NAME("perflogs"),
#undef NAME
	};

	/* Asked for each part of each path. */
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (part.len == names[i].len && (part.at[0] | 32) == (names[i].text[0] | 32) &&
		    span_eq_nocase(part, span_of(names[i].text, names[i].len)))
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

/* A part of the path that ends at `end`: its last one. */
static struct span last_part(struct span path, size_t end)
{
	size_t start = end;

	while (start && !is_separator(path.at[start - 1]))
		start--;
	return span_sub(path, start, end - start);
}

/* Whether KAPE's folders of drives stand directly in `folder`. */
static bool holds_drives(const struct machines *m, uint64_t source, struct span folder)
{
	struct span host, last = last_part(folder, folder.len);

	/* A volume of the disk that was made: "x.vhdx!/p1". */
	if (last.len == 2 && last.at[0] == 'p' && folder.len > last.len)
		last = last_part(folder, folder.len - last.len - 1);
	if (collected_of_name(last, &host) == COLLECTED_KAPE)
		return true;
	for (size_t i = 0; i < m->collection_count; i++)
		if (m->collections[i].is_kape && m->collections[i].source == source &&
		    span_eq(m->collections[i].folder, folder))
			return true;
	return false;
}

static struct span without_slash(struct span path)
{
	while (path.len && is_separator(path.at[path.len - 1]))
		path.len--;
	return path;
}

/* The volume of an image that `path` lies in: "disk.E01!/p1"; or empty. */
static struct span volume_of(struct span path)
{
	size_t at = container_end(path), end = at + 1;

	while (end < path.len && !is_separator(path.at[end]))
		end++;
	return at && end - at > 2 && path.at[at + 1] == 'p' ? span_sub(path, 0, end) : (struct span){ 0 };
}

/* The source that was given, or the volume, where it holds a machine's /etc. */
static size_t known_root(const struct machines *m, uint64_t source, struct span path)
{
	struct span root = volume_of(path);

	if (!root.len && !container_end(path) && span_starts(path, source_path(m, source)))
		root = without_slash(source_path(m, source));
	return m->roots && root.len && map_get(m->roots, root) ? root.len : 0;
}

size_t machine_root(const struct machines *m, uint64_t source, struct span path)
{
	size_t at = search_from(m, source, path), known = known_root(m, source, path);

	if (known)
		return known;

	while (at < path.len) {
		size_t start = is_separator(path.at[at]) ? at + 1 : at, end = start;
		struct span part;

		while (end < path.len && !is_separator(path.at[end]))
			end++;
		part = span_sub(path, start, end - start);
		if (is_top(part))
			return at;
		if (collected_is_root(part) ||
		    (collected_is_drive(part) && holds_drives(m, source, span_sub(path, 0, at))))
			return end;
		at = end > at ? end : path.len;
	}
	return path.len;
}

/* "uploads/auto", "uploads/ntfs/%5C%5C.%5CC%3A": below, names are percent-encoded. */
static bool is_encoded(struct span root)
{
	struct span last = last_part(root, root.len), above;

	if (span_find_byte(last, 0, '%') != SIZE_MAX)
		return collected_is_root(last);
	if (last.len == root.len)
		return false;
	above = last_part(root, root.len - last.len - 1);
	return span_eq(above, SPAN("uploads"));
}

struct span machine_path(const struct machines *m, struct arena *arena, uint64_t source,
			 struct span path)
{
	size_t root = machine_root(m, source, path);
	struct span rest = span_from(path, root);

	return rest.len && is_encoded(span_sub(path, 0, root)) ? collected_decode(arena, rest) : rest;
}

/* All up to the first "!": the file that the user named, or that a folder held. */
static struct span outer_container(struct span path)
{
	for (size_t i = 0; i + 1 < path.len; i++)
		if (path.at[i] == '!' && path.at[i + 1] == '/')
			return span_sub(path, 0, i + 1);
	return (struct span){ 0 };
}

static bool is_of(const struct machine_collection *c, struct span path)
{
	if (!span_starts(path, c->folder))
		return false;
	return !c->folder.len || path.len == c->folder.len || is_separator(path.at[c->folder.len]) ||
	       (c->is_beside && path.at[c->folder.len] == '.');
}

/* The collection that `path` is of: the innermost that there is. */
static const struct machine_collection *collection_at(const struct machines *m, uint64_t source,
						      struct span path)
{
	const struct machine_collection *best = NULL;

	for (size_t i = 0; i < m->collection_count; i++) {
		const struct machine_collection *one = &m->collections[i];

		if (one->source == source && is_of(one, path) &&
		    (!best || one->folder.len > best->folder.len ||
		     (one->folder.len == best->folder.len && !best->host.len)))
			best = one;
	}
	return best;
}

/* By the name that a tool gave to its archive or folder, from the outside in. */
static struct span host_of_names(struct span path)
{
	struct span host = { 0 };

	for (size_t end = 0; end <= path.len; end++)
		if ((end == path.len || is_separator(path.at[end])) &&
		    collected_of_name(last_part(path, end), &host))
			return host;
	return (struct span){ 0 };
}

/* One name of those whose root lies in the collection. */
static struct span name_within(const struct machines *m, const struct machine_collection *c)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->list[i].source == c->source && m->list[i].name.len &&
		    is_of(c, m->list[i].root))
			return m->list[i].name;
	return c->host;
}

static const struct machine_source *source_of(const struct machines *m, uint64_t source)
{
	return source && source <= m->source_count ? &m->by_source[source - 1] : NULL;
}

/* The span that a map holds for the key, or empty. */
static struct span found_in(const struct map *map, struct span key)
{
	const struct span *found = map_get(map, key);

	return found ? *found : (struct span){ 0 };
}

struct span machine_name(const struct machines *m, uint64_t source, struct span path)
{
	size_t root_end = machine_root(m, source, path);
	struct span container = outer_container(path), name;
	const struct machine_collection *collection = collection_at(m, source, path);
	const struct machine_source *known = source_of(m, source);

	if (!known)
		return (struct span){ 0 };
	name = found_in(&known->names, span_sub(path, 0, root_end));
	if (!name.len && collection)
		name = name_within(m, collection);
	if (!name.len && container.len)
		name = found_in(&known->containers, container);
	if (!name.len)
		name = host_of_names(path);
	/* What has a root of its own may be another machine. */
	return name.len || root_end < path.len || known->has_several ? name : known->only;
}

struct span machine_zone(const struct machines *m, uint64_t source, struct span path)
{
	const struct machine_source *known = source_of(m, source);
	struct span zone;

	if (!known)
		return (struct span){ 0 };
	zone = found_in(&known->zones, span_sub(path, 0, machine_root(m, source, path)));
	return zone.len ? zone : known->zone;
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

/* What is written beside the archive begins with the same name; else it lies inside. */
static struct span collection_folder(struct span path, bool is_beside)
{
	size_t end = path.len;

	if (is_beside && span_ends(path, SPAN(".log")))
		return span_sub(path, 0, path.len - 4);
	while (end && !is_separator(path.at[end - 1]))
		end--;
	return span_sub(path, 0, end ? end - 1 : 0);
}

static bool load_collections(sqlite3 *db, struct arena *arena, struct machines *out,
			     struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(db, "SELECT item.source, item.path, trace.name, trace.program, "
				     "trace.protocol FROM trace JOIN item ON item.id = trace.item WHERE "
				     "trace.kind = 'host' AND trace.what = 'collection' "
				     "ORDER BY item.source, item.path, trace.id", &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct machine_collection *one = arena_push(arena, (void **)&out->collections,
							    &out->collection_count,
							    &out->collection_room, sizeof *one);

		if (one) {
			*one = (struct machine_collection){
				.source = query_u64(q, 0, 0),
				.host = arena_copy(arena, query_span(q, 2)),
				.is_kape = span_eq(query_span(q, 3), SPAN("KAPE")),
				.is_beside = span_eq(query_span(q, 4), SPAN("beside")) };
			one->folder = collection_folder(arena_copy(arena, query_span(q, 1)),
							one->is_beside);
		}
		ok = one || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many collections");
	}
	sqlite3_finalize(q);
	return ok;
}

/* False: no memory. */
static bool note_first(struct map *map, struct span key, struct span *value)
{
	void **slot = map_slot(map, key);

	if (slot && !*slot)
		*slot = value;
	return slot != NULL;
}

static bool index_machine(struct machine_source *known, struct machine *one)
{
	if (one->zone.len) {
		known->zone = one->zone;
		return note_first(&known->zones, one->root, &one->zone);
	}
	if (!one->name.len)
		return true;
	known->has_several |= known->only.len && !span_eq_nocase(known->only, one->name);
	known->only = one->name;
	return note_first(&known->names, one->root, &one->name) &&
	       (!one->container.len || note_first(&known->containers, one->container, &one->name));
}

/* A case may hold very many machines, and every item is asked for its own. */
static bool index_all(struct arena *arena, struct machines *out, struct err *err)
{
	bool ok;

	out->by_source = ARENA_ARRAY(arena, out->source_count + 1, struct machine_source);
	ok = out->by_source != NULL;
	for (size_t i = 0; ok && i < out->source_count; i++) {
		struct machine_source *known = &out->by_source[i];

		known->names = known->containers = known->zones = map_new(arena);
	}
	for (size_t i = 0; ok && i < out->count; i++)
		if (source_of(out, out->list[i].source))
			ok = index_machine(&out->by_source[out->list[i].source - 1], &out->list[i]);
	return ok || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many machines");
}

/* Files that stand once on a machine, and say that its root is above them. */
static struct span root_above(struct span path)
{
	static const char *const ends[] = { "/etc/hostname", "/etc/os-release", "/usr/lib/os-release",
					    "/etc/debian_version", "/etc/machine-id", "/etc/redhat-release" };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (span_ends(path, span_text(ends[i])))
			return span_sub(path, 0, path.len - strlen(ends[i]));
	return (struct span){ 0 };
}

static bool load_roots(sqlite3 *db, struct arena *arena, struct machines *out, struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(db, "SELECT DISTINCT item.source, item.path FROM trace JOIN item ON "
				     "item.id = trace.item WHERE trace.kind = 'host'", &q, err);

	out->roots = ARENA_NEW(arena, struct map);
	if (ok && out->roots)
		*out->roots = map_new(arena);
	while (ok && out->roots && (ok = query_step(q, &row, err)) && row) {
		struct span root = root_above(query_span(q, 1));
		void **slot;

		if (!root.len || !(span_eq(root, volume_of(root)) ||
				   span_eq(root, without_slash(source_path(out, query_u64(q, 0, 0))))))
			continue;
		slot = map_slot(out->roots, arena_copy(arena, root));
		if (slot)
			*slot = out->roots;
		ok = slot || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many machines");
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
	     load_collections(case_db(file), arena, out, err) &&
	     load_roots(case_db(file), arena, out, err) &&
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
	return ok && index_all(arena, out, err);
}
