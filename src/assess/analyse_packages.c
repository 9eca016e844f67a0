/*
 * analyse_packages: whether the package database of a Debian machine was turned against it.
 *
 *   a list of digests that was written after its package was installed    high
 *   a list of digests of a package that is not installed                  high
 *   a program of a package in whose place a link stands                   high
 *
 * Each is said only where it is rare on its machine: a copy that does not keep times, or
 * half a database, would show it of all packages at once.
 */
#include "assess/analyser.h"
#include "assess/package_record.h"
#include "assess/thresholds.h"

#include "artefact/linux_link.h"
#include "case/case.h"
#include "case/machine.h"
#include "case/query.h"
#include "codec/json_write.h"

#include <stdlib.h>

#define LINKS_MOST ((size_t)200000)

struct packages {
	struct analysis *a;
	struct machines machines;
};

static bool tell(struct packages *p, uint64_t item, const char *rule, const char *title, struct span path,
		 const char *key, struct span what, timestamp when, struct err *err)
{
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	struct conclusion c = { .item = item, .harm = HARM_IMPLANT, .level = LEVEL_HIGH, .rule = span_text(rule),
		.title = span_text(title), .techniques = SPAN("T1554"), .first = when, .last = when };
	bool ok;

	json_object(&w);
	json_pair(&w, "path", path);
	json_pair(&w, key, what);
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = analysis_tell(p->a, &c, err);
	buf_free(&text);
	return ok;
}

static bool is_rare(size_t found, size_t of)
{
	return found && (double)found <= THRESHOLD(PACKAGES_RARE) + (double)of / 50;
}

/* "coreutils" of "/mnt/x/var/lib/dpkg/info/coreutils" and of "…/libc6:amd64". */
static struct span package_of(struct span stem)
{
	stem = span_after_last(stem, '/');
	return span_sub(stem, 0, span_find_byte(stem, 0, ':'));
}

/* ---- lists that were written later ---- */

static bool is_rewritten(const struct package_record *r)
{
	return r->has_list && r->sums_item && package_record_is_later(r, r->sums_modified, r->sums_changed);
}

static bool weigh_rewritten(struct packages *p, const struct package_records *all, struct err *err)
{
	size_t found = 0;
	bool ok = true;

	for (size_t i = 0; i < all->count; i++)
		found += is_rewritten(all->list[i]);
	for (size_t i = 0; ok && is_rare(found, all->count) && i < all->count; i++)
		if (is_rewritten(all->list[i]))
			ok = tell(p, all->list[i]->sums_item, "kanshiki.package-record-changed",
				  "A package's list of digests was written after the package was installed",
				  all->list[i]->stem, "package", package_of(all->list[i]->stem),
				  all->list[i]->sums_modified, err);
	return ok;
}

/* ---- lists of packages that are not there ---- */

/* "/mnt/x" NUL "coreutils": of what `status` has, in the same machine. */
static struct span key_of(struct packages *p, struct span root, struct span package)
{
	buf_clear(&p->a->key);
	buf_add(&p->a->key, root);
	buf_add_u8(&p->a->key, 0);
	buf_add(&p->a->key, package);
	return buf_span(&p->a->key);
}

static bool load_installed(struct packages *p, struct map *installed, struct err *err)
{
	static const char sql[] = "SELECT item.source, item.path, trace.name FROM trace JOIN item ON item.id = trace.item "
				  "WHERE trace.kind = 'known' AND trace.what = 'package' AND trace.protocol = 'deb'";
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(p->a->db, sql, &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct span path = query_span(q, 1), name = query_span(q, 2);
		struct span root = span_sub(path, 0, machine_root(&p->machines, query_u64(q, 0, 0), path));
		void **slot;

		name = span_sub(name, 0, span_find_byte(name, 0, ' '));
		slot = map_slot(installed, arena_copy(p->a->arena, key_of(p, root, name)));
		ok = slot || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many packages");
		if (ok)
			*slot = p;
	}
	sqlite3_finalize(q);
	return ok;
}

static bool is_installed(struct packages *p, const struct map *installed, struct span stem)
{
	size_t root = span_find(stem, 0, SPAN("/var/lib/dpkg/info/"));

	return map_get(installed, key_of(p, span_sub(stem, 0, root), package_of(stem)));
}

static bool weigh_not_installed(struct packages *p, const struct package_records *all, struct err *err)
{
	struct map installed = map_new(p->a->arena);
	bool ok = load_installed(p, &installed, err);
	size_t found = 0;

	for (size_t i = 0; ok && installed.count && i < all->count; i++)
		found += all->list[i]->sums_item && !is_installed(p, &installed, all->list[i]->stem);
	for (size_t i = 0; ok && is_rare(found, all->count) && i < all->count; i++) {
		const struct package_record *r = all->list[i];

		if (r->sums_item && !is_installed(p, &installed, r->stem))
			ok = tell(p, r->sums_item, "kanshiki.package-not-installed",
				  "A list of digests belongs to a package that is not installed", r->stem, "package",
				  package_of(r->stem), r->sums_modified, err);
	}
	return ok;
}

/* ---- links in the place of programs ---- */

struct replaced {
	uint64_t item;
	struct span path, target;
	timestamp modified;
	bool is_packaged, is_diverted;
};

