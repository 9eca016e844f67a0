#include "case/verify_steps.h"

#include <stdio.h>
#include <stdlib.h>

#include "case/query.h"
#include "case/seal.h"
#include "codec/merkle.h"
#include "codec/rfc3161.h"

#define SEALS_MAX 4096

/* A checkpoint of the case, or the one that the caller kept. */
struct mark {
	char name[32];			/* "seal 1", or "the kept checkpoint" */
	struct checkpoint checkpoint;
	struct buf note, token;
	bool reached;			/* the log has as many entries */
};

struct log_check {
	struct verify *v;
	struct case_file *c;
	const struct verify_options *options;
	const struct verify_keys *keys;
	struct mark *marks;		/* in the order of their numbers; the kept one last */
	size_t count;
	struct merkle tree;
	struct buf origin;
	bool differs;			/* from what a seal signed */
};

/* The key that a "sealed" entry names, right before the end of the checkpoint's tree. */
static bool own_word(struct log_check *l, uint64_t size, struct note_key *key)
{
	struct err err = { 0 };
	sqlite3_stmt *s;
	bool row, ok = query_prepare(case_db(l->c), "SELECT json_extract(body, '$.facts.key') "
						    "FROM custody WHERE id = ?1 AND "
						    "json_extract(body, '$.kind') = 'sealed'",
				     &s, &err);

	ok = ok && sqlite3_bind_int64(s, 1, (int64_t)(size - 1)) == SQLITE_OK &&
	     query_step(s, &row, &err) && row && note_key_parse(query_span(s, 0), key, &err);
	sqlite3_finalize(s);
	return ok;
}

enum signer { SIGNER_NONE, SIGNER_UNKNOWN, SIGNER_TRUSTED };

static enum signer find_signer(struct log_check *l, const struct mark *m, struct note_key *key)
{
	struct err err = { 0 };
	struct span text;

	for (size_t i = 0; i < l->keys->count; i++) {
		*key = l->keys->keys[i];
		if (note_verify(buf_span(&m->note), key, &text, &err))
			return SIGNER_TRUSTED;
		if (err.code == ERR_CORRUPT)
			return SIGNER_NONE;
	}
	if (l->keys->given || !own_word(l, m->checkpoint.size, key))
		return SIGNER_NONE;
	return note_verify(buf_span(&m->note), key, &text, &err) ? SIGNER_UNKNOWN : SIGNER_NONE;
}

static void check_signature(struct log_check *l, const struct mark *m)
{
	struct buf text = buf_new(1024);
	struct note_key key;
	enum signer signer = find_signer(l, m, &key);

	note_key_text(&text, &key);
	if (signer == SIGNER_NONE)
		verify_say(l->v, VERIFY_BROKEN, "signature", "%s is not signed by a key %s", m->name,
			   l->keys->given ? "that you trust" : "that the case names");
	else if (signer == SIGNER_TRUSTED)
		verify_say(l->v, VERIFY_HOLDS, "signature", "%s is signed by %s", m->name,
			   (char *)text.at);
	else
		verify_say(l->v, VERIFY_NOT_PROVEN, "signer",
			   "who signed %s: the case names %s; ask its owner and give it (--key)",
			   m->name, (char *)text.at);
	buf_free(&text);
}

static void check_token(struct log_check *l, const struct mark *m)
{
	const char *ca = l->options->timestamp_ca;
	uint8_t digest[SHA256_SIZE];
	struct rfc3161 stamp;
	struct buf time = buf_new(64);
	struct err err = { 0 };

	if (m->token.len == 0)
		return;
	sha256_of(buf_span(&m->note), digest);
	if (!rfc3161_check(buf_span(&m->token), digest, ca, &stamp, &err)) {
		verify_failed(l->v, "time stamp", &err);
		return;
	}
	timestamp_format(&time, stamp.time, 0);
	verify_say(l->v, ca ? VERIFY_HOLDS : VERIFY_NOT_PROVEN, "time stamp",
		   "%s was there at %s, %s %s%s", m->name, (char *)time.at,
		   ca ? "says" : "but nobody vouches for", stamp.authority[0] ? stamp.authority : "?",
		   ca ? "" : " (--timestamp-ca)");
	buf_free(&time);
}

/* `number` 0: the kept checkpoint. */
static bool add_mark(struct log_check *l, uint64_t number, struct span note, struct span token)
{
	struct mark *m = &l->marks[l->count];
	struct err err = { 0 };

	*m = (struct mark){ .note = buf_new(NOTE_MAX), .token = buf_new(RFC3161_MAX) };
	if (number)
		snprintf(m->name, sizeof m->name, "seal %llu", (unsigned long long)number);
	else
		snprintf(m->name, sizeof m->name, "the kept checkpoint");
	l->count++;
	buf_add(&m->note, note);
	buf_add(&m->token, token);
	if (m->note.overflow || m->token.overflow ||
	    !checkpoint_parse(buf_span(&m->note), &m->checkpoint, &err)) {
		verify_say(l->v, VERIFY_BROKEN, "seal", "%s is no checkpoint", m->name);
		return false;
	}
	if (!span_eq(m->checkpoint.origin, buf_span(&l->origin))) {
		verify_say(l->v, VERIFY_BROKEN, "seal", "%s is of another case", m->name);
		return false;
	}
	return true;
}

/* Numbers run from 1 without gap, and each seal covers more than the one before. */
static bool in_order(struct log_check *l, uint64_t number)
{
	const struct mark *m = &l->marks[l->count - 1];

	if (number == l->count && m->checkpoint.size >= 1 &&
	    (l->count == 1 || m->checkpoint.size > m[-1].checkpoint.size))
		return true;
	verify_say(l->v, VERIFY_BROKEN, "seal", "seal %llu is out of order",
		   (unsigned long long)number);
	return false;
}

