#include "report/html.h"
#include "report/evidence_row.h"

#define GIST_MOST 160
#define GAPS_SHOWN 12

/* A disc filled as far as the answer is sure; broken where it cannot be told. */
static const char *const marks[DEGREE_COUNT] = {
	[DEGREE_CANNOT_TELL] = "<circle class=\"mark-line broken\" cx=\"10\" cy=\"10\" r=\"8\"/>"
			       "<path class=\"mark-line\" d=\"M7.4 8a2.7 2.7 0 1 1 3.6 2.5c-.7.3-1 "
			       ".7-1 1.5\"/><circle class=\"mark-fill\" cx=\"10\" cy=\"14.2\" r=\"1\"/>",
	[DEGREE_NO_SIGN] = "<circle class=\"mark-line\" cx=\"10\" cy=\"10\" r=\"8\"/>",
	[DEGREE_POSSIBLE] = "<circle class=\"mark-line\" cx=\"10\" cy=\"10\" r=\"8\"/>"
			    "<path class=\"mark-fill\" d=\"M10 2a8 8 0 0 1 0 16z\"/>",
	[DEGREE_LIKELY] = "<circle class=\"mark-line\" cx=\"10\" cy=\"10\" r=\"8\"/>"
			  "<path class=\"mark-fill\" d=\"M10 2a8 8 0 1 1-8 8h8z\"/>",
	[DEGREE_CONFIRMED] = "<circle class=\"mark-line\" cx=\"10\" cy=\"10\" r=\"8\"/>"
			     "<circle class=\"mark-fill\" cx=\"10\" cy=\"10\" r=\"8\"/>",
};

static const char *const short_words[HARM_COUNT] = {
	[HARM_IMPLANT] = "Implant", [HARM_THEFT] = "Theft", [HARM_CONTROL] = "Control",
	[HARM_DESTRUCTION] = "Destruction", [HARM_OBSTRUCTION] = "Obstruction",
};

static void degree(struct html *h, enum degree d)
{
	static const char *const titles[DEGREE_COUNT] = { "Cannot tell", "No sign", "Possible",
							  "Likely", "Confirmed" };

	html_put(h, "<span class=\"degree\"><svg class=\"mark\" viewBox=\"0 0 20 20\" "
		    "aria-hidden=\"true\">");
	html_put(h, marks[d]);
	html_put(h, "</svg>");
	html_put(h, titles[d]);
	html_put(h, "</span>");
}

/* Class names are ours, with the space of "no sign" closed. */
static void degree_class(struct html *h, enum degree d)
{
	static const char *const names[DEGREE_COUNT] = { "cannot-tell", "no-sign", "possible",
							 "likely", "confirmed" };

	html_put(h, "is-");
	html_put(h, names[d]);
}

static void glance(struct html *h)
{
	const struct report *r = h->report;

	html_put(h, "<ol class=\"glance\">\n");
	for (size_t i = 0; i < r->answer_count; i++) {
		const struct report_answer *a = &r->answers[i];

		html_put(h, "<li class=\"");
		degree_class(h, a->degree);
		html_put(h, "\"><a href=\"#answer-");
		html_put(h, harm_name(a->harm));
		html_put(h, "\"><b>");
		html_put(h, short_words[a->harm]);
		html_put(h, "</b>");
		degree(h, a->degree);
		html_put(h, "</a></li>\n");
	}
	html_put(h, "</ol>\n");
}

/* What was done, in a line: nobody should have to look it up. */
static void gist(struct html *h, const struct report_finding *f)
{
	struct span text;

	arena_reset(&h->scratch);
	text = evidence_gist(&h->scratch, f->matched);
	if (!text.len)
		return;
	html_put(h, "<code>");
	html_text(h, span_sub(text, 0, GIST_MOST));
	html_put(h, text.len > GIST_MOST ? "…</code>" : "</code>");
}

