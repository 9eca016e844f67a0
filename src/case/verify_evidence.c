#include "case/verify_steps.h"

#include "base/arena.h"
#include "case/query.h"
#include "codec/digest.h"
#include "os/read_only.h"

#define SOURCES_MOST 4096
#define EVIDENCE_MOST 256

/* A source of the case and where it lies now; NULL: nobody said. */
struct place_now {
	uint64_t id;
	struct span path;
	const char *evidence;
};

struct rehash {
	struct place_now *sources;
	size_t count;
	const char *const *given;
	size_t given_count;
	bool is_taken[EVIDENCE_MOST];
	uint64_t same, changed, missing;
	char first[160];		/* that is not the same */
	struct digest *digest;
};

static void add_piece(void *context, struct span piece)
{
	struct rehash *r = context;

	digest_add(r->digest, piece);
}

static struct span last_name(struct span path)
{
	while (path.len > 1 && path.at[path.len - 1] == '/')
		path.len--;
	return span_after_last(path, '/');
}

static bool is_below(struct span item, struct span source)
{
	return span_starts(item, source) && (item.len == source.len || item.at[source.len] == '/' ||
					     (source.len && source.at[source.len - 1] == '/'));
}

/* Beside a source that was a file lie those that belong to it; in a folder it lies by its last name. */
static void write_place(struct buf *to, const char *evidence, struct span item, struct span source)
{
	struct span name = last_name(item), given = span_text(evidence);

	if (is_below(item, source) && item.len > source.len) {
		item = span_from(item, source.len);
		buf_add(to, given);
		buf_add_u8(to, '/');
		buf_add(to, item.at[0] == '/' ? span_from(item, 1) : item);
	} else if (read_only_is_folder(evidence)) {
		buf_add(to, given);
		buf_add_u8(to, '/');
		buf_add(to, name);
	} else if (is_below(item, source)) {
		buf_add(to, given);
	} else {
		buf_add(to, span_sub(given, 0, given.len - last_name(given).len));
		buf_add(to, name);
	}
}

static void rehash_one(struct rehash *r, const char *path, struct span sha256)
{
	uint8_t found[DIGEST_MAX];
	struct err err = { 0 };
	bool read = read_only_each(path, add_piece, r, &err), same;

	digest_done(r->digest, found);
	same = read && span_eq(span_of(found, SHA256_SIZE), sha256);
	r->missing += !read;
	r->same += same;
	r->changed += read && !same;
	if (!same && !r->first[0])
		strncpy(r->first, path, sizeof r->first - 1);
}

/* ---- which path stands for which source ---- */

static bool read_sources(struct rehash *r, struct case_file *c, struct arena *arena, struct err *err)
{
	sqlite3_stmt *s;
	bool row, ok = query_prepare(case_db(c), "SELECT id, coalesce(path_raw, path) FROM source ORDER BY id", &s, err);

	r->sources = ARENA_ARRAY(arena, SOURCES_MOST, struct place_now);
	while (ok && r->sources && r->count < SOURCES_MOST && (ok = query_step(s, &row, err)) && row)
		r->sources[r->count++] = (struct place_now){ (uint64_t)sqlite3_column_int64(s, 0),
							     arena_copy(arena, query_span(s, 1)), NULL };
	sqlite3_finalize(s);
	return ok;
}

/* By their last names first; what is left in order, where nothing else can be meant. */
static void place_sources(struct rehash *r, const struct verify_options *options)
{
	size_t count = options->evidence_count < EVIDENCE_MOST ? options->evidence_count : EVIDENCE_MOST;

	r->given = options->evidence;
	r->given_count = count;
	for (int by_name = 1; by_name >= 0; by_name--)
		for (size_t i = 0; i < r->count && (by_name || count == r->count); i++)
			for (size_t k = 0; k < count && !r->sources[i].evidence; k++) {
				if (r->is_taken[k] || (by_name && !span_eq(last_name(span_text(options->evidence[k])),
									last_name(r->sources[i].path))))
					continue;
				r->sources[i].evidence = options->evidence[k];
				r->is_taken[k] = true;
			}
}

static const char *evidence_of(const struct rehash *r, uint64_t source)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->sources[i].id == source)
			return r->sources[i].evidence;
	return NULL;
}

static bool rehash_all(struct rehash *r, struct case_file *c, struct err *err)
{
	sqlite3_stmt *s;
	bool row, ok = query_prepare(case_db(c), "SELECT coalesce(i.path_raw, i.path), "
						 "coalesce(s.path_raw, s.path), i.sha256, s.id FROM item i "
						 "JOIN source s ON s.id = i.source "
						 "WHERE i.parent IS NULL AND i.sha256 IS NOT NULL", &s, err);

	while (ok && (ok = query_step(s, &row, err)) && row) {
		const char *evidence = evidence_of(r, (uint64_t)sqlite3_column_int64(s, 3));
		struct buf path = buf_new(2 * CASE_PATH_MAX);

		if (evidence) {
			write_place(&path, evidence, query_span(s, 0), query_span(s, 1));
			rehash_one(r, path.overflow ? "" : (char *)path.at, query_span(s, 2));
		}
		buf_free(&path);
	}
	sqlite3_finalize(s);
	return ok;
}

static void say_result(struct verify *v, const struct rehash *r)
{
	if (r->changed || r->missing)
		verify_say(v, VERIFY_BROKEN, "evidence",
			   "%llu files are the same, %llu differ, %llu are not there; first '%s'",
			   (unsigned long long)r->same, (unsigned long long)r->changed,
			   (unsigned long long)r->missing, r->first);
	else if (r->same)
		verify_say(v, VERIFY_HOLDS, "evidence", "all %llu files have the SHA-256 they had",
			   (unsigned long long)r->same);
	for (size_t k = 0; k < r->given_count; k++)
		if (!r->is_taken[k])
			verify_say(v, VERIFY_NOT_PROVEN, "evidence", "'%s' is none of the sources by its name, and "
				   "not one was given for each", r->given[k]);
	for (size_t i = 0; i < r->count; i++)
		if (!r->sources[i].evidence)
			verify_say(v, VERIFY_NOT_PROVEN, "evidence",
				   "that '%.*s' is still what was read: where it lies now was not given (--evidence)",
				   SPAN_ARG(r->sources[i].path));
}

void verify_evidence(struct verify *v, struct case_file *c, const struct verify_options *options)
{
	struct rehash r = { .digest = options->evidence_count ? digest_new(DIGEST_SHA256) : NULL };
	struct arena arena = arena_new((size_t)64 << 20);
	struct err err = { 0 };

	if (r.digest && read_sources(&r, c, &arena, &err)) {
		place_sources(&r, options);
		if (rehash_all(&r, c, &err))
			say_result(v, &r);
	}
	if (err.code)
		verify_failed(v, "evidence", &err);
	digest_free(r.digest);
	arena_free(&arena);
}
