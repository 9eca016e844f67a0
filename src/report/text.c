#include "report/text.h"

#include "base/utf8.h"
#include "codec/escape.h"

#include <stdlib.h>

#define LABEL 13

void text_ink(struct text *t, enum ink ink)
{
	static const char *const codes[] = {
		[INK_PLAIN] = "0", [INK_ALARM] = "1;97;41", [INK_RED] = "1;31",
		[INK_YELLOW] = "1;33", [INK_VIOLET] = "1;35", [INK_GREEN] = "1;32",
		[INK_BOLD] = "1", [INK_DIM] = "2",
	};

	if (t->colour)
		buf_printf(&t->out.buf, "\x1b[%sm", codes[ink]);
}

static void new_line(struct text *t, unsigned indent)
{
	buf_printf(&t->out.buf, "\n%*s", (int)indent, "");
}

/* A word longer than a line (a path, a hash) is broken where the line ends. */
static void long_word(struct text *t, struct span word, unsigned indent, unsigned width,
		      unsigned *column)
{
	while (word.len) {
		uint32_t code;
		size_t len = utf8_next(word, &code);
		unsigned wide;

		len = len ? len : 1;
		wide = (unsigned)escape_columns(span_sub(word, 0, len));
		if (*column + wide > width) {
			new_line(t, indent);
			*column = 0;
		}
		buf_add(&t->out.buf, span_sub(word, 0, len));
		*column += wide;
		word = span_from(word, len);
	}
}

static void fold_safe(struct text *t, struct span safe, unsigned indent, unsigned lines)
{
	unsigned width = t->columns > indent + 20 ? t->columns - indent : 20, column = 0, line = 1;

	while (safe.len) {
		struct span word = span_split(&safe, ' ');
		unsigned wide = (unsigned)escape_columns(word);

		if (!word.len)
			continue;
		if (column && column + 1 + wide > width) {
			if (lines && line == lines) {
				buf_text(&t->out.buf, " …");
				break;
			}
			new_line(t, indent);
			column = 0;
			line++;
		} else if (column) {
			buf_text(&t->out.buf, " ");
			column++;
		}
		if (wide > width) {
			long_word(t, word, indent, width, &column);
		} else {
			buf_add(&t->out.buf, word);
			column += wide;
		}
	}
	buf_text(&t->out.buf, "\n");
}

void text_fold(struct text *t, struct span words, unsigned indent, unsigned lines)
{
	struct buf safe = buf_new((size_t)8 << 20);

	escape_terminal(&safe, words);
	/* Room for the ellipsis that may end the last line. */
	t->columns -= lines ? 2 : 0;
	fold_safe(t, buf_span(&safe), indent, lines);
	t->columns += lines ? 2 : 0;
	buf_free(&safe);
}

void text_fold_buf(struct text *t, struct buf *words, unsigned indent, unsigned lines)
{
	text_fold(t, buf_span(words), indent, lines);
	buf_free(words);
}

void text_point(struct text *t, char mark, struct buf *words, unsigned indent, unsigned lines)
{
	buf_printf(&t->out.buf, "%*s%c ", (int)indent, "", mark);
	text_fold_buf(t, words, indent + 2, lines);
}

void text_hang(struct text *t, struct buf *words)
{
	buf_text(&t->out.buf, "  ");
	text_fold_buf(t, words, 4, 0);
}

void text_heading(struct text *t, const char *title)
{
	buf_text(&t->out.buf, "\n");
	text_ink(t, INK_BOLD);
	buf_text(&t->out.buf, title);
	text_ink(t, INK_PLAIN);
	buf_text(&t->out.buf, "\n");
}

static enum ink ink_of(enum degree degree)
{
	static const enum ink inks[DEGREE_COUNT] = {
		[DEGREE_CONFIRMED] = INK_ALARM, [DEGREE_LIKELY] = INK_RED,
		[DEGREE_POSSIBLE] = INK_YELLOW, [DEGREE_CANNOT_TELL] = INK_VIOLET,
		[DEGREE_NO_SIGN] = INK_GREEN,
	};

	return inks[degree];
}

static void label(struct text *t, const char *word, enum ink ink)
{
	size_t len = strlen(word);

	text_ink(t, ink);
	buf_text(&t->out.buf, word);
	text_ink(t, INK_PLAIN);
	buf_printf(&t->out.buf, "%*s", (int)(len < LABEL ? LABEL - len : 1), "");
}

static void carrier(struct text *t, const struct report_carrier *c, bool whole)
{
	const struct report *r = t->report;
	const struct report_finding *f = &r->findings[c->finding];
	struct buf line = buf_new((size_t)1 << 20);

	buf_add(&line, r->rules[f->rule].title.len ? r->rules[f->rule].title
						   : r->rules[f->rule].id);
	if (f->host.len) {
		buf_text(&line, ", ");
		buf_add(&line, f->host);
	}
	if (f->time != TIME_NONE) {
		buf_text(&line, ", ");
		words_time(&line, f->time);
	}
	if (whole && c->reason.len) {
		buf_text(&line, "; ");
		buf_add(&line, c->reason);
	}
	if (whole)
		buf_printf(&line, " (finding %llu)", (unsigned long long)f->id);
	text_point(t, '-', &line, LABEL, whole ? 0 : 1);
}

