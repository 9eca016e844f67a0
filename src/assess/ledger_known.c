/* Who vouches for a content: package databases of the machine, and hash sets that the user gave. */
#include "assess/ledger_job.h"

#include "case/query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MOST ((size_t)64 << 10)

static const char tables[] =
	"DROP TABLE IF EXISTS temp.known; DROP TABLE IF EXISTS temp.vouched;"
	"CREATE TEMP TABLE known(path TEXT, digest TEXT, label TEXT, what TEXT);"
	"DROP TABLE IF EXISTS temp.listed;"
	"CREATE TEMP TABLE listed(digest TEXT PRIMARY KEY, label TEXT) WITHOUT ROWID;"
	"CREATE TEMP TABLE vouched(digest TEXT PRIMARY KEY, label TEXT) WITHOUT ROWID";

/* Sources of Python that have something compiled beside them. */
static const char sources_sql[] =
	"DROP TABLE IF EXISTS temp.python_source; CREATE TEMP TABLE python_source(path TEXT PRIMARY KEY) WITHOUT ROWID;"
	"INSERT OR IGNORE INTO temp.python_source SELECT path FROM item WHERE path LIKE '%.py' AND fate IS NOT 'skipped' AND "
	"EXISTS (SELECT 1 FROM trace WHERE kind = 'program' AND what = 'compiled python')";

static bool is_merged(struct span path)
{
	return span_starts(path, SPAN("bin/")) || span_starts(path, SPAN("sbin/")) ||
	       span_starts(path, SPAN("lib/")) || span_starts(path, SPAN("lib32/")) ||
	       span_starts(path, SPAN("lib64/")) || span_starts(path, SPAN("libx32/"));
}

static bool add_known(struct ledger *l, struct span root, const char *under, struct span path,
		      struct span digest, struct span label, struct span what, struct err *err)
{
	sqlite3_stmt *s = l->add_known;
	bool row, ok;

	buf_clear(&l->key);
	buf_add(&l->key, root);
	buf_text(&l->key, under);
	buf_add(&l->key, path);
	sqlite3_bind_text(s, 1, (const char *)l->key.at, (int)l->key.len, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, (const char *)digest.at, (int)digest.len, SQLITE_STATIC);
	sqlite3_bind_text(s, 3, (const char *)label.at, (int)label.len, SQLITE_STATIC);
	sqlite3_bind_text(s, 4, (const char *)what.at, (int)what.len, SQLITE_STATIC);
	ok = query_step(s, &row, err);
	sqlite3_reset(s);
	return ok;
}

static bool load_packages(struct ledger *l, struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(l->db, "SELECT item.source, item.path, trace.path, trace.digest, "
				     "coalesce(trace.protocol || ' ', '') || coalesce(trace.name, ''), "
				     "trace.what FROM trace JOIN item ON item.id = trace.item "
				     "WHERE trace.kind = 'known' AND trace.digest IS NOT NULL AND "
				     "trace.what <> 'catalogue'", &q, err) &&
		       query_prepare(l->db, "INSERT INTO temp.known VALUES(?1, ?2, ?3, ?4)",
				     &l->add_known, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct span path = query_span(q, 1), file = query_span(q, 2);
		struct span root = span_sub(path, 0, machine_root(&l->machines, query_u64(q, 0, 0), path));

		l->has_packages = true;
		while (file.len && (file.at[0] == '/' || file.at[0] == '\\'))
			file = span_from(file, 1);
		ok = add_known(l, root, "/", file, query_span(q, 3), query_span(q, 4),
			       query_span(q, 5), err) &&
		     (!is_merged(file) || add_known(l, root, "/usr/", file, query_span(q, 3),
						    query_span(q, 4), query_span(q, 5), err));
	}
	sqlite3_finalize(q);
	return ok && query_exec(l->db, "CREATE INDEX temp.known_path ON known(path);"
				       "CREATE INDEX temp.known_digest ON known(digest)", err);
}

