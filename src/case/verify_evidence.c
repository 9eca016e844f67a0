#include "case/verify_steps.h"

#include "case/query.h"
#include "codec/digest.h"
#include "os/read_only.h"

struct rehash {
	uint64_t same, changed, missing;
	char first[160];		/* that is not the same */
	struct digest *digest;
};

static void add_piece(void *context, struct span piece)
{
	struct rehash *r = context;

	digest_add(r->digest, piece);
}

/* What of the item's path comes after its source's: the source itself may be the file. */
static struct span below(struct span item, struct span source)
{
	if (!span_starts(item, source))
		return item;
	item = span_from(item, source.len);
	while (item.len && item.at[0] == '/')
		item = span_from(item, 1);
	return item;
}

static void write_place(struct buf *to, const char *evidence, struct span item, struct span source)
{
	struct span rest = below(item, source);

	buf_text(to, evidence);
	if (!read_only_is_folder(evidence))
		return;
	/* The source was a file: it lies in the folder by its last name. */
	while (rest.len == 0 && source.len) {
		struct span tail = source;
		struct span name = span_split(&tail, '/');

		if (tail.len == 0)
			rest = name;
		source = tail;
	}
	buf_add_u8(to, '/');
	buf_add(to, rest);
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

static bool rehash_all(struct rehash *r, struct case_file *c, const char *evidence, struct err *err)
{
	sqlite3_stmt *s;
	bool row, ok = query_prepare(case_db(c), "SELECT coalesce(i.path_raw, i.path), "
						 "coalesce(s.path_raw, s.path), i.sha256 FROM item i "
						 "JOIN source s ON s.id = i.source "
						 "WHERE i.parent IS NULL AND i.sha256 IS NOT NULL", &s, err);

	while (ok && (ok = query_step(s, &row, err)) && row) {
		struct buf path = buf_new(2 * CASE_PATH_MAX);

		write_place(&path, evidence, query_span(s, 0), query_span(s, 1));
		rehash_one(r, path.overflow ? "" : (char *)path.at, query_span(s, 2));
		buf_free(&path);
	}
	sqlite3_finalize(s);
	return ok;
}

void verify_evidence(struct verify *v, struct case_file *c, const char *path)
{
	struct rehash r = { .digest = path ? digest_new(DIGEST_SHA256) : NULL };
	struct err err = { 0 };

	if (!r.digest)
		return;
	if (!rehash_all(&r, c, path, &err))
		verify_failed(v, "evidence", &err);
	else if (r.changed || r.missing)
		verify_say(v, VERIFY_BROKEN, "evidence",
			   "%llu files are the same, %llu differ, %llu are not there; first '%s'",
			   (unsigned long long)r.same, (unsigned long long)r.changed,
			   (unsigned long long)r.missing, r.first);
	else
		verify_say(v, VERIFY_HOLDS, "evidence", "all %llu files have the SHA-256 they had",
			   (unsigned long long)r.same);
	digest_free(r.digest);
}
