/* The machine's own inventory on the page: what starts, programs nothing vouches for, destinations. */
#include "report/html.h"

#include "report/evidence_row.h"

/* Rows that stand open and those that unfold, without the script; with it all rows are there. */
#define ROWS_OPEN 40
#define ROWS_MOST 400

/* "something starts it by itself (30)", one a line: what the points are for. */
static void reasons(struct html *h, struct span json)
{
	const struct evidence_row *rows;
	size_t count;

	arena_reset(&h->scratch);
	rows = evidence_rows(&h->scratch, json, &count);
	for (size_t i = 0; i < count; i++) {
		html_text(h, rows[i].value);
		html_put(h, i + 1 < count ? "<br>" : "");
	}
}

static void cell(struct html *h, const char *class, struct span text)
{
	html_put(h, "<td");
	if (*class) {
		html_put(h, " class=\"");
		html_put(h, class);
		html_put(h, "\"");
	}
	html_put(h, ">");
	html_text(h, text);
	html_put(h, "</td>");
}

static void number_cell(struct html *h, uint64_t n)
{
	html_put(h, "<td class=\"number\">");
	html_number(h, n);
	html_put(h, "</td>");
}

static void standing(struct html *h, struct span word)
{
	html_put(h, "<td><span class=\"standing standing-");
	html_text(h, word);
	html_put(h, "\">");
	html_text(h, word);
	html_put(h, "</span></td>");
}

typedef void row_fn(struct html *h, size_t i);

/* A table whose first rows are open and whose others unfold. */
static void folding_table(struct html *h, const char *head, size_t count, uint64_t total, row_fn *row)
{
	size_t shown = count < ROWS_MOST ? count : ROWS_MOST;

	html_put(h, "<div class=\"static\">");
	for (int part = 0; part < 2; part++) {
		size_t from = part ? ROWS_OPEN : 0, to = part ? shown : shown < ROWS_OPEN ? shown : ROWS_OPEN;

		if (from >= to)
			continue;
		if (part) {
			html_put(h, "<details><summary>");
			html_number(h, to - from);
			html_put(h, " more</summary>");
		}
		html_put(h, "<div class=\"scroll\"><table class=\"inventory\"><thead><tr>");
		html_put(h, head);
		html_put(h, "</tr></thead><tbody>\n");
		for (size_t i = from; i < to; i++) {
			row(h, i);
			out_pass(&h->out);
		}
		html_put(h, part ? "</tbody></table></div></details>\n" : "</tbody></table></div>\n");
	}
	if (total > shown) {
		html_put(h, "<p class=\"soft\">");
		html_number(h, total - shown);
		html_put(h, " more are in the case file and in the JSON form"
			    "<span class=\"needs-script\"> and in the list on the screen</span>.</p>\n");
	}
	html_put(h, "</div>\n");
}

/* ---- what starts ---- */

static void start_row(struct html *h, size_t i)
{
	const struct report_start *s = &h->report->starts[i];

	html_put(h, "<tr>");
	cell(h, "", s->what);
	cell(h, "", s->machine);
	html_put(h, "<td class=\"code\">");
	html_text(h, s->command.len ? s->command : s->program.len ? s->program : s->name);
	html_put(h, "<small>");
	html_text(h, s->path);
	html_put(h, "</small></td>");
	standing(h, s->standing);
	cell(h, "", s->entry);
	html_put(h, "<td class=\"nowrap\">");
	html_time(h, s->time);
	html_put(h, "</td><td class=\"reason\">");
	reasons(h, s->reasons);
	html_put(h, "</td></tr>\n");
}

void html_starts(struct html *h)
{
	const struct report *r = h->report;

	if (!r->start_total)
		return;
	html_put(h, "<section id=\"starts\"><h2>What starts by itself</h2>\n<p class=\"soft\">");
	html_number(h, r->start_total);
	html_put(h, r->start_total == 1 ? " entry" : " entries");
	html_put(h, ", most urgent first: what is started, where that is written, who vouches for "
		    "the program and for the entry.</p>\n");
	folding_table(h, "<th scope=\"col\">Kind</th><th scope=\"col\">Machine</th>"
			 "<th scope=\"col\">Starts; written in</th><th scope=\"col\">Program is</th>"
			 "<th scope=\"col\">Entry is</th><th scope=\"col\">Written (UTC)</th>"
			 "<th scope=\"col\">Why it stands here</th>", r->start_count, r->start_total, start_row);
	html_put(h, "</section>\n");
}

/* ---- programs ---- */

static void program_row(struct html *h, size_t i)
{
	const struct report_program *p = &h->report->programs[i];

	html_put(h, "<tr>");
	standing(h, p->standing);
	html_put(h, "<td class=\"number\">");
	html_number(h, (uint64_t)(p->rank > 0 ? p->rank : 0));
	html_put(h, "</td>");
	cell(h, "", p->machine);
	cell(h, "code", p->path);
	html_put(h, "<td class=\"reason\">");
	if (p->source.len) {
		html_text(h, p->source);
		html_put(h, "<br>");
	}
	reasons(h, p->reasons);
	html_put(h, "</td></tr>\n");
}