/* Of any machine of the case: what a trusted signer vouches for is good everywhere. */
static bool load_catalogues(struct ledger *l, struct err *err)
{
	bool ok = query_exec(l->db, "INSERT OR IGNORE INTO temp.listed SELECT digest, 'catalogue signed by ' || "
			     "coalesce(name, '?') FROM trace WHERE kind = 'known' AND what = 'catalogue' "
			     "AND command = 'signed' AND digest IS NOT NULL", err);

	l->has_catalogues = sqlite3_changes(l->db) > 0;
	return ok;
}

/* ---- hash sets ---- */

/* The digests that the case asks for: only these are kept of a set of any size. */
static bool load_asked(struct ledger *l, struct err *err)
{
	return query_exec(l->db,
		"DROP TABLE IF EXISTS temp.asked;"
		"CREATE TEMP TABLE asked(digest TEXT PRIMARY KEY) WITHOUT ROWID;"
		"INSERT OR IGNORE INTO temp.asked SELECT lower(hex(sha256)) FROM item "
		"WHERE sha256 IS NOT NULL AND (class IN ('executable', 'script') OR id IN "
		"(SELECT item FROM trace WHERE kind = 'program'));"
		"INSERT OR IGNORE INTO temp.asked SELECT substr(digest, instr(digest, ':') + 1) "
		"FROM trace WHERE kind = 'program' AND digest IS NOT NULL;"
		"INSERT OR IGNORE INTO temp.asked SELECT lower(json_extract(detail, '$.sha1')) "
		"FROM trace WHERE kind = 'program' AND json_valid(detail) AND "
		"json_extract(detail, '$.sha1') IS NOT NULL", err);
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

struct set {
	struct ledger *l;
	sqlite3_stmt *add;
	const char *name;
};

static bool add_digest(struct set *set, struct span digest, struct err *err)
{
	char lower[64];
	bool row, ok;

	for (size_t i = 0; i < digest.len; i++)
		lower[i] = (char)(digest.at[i] | (digest.at[i] >= 'A' && digest.at[i] <= 'F' ? 32 : 0));
	sqlite3_bind_text(set->add, 1, lower, (int)digest.len, SQLITE_STATIC);
	sqlite3_bind_text(set->add, 2, set->name, -1, SQLITE_STATIC);
	ok = query_step(set->add, &row, err);
	sqlite3_reset(set->add);
	return ok;
}

/* The next run of hex digits as long as an MD5, SHA-1 or SHA-256, cut off; all text forms have them. */
static bool next_digest(struct span *line, struct span *digest)
{
	size_t at = 0;

	while (at < line->len) {
		size_t start = at;

		while (at < line->len && is_hex(line->at[at]))
			at++;
		if (at - start == 32 || at - start == 40 || at - start == 64) {
			*digest = span_sub(*line, start, at - start);
			*line = span_from(*line, at);
			return true;
		}
		at += at == start;
	}
	return false;
}

static bool take_line(struct set *set, struct span line, struct err *err)
{
	struct span digest;

	while (next_digest(&line, &digest))
		if (!add_digest(set, digest, err))
			return false;
	return true;
}

static bool read_text_set(struct set *set, const char *path, struct err *err)
{
	FILE *file = fopen(path, "rb");
	char *line = malloc(LINE_MOST);
	bool ok = file && line;

	if (!ok)
		err_errno(err, errno, "cannot read '%s'", path);
	while (ok && fgets(line, (int)LINE_MOST, file))
		ok = take_line(set, span_text(line), err);
	free(line);
	if (file)
		fclose(file);
	return ok;
}

/*
 * NSRL RDSv3: a table or view METADATA (full) or FILE with columns sha256, sha1, md5. What is
 * opened is the caller's to close, on failure too.
 */
static bool open_rds(const char *path, sqlite3 **db, sqlite3_stmt **q, struct err *err)
{
	static const char *const from[] = {
		"SELECT sha256, sha1, md5 FROM FILE", "SELECT sha256, sha1, md5 FROM METADATA" };
	bool ok = sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;

	if (ok)
		sqlite3_exec(*db, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", NULL, NULL, NULL);
	for (size_t i = 0; ok && !*q && i < 2; i++)
		sqlite3_prepare_v2(*db, from[i], -1, q, NULL);
	return *q || err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "'%s' has no table FILE or METADATA with "
			     "sha256, sha1 and md5, as NSRL's RDSv3 has", path);
}

static bool read_rds(struct set *set, const char *path, struct err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	bool row, ok = open_rds(path, &db, &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row)
		for (int column = 0; ok && column < 3; column++)
			ok = take_line(set, query_span(q, column), err);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return ok;
}

static bool is_sqlite(const char *path)
{
	FILE *file = fopen(path, "rb");
	char start[16] = { 0 };
	bool is = file && fread(start, 1, 16, file) == 16 && !memcmp(start, "SQLite format 3", 16);

	if (file)
		fclose(file);
	return is;
}

static bool has_digest(const char *path, struct err *err)
{
	FILE *file = fopen(path, "rb");
	char *line = malloc(LINE_MOST);
	struct span digest, text;
	bool found = false, ok = file && line;

	while (ok && !found && fgets(line, (int)LINE_MOST, file)) {
		text = span_text(line);
		found = next_digest(&text, &digest);
	}
	if (!ok || ferror(file))
		err_errno(err, errno, "cannot read '%s'", path);
	else if (!found)
		err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is no hash set: there is no MD5, SHA-1 or SHA-256 in it", path);
	free(line);
	if (file)
		fclose(file);
	return found;
}

bool ledger_set_check(const char *path, struct err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	bool ok = is_sqlite(path) ? open_rds(path, &db, &q, err) : has_digest(path, err);

	sqlite3_finalize(q);
	sqlite3_close(db);
	return ok;
}

static bool load_set(struct ledger *l, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct set set = { .l = l, .name = slash ? slash + 1 : path };
	bool ok = query_prepare(l->db, "INSERT OR IGNORE INTO temp.vouched SELECT ?1, 'hash set ' || ?2 "
				"WHERE EXISTS (SELECT 1 FROM temp.asked WHERE digest = ?1)", &set.add, err);

	ok = ok && (is_sqlite(path) ? read_rds(&set, path, err) : read_text_set(&set, path, err));
	sqlite3_finalize(set.add);
	return ok;
}

/* When the files of each package were unpacked: of those that a package database names. */
static bool note_files(struct ledger *l, struct err *err)
{
	static const char sql[] =
		"SELECT item.source, item.path, item.changed, known.label FROM item JOIN temp.known ON "
		"known.path = item.path WHERE known.what = 'package file' AND known.label LIKE 'deb %' AND "
		"item.changed IS NOT NULL";
	struct buf info = buf_new((size_t)16 << 10);
	sqlite3_stmt *q = NULL;
	bool row, ok = !l->records.count || query_prepare(l->db, sql, &q, err);

	while (ok && q && (ok = query_step(q, &row, err)) && row) {
		struct span path = query_span(q, 1), label = span_from(query_span(q, 3), strlen("deb "));

		buf_clear(&info);
		buf_add(&info, span_sub(path, 0, machine_root(&l->machines, query_u64(q, 0, 0), path)));
		buf_text(&info, "/var/lib/dpkg/info/");
		buf_add(&info, span_sub(label, 0, span_find_byte(label, 0, ' ')));
		package_records_note(&l->records, buf_span(&info), query_time(q, 2));
	}
	sqlite3_finalize(q);
	buf_free(&info);
	return ok;
}

bool known_load(struct ledger *l, const struct ledger_options *options, struct err *err)
{
	bool ok = query_exec(l->db, tables, err) && load_packages(l, err) &&
		  load_catalogues(l, err);

	l->has_sets = options->known_good_count;
	ok = ok && package_records_load(l->db, &l->arena, &l->records, err) && note_files(l, err) &&
	     (!l->has_sets || load_asked(l, err));

	for (size_t i = 0; ok && i < options->known_good_count; i++)
		ok = load_set(l, options->known_good[i], err);
	return ok && query_exec(l->db, sources_sql, err) &&
	       query_prepare(l->db, "SELECT 1 FROM temp.python_source WHERE path = ?1", &l->known_source, err) &&
	       query_prepare(l->db, "SELECT above.id, above.source, above.path, above.sha256, trace.digest, trace.detail FROM "
			     "item JOIN item above ON above.id = item.parent JOIN trace INDEXED BY trace_program ON trace.item "
			     "IN (above.id, above.same_as) AND trace.kind = 'program' WHERE item.id = ?1 LIMIT 1",
			     &l->known_container, err) &&
	       query_prepare(l->db, "SELECT digest, label, what FROM temp.known WHERE path = ?1",
			     &l->known_path, err) &&
	       query_prepare(l->db, "SELECT label, path FROM temp.known WHERE digest = ?1 "
				    "ORDER BY path LIMIT 1", &l->known_digest, err) &&
	       query_prepare(l->db, "SELECT label FROM temp.listed WHERE digest = ?1", &l->known_listed, err) &&
	       query_prepare(l->db, "SELECT label FROM temp.vouched WHERE digest IN (?1, ?2, ?3)",
			     &l->known_set, err);
}

void known_free(struct ledger *l)
{
	sqlite3_finalize(l->known_path);
	sqlite3_finalize(l->known_digest);
	sqlite3_finalize(l->known_set);
	sqlite3_finalize(l->known_listed);
	sqlite3_finalize(l->known_source);
	sqlite3_finalize(l->known_container);
	sqlite3_finalize(l->add_known);
	sqlite3_exec(l->db, "DROP TABLE IF EXISTS temp.known; DROP TABLE IF EXISTS temp.vouched; "
			    "DROP TABLE IF EXISTS temp.asked; DROP TABLE IF EXISTS temp.listed; "
			    "DROP TABLE IF EXISTS temp.python_source", NULL, NULL, NULL);
}

/* ---- asking ---- */

/* A text without escapes of the program's detail; empty where it has none of that name. */
static struct span detail_of(const struct program *p, const char *key)
{
	size_t at = span_find(p->detail, 0, span_text(key));
	struct span rest = span_from(p->detail, at == SIZE_MAX ? p->detail.len : at + strlen(key));

	return span_starts(rest, SPAN("\":\"")) ? span_sub(rest, 3, span_find_byte(span_from(rest, 3), 0, '"'))
					       : (struct span){ 0 };
}

static struct span sha1_of(const struct program *p)
{
	return detail_of(p, "{\"sha1");
}

/* The program's own digest of that kind, as hex; empty where it was not taken. */
static struct span own_digest(const struct program *p, struct span kind, char hex[64])
{
	struct span word = p->digest;

	if (span_eq(span_split(&word, ':'), kind))
		return word;
	if (span_eq(kind, SPAN("sha1")))
		return sha1_of(p);
	if (!span_eq(kind, SPAN("sha256")) || p->sha256.len != 32)
		return (struct span){ 0 };
	for (size_t i = 0; i < 64; i++)
		hex[i] = "0123456789abcdef"[i % 2 ? p->sha256.at[i / 2] & 15 : p->sha256.at[i / 2] >> 4];
	return span_of(hex, 64);
}

/* A database's digest against the program's: of another kind than those that we took, it says nothing. */
static bool is_digest_of(const struct program *p, struct span digest, bool *comparable)
{
	char hex[64];
	struct span own = own_digest(p, span_split(&digest, ':'), hex);

	*comparable = own.len;
	return own.len && span_eq(own, digest);
}

static bool by_path(struct ledger *l, const struct program *p, struct span *source, bool *altered)
{
	sqlite3_stmt *q = l->known_path;
	struct err ignored;
	bool row, good = false;

	sqlite3_bind_text(q, 1, (const char *)p->full.at, (int)p->full.len, SQLITE_STATIC);
	while (!good && query_step(q, &row, &ignored) && row) {
		bool comparable;

		if (is_digest_of(p, query_span(q, 0), &comparable)) {
			good = true;
			*source = arena_copy(&l->arena, query_span(q, 1));
		} else if (comparable && !span_eq(query_span(q, 2), SPAN("conffile"))) {
			*altered = true;
			*source = arena_printf(&l->arena, "%.*s has another content",
					       SPAN_ARG(query_span(q, 1)));
		}
	}
	sqlite3_reset(q);
	*altered = *altered && !good;
	return good;
}

/* Every package has such files, and what an empty file does its place alone says. */
static bool is_empty(const struct program *p)
{
	return span_eq(p->digest, SPAN("md5:d41d8cd98f00b204e9800998ecf8427e"));
}

static bool by_digest(struct ledger *l, const struct program *p, struct span *source)
{
	static const char *const kinds[] = { "md5", "sha1", "sha256" };
	sqlite3_stmt *q = l->known_digest;
	struct err ignored;
	bool row = false;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !row; i++) {
		char hex[64], text[80];
		struct span own = own_digest(p, span_text(kinds[i]), hex);
		int len = snprintf(text, sizeof text, "%s:%.*s", kinds[i], SPAN_ARG(own));

		if (!own.len || len >= (int)sizeof text)
			continue;
		sqlite3_bind_text(q, 1, text, len, SQLITE_TRANSIENT);
		if (query_step(q, &row, &ignored) && row)
			*source = arena_printf(&l->arena, "copy of %.*s of %.*s",
					       SPAN_ARG(machine_path(&l->machines, &l->arena, 0, query_span(q, 1))),
					       SPAN_ARG(query_span(q, 0)));
		sqlite3_reset(q);
	}
	return row;
}

