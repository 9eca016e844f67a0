/* Episodes of theft as pictures: gathered here, sent by this, to there, how much and when. */
#include "report/html.h"

#include "report/evidence_row.h"

#include <stdlib.h>

#define EPISODES_MOST 50

struct episode {
	const struct report_finding *finding;
	struct span what, to, to_name, program, command, removed, inferred[4];
	uint64_t gathered, sent;
	size_t inferred_count;
};

static bool is_episode(const struct report *r, const struct report_finding *f)
{
	struct span id = r->rules[f->rule].id;

	return span_starts(id, SPAN("kanshiki.theft-episode")) || span_eq(id, SPAN("kanshiki.sent-by-tool"));
}

bool html_has_episodes(const struct report *r)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (is_episode(r, &r->findings[i]))
			return true;
	return false;
}

static void read_row(struct episode *e, const struct evidence_row *row)
{
	const struct {
		const char *name;
		struct span *to;
	} texts[] = { { "what", &e->what }, { "to", &e->to }, { "to_name", &e->to_name },
		      { "program", &e->program }, { "command", &e->command }, { "removed", &e->removed } };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (span_eq(row->name, span_text(texts[i].name)))
			*texts[i].to = row->value;
	if (span_eq(row->name, SPAN("bytes_gathered")))
		span_to_u64(row->value, &e->gathered);
	if (span_eq(row->name, SPAN("bytes_sent")))
		span_to_u64(row->value, &e->sent);
	if (span_starts(row->name, SPAN("inferred")) && e->inferred_count < 4)
		e->inferred[e->inferred_count++] = row->value;
}

static void station(struct html *h, const char *name, struct span value, struct span under)
{
	html_put(h, "<div class=\"station\"><small>");
	html_put(h, name);
	html_put(h, "</small><b>");
	html_text(h, value.len ? value : SPAN("not known"));
	html_put(h, "</b>");
	if (under.len) {
		html_put(h, "<span class=\"code\">");
		html_text(h, under);
		html_put(h, "</span>");
	}
	html_put(h, "</div>");
}

static void arrow(struct html *h, uint64_t bytes, const char *word)
{
	html_put(h, "<div class=\"arrow\"><small>");
	if (bytes)
		words_bytes(&h->out.buf, bytes);
	else
		html_put(h, word);
	html_put(h, "</small><svg viewBox=\"0 0 80 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
		    "<path d=\"M0 6h72M66 1l8 5-8 5\"/></svg></div>");
}

static void draw(struct html *h, const struct episode *e)
{
	const struct report_finding *f = e->finding;

	html_put(h, "<article class=\"episode\"><h3>");
	html_time(h, f->time);
	html_put(h, " to ");
	html_time(h, f->last);
	html_put(h, "</h3>\n<div class=\"flow\">");
	if (e->what.len) {
		station(h, "gathered", e->what, f->host);
		arrow(h, e->gathered, "size not told");
	} else {
		station(h, "on", f->host, (struct span){ 0 });
		arrow(h, 0, "not packed");
	}
	station(h, "sent by", e->program.len ? e->program : e->command,
		e->program.len ? e->command : (struct span){ 0 });
	arrow(h, e->sent, "how much is not told");
	station(h, "to", e->to_name.len ? e->to_name : e->to,
		e->to_name.len ? e->to : (struct span){ 0 });
	if (e->removed.len) {
		arrow(h, 0, "then");
		station(h, "removed", e->removed, (struct span){ 0 });
	}
	html_put(h, "</div>\n<p class=\"soft\">");
	if (f->user.len) {
		html_put(h, "By ");
		html_text(h, f->user);
		html_put(h, ". ");
	}
	html_put(h, "Inferred: ");
	for (size_t i = 0; i < e->inferred_count; i++) {
		html_put(h, i ? "; " : "");
		html_text(h, e->inferred[i]);
	}
	buf_printf(&h->out.buf, ". <a href=\"#f%llu\">The finding</a>.</p></article>\n",
		   (unsigned long long)f->id);
}

void html_episodes(struct html *h)
{
	const struct report *r = h->report;
	size_t drawn = 0, all = 0;

	for (size_t i = 0; i < r->finding_count; i++) {
		struct episode e = { .finding = &r->findings[i] };
		const struct evidence_row *rows;
		size_t count;

		if (!is_episode(r, e.finding) || all++ >= EPISODES_MOST)
			continue;
		if (!drawn++)
			html_put(h, "<section id=\"episodes\"><h2>Episodes of theft</h2>\n");
		arena_reset(&h->scratch);
		rows = evidence_rows(&h->scratch, e.finding->matched, &count);
		for (size_t row = 0; row < count; row++)
			read_row(&e, &rows[row]);
		draw(h, &e);
		out_pass(&h->out);
	}
	if (all > drawn) {
		html_put(h, "<p class=\"soft\">");
		html_number(h, all - drawn);
		html_put(h, " more are among the findings.</p>\n");
	}
	if (drawn)
		html_put(h, "</section>\n");
}
