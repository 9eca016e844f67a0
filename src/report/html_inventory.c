/*
 * What starts, the programs and the destinations as packed blocks, one each, that
 * the script opens when their section comes near (web/src/machine.ts reads them).
 * A row is numbers alone: places of texts, times in microseconds, counts.
 */
#include "report/html_names.h"

#include "report/evidence_row.h"
#include "report/json.h"

/* Texts of reasons are made of JSON and live until the block is written. */
#define TEXTS ((size_t)1 << 30)

struct inventory {
	struct json_write w;
	struct names names;
	struct arena texts;
};

static void name(struct inventory *in, struct span text)
{
	names_index(&in->w, &in->names, text);
}

static void reasons(struct inventory *in, struct span json)
{
	size_t count;
	const struct evidence_row *rows = evidence_rows(&in->texts, json, &count);

	for (size_t i = 0; i < count; i++)
		name(in, rows[i].value);
}

static void start_row(struct inventory *in, const struct report *r, size_t i)
{
	const struct report_start *s = &r->starts[i];

	name(in, s->standing);
	name(in, s->entry);
	name(in, s->what);
	name(in, s->machine);
	name(in, s->path);
	name(in, s->name);
	name(in, s->command);
	name(in, s->program);
	name(in, s->user);
	name(in, s->technique);
	json_micros(&in->w, s->time);
	json_i64(&in->w, s->rank);
	reasons(in, s->reasons);
}

static void program_row(struct inventory *in, const struct report *r, size_t i)
{
	const struct report_program *p = &r->programs[i];

	name(in, p->standing);
	name(in, p->source);
	name(in, p->machine);
	name(in, p->path);
	json_i64(&in->w, p->rank);
	reasons(in, p->reasons);
}

static void transfer_row(struct inventory *in, const struct report *r, size_t i)
{
	const struct report_transfer *t = &r->transfers[i];

	name(in, t->destination);
	json_optional_u64(&in->w, t->bytes_out);
	json_optional_u64(&in->w, t->bytes_in);
	json_u64(&in->w, t->count);
	json_u64(&in->w, t->hosts);
	json_micros(&in->w, t->first);
	json_micros(&in->w, t->last);
}

typedef void row_fn(struct inventory *in, const struct report *r, size_t i);

static bool one(struct html *h, const char *id, size_t count, uint64_t total, row_fn *row)
{
	struct buf json = buf_new(HTML_BLOCK_MOST);
	struct inventory in = { .texts = arena_new(TEXTS) };
	bool ok;

	if (!count)
		return true;
	in.names = names_new(&in.texts);
	in.w = json_write_to(&json);
	json_object(&in.w);
	json_key(&in.w, "total");
	json_u64(&in.w, total);
	json_key(&in.w, "rows");
	json_array(&in.w);
	for (size_t i = 0; i < count; i++) {
		json_array(&in.w);
		row(&in, h->report, i);
		json_array_end(&in.w);
	}
	json_array_end(&in.w);
	names_list(&in.w, "names", &in.names);
	json_object_end(&in.w);
	ok = html_block(h, id, 0, &json);
	arena_free(&in.texts);
	return ok;
}

bool html_inventories(struct html *h)
{
	const struct report *r = h->report;

	return one(h, "starts", r->start_count, r->start_total, start_row) &&
	       one(h, "programs", r->program_count, r->program_totals[1] + r->program_totals[2],
		   program_row) &&
	       one(h, "transfers", r->transfer_count, r->transfer_total, transfer_row);
}