static void answer_span(struct text *t, const struct report_answer *a)
{
	struct buf line = buf_new(400);

	words_span(&line, a->first, a->last);
	if (a->finding_count) {
		buf_text(&line, line.len ? ", " : "");
		words_count(&line, a->finding_count, "finding", "findings");
		if (a->times > a->finding_count) {
			buf_text(&line, " that held ");
			words_count(&line, a->times, "time", "times");
		}
	}
	if (line.len) {
		buf_printf(&t->out.buf, "%*s", LABEL, "");
		text_ink(t, INK_DIM);
		text_fold_buf(t, &line, LABEL, 0);
		text_ink(t, INK_PLAIN);
	}
	buf_free(&line);
}

/* In brief one carrier is told, and one that the sentence has not named already. */
static void carriers(struct text *t, const struct report_answer *a, bool whole)
{
	const struct report *r = t->report;

	for (size_t i = 0; i < a->carrier_count && i < 10; i++) {
		struct span title = r->rules[r->findings[a->carriers[i].finding].rule].title;

		if (whole) {
			carrier(t, &a->carriers[i], true);
		} else if (a->degree >= DEGREE_POSSIBLE && title.len &&
			   span_find(a->why, 0, title) == SIZE_MAX) {
			carrier(t, &a->carriers[i], false);
			return;
		}
	}
	if (whole && a->carrier_count > 10) {
		struct buf line = buf_new(100);

		words_number(&line, a->carrier_count - 10);
		buf_text(&line, " more of weight: among the findings below");
		text_point(t, '-', &line, LABEL, 0);
	}
}

static void answer(struct text *t, const struct report_answer *a, bool whole)
{
	label(t, degree_name(a->degree), ink_of(a->degree));
	text_ink(t, INK_BOLD);
	text_fold(t, span_text(harm_question(a->harm)), LABEL, 0);
	text_ink(t, INK_PLAIN);
	buf_printf(&t->out.buf, "%*s", LABEL, "");
	text_fold(t, a->why, LABEL, whole ? 0 : 2);
	if (whole)
		answer_span(t, a);
	carriers(t, a, whole);
	for (size_t i = 0; whole && i < a->gap_count; i++) {
		struct buf line = buf_new((size_t)1 << 20);

		buf_add(&line, a->gaps[i]);
		text_point(t, '!', &line, LABEL, 0);
	}
	if (whole)
		buf_text(&t->out.buf, "\n");
}

static void totals(struct text *t)
{
	const struct report *r = t->report;
	struct buf line = buf_new(1000);
	uint64_t refused = r->refusal_total;

	words_count(&line, r->item_total, "item", "items");
	buf_text(&line, ", ");
	words_bytes(&line, r->byte_total);
	if (r->event_total) {
		buf_text(&line, ", ");
		words_count(&line, r->event_total, "log record", "log records");
	}
	buf_text(&line, ", ");
	words_count(&line, r->finding_total, "finding", "findings");
	if (r->troubled_total) {
		buf_text(&line, "; ");
		words_count(&line, r->troubled_total, "item", "items");
		buf_text(&line, " not wholly examined");
	}
	if (refused) {
		buf_text(&line, "; ");
		words_count(&line, refused, "rule refused", "rules refused");
	}
	label(t, "examined", INK_BOLD);
	text_fold_buf(t, &line, LABEL, 0);
}

static void unfinished(struct text *t)
{
	label(t, "unfinished", INK_ALARM);
	text_fold(t, SPAN("This run did not reach its end; what follows holds for what was examined. "
			  "Go on with --resume."), LABEL, 0);
}

bool report_text(FILE *to, const struct report *report, struct report_look look, struct err *err)
{
	struct text t = { .out = out_new(to), .report = report,
			  .columns = look.columns ? look.columns : 80, .colour = look.colour };

	if (!look.brief) {
		struct buf title = buf_new((size_t)1 << 20);

		buf_text(&title, "kanshiki report on ");
		buf_add(&title, report->case_name);
		text_ink(&t, INK_BOLD);
		text_fold_buf(&t, &title, 0, 0);
		text_ink(&t, INK_PLAIN);
		buf_text(&t.out.buf, "\n");
	}
	if (!report->complete)
		unfinished(&t);
	for (size_t i = 0; i < report->answer_count; i++)
		answer(&t, &report->answers[i], !look.brief);
	if (!report->answer_count)
		text_fold(&t, SPAN("This case holds no answers: the run was stopped before it could "
				   "conclude."), 0, 0);
	totals(&t);
	if (!look.brief)
		text_rest(&t);
	return out_end(&t.out, err);
}