static bool by_set(struct ledger *l, const struct program *p, struct span *source)
{
	sqlite3_stmt *q = l->known_set;
	struct span digest = p->digest, sha1 = sha1_of(p);
	struct buf hex = buf_new(128);
	struct err ignored;
	bool row = false;

	buf_hex(&hex, p->sha256);
	span_split(&digest, ':');
	sqlite3_bind_text(q, 1, (const char *)hex.at, (int)hex.len, SQLITE_STATIC);
	sqlite3_bind_text(q, 2, (const char *)digest.at, (int)digest.len, SQLITE_STATIC);
	sqlite3_bind_text(q, 3, (const char *)sha1.at, (int)sha1.len, SQLITE_STATIC);
	if (query_step(q, &row, &ignored) && row)
		*source = arena_copy(&l->arena, query_span(q, 0));
	sqlite3_reset(q);
	buf_free(&hex);
	return row;
}

static bool is_listed(struct ledger *l, const char *kind, struct span hex, struct span *source)
{
	sqlite3_stmt *q = l->known_listed;
	struct err ignored;
	char text[80];
	int len = snprintf(text, sizeof text, "%s:%.*s", kind, SPAN_ARG(hex));
	bool row = false;

	if (!hex.len || len >= (int)sizeof text)
		return false;
	sqlite3_bind_text(q, 1, text, len, SQLITE_STATIC);
	if (query_step(q, &row, &ignored) && row)
		*source = arena_copy(&l->arena, query_span(q, 0));
	sqlite3_reset(q);
	return row;
}

