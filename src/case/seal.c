#include "case/seal.h"

#include <stdio.h>
#include <stdlib.h>

#include "case/contents.h"
#include "case/recorder.h"
#include "codec/json_write.h"
#include "codec/merkle.h"
#include "os/helper.h"
#include "os/machine.h"
#include "os/private_file.h"

#define KEY_FILE_MAX 1024
#define SIGNER_SECONDS 60

struct signer {
	const char *path;
	bool make;
	struct span text;		/* to sign; empty: only tell the key */
};

/* "kanshiki/" and the machine's name, in what a key's name may have. */
static void key_name(struct buf *to)
{
	struct machine here = machine_here();

	buf_text(to, "kanshiki/");
	for (const char *at = here.host; *at; at++)
		buf_add_u8(to, strchr("+ ", *at) || *at < '!' || *at > '~' ? '-' : (uint8_t)*at);
}

/* NAME.pub beside the key: what to hand to those who shall verify. */
static bool write_public(const struct note_key *key, const char *path, struct err *err)
{
	struct buf name = buf_new(8192), text = buf_new(KEY_FILE_MAX);
	bool ok;

	buf_printf(&name, "%s.pub", path);
	note_key_text(&text, key);
	buf_add_u8(&text, '\n');
	private_file_remove((const char *)name.at);
	ok = private_file_write((const char *)name.at, buf_span(&text), err);
	buf_free(&name);
	buf_free(&text);
	return ok;
}

static bool make_key(struct note_secret *secret, const char *path, struct err *err)
{
	struct buf name = buf_new(NOTE_NAME_MAX), text = buf_new(KEY_FILE_MAX);
	bool ok;

	key_name(&name);
	ok = note_secret_make(secret, buf_span(&name), err);
	note_secret_text(&text, secret);
	buf_add_u8(&text, '\n');
	ok = ok && private_file_write(path, buf_span(&text), err) &&
	     write_public(&secret->key, path, err);
	if (text.at)
		explicit_bzero(text.at, text.room);
	buf_free(&name);
	buf_free(&text);
	return ok;
}

static bool load_key(struct note_secret *secret, const char *path, struct err *err)
{
	struct buf text = buf_new(KEY_FILE_MAX);
	bool ok = private_file_read_secret(path, &text, err) &&
		  (note_secret_parse(secret, buf_span(&text), err) ||
		   err_prefix(err, "'%s'", path));

	if (text.at)
		explicit_bzero(text.at, text.room);
	buf_free(&text);
	return ok;
}

/* In the helper: answers 'm' or 'k' (made, known), the verifier key, newline, the note. */
static bool signer_work(void *context, struct buf *answer, struct err *err)
{
	const struct signer *s = context;
	struct note_secret *secret = note_secret_new();
	bool make = s->make && !private_file_exists(s->path);
	bool ok = secret || err_set(err, ERR_IO, ERR_NO_OFFSET, "cannot lock memory for the key");

	ok = ok && (make ? make_key(secret, s->path, err) : load_key(secret, s->path, err));
	if (ok) {
		buf_add_u8(answer, make ? 'm' : 'k');
		note_key_text(answer, &secret->key);
		buf_add_u8(answer, '\n');
	}
	ok = ok && (s->text.len == 0 || note_sign(answer, s->text, secret, err));
	note_secret_free(secret);
	return ok;
}

static bool ask_signer(struct signer *s, struct seal *out, struct buf *note, struct err *err)
{
	struct buf answer = buf_new(NOTE_MAX);
	struct span rest, line;
	bool ok = helper_ask(signer_work, s, SIGNER_SECONDS, &answer, err);

	rest = buf_span(&answer);
	line = span_split(&rest, '\n');
	ok = ok && note_key_parse(span_from(line, 1), &out->key, err);
	if (ok && line.at[0] == 'm')
		out->made_key = true;
	if (ok && note)
		buf_add(note, rest);
	buf_free(&answer);
	return ok;
}

bool seal_default_key_path(char *room, size_t size, bool make_folder)
{
	char *folder = private_config_dir(make_folder);
	int len = folder ? snprintf(room, size, "%s/key", folder) : -1;

	free(folder);
	return len > 0 && (size_t)len < size;
}

bool seal_key(const char *path, bool make, struct seal *out, struct err *err)
{
	struct signer s = { .path = out->key_path, .make = make };

	*out = (struct seal){ .note = buf_new(NOTE_MAX) };
	if (path && strlen(path) < sizeof out->key_path)
		snprintf(out->key_path, sizeof out->key_path, "%s", path);
	else if (path || !seal_default_key_path(out->key_path, sizeof out->key_path, make))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
			       "no place for the signing key: set HOME or give its file");
	return ask_signer(&s, out, NULL, err);
}

void seal_free(struct seal *seal)
{
	if (seal)
		buf_free(&seal->note);
}

