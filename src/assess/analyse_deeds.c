/*
 * analyse_deeds: commands that are a sign by themselves.
 *
 * What was typed, started, logged as a script, or is started by an entry of the machine is
 * held against the table of deeds (base/deed_rows.h), which has the levels: clearing
 * records, stopping defences, overwriting devices, removing what could be repaired from,
 * opening a way in, handing out a shell. A command is told once for each harm that it does;
 * the same command of one host and user is one witness, with how often it was given.
 *
 * Who removes shadow copies has a reason at times; who within an hour also removes the
 * backups or switches recovery off wants nothing to be repaired: critical.
 */
#include "assess/acts.h"

#include "base/deed.h"
#include "base/map.h"
#include "codec/json_write.h"

struct told {
	const struct deed *deed;
	const struct act *first, *last;
	uint64_t count;
};

struct list {
	struct map by_key;
	struct told **all;
	size_t count, room;
};

static bool is_earlier(const struct act *a, const struct act *b)
{
	return a->time != TIME_NONE && (b->time == TIME_NONE || a->time < b->time);
}

static bool add(struct analysis *a, struct list *list, const struct deed *deed, const struct act *act, struct err *err)
{
	struct span key = arena_printf(a->arena, "%s%c%.*s%c%.*s%c%.*s", deed->rule, 1, SPAN_ARG(act->host), 1,
				       SPAN_ARG(act->user), 1, SPAN_ARG(span_sub(act->command, 0, DEED_TEXT_MOST)));
	void **slot = map_slot(&list->by_key, key);
	struct told *t = slot ? *slot : NULL, **listed;

	if (slot && !t) {
		listed = arena_push(a->arena, (void **)&list->all, &list->count, &list->room, sizeof *listed);
		*slot = t = listed ? ARENA_NEW(a->arena, struct told) : NULL;
		if (t)
			*(*listed = t) = (struct told){ .deed = deed, .first = act, .last = act };
		else
			list->count -= listed != NULL;
	}
	if (!t)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	t->first = is_earlier(act, t->first) ? act : t->first;
	t->last = is_earlier(t->last, act) ? act : t->last;
	t->count++;
	return true;
}

static bool tell(struct analysis *a, const struct told *t, struct err *err)
{
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	const struct act *act = t->first;
	struct conclusion c = { .item = act->item, .harm = t->deed->harm, .level = t->deed->level,
		.rule = span_text(t->deed->rule), .title = span_text(t->deed->title),
		.techniques = span_text(t->deed->techniques), .first = act->time,
		.last = t->last->last == TIME_NONE ? t->last->time : t->last->last, .count = t->count, .host = act->host,
		.user = act->user };
	bool ok;

	json_object(&w);
	json_pair(&w, "command", act->command);
	json_pair(&w, "program", act->program);
	json_pair(&w, "path", act->path);
	json_pair(&w, "source", act->source);
	if (t->count > 1) {
		json_key(&w, "times");
		json_u64(&w, t->count);
	}
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = analysis_tell(a, &c, err);
	buf_free(&text);
	return ok;
}

/* ---- nothing to be repaired from ---- */

#define HOUR (INT64_C(3600) * TIME_SECOND)

static bool is_of_repair(const struct told *t)
{
	return t->deed->harm == HARM_DESTRUCTION && t->deed->level == LEVEL_HIGH &&
	       span_eq(span_text(t->deed->techniques), SPAN("T1490")) && t->first->time != TIME_NONE;
}

/* The later of two that belong together; NULL: it stands alone. */
static const struct told *companion(const struct list *list, const struct told *t)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct told *other = list->all[i];
		int64_t apart = is_of_repair(other) ? other->first->time - t->first->time : -1;

		if (apart >= 0 && apart <= HOUR && strcmp(other->deed->rule, t->deed->rule) &&
		    span_eq_nocase(other->first->host, t->first->host))
			return other;
	}
	return NULL;
}

/* An earlier one of the host has been told. */
static bool is_told_before(const struct list *list, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_of_repair(list->all[i]) && companion(list, list->all[i]) &&
		    span_eq_nocase(list->all[i]->first->host, list->all[at]->first->host))
			return true;
	return false;
}

static bool tell_no_way_back(struct analysis *a, const struct list *list, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < list->count; i++) {
		const struct told *t = list->all[i], *other = is_of_repair(t) ? companion(list, t) : NULL;
		struct buf text = buf_new((size_t)64 << 10);
		struct json_write w = json_write_to(&text);

		if (!other || is_told_before(list, i))
			continue;
		json_object(&w);
		json_pair(&w, "command", t->first->command);
		json_pair(&w, "then", other->first->command);
		json_object_end(&w);
		ok = analysis_tell(a, &(struct conclusion){ .item = t->first->item, .harm = HARM_DESTRUCTION,
			.level = LEVEL_CRITICAL, .rule = SPAN("kanshiki.no-way-back"),
			.title = SPAN("Several ways to repair were taken away within an hour"), .techniques = SPAN("T1490"),
			.first = t->first->time, .last = other->first->time, .count = 2, .host = t->first->host,
			.user = t->first->user, .matched = buf_span(&text) }, err);
		buf_free(&text);
	}
	return ok;
}

bool analyse_deeds(struct analysis *a, struct err *err)
{
	struct list list = { .by_key = map_new(a->arena) };
	const struct deed *deeds[HARM_COUNT];
	struct acts acts;
	bool ok = acts_load(a, "kind IN ('execution', 'autostart') AND command IS NOT NULL", &acts, err);

	for (size_t i = 0; ok && i < acts.count; i++)
		if (deeds_of(acts.list[i].command, deeds))
			for (size_t harm = 0; ok && harm < HARM_COUNT; harm++)
				ok = !deeds[harm] || add(a, &list, deeds[harm], &acts.list[i], err);
	for (size_t i = 0; ok && i < list.count; i++)
		ok = tell(a, list.all[i], err);
	return ok && tell_no_way_back(a, &list, err);
}
