#include "assess/coverage_machines.h"

#include "assess/coverage_days.h"
#include "base/map.h"
#include "case/case.h"
#include "case/machine.h"
#include "case/query.h"
#include "match/fold.h"

#define SCRATCH ((size_t)1 << 20)
/* An emptied log says nothing; a registry without run keys does. */
#define HOLDS_SOMETHING "(fact.count > 0 OR fact.class NOT IN ('event log', 'text log', 'capture', 'network log'))"

/* What decoders told of a machine: an evidence class and a channel. */
struct told {
	struct span class_name, channel;
};

struct covered_machine {
	struct span name;		/* without its domain, or the root's path */
	unsigned kinds;			/* bits of enum need_of */
	struct told *told;
	size_t told_count, told_room;
};

struct loading {
	struct arena *arena;
	struct arena row;		/* what lasts for a row of the case */
	struct covered_machines *out;
	struct machines machines;
	struct map numbers;		/* folded name -> 1 + number */
	struct map told;		/* number, class and channel -> once */
};

/* "WS01.corp.example" and "ws01" are one; an address or a path is itself. */
static struct span short_name(struct span name)
{
	size_t dot = span_find_byte(name, 0, '.');

	return dot == SIZE_MAX || !dot || span_find_byte(name, 0, '/') != SIZE_MAX ||
			       (name.at[0] >= '0' && name.at[0] <= '9')
		       ? name
		       : span_sub(name, 0, dot);
}

static struct span folded(struct loading *l, struct span name)
{
	uint8_t *room = arena_alloc(&l->row, name.len + 1);

	if (!room)
		return (struct span){ 0 };
	fold_utf8(room, name);
	return span_of(room, name.len);
}

/* Of a path that no name is known for: its root, seen from outside of all containers. */
static struct span outer_root(const struct machines *m, uint64_t source, struct span path)
{
	size_t end = span_find(path, 0, SPAN("!/")), root;

	if (end == SIZE_MAX) {
		root = machine_root(m, source, path);
		return root == path.len ? (struct span){ 0 } : root ? span_sub(path, 0, root) : SPAN("/");
	}
	root = machine_root(m, source, span_sub(path, 0, end));
	return root ? span_sub(path, 0, root) : SPAN("/");
}

static struct span name_of(const struct loading *l, uint64_t source, struct span path)
{
	struct span name = machine_name(&l->machines, source, path);

	return name.len ? short_name(name) : outer_root(&l->machines, source, path);
}

/* NULL: not known, and not to be added, or no memory. */
static struct covered_machine *machine_of(struct loading *l, struct span name, bool add)
{
	struct span key = folded(l, name);
	size_t number = (size_t)(uintptr_t)map_get(&l->numbers, key);
	struct covered_machine *one;
	void **slot;

	if (number)
		return &l->out->list[number - 1];
	if (!add || !name.len)
		return NULL;
	one = arena_push(l->arena, (void **)&l->out->list, &l->out->count, &l->out->room, sizeof *one);
	slot = map_slot(&l->numbers, arena_copy(l->arena, key));
	if (!one || !slot)
		return NULL;
	*slot = (void *)(uintptr_t)l->out->count;
	one->name = arena_copy(l->arena, name);
	return one;
}

/* Logs and hives may lie on any machine, as in a share: what counts is a place of Windows. */
static bool is_place_of_windows(struct span path)
{
	static const char *const tops[] = { "windows", "winnt", "users", "documents and settings",
					    "programdata" };
	struct span top;

	while (path.len && (path.at[0] == '/' || path.at[0] == '\\'))
		path = span_from(path, 1);
	top = span_sub(path, 0, 0);
	while (top.len < path.len && path.at[top.len] != '/' && path.at[top.len] != '\\')
		top.len++;
	for (size_t i = 0; i < sizeof tops / sizeof *tops; i++)
		if (span_eq_nocase(top, span_text(tops[i])))
			return true;
	return false;
}

static bool is_one_of(struct span word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_eq(word, span_text(list[i])))
			return true;
	return false;
}

static bool ends_like(struct span path, const char *ending)
{
	struct span end = span_text(ending);

	return path.len >= end.len && span_eq_nocase(span_from(path, path.len - end.len), end);
}

/* Which system the item gives away: a bit of enum need_of, or none. */
static unsigned mark_of(struct span kind, struct span path)
{
	static const char *const windows[] = { "evtx", "evt", "registry hive", "prefetch", "compressed prefetch" };

	if (span_eq(kind, SPAN("systemd journal")) || ends_like(path, "/etc/passwd") ||
	    ends_like(path, "/etc/os-release") || ends_like(path, "/var/log/wtmp") ||
	    ends_like(path, "/var/lib/dpkg/status"))
		return 1u << OF_LINUX;
	return is_one_of(kind, windows, sizeof windows / sizeof *windows) ||
			       ends_like(path, "/windows/system32/kernel32.dll")
		       ? 1u << OF_WINDOWS : 0;
}

