/* The custody log: see docs/case-file.md, "The custody log". */
#include "case/recorder.h"

#include "base/utf8.h"
#include "codec/json_write.h"

/*
 * {"seq":N,"time":"…","run":N,"kind":"…"[,"facts":{…}]}. JSON escapes all that
 * is not clean, so a body is always TEXT.
 */
static void write_body(struct buf *body, struct case_file *c, const char *kind, struct span facts)
{
	struct json_write w = json_write_to(body);
	struct buf time = buf_new(64);

	timestamp_format(&time, timestamp_now(), 9);
	json_object(&w);
	json_key(&w, "seq");
	json_u64(&w, c->next[TABLE_CUSTODY]);
	json_key(&w, "time");
	json_span(&w, buf_span(&time));
	json_key(&w, "run");
	json_u64(&w, c->run);
	json_key(&w, "kind");
	json_text(&w, kind);
	if (facts.len) {
		json_key(&w, "facts");
		json_raw(&w, facts);
	}
	json_object_end(&w);
	buf_free(&time);
}

bool custody_add(struct case_file *c, const char *kind, struct span facts, struct err *err)
{
	struct buf body = buf_new(2 * CASE_TEXT_MAX);
	struct row row = row_begin(c, TABLE_CUSTODY);
	bool ok;

	write_body(&body, c, kind, facts);
	if (body.overflow || body.len > CASE_TEXT_MAX)
		row.refused = "a custody entry is too long";
	row_text(&row, buf_span(&body));
	ok = row_end(&row, err);
	buf_free(&body);
	return ok;
}

bool case_add_custody(struct case_file *c, const char *kind, struct span facts, struct err *err)
{
	if (!utf8_is_text(facts))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "custody facts are no JSON");
	return recorder_begin(c, err) && custody_add(c, kind, facts, err) && recorder_done(c, err);
}
