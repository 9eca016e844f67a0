/* What starts by itself: the files that autostart entries name, found on their machines. */
#include "assess/ledger_job.h"

#include "case/query.h"
#include "codec/json_write.h"

#include <inttypes.h>
#include <stdio.h>

#define PATH_MOST ((size_t)4096)

static const char entries_sql[] =
	"SELECT trace.id, item.source, item.path, coalesce(trace.program, ''), trace.what, "
	"coalesce(trace.user, ''), item.id FROM trace JOIN item ON item.id = trace.item "
	"WHERE trace.kind = 'autostart' ORDER BY trace.id";

const char *standing_name(enum standing standing)
{
	static const char *const names[] = { "unknown", "good", "bad", "missing", "none" };

	return names[standing];
}

const char *entry_name(enum entry entry)
{
	static const char *const names[] = { "unknown", "packaged", "altered", "local" };

	return names[entry];
}

/* ---- names of programs as entries spell them, to paths on the machine ---- */

struct variable {
	const char *name, *path;
};

static const struct variable variables[] = {
	{ "%systemroot%", "/windows" }, { "%windir%", "/windows" }, { "\\systemroot", "/windows" },
	{ "%programfiles%", "/program files" }, { "%programfiles(x86)%", "/program files (x86)" },
	{ "%commonprogramfiles%", "/program files/common files" },
	{ "%programdata%", "/programdata" }, { "%allusersprofile%", "/programdata" },
	{ "%systemdrive%", "" }, { "%public%", "/users/public" },
};

static void add_lower(struct buf *to, struct span s)
{
	uint8_t *room = buf_reserve(to, s.len);

	for (size_t i = 0; room && i < s.len; i++) {
		uint8_t c = s.at[i];

		room[i] = c == '\\' ? '/' : c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
	}
	to->len += room ? s.len : 0;
}

/* Takes a variable, a drive or "\??\" off the front and writes what it stands for. */
static struct span expand_front(struct span p, struct span user, struct buf *to)
{
	if (span_starts(p, SPAN("\\??\\")) || span_starts(p, SPAN("\\\\?\\")))
		p = span_from(p, 4);
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		size_t len = strlen(variables[i].name);

		if (span_eq_nocase(span_sub(p, 0, len), span_text(variables[i].name))) {
			buf_text(to, variables[i].path);
			return span_from(p, len);
		}
	}
	if (span_eq_nocase(span_sub(p, 0, 9), SPAN("%appdata%")) ||
	    span_eq_nocase(span_sub(p, 0, 14), SPAN("%localappdata%"))) {
		bool local = p.at[1] == 'l' || p.at[1] == 'L';

		buf_text(to, "/users/");
		add_lower(to, user);
		buf_text(to, local ? "/appdata/local" : "/appdata/roaming");
		return span_from(p, local ? 14 : 9);
	}
	if (p.len > 2 && p.at[1] == ':')
		return span_from(p, 2);
	if (span_eq_nocase(span_sub(p, 0, 9), SPAN("system32\\")))
		buf_text(to, "/windows/");
	return p;
}

/* Lower-case, with '/', from the root: as starts_find asks. Empty where no file is named. */
static struct span path_of(struct span program, struct span user, struct buf *to)
{
	buf_clear(to);
	if (program.len > PATH_MOST)
		return (struct span){ 0 };
	program = expand_front(span_trim(program), user, to);
	add_lower(to, program);
	return buf_span(to);
}

static struct span key_of(struct ledger *l, struct span machine, const char *folder, struct span path)
{
	buf_clear(&l->key);
	buf_add(&l->key, machine);
	buf_add_u8(&l->key, 0);
	buf_text(&l->key, folder);
	add_lower(&l->key, path);
	return buf_span(&l->key);
}

