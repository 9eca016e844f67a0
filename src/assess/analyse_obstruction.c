/*
 * analyse_obstruction: who hides, in what the machine itself was told.
 *
 *   settings that weaken it (the decoder says by which technique): defences off,
 *   firewall off, audit off, history off, names of defenders turned elsewhere  medium;
 *   a defence switched off                                                      high
 *   file times set back ($SI before $FN, or without fractions)                  medium
 *   wtmp without a record, where others tell of sessions                        high
 *   records of logons overwritten with zeros between others                     high
 *   a journal or log that was cut off                                           medium
 *   a log of the system that is empty without having been rotated               medium
 *   lastlog without a record, where wtmp has logons                             medium
 *
 * What Windows logs say of themselves (cleared, gaps, clock) is told by the
 * built-in checks of logs and not here again.
 */
#include "assess/acts.h"
#include "assess/thresholds.h"

#include "case/query.h"
#include "codec/json_write.h"

static bool tell_act(struct analysis *a, const struct act *act, struct conclusion *c, struct err *err)
{
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	bool ok;

	json_object(&w);
	json_pair(&w, "what", act->what);
	json_pair(&w, "path", act->path);
	json_pair(&w, "name", act->name);
	json_pair(&w, "value", act->kind == TRACE_SETTING ? act->command : (struct span){ 0 });
	json_pair(&w, "command", act->kind == TRACE_SETTING ? (struct span){ 0 } : act->command);
	json_pair(&w, "source", act->source);
	json_object_end(&w);
	c->item = act->item;
	c->harm = HARM_OBSTRUCTION;
	c->first = act->time;
	c->last = act->last;
	c->host = act->host;
	c->user = act->user;
	c->matched = buf_span(&text);
	ok = analysis_tell(a, c, err);
	buf_free(&text);
	return ok;
}

static bool weigh_settings(struct analysis *a, struct err *err)
{
	struct acts acts;

	if (!acts_load(a, "kind = 'setting' AND technique IS NOT NULL", &acts, err))
		return false;
	for (size_t i = 0; i < acts.count; i++) {
		const struct act *act = &acts.list[i];
		bool is_off = span_eq(act->what, SPAN("defence off"));
		struct conclusion c = { .level = is_off ? LEVEL_HIGH : LEVEL_MEDIUM,
			.rule = is_off ? SPAN("kanshiki.defence-off") : SPAN("kanshiki.weak-setting"),
			.title = is_off ? SPAN("A defence is switched off")
					: SPAN("A setting hides or weakens"),
			.techniques = act->technique };

		if (!tell_act(a, act, &c, err))
			return false;
	}
	return true;
}

static bool weigh_times(struct analysis *a, struct err *err)
{
	struct acts acts;

	if (!acts_load(a, "kind = 'file' AND what = 'times differ'", &acts, err))
		return false;
	for (size_t i = 0; i < acts.count && (double)acts.count >= THRESHOLD(OBSTRUCTION_TIMES); i++) {
		struct conclusion c = { .level = LEVEL_MEDIUM, .rule = SPAN("kanshiki.times-set-back"),
			.title = SPAN("File times were set back"), .techniques = SPAN("T1070.006") };

		if (!tell_act(a, &acts.list[i], &c, err))
			return false;
	}
	return true;
}

static bool weigh_erased(struct analysis *a, struct err *err)
{
	struct acts acts;

	if (!acts_load(a, "kind = 'file' AND what = 'records erased'", &acts, err))
		return false;
	for (size_t i = 0; i < acts.count; i++) {
		struct conclusion c = { .level = LEVEL_HIGH, .rule = SPAN("kanshiki.records-erased"),
			.title = SPAN("Records were taken out of a log of logons"), .techniques = acts.list[i].technique };

		if (!tell_act(a, &acts.list[i], &c, err))
			return false;
	}
	return true;
}

/* ---- logs that are empty or cut ---- */

static bool tell_item(struct analysis *a, sqlite3_stmt *q, const char *rule, const char *title,
		      enum level level, struct err *err)
{
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	struct conclusion c = { .item = query_u64(q, 0, 0), .harm = HARM_OBSTRUCTION, .level = level,
		.rule = span_text(rule), .title = span_text(title), .techniques = SPAN("T1070.002"),
		.first = query_time(q, 2), .last = query_time(q, 2) };
	bool ok;