/* A program by its digest without signatures, any other file by that of its bytes. */
static bool by_catalogue(struct ledger *l, const struct program *p, struct span *source)
{
	char hex[64];

	return is_listed(l, "sha1", detail_of(p, "\"authentihash_sha1"), source) ||
	       is_listed(l, "sha256", detail_of(p, "\"authentihash_sha256"), source) ||
	       is_listed(l, "sha1", sha1_of(p), source) ||
	       is_listed(l, "sha256", own_digest(p, SPAN("sha256"), hex), source);
}

/*
 * dpkg keeps no digest of the scripts that it runs when a package is changed; that nobody
 * wrote them since it was installed is all that can be known.
 */
static bool by_record(struct ledger *l, const struct program *p, struct span *source)
{
	static const char *const ends[] = { ".preinst", ".postinst", ".prerm", ".postrm", ".config" };
	const struct package_record *r = package_record_of(&l->records, p->full);

	for (size_t i = 0; r && i < sizeof ends / sizeof *ends; i++)
		if (span_ends(p->full, span_text(ends[i])) && p->modified != TIME_NONE &&
		    !package_record_is_later(r, p->modified, p->changed)) {
			*source = SPAN("deb, script of a package, not written since it was installed");
			return true;
		}
	return false;
}

/*
 * Compiled Python that lies beside its source is what Python made of it; who vouches for the
 * source is told with the source. That nobody exchanged it is not known.
 */