static bool read_origin(struct log_check *l, struct err *err)
{
	sqlite3_stmt *s;
	bool row, ok = query_prepare(case_db(l->c), "SELECT value FROM meta WHERE name = 'case'", &s,
				     err) && query_step(s, &row, err);

	buf_text(&l->origin, SEAL_ORIGIN);
	if (ok && row)
		buf_add(&l->origin, query_span(s, 0));
	sqlite3_finalize(s);
	return ok;
}

static bool read_seals(struct log_check *l)
{
	struct err err = { 0 };
	sqlite3_stmt *s;
	bool row, ok = query_prepare(case_db(l->c), "SELECT id, note, token FROM checkpoint ORDER BY id",
				     &s, &err);

	while (ok && (ok = query_step(s, &row, &err)) && row && l->count < SEALS_MAX) {
		uint64_t number = query_u64(s, 0, 0);

		if (!add_mark(l, number, query_span(s, 1), query_span(s, 2)) || !in_order(l, number)) {
			sqlite3_finalize(s);
			return false;
		}
	}
	sqlite3_finalize(s);
	l->v->seals = l->count;
	if (!ok)
		return verify_failed(l->v, "seal", &err);
	if (l->options->kept.len)
		return add_mark(l, 0, l->options->kept, span_of(NULL, 0));
	return true;
}

static void compare_roots(struct log_check *l)
{
	uint8_t root[SHA256_SIZE];

	for (size_t i = 0; i < l->count; i++) {
		struct mark *m = &l->marks[i];

		if (m->checkpoint.size != l->tree.size)
			continue;
		merkle_root(&l->tree, root);
		m->reached = true;
		if (!memcmp(root, m->checkpoint.root, SHA256_SIZE))
			continue;
		l->differs = true;
		verify_say(l->v, VERIFY_BROKEN, "log", "the custody log is not what %s signed", m->name);
	}
}

/* Sizes grow, so looking at all marks happens only where one of them may fit. */
static bool is_mark(const struct log_check *l, uint64_t size)
{
	size_t low = 0, high = l->v->seals;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->marks[middle].checkpoint.size < size)
			low = middle + 1;
		else
			high = middle;
	}
	return (low < l->v->seals && l->marks[low].checkpoint.size == size) ||
	       (l->count > l->v->seals && l->marks[l->count - 1].checkpoint.size == size);
}

static bool walk_log(struct log_check *l)
{
	struct err err = { 0 };
	sqlite3_stmt *s;
	bool row, ok = query_prepare(case_db(l->c), "SELECT id, body, typeof(body) = 'text' AND "
						    "json_valid(body) AND json_extract(body, '$.seq') = id "
						    "FROM custody ORDER BY id", &s, &err);

	while (ok && (ok = query_step(s, &row, &err)) && row) {
		if (query_u64(s, 0, UINT64_MAX) != l->tree.size || sqlite3_column_int(s, 2) != 1) {
			verify_say(l->v, VERIFY_BROKEN, "log", "entry %llu is missing or malformed",
				   (unsigned long long)l->tree.size);
			sqlite3_finalize(s);
			return false;
		}
		merkle_add(&l->tree, query_span(s, 1));
		if (is_mark(l, l->tree.size))
			compare_roots(l);
	}
	sqlite3_finalize(s);
	l->v->entries = l->tree.size;
	return ok || verify_failed(l->v, "log", &err);
}

static void conclude(struct log_check *l)
{
	unsigned long long entries = l->v->entries, sealed;

	for (size_t i = 0; i < l->count; i++) {
		if (l->marks[i].reached)
			continue;
		l->differs = true;
		verify_say(l->v, VERIFY_BROKEN, "log", "the custody log has %llu entries, %s signed %llu",
			   entries, l->marks[i].name, (unsigned long long)l->marks[i].checkpoint.size);
	}
	if (l->v->seals == 0) {
		verify_say(l->v, VERIFY_BROKEN, "seal", "the case was never sealed, or its seals were removed");
		return;
	}
	sealed = l->marks[l->v->seals - 1].checkpoint.size;
	if (sealed < entries)
		verify_say(l->v, VERIFY_BROKEN, "seal", "%llu entries came after the last seal",
			   entries - sealed);
	else if (!l->differs)
		verify_say(l->v, VERIFY_HOLDS, "log", "all %llu entries of the custody log are as sealed",
			   entries);
}

static void check_marks(struct log_check *l)
{
	for (size_t i = 0; i < l->count; i++) {
		check_signature(l, &l->marks[i]);
		check_token(l, &l->marks[i]);
	}
}

void verify_log(struct verify *v, struct case_file *c, const struct verify_options *options,
		const struct verify_keys *keys)
{
	struct log_check l = { .v = v, .c = c, .options = options, .keys = keys,
			       .origin = buf_new(NOTE_MAX) };
	struct err err = { 0 };

	l.marks = calloc(SEALS_MAX + 1, sizeof *l.marks);
	if (!l.marks)
		verify_say(v, VERIFY_BROKEN, "log", "out of memory");
	else if (!read_origin(&l, &err))
		verify_failed(v, "log", &err);
	else if (read_seals(&l) && walk_log(&l)) {
		check_marks(&l);
		conclude(&l);
	}
	for (size_t i = 0; i < l.count; i++) {
		buf_free(&l.marks[i].note);
		buf_free(&l.marks[i].token);
	}
	free(l.marks);
	buf_free(&l.origin);
}