/* Where a bare name is looked for, in this order; the first place also serves whole paths. */
static const char *const folders[] = { "", "/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/",
				       "/usr/local/bin/", "/usr/local/sbin/", "/windows/system32/",
				       /* Modules of PAM stand without their folder. */
				       "/usr/lib/x86_64-linux-gnu/security/", "/usr/lib64/security/",
				       "/usr/lib/aarch64-linux-gnu/security/", "/usr/lib/security/",
				       /* So do libraries. */
				       "/usr/lib/x86_64-linux-gnu/", "/usr/lib/aarch64-linux-gnu/", "/usr/lib64/",
				       "/usr/lib/" };
#define FOLDERS (sizeof folders / sizeof *folders)

static bool is_whole(struct span path)
{
	return path.len && path.at[0] == '/';
}

static bool want(struct ledger *l, struct span machine, const char *folder, struct span path,
		 const char *how, struct err *err)
{
	struct span key = key_of(l, machine, folder, path);
	void **slot;

	if (!map_get(&l->wanted, key))
		key = arena_copy(&l->arena, key);
	slot = map_slot(&l->wanted, key);
	if (slot && !*slot) {
		struct wanted *w = ARENA_NEW(&l->arena, struct wanted);

		if (w)
			*w = (struct wanted){ .standing = STANDING_MISSING, .how = how };
		*slot = w;
	}
	return (slot && *slot) ||
	       err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many autostart entries");
}

bool starts_want(struct ledger *l, struct span machine, struct span path, const char *how, struct err *err)
{
	/* A merged /usr: both spellings are one place. */
	static const char *const merged[] = { "/bin/", "/sbin/", "/lib/", "/lib64/" };

	if (is_whole(path)) {
		for (size_t i = 0; i < sizeof merged / sizeof *merged; i++)
			if (span_starts(path, span_text(merged[i])) &&
			    !want(l, machine, "/usr", path, how, err))
				return false;
		return want(l, machine, "", path, how, err);
	}
	for (size_t i = 1; i < FOLDERS; i++)
		if (!want(l, machine, folders[i], path, how, err))
			return false;
	return true;
}

/* A script that runs by its place names itself: its path in the case. */
static struct span named_by(struct ledger *l, sqlite3_stmt *q, struct buf *to)
{
	struct span program = query_span(q, 3), item = query_span(q, 2);

	if (span_eq(program, item))
		program = machine_path(&l->machines, &l->arena, query_u64(q, 1, 0), item);
	return path_of(program, query_span(q, 5), to);
}

bool starts_collect(struct ledger *l, struct err *err)
{
	struct buf path = buf_new(PATH_MOST * 2);
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(l->db, entries_sql, &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct span machine = machine_name(&l->machines, query_u64(q, 1, 0), query_span(q, 2));
		struct span named = named_by(l, q, &path);
		char *how = arena_text(&l->arena, query_span(q, 4));

		if (named.len)
			ok = how && starts_want(l, machine, named, how, err);
	}
	sqlite3_finalize(q);
	buf_free(&path);
	return ok;
}

struct wanted *starts_find(struct ledger *l, struct span machine, struct span path)
{
	return map_get(&l->wanted, key_of(l, machine, "", path));
}

/* ---- the rows ---- */

const struct wanted *starts_target(struct ledger *l, struct span machine, struct span path)
{
	const struct wanted *best = NULL;

	for (size_t i = is_whole(path) ? 0 : 1; i < (is_whole(path) ? 1 : FOLDERS); i++) {
		const struct wanted *w = map_get(&l->wanted, key_of(l, machine, folders[i], path));
		bool is_better = w && best && !best->item && (w->item || (!best->link.len && w->link.len));

		if (w && (!best || is_better))
			best = w;
	}
	if (is_whole(path) && best && !best->item) {
		struct wanted *w = map_get(&l->wanted, key_of(l, machine, "/usr", path));

		best = w && (w->item || w->link.len) ? w : best;
	}
	return best;
}