static bool by_source(struct ledger *l, const struct program *p, struct span *source)
{
	struct err ignored;
	bool row = false;

	if (!(span_ends(p->full, SPAN(".pyc")) || span_ends(p->full, SPAN(".pyo"))) ||
	    span_has_any(p->detail, "\"source\":\"never compared\"|\"source\":\"another\""))
		return false;
	sqlite3_bind_text(l->known_source, 1, (const char *)p->full.at, (int)p->full.len - 1, SQLITE_STATIC);
	if (query_step(l->known_source, &row, &ignored) && row)
		*source = SPAN("compiled, beside its source, which has all names in it");
	sqlite3_reset(l->known_source);
	return row;
}

bool known_vouches(struct ledger *l, const struct program *p, struct span *source, bool *altered)
{
	*altered = false;
	if (l->has_packages && by_path(l, p, source, altered))
		return true;
	if (*altered)
		return false;
	if (span_eq(p->signature, SPAN("signed"))) {
		*source = arena_printf(&l->arena, "signed by %.*s", SPAN_ARG(p->signer));
		return true;
	}
	return (l->has_catalogues && by_catalogue(l, p, source)) ||
	       (l->has_packages && !is_empty(p) && by_digest(l, p, source)) || (l->has_sets && by_set(l, p, source)) ||
	       (l->has_packages && by_record(l, p, source)) || by_source(l, p, source);
}

