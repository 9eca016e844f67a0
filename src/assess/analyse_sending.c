/*
 * analyse_sending: tools that were told to send files away, whether or not anything was
 * packed before.
 *
 * Who takes a little each day packs nothing: rclone copies a folder as it is, robocopy
 * writes to the drive that a remote desktop client brought along, a shell mails. Each such
 * command of one program on one host is told once, with how often and what its program's
 * connections, by the host's own log of them, carried by any record of the network within
 * two hours: high where at least THEFT_SEND_BYTES are known to have left, or where the
 * target itself says that it is another's machine (\\\\tsclient); else medium. What
 * administrators type every day (scp, rsync, curl -d) is told in episodes only.
 */
#include "assess/acts.h"
#include "assess/thresholds.h"

#include "base/map.h"
#include "codec/json_write.h"

#define MINUTE (INT64_C(60) * TIME_SECOND)
#define BEFORE (10 * MINUTE)		/* two machines' clocks differ by as much */
#define AFTER (120 * MINUTE)
#define COMMANDS_MOST 400		/* that look through all transfers; others are only counted */

struct sending {
	const struct act *first, *last;
	uint64_t count, bytes;
	struct span peer;		/* where its connections went */
	bool is_other_machine;
	bool is_left_out;		/* transfers were not looked up for all of its commands */
};

struct sendings {
	struct map by_tool;
	struct sending **list;
	size_t count, room;
	bool *claimed;			/* of each act: a transfer that a command carried already */
	size_t commands;
};

static uint64_t add_bytes(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static bool is_within(const struct act *command, const struct act *transfer)
{
	return transfer->time != TIME_NONE && transfer->time >= command->time - BEFORE &&
	       transfer->time <= command->time + AFTER;
}

/* Where the program itself connected to, says the host's own log. */
static struct span peer_of(const struct acts *all, const struct act *command)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct act *t = &all->list[i];

		if (t->kind == TRACE_TRANSFER && t->program.len && is_within(command, t) &&
		    span_eq_nocase(t->program, command->program) && acts_same_host(all, command, t) &&
		    act_is_public(act_address(t->peer)))
			return act_address(t->peer);
	}
	return (struct span){ 0 };
}

/* What was sent is counted once, however many commands may have carried it. */
static uint64_t bytes_to(const struct acts *all, const struct act *command, struct span peer, bool *claimed)
{
	uint64_t sum = 0;

	for (size_t i = 0; peer.len && i < all->count; i++) {
		const struct act *t = &all->list[i];

		if (!claimed[i] && t->kind == TRACE_TRANSFER && t->bytes_out != UINT64_MAX &&
		    is_within(command, t) && span_eq(act_address(t->peer), peer) &&
		    acts_same_host(all, command, t)) {
			sum = add_bytes(sum, t->bytes_out);
			claimed[i] = true;
		}
	}
	return sum;
}

static struct sending *sending_of(struct analysis *a, struct sendings *all, const struct act *act)
{
	struct span tool = act->program.len ? act_file_name(act->program) : act->command;
	struct span key = arena_printf(a->arena, "%.*s%c%.*s", SPAN_ARG(act->host), 1, SPAN_ARG(tool));
	void **slot = map_slot(&all->by_tool, key);
	struct sending **listed;

	if (!slot || *slot)
		return slot ? *slot : NULL;
	listed = arena_push(a->arena, (void **)&all->list, &all->count, &all->room, sizeof *listed);
	if (!listed)
		return NULL;
	*listed = *slot = ARENA_NEW(a->arena, struct sending);
	return *listed;
}

static bool is_earlier(const struct act *a, const struct act *b)
{
	return a->time != TIME_NONE && (b->time == TIME_NONE || a->time < b->time);
}

/* Acts come in no order of time. */
static void add(struct sendings *all, struct sending *s, const struct acts *acts, const struct act *act)
{
	bool is_looked_up = act->time != TIME_NONE && all->commands++ < COMMANDS_MOST;
	struct span peer = is_looked_up ? peer_of(acts, act) : (struct span){ 0 };

	if (!s->first || is_earlier(act, s->first))
		s->first = act;
	if (!s->last || is_earlier(s->last, act))
		s->last = act;
	s->count++;
	s->bytes = add_bytes(s->bytes, bytes_to(acts, act, peer, all->claimed));
	s->peer = peer.len ? peer : s->peer;
	s->is_left_out |= act->time != TIME_NONE && !is_looked_up;
	s->is_other_machine |= span_has_any(act->command, "\\\\tsclient\\");
}

static bool tell(struct analysis *a, const struct sending *s, struct err *err)
{
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	bool is_strong = s->is_other_machine || (double)s->bytes >= THRESHOLD(THEFT_SEND_BYTES);
	struct conclusion c = { .item = s->first->item, .harm = HARM_THEFT,
		.level = is_strong ? LEVEL_HIGH : LEVEL_MEDIUM,
		.rule = is_strong ? SPAN("kanshiki.sent-by-tool") : SPAN("kanshiki.sending-tool"),
		.title = is_strong ? SPAN("A tool was told to send files away, and did")
				   : SPAN("A tool was told to send files away"),
		.techniques = s->is_other_machine ? SPAN("T1048") : SPAN("T1567"), .first = s->first->time,
		.last = s->last->time, .count = s->count, .host = s->first->host, .user = s->first->user };
	bool ok;

	json_object(&w);
	json_pair(&w, "command", s->first->command);
	json_pair(&w, "program", s->first->program);
	json_key(&w, "times");
	json_u64(&w, s->count);
	json_pair(&w, "to", s->peer);
	if (s->bytes) {
		json_key(&w, "bytes_sent");
		json_u64(&w, s->bytes);
	}
	json_key(&w, "inferred");
	json_array(&w);
	json_text(&w, s->bytes ? "the command sent these bytes (program, place and time agree)"
			       : "how much was sent, if anything (no record of the network says)");
	if (s->is_left_out)
		json_text(&w, "commands are too many: what some of them sent was not looked up");
	json_array_end(&w);
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = analysis_tell(a, &c, err);
	buf_free(&text);
	return ok;
}

bool analyse_sending(struct analysis *a, struct err *err)
{
	struct sendings all = { .by_tool = map_new(a->arena) };
	struct acts acts;
	bool ok = acts_load(a, "(kind = 'execution' AND command IS NOT NULL) OR (kind = 'transfer' AND what <> "
				"'srum' AND (bytes_out >= 1048576 OR program IS NOT NULL))", &acts, err);

	all.claimed = ok ? ARENA_ARRAY(a->arena, acts.count + 1, bool) : NULL;
	if (ok && !all.claimed)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	for (size_t i = 0; ok && i < acts.count; i++) {
		const struct act *act = &acts.list[i];
		struct sending *s;

		if (act->kind != TRACE_EXECUTION || !act_is_sending_tool(act))
			continue;
		s = sending_of(a, &all, act);
		if (!s)
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
		add(&all, s, &acts, act);
	}
	for (size_t i = 0; ok && i < all.count; i++)
		ok = tell(a, all.list[i], err);
	return ok;
}