/* Who vouches for the file in which the entry is written. */
static enum entry entry_of(struct ledger *l, uint64_t item, struct err *err)
{
	static const char sql[] =
		"SELECT item.path, trace.digest, item.sha256, trace.detail FROM item LEFT JOIN trace "
		"INDEXED BY trace_program ON trace.item IN (item.id, item.same_as) AND "
		"trace.kind = 'program' WHERE item.id = ?1 LIMIT 1";
	struct program p = { 0 };
	struct span source;
	sqlite3_stmt *q = NULL;
	enum entry entry = ENTRY_UNKNOWN;
	bool row = false, altered;

	if (!l->has_packages)
		return ENTRY_UNKNOWN;
	if (!query_prepare(l->db, sql, &q, err))
		return ENTRY_UNKNOWN;
	sqlite3_bind_int64(q, 1, (int64_t)item);
	if (query_step(q, &row, err) && row) {
		p.full = query_span(q, 0);
		p.digest = query_span(q, 1);
		p.sha256 = query_span(q, 2);
		p.detail = query_span(q, 3);
		entry = known_vouches(l, &p, &source, &altered) ? ENTRY_PACKAGED
			: altered ? ENTRY_ALTERED : ENTRY_LOCAL;
	}
	sqlite3_finalize(q);
	return entry;
}

static void add_reason(struct json_write *json, int64_t *points, int64_t more, const char *why)
{
	char text[160];

	*points += more;
	snprintf(text, sizeof text, "%s (%" PRId64 ")", why, more);
	json_text(json, text);
}

static int64_t rank_start(enum standing standing, enum entry entry, struct buf *to)
{
	struct json_write json = json_write_to(to);
	int64_t points = 0;

	json_array(&json);
	if (standing == STANDING_BAD)
		add_reason(&json, &points, 100, "a rule holds for what it starts");
	if (entry == ENTRY_ALTERED)
		add_reason(&json, &points, 60, "its package vouches for another content of the entry");
	if (standing == STANDING_UNKNOWN)
		add_reason(&json, &points, 30, "nothing vouches for what it starts");
	if (entry == ENTRY_LOCAL)
		add_reason(&json, &points, 20, "no package brought the entry");
	if (standing == STANDING_MISSING)
		add_reason(&json, &points, 10, "what it starts is not in the evidence");
	json_array_end(&json);
	return points;
}

/*
 * The item that the entry is written in. A link that switches a unit on is made when its
 * package is set up and stands in no database: who vouches for the unit vouches for it.
 */
static uint64_t written_in(sqlite3_stmt *q, const struct wanted *target)
{
	bool is_link = span_ends(query_span(q, 4), SPAN(" link"));

	return is_link && target && target->item ? target->item : query_u64(q, 6, 0);
}

static bool write_start(struct ledger *l, sqlite3_stmt *q, struct buf *path, struct err *err)
{
	struct span machine = machine_name(&l->machines, query_u64(q, 1, 0), query_span(q, 2));
	struct span named = named_by(l, q, path);
	const struct wanted *target = named.len ? links_follow(l, machine, starts_target(l, machine, named)) : NULL;
	struct case_start start = { .trace = query_u64(q, 0, 0), .machine = machine };
	enum standing standing = target ? target->standing : STANDING_NONE;
	struct err trouble = { 0 };
	enum entry entry = entry_of(l, written_in(q, target), &trouble);
	struct buf json = buf_new(4096);
	bool ok;

	start.target = target ? target->item : 0;
	start.standing = span_text(standing_name(standing));
	start.entry = span_text(entry_name(entry));
	start.rank = rank_start(standing, entry, &json);
	start.reasons = buf_span(&json);
	if (trouble.code != ERR_NONE) {
		*err = trouble;
		ok = false;
	} else {
		ok = case_add_start(l->file, &start, err);
	}
	l->totals->starts++;
	buf_free(&json);
	return ok;
}

bool starts_write(struct ledger *l, struct err *err)
{
	struct buf path = buf_new(PATH_MOST * 2);
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(l->db, entries_sql, &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row)
		ok = write_start(l, q, &path, err);
	sqlite3_finalize(q);
	buf_free(&path);
	return ok;
}
