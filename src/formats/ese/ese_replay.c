#include "formats/ese/ese_replay.h"

#include <stdio.h>
#include <string.h>

#define STATE_CLEAN 3
#define ATTACHED_AT 72		/* times and numbers of logs in the header of a database */
#define ATTACHED_LOG_AT 84
#define LOG_SIGNATURE_AT 108
#define LEAST_LOG_AT 296
#define LAST_LOG_TIME_AT 348
#define COMMITTED_LOG_AT 416
#define SIGNATURE_AT 24
#define MACRO_PARTS 64
#define NEW_PAGES 65536		/* beyond the end of the file */

static struct span number_key(const uint32_t *number)
{
	return span_of(number, sizeof *number);
}

struct ese_replayed *ese_replay_page(struct ese_replay *r, uint32_t number)
{
	struct ese_replayed *p, **listed;
	struct span bytes, key;
	void **slot;

	p = map_get(&r->by_number, number_key(&number));
	if (p || !number || number > r->db->file.len / r->db->page_size + NEW_PAGES)
		return p;
	p = ARENA_NEW(r->arena, struct ese_replayed);
	key = arena_copy(r->arena, number_key(&number));
	slot = p && key.at ? map_slot(&r->by_number, key) : NULL;
	listed = slot ? arena_push(r->arena, (void **)&r->pages, &r->count, &r->room, sizeof *listed) : NULL;
	if (!listed) {
		r->is_over = true;
		return NULL;
	}
	*slot = *listed = p;
	p->number = number;
	bytes = ese_page_bytes(r->db, number);
	if (bytes.len) {
		p->time = ese_page_time(bytes);
		p->is_stuck = !ese_nodes_read(r->db, bytes, r->arena, &p->nodes);
	}
	return p;
}

const struct ese_replayed *ese_replayed_page(const struct ese *db, uint32_t number)
{
	const struct ese_replayed *p = db->replay ? map_get(&db->replay->by_number, number_key(&number)) : NULL;

	return p && p->applied ? p : NULL;
}

void ese_replay_miss(struct ese_replay *r, struct ese_replayed *p)
{
	r->db->recovery.missed++;
	if (p)
		p->is_stuck = true;
}

void ese_replay_done(struct ese_replay *r, struct ese_replayed *p, uint64_t time)
{
	p->time = time;
	p->applied++;
	r->db->recovery.made++;
}

bool ese_replay_is_due(struct ese_replay *r, struct ese_replayed *p, uint64_t before, uint64_t time)
{
	if (p->time >= time)
		return false;
	if (!p->is_stuck && p->time == before)
		return true;
	ese_replay_miss(r, p);
	return false;
}

/* Of a page that misses something: a row that comes in is told all the same. */
static void loosen(struct ese_replay *r, const struct ese_change *change)
{
	struct ese_loose *loose = change->type == ESE_INSERT
		? arena_push(r->arena, (void **)&r->loose, &r->loose_count, &r->loose_room, sizeof *loose) : NULL;

	if (!loose || !ese_replay_inserted(change, &loose->node)) {
		r->loose_count -= loose != NULL;
		ese_replay_miss(r, NULL);
		return;
	}
	loose->object = change->object;
	r->db->recovery.loose++;
}

static void change_page(struct ese_replay *r, const struct ese_change *change)
{
	struct ese_replayed *p = ese_replay_page(r, change->page);

	if (!p || p->time >= change->time)
		return;
	if (p->is_stuck || p->time != change->before) {
		p->is_stuck = true;
		loosen(r, change);
		return;
	}
	/* What was taken back had no room in the log: one node is as it was before. */
	r->db->recovery.missed += change->type == ESE_UNDO;
	if (change->type != ESE_UNDO && !ese_replay_node(r, &p->nodes, change))
		ese_replay_miss(r, p);
	else
		ese_replay_done(r, p, change->time);
}