static void note_mark(struct loading *l, uint64_t source, struct span path, unsigned mark)
{
	struct covered_machine *one;

	l->out->kinds |= mark;
	if (machine_root(&l->machines, source, path) == path.len ||
	    (mark == 1u << OF_WINDOWS &&
	     !is_place_of_windows(machine_path(&l->machines, &l->row, source, path))))
		return;
	one = machine_of(l, name_of(l, source, path), true);
	if (one)
		one->kinds |= 1u << OF_ANY | mark;
	arena_reset(&l->row);
}

static bool find_machines(struct loading *l, sqlite3 *db, struct err *err)
{
	sqlite3_stmt *q;
	bool row, ok = query_prepare(db, "SELECT source, path, kind FROM item", &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		unsigned mark = mark_of(query_span(q, 2), query_span(q, 1));

		if (mark)
			note_mark(l, query_u64(q, 0, 0), query_span(q, 1), mark);
	}
	sqlite3_finalize(q);
	return ok;
}

static bool tell(struct loading *l, struct span name, struct span class_name, struct span channel)
{
	struct covered_machine *one = machine_of(l, name, false);
	struct told *told;
	struct span key;
	void **slot;

	if (!one)
		return true;
	key = arena_printf(&l->row, "%zu %.*s %.*s", (size_t)(one - l->out->list), SPAN_ARG(class_name),
			   SPAN_ARG(channel));
	if (map_get(&l->told, key))
		return true;
	slot = map_slot(&l->told, arena_copy(l->arena, key));
	told = arena_push(l->arena, (void **)&one->told, &one->told_count, &one->told_room, sizeof *told);
	if (!slot || !told)
		return false;
	*slot = one;
	*told = (struct told){ arena_copy(l->arena, class_name), arena_copy(l->arena, channel) };
	return true;
}

/* The item itself may be the image or archive that holds the machine. */
static struct span place_of_fact(struct loading *l, uint64_t source, struct span path)
{
	struct span name = machine_name(&l->machines, source, path);

	return name.len ? short_name(name) : name_of(l, source, arena_printf(&l->row, "%.*s!/", SPAN_ARG(path)));
}

/* One row, of something that was told: source, path, class, channel, host, and where it is a duplicate its original. */
static bool take_fact(struct loading *l, sqlite3_stmt *q)
{
	uint64_t source = query_u64(q, 0, 0);
	struct span path = query_span(q, 1), class_name = query_span(q, 2), channel = query_span(q, 3);
	struct span original = query_span(q, 6);

	/* Of the same content at another place nobody said that it means the same there. */
	if (original.len && !span_eq(machine_path(&l->machines, &l->row, source, path),
				     machine_path(&l->machines, &l->row, query_u64(q, 5, 0), original)))
		return true;
	return tell(l, place_of_fact(l, source, path), class_name, channel) &&
	       (original.len || tell(l, short_name(query_span(q, 4)), class_name, channel));
}

static bool read_facts(struct loading *l, sqlite3 *db, struct err *err)
{
	static const char sql[] =
		"SELECT DISTINCT item.source, item.path, fact.class, channel, host, NULL, NULL "
		"FROM fact JOIN item ON item.id = fact.item WHERE " HOLDS_SOMETHING " UNION ALL "
		"SELECT DISTINCT copy.source, copy.path, fact.class, channel, NULL, item.source, item.path "
		"FROM item AS copy JOIN item ON item.id = copy.same_as JOIN fact ON fact.item = item.id "
		"WHERE " HOLDS_SOMETHING;
	sqlite3_stmt *q;
	bool row, ok = query_prepare(db, sql, &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		ok = take_fact(l, q) ||
		     err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for machines");
		arena_reset(&l->row);
	}
	sqlite3_finalize(q);
	return ok;
}

bool covered_machines_load(struct case_file *file, struct arena *arena, struct covered_machines *out,
			   struct err *err)
{
	struct loading l = { .arena = arena, .row = arena_new(SCRATCH), .out = out };
	bool ok;

	*out = (struct covered_machines){ 0 };
	l.numbers = map_new(arena);
	l.told = map_new(arena);
	ok = machines_load(file, arena, &l.machines, err) && find_machines(&l, case_db(file), err) &&
	     (!out->count || read_facts(&l, case_db(file), err));
	arena_free(&l.row);
	return ok && (!arena->exhausted || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many machines"));
}

static bool has(const struct covered_machine *one, const struct need *need)
{
	for (size_t i = 0; i < one->told_count; i++)
		if (need_takes(need, one->told[i].class_name, one->told[i].channel))
			return true;
	return false;
}

struct covered_lacking covered_machines_lack(const struct covered_machines *m, const struct need *need)
{
	struct covered_lacking lacking = { 0 };

	for (size_t i = 0; i < m->count; i++) {
		const struct covered_machine *one = &m->list[i];

		if (!(one->kinds & 1u << need->of))
			continue;
		lacking.asked++;
		if (has(one, need))
			continue;
		if (!lacking.lacking++)
			lacking.first = one->name;
	}
	return lacking;
}
