/*
 * Symbolic links on the way from what an entry names to the file that it starts:
 * "/sbin/modprobe" leads to "/bin/kmod". Links are items with a target; none is followed
 * anywhere but here, by name.
 */
#include "assess/ledger_job.h"

#include "artefact/linux_link.h"
#include "case/query.h"

/* Links of one case; a link that leads to a link that leads to … */
#define LINKS_MOST 500000
#define HOPS_MOST 8

struct link {
	struct span machine, path, target;
	bool is_taken;
};

struct links {
	struct link *list;
	size_t count, room;
};

static bool add_link(struct ledger *l, struct links *links, sqlite3_stmt *q, struct buf *room, struct err *err)
{
	uint64_t source = query_u64(q, 0, 0);
	struct span item = query_span(q, 1), path = machine_path(&l->machines, &l->arena, source, item);
	struct link *link = arena_push(&l->arena, (void **)&links->list, &links->count, &links->room, sizeof *link);

	buf_clear(room);
	if (!link || !linux_link_resolve(path, linux_link_of_reason(query_span(q, 2)), room))
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many symbolic links");
	*link = (struct link){ .machine = machine_name(&l->machines, source, item),
			       .path = arena_copy(&l->arena, path),
			       .target = arena_copy(&l->arena, buf_span(room)) };
	return true;
}

static bool load_links(struct ledger *l, struct links *links, struct err *err)
{
	static const char sql[] =
		"SELECT source, coalesce(path_raw, CAST(path AS BLOB)), reason FROM item WHERE fate = 'skipped' AND "
		"(reason LIKE 'symbolic link to %' OR reason LIKE 'link to %')";
	struct buf room = buf_new((size_t)64 << 10);
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(l->db, sql, &q, err);

	while (ok && links->count < LINKS_MOST && (ok = query_step(q, &row, err)) && row)
		ok = add_link(l, links, q, &room, err);
	sqlite3_finalize(q);
	buf_free(&room);
	return ok;
}

bool links_collect(struct ledger *l, struct err *err)
{
	struct links links = { 0 };
	bool ok = load_links(l, &links, err), more = true;

	/* What a link leads to may be a link again, that came before. */
	for (int hop = 0; ok && more && hop < HOPS_MOST; hop++) {
		more = false;
		for (size_t i = 0; ok && i < links.count; i++) {
			struct link *link = &links.list[i];
			struct wanted *w = link->is_taken ? NULL : starts_find(l, link->machine, link->path);

			if (!w)
				continue;
			link->is_taken = more = true;
			w->link = link->target;
			ok = starts_want(l, link->machine, link->target, w->how, err);
		}
	}
	return ok;
}

const struct wanted *links_follow(struct ledger *l, struct span machine, const struct wanted *w)
{
	for (int hop = 0; w && !w->item && w->link.len && hop < HOPS_MOST; hop++) {
		const struct wanted *next = starts_target(l, machine, w->link);

		if (!next)
			break;
		w = next;
	}
	return w;
}
