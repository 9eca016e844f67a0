/*
 * analyse_sessions: who else was at the machine.
 *
 *   a logon after very many failed ones from the same place             high
 *   a session over ssh, remote desktop or a remote-control tool from a
 *   public address                                                      medium
 *   a process that runs from a deleted file, or from memory alone        high
 *   a kernel module that the kernel lists at one place only              high
 *
 * Remote work is usual: sessions are told once for each user and place, with how
 * many there were.
 */
#include "assess/acts.h"
#include "assess/thresholds.h"

#include "base/map.h"
#include "codec/json_write.h"

#define HOUR (INT64_C(3600) * TIME_SECOND)

struct visitor {
	const struct act *first, *last;
	uint64_t sessions, failed, failed_before;	/* failed_before: the success, within an hour */
	const struct act *broke_in;
	timestamp failed_since;
	uint64_t failed_recent;
};

struct visitors {
	struct map by_key;
	struct visitor **list;
	size_t count, room;
};

static struct visitor *visitor_of(struct analysis *a, struct visitors *all, const struct act *act)
{
	struct span peer = act_address(act->peer);
	/* Guessing tries many names from one place. */
	struct span key = arena_printf(a->arena, "%.*s%c%.*s", SPAN_ARG(act->host), 1, SPAN_ARG(peer));
	void **slot = map_slot(&all->by_key, key);
	struct visitor **listed;

	if (!slot || *slot)
		return slot ? *slot : NULL;
	listed = arena_push(a->arena, (void **)&all->list, &all->count, &all->room, sizeof *listed);
	*slot = listed ? ARENA_NEW(a->arena, struct visitor) : NULL;
	if (listed)
		*listed = *slot;
	return *slot;
}

static void add_visit(struct visitor *v, const struct act *act)
{
	if (span_eq(act->what, SPAN("failed logon"))) {
		uint64_t times = act->count == UINT64_MAX ? 1 : act->count;

		v->failed += times;
		if (!v->failed_recent || act->time - v->failed_since > HOUR) {
			v->failed_since = act->time;
			v->failed_recent = 0;
		}
		v->failed_recent += times;
		return;
	}
	v->first = v->first ? v->first : act;
	v->last = act;
	v->sessions++;
	if (!v->broke_in && (double)v->failed_recent >= THRESHOLD(SESSIONS_FAILED) &&
	    act->time - v->failed_since <= 2 * HOUR) {
		v->broke_in = act;
		v->failed_before = v->failed_recent;
	}
}

static bool tell_visitor(struct analysis *a, const struct visitor *v, bool broke_in, struct err *err)
{
	const struct act *act = broke_in ? v->broke_in : v->first;
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	struct conclusion c = { .item = act->item, .harm = HARM_CONTROL,
		.level = broke_in ? LEVEL_HIGH : LEVEL_MEDIUM,
		.rule = broke_in ? SPAN("kanshiki.guessed-logon") : SPAN("kanshiki.session-from-outside"),
		.title = broke_in ? SPAN("A logon succeeded after very many that failed")
				  : SPAN("Sessions from a public address"),
		.techniques = broke_in ? SPAN("T1110") : SPAN("T1133 T1021"), .first = act->time,
		.last = v->last->time, .count = v->sessions, .host = act->host, .user = act->user };
	bool ok;

	json_object(&w);
	json_key(&w, "from");
	json_span(&w, act->peer);
	json_key(&w, "how");
	json_span(&w, act->what);
	json_key(&w, "user");
	json_span(&w, act->user);
	json_key(&w, "sessions");
	json_u64(&w, v->sessions);
	json_key(&w, "failed");
	json_u64(&w, broke_in ? v->failed_before : v->failed);
	json_key(&w, "source");
	json_span(&w, act->source);
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = analysis_tell(a, &c, err);
	buf_free(&text);
	return ok;
}

static bool weigh_sessions(struct analysis *a, struct err *err)
{
	struct visitors all = { .by_key = map_new(a->arena) };
	struct acts acts;
	bool ok = acts_load(a, "kind = 'session' AND what NOT IN ('boot', 'shutdown', 'clock set') AND "
				"peer IS NOT NULL AND time IS NOT NULL", &acts, err);

	for (size_t i = 0; ok && i < acts.count; i++) {
		struct visitor *v = visitor_of(a, &all, &acts.list[i]);

		if (!v)
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
		add_visit(v, &acts.list[i]);
	}
	for (size_t i = 0; ok && i < all.count; i++) {
		const struct visitor *v = all.list[i];

		if (v->broke_in)
			ok = tell_visitor(a, v, true, err);
		else if (v->first && act_is_public(act_address(v->first->peer)))
			ok = tell_visitor(a, v, false, err);
	}
	return ok;
}

/* ---- a live machine's processes ---- */

static bool weigh_processes(struct analysis *a, struct err *err)
{
	struct acts acts;
	bool ok = acts_load(a, "kind = 'process' AND technique IS NOT NULL", &acts, err);

	for (size_t i = 0; ok && i < acts.count; i++) {
		const struct act *act = &acts.list[i];
		struct buf text = buf_new((size_t)64 << 10);
		struct json_write w = json_write_to(&text);
		struct conclusion c = { .item = act->item, .harm = HARM_IMPLANT, .level = LEVEL_HIGH,
			.rule = SPAN("kanshiki.hiding-process"),
			.title = SPAN("Something runs that hides where it came from"),
			.techniques = act->technique, .first = act->time, .last = act->last,
			.host = act->host, .user = act->user };

		json_object(&w);
		json_key(&w, "what");
		json_span(&w, act->what);
		json_key(&w, "program");
		json_span(&w, act->program);
		json_key(&w, "command");
		json_span(&w, act->command);
		json_key(&w, "source");
		json_span(&w, act->source);
		json_object_end(&w);
		c.matched = buf_span(&text);
		ok = analysis_tell(a, &c, err);
		buf_free(&text);
	}
	return ok;
}

bool analyse_sessions(struct analysis *a, struct err *err)
{
	return weigh_sessions(a, err) && weigh_processes(a, err);
}