static void carriers(struct html *h, const struct report_answer *a)
{
	const struct report *r = h->report;

	if (!a->carrier_count)
		return;
	html_put(h, "<h4>Carried by</h4>\n<ol class=\"carriers\">\n");
	for (size_t i = 0; i < a->carrier_count && i < 5; i++) {
		const struct report_finding *f = &r->findings[a->carriers[i].finding];
		const struct report_rule *rule = &r->rules[f->rule];

		html_put(h, "<li><a href=\"#f");
		buf_decimal(&h->out.buf, f->id);
		html_put(h, "\">");
		html_text(h, rule->title.len ? rule->title : rule->id);
		html_put(h, "</a> <span class=\"soft\">");
		html_put(h, level_name(f->level));
		if (f->time != TIME_NONE) {
			html_put(h, ", ");
			html_time(h, f->time);
		}
		if (f->host.len) {
			html_put(h, ", ");
			html_text(h, f->host);
		}
		html_put(h, "</span>");
		gist(h, f);
		html_put(h, "</li>\n");
	}
	html_put(h, "</ol>\n");
	if (a->finding_count > 5 || a->times > a->finding_count) {
		html_put(h, "<p class=\"soft\">");
		words_count(&h->out.buf, a->finding_count, "finding", "findings");
		html_put(h, " of this harm in all");
		if (a->times > a->finding_count) {
			html_put(h, ", which held ");
			words_count(&h->out.buf, a->times, "time", "times");
		}
		html_put(h, ".</p>\n");
	}
}

static void gaps(struct html *h, const struct report_answer *a)
{
	html_put(h, "<h4>Not seen</h4>\n");
	if (!a->gap_count) {
		html_put(h, "<p class=\"soft\">Everything that would show it was there and wholly "
			    "examined.</p>\n");
		return;
	}
	html_put(h, "<ul class=\"gaps\">\n");
	for (size_t i = 0; i < a->gap_count && i < GAPS_SHOWN; i++) {
		html_put(h, "<li>");
		html_text(h, a->gaps[i]);
		html_put(h, "</li>\n");
	}
	if (a->gap_count > GAPS_SHOWN) {
		html_put(h, "<li class=\"soft\">");
		words_count(&h->out.buf, a->gap_count - GAPS_SHOWN, "more gap", "more gaps");
		html_put(h, " under coverage</li>\n");
	}
	html_put(h, "</ul>\n");
}

static void card(struct html *h, const struct report_answer *a)
{
	html_put(h, "<li class=\"card ");
	degree_class(h, a->degree);
	html_put(h, "\" id=\"answer-");
	html_put(h, harm_name(a->harm));
	html_put(h, "\">\n<div class=\"verdict\">");
	degree(h, a->degree);
	html_put(h, "<h3>");
	html_words(h, harm_question(a->harm));
	html_put(h, "</h3>\n<p class=\"why\">");
	html_text(h, a->why);
	html_put(h, "</p>\n");
	if (a->first != TIME_NONE || a->last != TIME_NONE) {
		html_put(h, "<p class=\"span\"><b>When:</b> ");
		words_span(&h->out.buf, a->first, a->last);
		html_put(h, "</p>\n");
	}
	html_put(h, "</div>\n<div class=\"proof\">");
	carriers(h, a);
	html_put(h, "</div>\n<div class=\"unseen\">");
	gaps(h, a);
	html_put(h, "</div>\n</li>\n");
}

void html_answers(struct html *h)
{
	const struct report *r = h->report;

	html_put(h, "<section id=\"answers\" aria-labelledby=\"answers-title\">\n"
		    "<h2 id=\"answers-title\">Five answers</h2>\n");
	if (!r->answer_count)
		html_put(h, "<p class=\"warning\">This case holds no answers: the run was stopped "
			    "before it could conclude.</p>\n");
	glance(h);
	html_put(h, "<ol class=\"cards\">\n");
	for (size_t i = 0; i < r->answer_count; i++)
		card(h, &r->answers[i]);
	html_put(h, "</ol>\n<p class=\"soft\">“No sign” is said only where the evidence that would "
		    "show it was there and was examined; otherwise the answer is “cannot "
		    "tell”.</p>\n</section>\n");
	out_pass(&h->out);
}