static void share(struct html *h, const char *class, uint64_t n, uint64_t all, const char *name)
{
	html_put(h, "<span class=\"share share-");
	html_put(h, class);
	html_put(h, "\"><b>");
	html_number(h, n);
	html_put(h, "</b> ");
	html_put(h, name);
	if (all)
		buf_printf(&h->out.buf, " (%.1f %%)", 100.0 * (double)n / (double)all);
	html_put(h, "</span>");
}

/* One bar of three parts, so that a look tells how far the account goes. */
static void account(struct html *h, const uint64_t totals[3])
{
	static const char *const classes[] = { "good", "bad", "unknown" };
	uint64_t all = totals[0] + totals[1] + totals[2];
	double at = 0;

	html_put(h, "<svg class=\"account\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" "
		    "aria-hidden=\"true\">");
	for (size_t i = 0; i < 3; i++) {
		double width = 1000.0 * (double)totals[i] / (double)all;

		buf_printf(&h->out.buf, "<rect class=\"part-%s\" x=\"%.2f\" y=\"0\" width=\"%.2f\" "
			   "height=\"14\"/>", classes[i], at, totals[i] && width < 3 ? 3 : width);
		at += width;
	}
	html_put(h, "</svg>\n<p class=\"shares\">");
	share(h, "good", totals[0], all, "known good");
	share(h, "bad", totals[1], all, "known bad");
	share(h, "unknown", totals[2], all, "unknown");
	html_put(h, "</p>\n");
}

void html_programs(struct html *h)
{
	const struct report *r = h->report;
	const uint64_t *totals = r->program_totals;

	if (!(totals[0] + totals[1] + totals[2]))
		return;
	html_put(h, "<section id=\"programs\"><h2>Programs</h2>\n<p class=\"soft\">Every program, library, "
		    "script and module of the evidence. Good: a package database, a hash set or a signature "
		    "vouches for its content. The unknown are ranked by points.</p>\n");
	account(h, totals);
	folding_table(h, "<th scope=\"col\">Standing</th><th scope=\"col\" class=\"number\">Points</th>"
			 "<th scope=\"col\">Machine</th><th scope=\"col\">Path</th><th scope=\"col\">Why</th>",
		      r->program_count, totals[1] + totals[2], program_row);
	html_put(h, "</section>\n");
}

/* ---- transfers ---- */

static void bytes_cell(struct html *h, uint64_t bytes)
{
	html_put(h, "<td class=\"number\">");
	if (bytes != UINT64_MAX)
		words_bytes(&h->out.buf, bytes);
	else
		html_put(h, "<span class=\"soft\">not told</span>");
	html_put(h, "</td>");
}

static void transfer_row(struct html *h, size_t i)
{
	const struct report *r = h->report;
	const struct report_transfer *t = &r->transfers[i];
	uint64_t most = r->transfers[0].bytes_out, bytes = t->bytes_out;
	double width = bytes == UINT64_MAX || most == UINT64_MAX || !most
			       ? 0 : 100.0 * (double)bytes / (double)most;

	html_put(h, "<tr>");
	cell(h, "code", t->destination);
	bytes_cell(h, t->bytes_out);
	buf_printf(&h->out.buf, "<td class=\"bar-of\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio="
		   "\"none\" aria-hidden=\"true\"><rect class=\"bytes-out\" x=\"0\" y=\"1\" width=\"%.2f\" "
		   "height=\"8\"/></svg></td>", width);
	bytes_cell(h, t->bytes_in);
	number_cell(h, t->count);
	number_cell(h, t->hosts);
	html_put(h, "<td class=\"nowrap\">");
	html_time(h, t->first);
	html_put(h, "</td><td class=\"nowrap\">");
	html_time(h, t->last);
	html_put(h, "</td></tr>\n");
}

void html_transfers(struct html *h)
{
	const struct report *r = h->report;

	if (!r->transfer_total)
		return;
	html_put(h, "<section id=\"transfers\"><h2>Where bytes went</h2>\n<p class=\"soft\">");
	html_number(h, r->transfer_total);
	html_put(h, " destinations in captures, flow and proxy logs and event logs, most bytes out "
		    "first. Records that do not tell bytes count as connections only.</p>\n");
	folding_table(h, "<th scope=\"col\">Destination</th><th scope=\"col\" class=\"number\">Out</th>"
			 "<th scope=\"col\"><span class=\"hidden\">Share</span></th>"
			 "<th scope=\"col\" class=\"number\">In</th><th scope=\"col\" class=\"number\">Records</th>"
			 "<th scope=\"col\" class=\"number\">Hosts</th><th scope=\"col\">First (UTC)</th>"
			 "<th scope=\"col\">Last (UTC)</th>", r->transfer_count, r->transfer_total, transfer_row);
	html_put(h, "</section>\n");
}
