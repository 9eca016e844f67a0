#include "report/evidence_row.h"
#include "report/out.h"
#include "report/report.h"

#include "codec/escape.h"

#define SCRATCH ((size_t)64 << 20)

static void cell(struct buf *to, struct span text)
{
	escape_csv(to, text);
	buf_add_u8(to, ',');
}

static void number_cell(struct buf *to, uint64_t n)
{
	if (n != UINT64_MAX)
		buf_decimal(to, n);
	buf_add_u8(to, ',');
}

static void time_cell(struct buf *to, timestamp t)
{
	if (t != TIME_NONE)
		timestamp_format(to, t, 7);
	buf_add_u8(to, ',');
}

/* All rows in one cell: Image=C:\a.exe; $a@0x10=MZ */
static void evidence_cell(struct buf *to, struct span json, struct arena *scratch)
{
	struct buf text = buf_new((size_t)16 << 20);
	const struct evidence_row *rows;
	size_t count;

	arena_reset(scratch);
	rows = evidence_rows(scratch, json, &count);
	for (size_t i = 0; i < count; i++) {
		buf_text(&text, i ? "; " : "");
		buf_add(&text, rows[i].name);
		if (rows[i].offset != UINT64_MAX)
			buf_printf(&text, "@0x%llx", (unsigned long long)rows[i].offset);
		buf_text(&text, "=");
		buf_add(&text, rows[i].value.len ? rows[i].value : rows[i].hex);
	}
	escape_csv(to, buf_span(&text));
	buf_free(&text);
}

static void copies_cell(struct buf *to, const struct report_item *item)
{
	struct buf text = buf_new((size_t)16 << 20);

	for (size_t i = 0; i < item->copy_count; i++) {
		buf_text(&text, i ? "; " : "");
		buf_add(&text, item->copies[i]);
	}
	cell(to, buf_span(&text));
	buf_free(&text);
}

static void line(struct buf *to, const struct report *report, const struct report_finding *f,
		 struct arena *scratch)
{
	const struct report_rule *rule = &report->rules[f->rule];
	const struct report_item *item =
		f->item == REPORT_NO_ITEM ? &(struct report_item){ 0 } : &report->items[f->item];

	number_cell(to, f->id);
	time_cell(to, f->time);
	time_cell(to, f->last);
	number_cell(to, f->count);
	cell(to, span_text(level_name(f->level)));
	cell(to, span_text(harm_name(f->harm)));
	cell(to, span_text(engine_name(rule->engine)));
	cell(to, rule->id);
	cell(to, rule->title);
	cell(to, rule->techniques);
	cell(to, f->host);
	cell(to, f->user);
	cell(to, item->path);
	buf_hex(to, item->sha256);
	buf_add_u8(to, ',');
	number_cell(to, f->offset);
	number_cell(to, f->record_id);
	evidence_cell(to, f->matched, scratch);
	buf_add_u8(to, ',');
	evidence_cell(to, f->detail, scratch);
	buf_add_u8(to, ',');
	copies_cell(to, item);
	buf_decimal(to, item->copy_total);
	buf_text(to, "\r\n");
}

bool report_csv(FILE *to, const struct report *report, struct err *err)
{
	struct out out = out_new(to);
	struct arena scratch = arena_new(SCRATCH);

	buf_text(&out.buf, "id,time,last,count,level,harm,engine,rule,title,techniques,host,user,item,sha256,"
			   "offset,record_id,matched,detail,"
			   "copies,copy_total\r\n");
	for (size_t i = 0; i < report->finding_count; i++) {
		line(&out.buf, report, &report->findings[i], &scratch);
		out_pass(&out);
	}
	arena_free(&scratch);
	return out_end(&out, err);
}