/* Of a member that is an archive itself, the one that it lies in is asked too. */
#define CONTAINERS_MOST 4

static bool is_container_known(struct ledger *l, sqlite3_stmt *q, struct span *source)
{
	struct program above = { .full = query_span(q, 2), .sha256 = query_span(q, 3), .digest = query_span(q, 4),
				 .detail = query_span(q, 5) };
	bool altered;

	above.path = machine_path(&l->machines, &l->arena, query_u64(q, 1, 0), above.full);
	above.machine = machine_name(&l->machines, query_u64(q, 1, 0), above.full);
	return known_vouches(l, &above, source, &altered);
}

bool known_contains(struct ledger *l, const struct program *p, struct span *source)
{
	uint64_t item = p->item;
	struct span found = { 0 };
	bool row = span_find(p->full, 0, SPAN("!/")) != SIZE_MAX, is_known = false;
	struct err ignored;

	for (int i = 0; row && !is_known && i < CONTAINERS_MOST; i++) {
		sqlite3_bind_int64(l->known_container, 1, (int64_t)item);
		row = query_step(l->known_container, &row, &ignored) && row;
		item = row ? query_u64(l->known_container, 0, 0) : 0;
		/* Members of one archive come one behind the other. */
		if (row && item == l->container) {
			is_known = l->container_source.len > 0;
			found = l->container_source;
		} else if (row) {
			is_known = is_container_known(l, l->known_container, &found);
			l->container = item;
			l->container_source = is_known ? arena_copy(&l->arena, found) : (struct span){ 0 };
			found = l->container_source;
		}
		sqlite3_reset(l->known_container);
	}
	if (is_known)
		*source = arena_printf(&l->arena, "inside a file of %.*s", SPAN_ARG(found));
	return is_known;
}
