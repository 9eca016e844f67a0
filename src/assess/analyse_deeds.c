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

/* Different ones that are kept; each takes its text. */
#define COMMANDS_MOST 20000
#define KEY_MOST ((size_t)2 << 10)

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

/* In a->key until the next. */
static struct span key_of(struct analysis *a, const struct deed *deed, const struct act *act)
{
	const struct span parts[] = { span_text(deed->rule), act->host, act->user, span_sub(act->command, 0, KEY_MOST) };

	buf_clear(&a->key);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		buf_add(&a->key, parts[i]);
		buf_add_u8(&a->key, 0);
	}
	return buf_span(&a->key);
}

static bool add(struct analysis *a, struct list *list, const struct deed *deed, const struct act *act, struct err *err)
{
	struct span key = key_of(a, deed, act);
	struct told *t = map_get(&list->by_key, key), **listed;
	void **slot;

	if (!t && list->count >= COMMANDS_MOST)
		return analysis_short(a, "commands that are a sign are very many: only the first were weighed"), true;
	slot = t ? NULL : map_slot(&list->by_key, arena_copy(a->arena, key));
	if (slot) {
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

/* What a machine lost so far: the latest of each rule. The list is in the order of host and time. */
#define WAYS_MOST 8

struct ways {
	struct span host;
	const struct told *latest[WAYS_MOST];
	size_t count;
	bool is_told;
};

/* Another way, lost at most an hour before; NULL: none was. */
static const struct told *other_way(const struct ways *w, const struct told *t)
{
	for (size_t i = 0; i < w->count; i++) {
		int64_t apart = t->first->time - w->latest[i]->first->time;

		if (strcmp(w->latest[i]->deed->rule, t->deed->rule) && apart >= 0 && apart <= HOUR)
			return w->latest[i];
	}
	return NULL;
}

static void lose(struct ways *w, const struct told *t)
{
	size_t i = 0;

	while (i < w->count && strcmp(w->latest[i]->deed->rule, t->deed->rule))
		i++;
	if (i < WAYS_MOST)
		w->latest[i] = t;
	w->count += i == w->count && i < WAYS_MOST;
}

static bool tell_both(struct analysis *a, const struct told *before, const struct told *then, struct err *err)
{
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	const struct act *act = before->first;
	bool ok;

	json_object(&w);
	json_pair(&w, "command", act->command);
	json_pair(&w, "then", then->first->command);
	json_object_end(&w);
	ok = analysis_tell(a, &(struct conclusion){ .item = act->item, .harm = HARM_DESTRUCTION, .level = LEVEL_CRITICAL,
		.rule = SPAN("kanshiki.no-way-back"), .title = SPAN("Several ways to repair were taken away within an hour"),
		.techniques = SPAN("T1490"), .first = act->time, .last = then->first->time, .count = 2, .host = act->host,
		.user = act->user, .matched = buf_span(&text) }, err);
	buf_free(&text);
	return ok;
}

static bool tell_no_way_back(struct analysis *a, const struct list *list, struct err *err)
{
	struct ways ways = { .count = 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < list->count; i++) {
		const struct told *t = list->all[i], *before;

		if (!is_of_repair(t))
			continue;
		if (!span_eq_nocase(ways.host, t->first->host))
			ways = (struct ways){ .host = t->first->host };
		before = other_way(&ways, t);
		ok = !before || ways.is_told || tell_both(a, before, t, err);
		ways.is_told |= before != NULL;
		lose(&ways, t);
	}
	return ok;
}

bool analyse_deeds(struct analysis *a, struct err *err)
{
	struct list list = { .by_key = map_new(a->arena) };
	const struct deed *deeds[HARM_COUNT];
	struct acts acts;
	/* What a package brought is as it is everywhere: firewalls are emptied when they are stopped. */
	bool ok = acts_load(a, "command IS NOT NULL AND (kind = 'execution' OR (kind = 'autostart' AND "
			    "id NOT IN (SELECT trace FROM start WHERE entry = 'packaged')))", &acts, err);

	for (size_t i = 0; ok && i < acts.count; i++)
		if (deeds_of(acts.list[i].command, deeds))
			for (size_t harm = 0; ok && harm < HARM_COUNT; harm++)
				ok = !deeds[harm] || add(a, &list, deeds[harm], &acts.list[i], err);
	for (size_t i = 0; ok && i < list.count; i++)
		ok = tell(a, list.all[i], err);
	return ok && tell_no_way_back(a, &list, err);
}
