#include "report/html.h"

#define REFUSALS_SHOWN 500

static void bytes_cell(struct html *h, uint64_t bytes)
{
	html_put(h, "<td class=\"number\">");
	if (bytes)
		words_bytes(&h->out.buf, bytes);
	html_put(h, "</td>");
}

static void fate(struct html *h, const struct report_fate *f)
{
	html_put(h, "<tr><th scope=\"row\"><span class=\"fate fate-");
	html_put(h, fate_name(f->fate));
	html_put(h, "\">");
	html_put(h, fate_name(f->fate));
	html_put(h, "</span></th><td class=\"number\">");
	html_number(h, f->items);
	html_put(h, "</td>");
	bytes_cell(h, f->bytes);
	html_put(h, "<td class=\"reason\">");
	html_text(h, f->reason);
	html_put(h, "</td><td class=\"code\">");
	if (f->reason.len && f->example != REPORT_NO_ITEM)
		html_text(h, h->report->items[f->example].path);
	html_put(h, "</td></tr>\n");
	out_pass(&h->out);
}

static void troubled(struct html *h)
{
	const struct report *r = h->report;

	if (!r->troubled_count)
		return;
	html_put(h, "<details class=\"troubled\"><summary>Every item that was not wholly examined (");
	html_number(h, r->troubled_total);
	html_put(h, ")</summary><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Item</th>"
		    "<th scope=\"col\">Fate</th><th scope=\"col\">Why</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < r->troubled_count; i++) {
		const struct report_item *item = &r->items[r->troubled[i]];

		html_put(h, "<tr><td class=\"code\">");
		html_text(h, item->path);
		html_put(h, "</td><td>");
		html_put(h, fate_name(item->fate));
		html_put(h, "</td><td class=\"reason\">");
		html_text(h, item->reason);
		html_put(h, "</td></tr>\n");
		out_pass(&h->out);
	}
	html_put(h, "</tbody></table></div>");
	if (r->troubled_total > r->troubled_count) {
		html_put(h, "<p class=\"soft\">");
		html_number(h, r->troubled_total - r->troubled_count);
		html_put(h, " more are in the case file, table item.</p>");
	}
	html_put(h, "</details>\n");
}

void html_items(struct html *h)
{
	const struct report *r = h->report;

	html_put(h, "<section id=\"items\" aria-labelledby=\"items-title\">\n"
		    "<h2 id=\"items-title\">Items and what became of them</h2>\n<p>");
	words_count(&h->out.buf, r->item_total, "item was", "items were");
	html_put(h, " found. Each has exactly one fate. Bytes are also those of what is inside "
		    "archives and images.</p>\n<div class=\"scroll\"><table class=\"fates\">"
		    "<thead><tr><th scope=\"col\">Fate</th><th scope=\"col\" class=\"number\">Items</th>"
		    "<th scope=\"col\" class=\"number\">Bytes</th><th scope=\"col\">Why</th>"
		    "<th scope=\"col\">For example</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < r->fate_count; i++)
		fate(h, &r->fates[i]);
	html_put(h, "</tbody></table></div>\n");
	troubled(h);
	html_put(h, "</section>\n");
}

static void refusals(struct html *h)
{
	const struct report *r = h->report;

	if (!r->refusal_count)
		return;
	html_put(h, "<details><summary>Rules that were refused (");
	html_number(h, r->refusal_total);
	html_put(h, ")</summary><div class=\"scroll\"><table><thead><tr><th scope=\"col\">File and line"
		    "</th><th scope=\"col\">Rule</th><th scope=\"col\">Why</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < r->refusal_count && i < REFUSALS_SHOWN; i++) {
		const struct report_refusal *refusal = &r->refusals[i];

		html_put(h, "<tr><td class=\"code\">");
		html_text(h, refusal->file);
		if (refusal->line)
			buf_printf(&h->out.buf, ":%llu", (unsigned long long)refusal->line);
		html_put(h, "</td><td>");
		html_text(h, refusal->rule);
		html_put(h, "</td><td class=\"reason\">");
		html_text(h, refusal->reason);
		html_put(h, "</td></tr>\n");
		out_pass(&h->out);
	}
	html_put(h, "</tbody></table></div>");
	if (r->refusal_total > REFUSALS_SHOWN)
		html_put(h, "<p class=\"soft\">The rest is in the case file, table problem.</p>");
	html_put(h, "</details>\n");
}

void html_rules(struct html *h)
{
	const struct report *r = h->report;

	html_put(h, "<section id=\"rules\" aria-labelledby=\"rules-title\">\n"
		    "<h2 id=\"rules-title\">Rules in force</h2>\n<div class=\"scroll\"><table>"
		    "<thead><tr><th scope=\"col\">Rules</th><th scope=\"col\">Kind</th>"
		    "<th scope=\"col\" class=\"number\">Loaded</th>"
		    "<th scope=\"col\" class=\"number\">Refused</th>"
		    "<th scope=\"col\" class=\"number\">For other systems</th>"
		    "<th scope=\"col\">SHA-256 over their texts</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < r->ruleset_count; i++) {
		const struct report_ruleset *set = &r->rulesets[i];

		html_put(h, "<tr><td class=\"code\">");
		html_text(h, set->name);
		html_put(h, "</td><td>");
		html_put(h, engine_name(set->engine));
		html_put(h, "</td><td class=\"number\">");
		html_number(h, set->loaded);
		html_put(h, "</td><td class=\"number\">");
		html_number(h, set->refused);
		html_put(h, "</td><td class=\"number\">");
		html_number(h, set->not_applicable);
		html_put(h, "</td><td class=\"code\">");
		buf_hex(&h->out.buf, set->digest);
		html_put(h, "</td></tr>\n");
	}
	html_put(h, "</tbody></table></div>\n");
	refusals(h);
	html_put(h, "</section>\n");
	out_pass(&h->out);
}

void html_custody(struct html *h)
{
	const struct report *r = h->report;

	html_put(h, "<section id=\"custody\" aria-labelledby=\"custody-title\">\n"
		    "<h2 id=\"custody-title\">Custody</h2>\n<dl class=\"pairs custody\">\n");
	for (size_t i = 0; i < r->custody_count; i++) {
		html_put(h, "<dt>");
		html_text(h, r->custody[i].name);
		html_put(h, "</dt><dd class=\"code\">");
		html_text(h, r->custody[i].value);
		html_put(h, "</dd>\n");
	}
	html_put(h, "</dl>\n<h3>How to check this</h3>\n<p>This page is a picture of the case file; the "
		    "case file is the record. <code>kanshiki verify CASE</code> recomputes every entry of "
		    "the custody log, the tree over them, and the signature on the checkpoint above. The "
		    "same can be done with <code>sqlite3</code>, <code>sha256sum</code> and "
		    "<code>openssl</code> alone, as docs/case-file.md of kanshiki shows. The SHA-256 of "
		    "an item is that of its bytes as they were read.</p>\n</section>\n");
	out_pass(&h->out);
}
