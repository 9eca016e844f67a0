/* What starts, programs and transfers as JSON. */
#include "report/json.h"

#include "report/evidence_row.h"

static void text(struct json_write *w, const char *key, struct span value)
{
	json_key(w, key);
	if (value.len)
		json_span(w, value);
	else
		json_null(w);
}

static void time_of(struct json_write *w, const char *key, timestamp t)
{
	json_key(w, key);
	json_time(w, t);
}

static void number(struct json_write *w, const char *key, uint64_t n)
{
	json_key(w, key);
	json_u64(w, n);
}

static void reasons(struct json_write *w, struct arena *scratch, struct span json)
{
	const struct evidence_row *rows;
	size_t count;

	arena_reset(scratch);
	rows = evidence_rows(scratch, json, &count);
	json_key(w, "reasons");
	json_array(w);
	for (size_t i = 0; i < count; i++)
		json_span(w, rows[i].value);
	json_array_end(w);
}

static void one_start(struct json_write *w, const struct report_start *s, struct arena *scratch)
{
	json_object(w);
	text(w, "what", s->what);
	text(w, "machine", s->machine);
	text(w, "written_in", s->path);
	text(w, "name", s->name);
	text(w, "command", s->command);
	text(w, "program", s->program);
	text(w, "user", s->user);
	time_of(w, "written", s->time);
	text(w, "technique", s->technique);
	text(w, "program_is", s->standing);
	text(w, "entry_is", s->entry);
	json_key(w, "points");
	json_i64(w, s->rank);
	reasons(w, scratch, s->reasons);
	json_object_end(w);
}

static void one_program(struct json_write *w, const struct report *r, const struct report_program *p,
			struct arena *scratch)
{
	json_object(w);
	text(w, "path", p->path);
	text(w, "machine", p->machine);
	text(w, "standing", p->standing);
	text(w, "source", p->source);
	json_key(w, "points");
	json_i64(w, p->rank);
	reasons(w, scratch, p->reasons);
	json_key(w, "item");
	json_optional_u64(w, p->item == REPORT_NO_ITEM ? UINT64_MAX : r->items[p->item].id);
	json_key(w, "sha256");
	json_digest(w, p->item == REPORT_NO_ITEM ? (struct span){ 0 } : r->items[p->item].sha256);
	json_object_end(w);
}

static void one_transfer(struct json_write *w, const struct report_transfer *t)
{
	json_object(w);
	text(w, "destination", t->destination);
	json_key(w, "bytes_out");
	json_optional_u64(w, t->bytes_out);
	json_key(w, "bytes_in");
	json_optional_u64(w, t->bytes_in);
	number(w, "records", t->count);
	number(w, "hosts", t->hosts);
	time_of(w, "first", t->first);
	time_of(w, "last", t->last);
	json_object_end(w);
}

void json_machine(struct json_write *w, const struct report *r, struct arena *scratch)
{
	static const char *const standings[] = { "good", "bad", "unknown" };

	number(w, "start_total", r->start_total);
	json_key(w, "starts");
	json_array(w);
	for (size_t i = 0; i < r->start_count; i++)
		one_start(w, &r->starts[i], scratch);
	json_array_end(w);
	json_key(w, "program_totals");
	json_object(w);
	for (size_t i = 0; i < 3; i++)
		number(w, standings[i], r->program_totals[i]);
	json_object_end(w);
	json_key(w, "programs");
	json_array(w);
	for (size_t i = 0; i < r->program_count; i++)
		one_program(w, r, &r->programs[i], scratch);
	json_array_end(w);
	number(w, "destination_total", r->transfer_total);
	json_key(w, "transfers");
	json_array(w);
	for (size_t i = 0; i < r->transfer_count; i++)
		one_transfer(w, &r->transfers[i]);
	json_array_end(w);
}