static bool add_contents(struct case_file *c, struct err *err)
{
	struct buf facts = buf_new(CASE_TEXT_MAX);
	struct contents known[TABLE_COUNT];
	bool ok;

	ahead_take(c, known);
	ok = contents_facts(c->db, known, &facts, err) && custody_add(c, "contents", buf_span(&facts), err);

	buf_free(&facts);
	return ok;
}

static bool add_sealed(struct case_file *c, const struct note_key *key, struct err *err)
{
	struct buf facts = buf_new(NOTE_MAX), text = buf_new(NOTE_MAX);
	struct json_write w = json_write_to(&facts);
	bool ok;

	note_key_text(&text, key);
	json_object(&w);
	json_key(&w, "key");
	json_span(&w, buf_span(&text));
	json_object_end(&w);
	ok = custody_add(c, "sealed", buf_span(&facts), err);
	buf_free(&facts);
	buf_free(&text);
	return ok;
}

static bool log_root(struct case_file *c, struct checkpoint *out, struct err *err)
{
	struct merkle m = { 0 };
	sqlite3_stmt *s;
	bool row, ok = query_prepare(c->db, "SELECT body FROM custody ORDER BY id", &s, err);

	while (ok && (ok = query_step(s, &row, err)) && row)
		merkle_add(&m, query_span(s, 0));
	sqlite3_finalize(s);
	out->size = m.size;
	merkle_root(&m, out->root);
	return ok;
}

static bool case_origin(struct case_file *c, struct buf *to, struct err *err)
{
	sqlite3_stmt *s;
	bool row, ok = query_prepare(c->db, "SELECT value FROM meta WHERE name = 'case'", &s, err) &&
		       query_step(s, &row, err);

	buf_text(to, SEAL_ORIGIN);
	if (ok && row)
		buf_add(to, query_span(s, 0));
	sqlite3_finalize(s);
	return ok;
}

static bool sign_log(struct case_file *c, struct seal *seal, struct err *err)
{
	struct buf origin = buf_new(NOTE_NAME_MAX), text = buf_new(NOTE_MAX);
	struct signer s = { .path = seal->key_path };
	struct checkpoint checkpoint;
	struct note_key announced = seal->key;
	struct span signed_text;
	bool ok = case_origin(c, &origin, err) && log_root(c, &checkpoint, err);

	checkpoint.origin = buf_span(&origin);
	checkpoint_text(&text, &checkpoint);
	s.text = buf_span(&text);
	/* Against a key file that was exchanged since, and a signer gone wrong. */
	ok = ok && ask_signer(&s, seal, &seal->note, err) &&
	     note_verify(buf_span(&seal->note), &announced, &signed_text, err) &&
	     (span_eq(signed_text, s.text) ||
	      err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "the signer signed something else"));
	buf_free(&origin);
	buf_free(&text);
	return ok;
}

static bool add_checkpoint(struct case_file *c, struct span note, struct err *err)
{
	struct row row = row_begin(c, TABLE_CHECKPOINT);

	row_text(&row, note);
	row_blob(&row, span_of(NULL, 0));
	return row_end(&row, err);
}

bool case_seal(struct case_file *c, const char *key_path, struct seal *out, struct err *err)
{
	uint64_t entries;

	if (!seal_key(key_path, !key_path, out, err) || !recorder_commit(c, err))
		return false;
	entries = c->next[TABLE_CUSTODY];
	if (!recorder_begin(c, err))
		return false;
	if (add_contents(c, err) && add_sealed(c, &out->key, err) && sign_log(c, out, err) &&
	    add_checkpoint(c, buf_span(&out->note), err))
		return recorder_commit(c, err);
	/* A key that will not sign is not a failure of the storage: no half seal stays. */
	if (c->in_batch) {
		struct err ignored = { 0 };

		c->in_batch = false;
		c->next[TABLE_CUSTODY] = entries;
		recorder_exec(c, "ROLLBACK", &ignored);
	}
	return false;
}

bool case_checkpoint(struct case_file *c, uint64_t number, uint64_t *found, struct buf *note,
		     struct buf *token, struct err *err)
{
	sqlite3_stmt *s;
	bool row, ok = query_prepare(c->db, "SELECT id, note, token FROM checkpoint "
					    "WHERE id = ?1 OR ?1 = 0 ORDER BY id DESC LIMIT 1",
				     &s, err);

	ok = ok && sqlite3_bind_int64(s, 1, (int64_t)number) == SQLITE_OK &&
	     query_step(s, &row, err);
	if (ok && !row)
		ok = err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the case has no such seal");
	if (ok) {
		*found = query_u64(s, 0, 0);
		buf_add(note, query_span(s, 1));
		buf_add(token, query_span(s, 2));
	}
	sqlite3_finalize(s);
	return ok;
}

bool case_add_token(struct case_file *c, uint64_t checkpoint, struct span token,
		    struct err *err)
{
	struct row row;

	if (!recorder_begin(c, err))
		return false;
	row = row_update(c, UPDATE_TOKEN);
	row_blob(&row, token);
	row_u64(&row, checkpoint, 0);
	return row_end(&row, err) && recorder_commit(c, err);
}