static bool is_of_programs(struct span path)
{
	static const char *const folders[] = { "/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/lib/", "/usr/lib/",
					       "/usr/libexec/" };

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (span_starts(path, span_text(folders[i])))
			return true;
	return false;
}

static bool add_link(struct packages *p, struct map *links, sqlite3_stmt *q, struct err *err)
{
	struct span full = query_span(q, 2);
	struct span path = machine_path(&p->machines, p->a->arena, query_u64(q, 1, 0), full);
	struct replaced *r;
	void **slot;

	if (!is_of_programs(path))
		return true;
	slot = map_slot(links, arena_copy(p->a->arena, full));
	r = slot ? ARENA_NEW(p->a->arena, struct replaced) : NULL;
	if (!r)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many symbolic links");
	*r = (struct replaced){ .item = query_u64(q, 0, 0), .path = arena_copy(p->a->arena, path),
				.target = arena_copy(p->a->arena, linux_link_of_reason(query_span(q, 3))),
				.modified = query_time(q, 4) };
	*slot = r;
	return true;
}

/* Of what is not compared nothing can be said: the reader is told. */
static bool tell_limit(struct packages *p, uint64_t item, struct err *err)
{
	struct conclusion c = { .item = item, .harm = HARM_IMPLANT, .level = LEVEL_LOW, .first = TIME_NONE, .last = TIME_NONE,
				.rule = SPAN("kanshiki.links-not-compared"),
				.title = SPAN("There are more symbolic links than are held against packages"),
				.matched = arena_printf(p->a->arena, "{\"compared\":%zu}", LINKS_MOST) };

	return analysis_tell(p->a, &c, err);
}

static bool load_links(struct packages *p, struct map *links, struct err *err)
{
	static const char sql[] =
		"SELECT id, source, path, reason, modified FROM item WHERE fate = 'skipped' AND "
		"(reason LIKE 'symbolic link to %' OR reason LIKE 'link to %') ORDER BY id";
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(p->a->db, sql, &q, err);

	while (ok && links->count < LINKS_MOST && (ok = query_step(q, &row, err)) && row)
		ok = add_link(p, links, q, err);
	if (ok && links->count == LINKS_MOST && (ok = query_step(q, &row, err)) && row)
		ok = tell_limit(p, query_u64(q, 0, 0), err);
	sqlite3_finalize(q);
	return ok;
}

/* Folders of programs are links themselves where /usr is merged. */
static void mark(struct packages *p, const struct map *links, struct span root, struct span path, bool is_diverted)
{
	static const char *const fronts[] = { "", "/usr" };

	for (size_t i = 0; i < 2; i++) {
		struct replaced *r;

		buf_clear(&p->a->key);
		buf_add(&p->a->key, root);
		buf_text(&p->a->key, fronts[i]);
		buf_add(&p->a->key, path);
		r = map_get(links, buf_span(&p->a->key));
		if (r && is_diverted)
			r->is_diverted = true;
		else if (r)
			r->is_packaged = true;
	}
}

static bool mark_links(struct packages *p, const struct map *links, struct err *err)
{
	static const char sql[] =
		"SELECT item.source, item.path, trace.path, trace.what FROM trace JOIN item ON item.id = trace.item "
		"WHERE trace.kind = 'known' AND trace.what IN ('package file', 'diversion')";
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(p->a->db, sql, &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct span path = query_span(q, 1);

		mark(p, links, span_sub(path, 0, machine_root(&p->machines, query_u64(q, 0, 0), path)), query_span(q, 2),
		     span_eq(query_span(q, 3), SPAN("diversion")));
	}
	sqlite3_finalize(q);
	return ok;
}

static int by_item(const void *a, const void *b)
{
	const struct replaced *const *x = a, *const *y = b;

	return (*x)->item < (*y)->item ? -1 : (*x)->item > (*y)->item;
}

static bool weigh_replaced(struct packages *p, const struct package_records *all, struct err *err)
{
	struct map links = map_new(p->a->arena);
	struct replaced **found = NULL;
	size_t count = 0, room = 0, at = 0;
	struct span key;
	void *value;
	bool ok = load_links(p, &links, err) && mark_links(p, &links, err);

	while (ok && map_next(&links, &at, &key, &value)) {
		const struct replaced *r = value;
		struct replaced **slot;

		if (!r->is_packaged || r->is_diverted)
			continue;
		slot = arena_push(p->a->arena, (void **)&found, &count, &room, sizeof *slot);
		ok = slot || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many symbolic links");
		if (ok)
			*slot = value;
	}
	if (ok && count)
		qsort(found, count, sizeof *found, by_item);
	for (size_t i = 0; ok && is_rare(count, all->count) && i < count; i++)
		ok = tell(p, found[i]->item, "kanshiki.program-replaced-by-link",
			  "A link stands in the place of a program that a package installed", found[i]->path, "target",
			  found[i]->target, found[i]->modified, err);
	return ok;
}

bool analyse_packages(struct analysis *a, struct err *err)
{
	struct packages p = { .a = a };
	struct package_records all;

	return machines_load(a->file, a->arena, &p.machines, err) && package_records_load(a->db, a->arena, &all, err) &&
	       weigh_rewritten(&p, &all, err) && weigh_not_installed(&p, &all, err) && weigh_replaced(&p, &all, err);
}