/* A new tree's root: a leaf without nodes. */
static void create_tree(struct ese_replay *r, const struct ese_change *change)
{
	struct ese_replayed *p = ese_replay_page(r, change->page);
	struct cursor c = cursor_of(change->record);

	if (!p || p->time >= change->time)
		return;
	cursor_seek(&c, 32);
	p->nodes = (struct ese_nodes){ .id = cursor_u32le(&c), .flags = ESE_PAGE_LEAF | ESE_PAGE_ROOT };
	p->is_stuck = p->is_gone = false;
	ese_replay_done(r, p, change->time);
}

static struct ese_macro *macro_of(struct ese_replay *r, uint16_t process)
{
	for (size_t i = 0; i < ESE_MACROS; i++)
		if (r->macros[i].is_open && r->macros[i].process == process)
			return &r->macros[i];
	return NULL;
}

static void begin_macro(struct ese_replay *r, uint16_t process)
{
	struct ese_macro *m = macro_of(r, process);

	for (size_t i = 0; !m && i < ESE_MACROS; i++)
		m = r->macros[i].is_open ? NULL : &r->macros[i];
	if (!m) {
		ese_replay_miss(r, NULL);
		return;
	}
	m->is_open = true;
	m->process = process;
	m->count = 0;
}

static void add_to_macro(struct ese_replay *r, const struct ese_change *change)
{
	struct ese_macro *m = macro_of(r, change->process);
	struct ese_change *part = m && m->count < MACRO_PARTS
		? arena_push(r->arena, (void **)&m->parts, &m->count, &m->room, sizeof *part) : NULL;

	if (part)
		*part = *change;
	else	/* its begin stands in a log before: nothing of it can be due */
		ese_replay_miss(r, NULL);
}

static void end_macro(struct ese_replay *r, const struct ese_change *change)
{
	struct ese_macro *m = macro_of(r, change->process);

	if (!m)
		return;
	if (change->type == ESE_MACRO_COMMIT)
		ese_replay_macro(r, m);
	m->is_open = false;
}

static bool take_change(void *context, const struct ese_change *change)
{
	struct ese_replay *r = context;

	switch (change->type) {
	case ESE_MACRO_BEGIN:
		begin_macro(r, change->process);
		return !r->is_over;
	case ESE_MACRO_COMMIT: case ESE_MACRO_ABORT:
		end_macro(r, change);
		return !r->is_over;
	default:
		break;
	}
	/* Trees of free pages are not read. */
	if (change->database != r->database || change->flags & ESE_CHANGE_OF_SPACE)
		return true;
	switch (change->type) {
	case ESE_SPLIT: case ESE_SPLIT_IMAGE: case ESE_MERGE: case ESE_MERGE_IMAGE:
		add_to_macro(r, change);
		break;
	case ESE_CREATE_MULTIPLE: case ESE_CREATE_SINGLE:
		create_tree(r, change);
		break;
	case ESE_CONVERT: case ESE_CONVERT_2: case ESE_EXTERNAL_HEADER: {
		struct ese_replayed *p = ese_replay_page(r, change->page);

		if (p && ese_replay_is_due(r, p, change->before, change->time))
			ese_replay_done(r, p, change->time);
		break;
	}
	case ESE_PAGE_MOVE:
		ese_replay_miss(r, ese_replay_page(r, change->page));
		break;
	default:
		if (change->before == ESE_NO_TIME)
			add_to_macro(r, change);
		else
			change_page(r, change);
	}
	return !r->is_over;
}

/* ---- finding the logs ---- */

struct form;

struct search {
	const struct ese_logs *logs;
	struct span signature;		/* of the row of logs */
	const char *base;		/* of the one before: all are called alike */
	const struct form *form;
	bool had_last;			/* the one without number: there is none behind it */
};

static bool try_log(const struct search *s, const char *name, uint32_t generation, struct ese_log *out)
{
	struct span bytes;
	struct err err;

	return s->logs->find(s->logs->context, span_text(name), &bytes) && ese_log_open(bytes, out, &err) &&
	       out->generation == generation && span_eq(out->signature, s->signature);
}

