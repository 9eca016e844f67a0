#include "case/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "case/recorder.h"
#include "case/schema.h"
#include "case/verify_steps.h"
#include "codec/escape.h"
#include "os/private_file.h"

const char *verify_state_name(enum verify_state state)
{
	static const char *const names[] = { "holds", "broken", "not proven" };

	return names[state];
}

void verify_say(struct verify *v, enum verify_state state, const char *what, const char *format, ...)
{
	char raw[sizeof v->checks[0].text];
	struct buf clean = buf_new(sizeof raw * 8);
	struct verify_check *check;
	va_list args;

	v->broken += state == VERIFY_BROKEN;
	v->not_proven += state == VERIFY_NOT_PROVEN;
	if (v->count == VERIFY_CHECKS_MAX)
		return;
	check = &v->checks[v->count++];
	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	/* Names and messages may be the file's own words. */
	escape_terminal(&clean, span_text(raw));
	check->state = state;
	snprintf(check->what, sizeof check->what, "%s", what);
	snprintf(check->text, sizeof check->text, "%s", clean.at ? (char *)clean.at : "");
	buf_free(&clean);
}

bool verify_failed(struct verify *v, const char *what, const struct err *err)
{
	verify_say(v, VERIFY_BROKEN, what, "%s", err->text);
	return false;
}

static void check_storage(struct verify *v, struct case_file *c)
{
	struct err err = { 0 };
	sqlite3_stmt *s;
	bool row = false, ok = query_prepare(c->db, "PRAGMA integrity_check(1)", &s, &err) &&
			       query_step(s, &row, &err);

	if (!ok)
		verify_failed(v, "storage", &err);
	else if (!row || !span_eq(query_span(s, 0), SPAN("ok")))
		verify_say(v, VERIFY_BROKEN, "storage", "the database is damaged: %.*s",
			   SPAN_ARG(span_sub(query_span(s, 0), 0, 160)));
	else
		verify_say(v, VERIFY_HOLDS, "storage", "SQLite's integrity check finds no damage");
	sqlite3_finalize(s);
}

static void check_schema(struct verify *v, struct case_file *c)
{
	struct err err = { 0 };

	if (schema_check_exact(c->db, &err))
		verify_say(v, VERIFY_HOLDS, "schema", "the schema is that of version %d, nothing more",
			   CASE_SCHEMA_VERSION);
	else
		verify_failed(v, "schema", &err);
}

/* The user's own key, which signs what this user seals; absent is no error. */
static void add_own_key(struct verify_keys *keys)
{
	struct buf text = buf_new(1024), name = buf_new(8192);
	struct err ignored = { 0 };
	char *folder = private_config_dir(false);

	if (folder && buf_printf(&name, "%s/key.pub", folder) &&
	    private_file_read((const char *)name.at, &text, &ignored) &&
	    note_key_parse(buf_span(&text), &keys->keys[keys->count], &ignored))
		keys->count++;
	free(folder);
	buf_free(&text);
	buf_free(&name);
}

static bool read_keys(const struct verify_options *options, struct verify_keys *keys, struct err *err)
{
	keys->given = options->key_count > 0;
	for (size_t i = 0; i < options->key_count; i++) {
		if (keys->count == VERIFY_KEYS_MAX)
			return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "too many keys");
		if (!note_key_parse(span_text(options->keys[i]), &keys->keys[keys->count], err))
			return false;
		keys->count++;
	}
	if (options->own_key && keys->count < VERIFY_KEYS_MAX)
		add_own_key(keys);
	return true;
}

static void say_what_nobody_proved(struct verify *v, const struct verify_options *options)
{
	if (options->kept.len == 0)
		verify_say(v, VERIFY_NOT_PROVEN, "history",
			   "that this is the newest state: compare with a checkpoint kept elsewhere "
			   "(--checkpoint)");
	if (!options->evidence_count)
		verify_say(v, VERIFY_NOT_PROVEN, "evidence",
			   "that the evidence is still what was read: hash it again (--evidence)");
}

bool case_verify(const char *path, const struct verify_options *options, struct verify *out,
		 struct err *err)
{
	struct verify_keys keys = { 0 };
	struct case_file *c;

	*out = (struct verify){ 0 };
	if (!read_keys(options, &keys, err))
		return false;
	if (!private_file_exists(path))
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "there is no '%s'", path);
	if (!case_open(path, &c, err)) {
		verify_failed(out, "storage", err);
		return true;
	}
	check_storage(out, c);
	check_schema(out, c);
	/* What follows asks the tables by name; a changed schema may answer anything. */
	if (out->broken == 0) {
		verify_log(out, c, options, &keys);
		verify_tables(out, c);
		verify_evidence(out, c, options);
		say_what_nobody_proved(out, options);
	}
	case_close(c);
	return true;
}
