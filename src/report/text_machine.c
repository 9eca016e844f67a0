/* What starts, programs that nothing vouches for, and where bytes went, as text. */
#include "report/text.h"

#include <inttypes.h>

#define SHOWN REPORT_TEXT_PROGRAMS

static void left_out(struct text *t, uint64_t n, const char *what)
{
	struct buf line = buf_new(256);

	if (n) {
		buf_text(&line, "and ");
		words_number(&line, n);
		buf_printf(&line, " more %s", what);
		text_hang(t, &line);
	}
	buf_free(&line);
}

static void starts(struct text *t)
{
	const struct report *r = t->report;
	size_t shown = r->start_count < SHOWN ? r->start_count : SHOWN;

	if (!r->start_total)
		return;
	text_heading(t, "What starts by itself, most urgent first");
	for (size_t i = 0; i < shown; i++) {
		const struct report_start *s = &r->starts[i];
		struct buf line = buf_new((size_t)1 << 20);

		buf_printf(&line, "%3" PRId64 "  ", s->rank);
		buf_add(&line, s->what);
		buf_text(&line, ": ");
		buf_add(&line, s->command.len ? s->command : s->program.len ? s->program : s->name);
		buf_text(&line, "; program ");
		buf_add(&line, s->standing);
		buf_text(&line, ", entry ");
		buf_add(&line, s->entry);
		buf_text(&line, ", in ");
		buf_add(&line, s->path);
		text_hang(t, &line);
		out_pass(&t->out);
	}
	left_out(t, r->start_total - shown, "entries");
}

static void programs(struct text *t)
{
	const struct report *r = t->report;
	const uint64_t *n = r->program_totals;
	size_t shown = r->program_count < SHOWN ? r->program_count : SHOWN;
	struct buf line = buf_new(512);

	if (n[0] + n[1] + n[2]) {
		text_heading(t, "Programs");
		words_number(&line, n[0]);
		buf_text(&line, " known good, ");
		words_number(&line, n[1]);
		buf_text(&line, " known bad, ");
		words_number(&line, n[2]);
		buf_text(&line, " unknown");
		text_hang(t, &line);
		for (size_t i = 0; i < shown; i++) {
			const struct report_program *p = &r->programs[i];

			buf_clear(&line);
			line.cap = (size_t)1 << 20;
			buf_printf(&line, "%3" PRId64 "  ", p->rank);
			buf_add(&line, p->standing);
			buf_text(&line, "  ");
			buf_add(&line, p->path);
			if (p->source.len) {
				buf_text(&line, ": ");
				buf_add(&line, p->source);
			}
			text_hang(t, &line);
			out_pass(&t->out);
		}
		left_out(t, n[1] + n[2] - shown, "programs");
	}
	buf_free(&line);
}

/* "918.3 MB out, 41.2 kB in, "; a way whose bytes no record tells is left out. */
static void amounts(struct buf *line, const struct report_transfer *f)
{
	if (f->bytes_out == UINT64_MAX && f->bytes_in == UINT64_MAX) {
		buf_text(line, "no record tells bytes, ");
		return;
	}
	if (f->bytes_out != UINT64_MAX) {
		words_bytes(line, f->bytes_out);
		buf_text(line, " out, ");
	}
	if (f->bytes_in != UINT64_MAX) {
		words_bytes(line, f->bytes_in);
		buf_text(line, " in, ");
	}
}

static void transfers(struct text *t)
{
	const struct report *r = t->report;
	size_t shown = r->transfer_count < SHOWN ? r->transfer_count : SHOWN;

	if (!r->transfer_total)
		return;
	text_heading(t, "Where bytes went");
	for (size_t i = 0; i < shown; i++) {
		const struct report_transfer *f = &r->transfers[i];
		struct buf line = buf_new((size_t)1 << 20);

		buf_add(&line, f->destination);
		buf_text(&line, ": ");
		amounts(&line, f);
		words_count(&line, f->count, "record", "records");
		buf_text(&line, ", ");
		words_span(&line, f->first, f->last);
		text_hang(t, &line);
	}
	left_out(t, r->transfer_total - shown, "destinations");
}

void text_machine(struct text *t)
{
	starts(t);
	programs(t);
	transfers(t);
}