/* Five digits, or eight; the log that is being written has none. */
static const struct form {
	uint8_t digits;
	const char *ending;
} forms[] = { { 5, ".log" }, { 5, ".jtx" }, { 8, ".log" }, { 8, ".jtx" }, { 0, ".log" }, { 0, ".jtx" } };

static bool find_log(struct search *s, uint32_t generation, struct ese_log *out)
{
	static const char *const bases[] = { ESE_LOG_BASES };
	char name[32];

	for (size_t b = 0; b < sizeof bases / sizeof *bases; b++) {
		if (s->base && s->base != bases[b])
			continue;
		for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
			const struct form *form = &forms[f];

			if (form->digits && s->form && s->form != form)
				continue;
			if (form->digits)
				snprintf(name, sizeof name, "%s%0*X%s", bases[b], form->digits, generation, form->ending);
			else
				snprintf(name, sizeof name, "%s%s", bases[b], form->ending);
			if (!try_log(s, name, generation, out))
				continue;
			s->base = bases[b];
			s->had_last = !form->digits;
			s->form = form->digits ? form : s->form;
			return true;
		}
	}
	return false;
}

static uint32_t header_number(const struct ese *db, size_t at)
{
	struct span b = span_sub(db->file, at, 4);

	return b.len == 4 ? load_u32le(b.at) : 0;
}

/* All from the first that is needed to the last that is there, without a gap. */
static void replay_logs(struct ese_replay *r, struct search *s)
{
	struct ese_recovery *to = &r->db->recovery;
	struct span signature = span_sub(r->db->file, SIGNATURE_AT, ESE_SIGNATURE_SIZE);
	bool is_whole = true;

	for (uint32_t g = to->first; g - to->first < ESE_REPLAY_LOGS && !s->had_last; g++) {
		struct ese_log log;

		if (!find_log(s, g, &log))
			break;
		if (!to->found++)
			to->whole_until = log.created;
		to->until = g;
		r->database = ese_log_database(&log, signature);
		/* Attached only while this log was written: the first that was. */
		if (!r->database)
			r->database = 1;
		if (!ese_log_changes(&log, r->arena, take_change, r) || log.is_damaged) {
			is_whole = false;
			break;
		}
	}
	to->is_whole = is_whole && to->found && to->until >= to->last && !to->missed && !r->is_over;
}

/* When the first log that is needed was begun, or an earlier time: all that was done before had been written. */
static timestamp begun(const struct ese *db, uint32_t first, uint32_t last)
{
	if (first == last)
		return ese_log_time(span_sub(db->file, LAST_LOG_TIME_AT, 8));
	if (header_number(db, ATTACHED_LOG_AT) > first)
		return TIME_NONE;
	return ese_log_time(span_sub(db->file, ATTACHED_AT, 8));
}

void ese_recover(struct ese *db, const struct ese_logs *logs)
{
	struct ese_recovery *to = &db->recovery;
	struct search s = { .logs = logs, .signature = span_sub(db->file, LOG_SIGNATURE_AT, ESE_SIGNATURE_SIZE) };
	uint32_t last = header_number(db, LEAST_LOG_AT + 4), committed = header_number(db, COMMITTED_LOG_AT);

	*to = (struct ese_recovery){ .whole_until = TIME_NONE, .is_whole = !db->is_dirty };
	if (!db->is_dirty)
		return;
	to->first = header_number(db, LEAST_LOG_AT);
	to->last = committed > last && committed - last < ESE_REPLAY_LOGS ? committed : last;
	to->whole_until = begun(db, to->first, last);
	if (!logs || !to->first || last < to->first)
		return;
	db->replay = ARENA_NEW(db->arena, struct ese_replay);
	if (!db->replay)
		return;
	*db->replay = (struct ese_replay){ .db = db, .arena = db->arena, .by_number = map_new(db->arena) };
	replay_logs(db->replay, &s);
}