	json_object(&w);
	json_pair(&w, "path", query_span(q, 1));
	json_pair(&w, "why", query_span(q, 3));
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = analysis_tell(a, &c, err);
	buf_free(&text);
	return ok;
}

static bool weigh_items(struct analysis *a, const char *sql, const char *rule, const char *title,
			enum level level, struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(a->db, sql, &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row)
		ok = tell_item(a, q, rule, title, level, err);
	sqlite3_finalize(q);
	return ok;
}

bool analyse_obstruction(struct analysis *a, struct err *err)
{
	/* A machine that never saw a logon has an empty wtmp by right. */
	static const char wtmp[] =
		"SELECT i.id, i.path, i.modified, 'no record, and ' || (SELECT count(*) FROM trace t JOIN item "
		"o ON o.id = t.item WHERE t.kind = 'session' AND o.source = i.source AND o.id <> i.id) || "
		"' sessions elsewhere' FROM item i WHERE instr(i.path, '/var/log/wtmp') AND "
		"i.path LIKE '%/var/log/wtmp' AND i.fate <> 'skipped' AND NOT EXISTS (SELECT 1 FROM trace t "
		"WHERE t.item = coalesce(i.same_as, i.id) AND t.kind = 'session') AND "
		"EXISTS (SELECT 1 FROM trace t JOIN item o ON o.id = t.item WHERE t.kind = 'session' AND "
		"o.source = i.source AND o.id <> i.id) ORDER BY i.path";
	static const char journals[] =
		"SELECT id, path, modified, reason FROM item WHERE kind = 'systemd journal' AND fate = 'partly' "
		"ORDER BY path";

	/* A log that rotation emptied has an older one beside it. */
	static const char logs[] =
		"SELECT i.id, i.path, i.modified, 'empty, and no older one lies beside it' FROM item i WHERE i.size = 0 AND "
		"i.fate <> 'skipped' AND (i.path LIKE '%/var/log/auth.log' OR i.path LIKE '%/var/log/syslog' OR "
		"i.path LIKE '%/var/log/messages' OR i.path LIKE '%/var/log/secure' OR i.path LIKE '%/var/log/kern.log' OR "
		"i.path LIKE '%/var/log/audit/audit.log') AND EXISTS (SELECT 1 FROM trace t JOIN item o ON o.id = t.item "
		"WHERE t.kind = 'session' AND o.source = i.source) AND NOT EXISTS (SELECT 1 FROM item o WHERE "
		"o.source = i.source AND substr(o.path, 1, length(i.path)) = i.path AND o.id <> i.id AND o.size > 0) "
		"ORDER BY i.path";

	static const char lastlog[] =
		"SELECT i.id, i.path, i.modified, 'empty, and wtmp has logons' FROM item i WHERE i.size = 0 AND "
		"i.path LIKE '%/var/log/lastlog' AND i.fate <> 'skipped' AND EXISTS (SELECT 1 FROM trace t JOIN item o "
		"ON o.id = t.item WHERE t.kind = 'session' AND t.what = 'logon' AND o.source = i.source AND "
		"o.path LIKE '%/var/log/wtmp%') ORDER BY i.path";

	return weigh_settings(a, err) && weigh_times(a, err) &&
	       weigh_erased(a, err) &&
	       weigh_items(a, wtmp, "kanshiki.wtmp-empty", "The record of logons is empty, and there were logons",
			   LEVEL_HIGH, err) &&
	       weigh_items(a, journals, "kanshiki.journal-cut", "A journal is cut off or damaged",
			   LEVEL_MEDIUM, err) &&
	       weigh_items(a, logs, "kanshiki.log-emptied", "A log of the system is empty, and there were sessions",
			   LEVEL_MEDIUM, err) &&
	       weigh_items(a, lastlog, "kanshiki.lastlog-empty", "The record of last logons is empty, and there were some",
			   LEVEL_MEDIUM, err);
}
