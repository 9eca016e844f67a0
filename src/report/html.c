#include "report/html.h"

#include "codec/digest.h"
#include "codec/escape.h"
#include "codec/pack.h"
#include "report/technique.h"

#define SCRATCH ((size_t)64 << 20)

void html_put(struct html *h, const char *markup)
{
	buf_text(&h->out.buf, markup);
}

void html_text(struct html *h, struct span text)
{
	escape_html(&h->out.buf, text);
}

void html_words(struct html *h, const char *text)
{
	html_text(h, span_text(text));
}

void html_number(struct html *h, uint64_t n)
{
	words_number(&h->out.buf, n);
}

void html_time(struct html *h, timestamp t)
{
	if (t == TIME_NONE) {
		html_put(h, "–");
		return;
	}
	html_put(h, "<time datetime=\"");
	timestamp_format(&h->out.buf, t, 7);
	html_put(h, "\">");
	words_time(&h->out.buf, t);
	html_put(h, "</time>");
}

static void hash_source(struct html *h, struct span bytes)
{
	uint8_t digest[SHA256_SIZE];

	sha256_of(bytes, digest);
	html_put(h, "'sha256-");
	pack_base64(&h->out.buf, span_of(digest, sizeof digest));
	html_put(h, "'");
}

static void head(struct html *h)
{
	struct span script = span_of(page_script, page_script_len);
	struct span style = span_of(page_style, page_style_len);

	html_put(h, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		    "script-src ");
	hash_source(h, script);
	html_put(h, "; style-src ");
	hash_source(h, style);
	html_put(h, "; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
		    "trusted-types 'none'\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<meta name=\"referrer\" content=\"no-referrer\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>kanshiki report: ");
	html_text(h, h->report->case_name);
	html_put(h, "</title>\n<style>");
	buf_add(&h->out.buf, style);
	html_put(h, "</style>\n</head>\n<body>\n");
}

static void top_fact(struct html *h, const char *name, struct buf *value)
{
	if (value->len) {
		html_put(h, "<div><dt>");
		html_put(h, name);
		html_put(h, "</dt><dd>");
		html_text(h, buf_span(value));
		html_put(h, "</dd></div>\n");
	}
	buf_free(value);
}

static void top_facts(struct html *h)
{
	const struct report *r = h->report;
	struct buf b = buf_new(4096);

	html_put(h, "<dl class=\"top-facts\">\n");
	words_count(&b, r->item_total, "item", "items");
	buf_text(&b, ", ");
	words_bytes(&b, r->byte_total);
	if (r->event_total) {
		buf_text(&b, ", ");
		words_count(&b, r->event_total, "log record", "log records");
	}
	top_fact(h, "Evidence", &b);
	b = buf_new(4096);
	words_count(&b, r->finding_total, "finding", "findings");
	buf_text(&b, " of ");
	words_count(&b, r->rule_count, "rule", "rules");
	top_fact(h, "Found", &b);
	b = buf_new(4096);
	words_count(&b, r->troubled_total, "item", "items");
	if (r->refusal_total) {
		buf_text(&b, ", ");
		words_count(&b, r->refusal_total, "rule refused", "rules refused");
	}
	top_fact(h, "Not wholly examined", &b);
	b = buf_new(4096);
	words_span(&b, r->started, r->ended);
	top_fact(h, "Examined", &b);
	b = buf_new(64);
	buf_text(&b, "UTC, unless a line says otherwise");
	top_fact(h, "All times", &b);
	html_put(h, "</dl>\n");
}

static void top(struct html *h)
{
	html_put(h, "<a class=\"skip\" href=\"#answers\">Skip to the answers</a>\n<header class=\"top\">\n"
		    "<p class=\"brand\"><b>kanshiki</b> <span>forensic report</span></p>\n<h1>");
	html_text(h, h->report->case_name);
	html_put(h, "</h1>\n");
	top_facts(h);
	html_put(h, "<nav aria-label=\"Parts of this report\"><a href=\"#answers\">Answers</a>");
	if (html_has_episodes(h->report))
		html_put(h, "<a href=\"#episodes\">Episodes</a>");
	html_put(h, "<a href=\"#coverage\">Coverage</a><a href=\"#timeline\" class=\"needs-script\">"
		    "Time line</a><a href=\"#findings\">Findings</a>");
	if (h->report->start_total)
		html_put(h, "<a href=\"#starts\">Starts</a>");
	if (h->report->program_totals[0] + h->report->program_totals[1] + h->report->program_totals[2])
		html_put(h, "<a href=\"#programs\">Programs</a>");
	if (h->report->transfer_total)
		html_put(h, "<a href=\"#transfers\">Transfers</a>");
	html_put(h, "<a href=\"#items\">Items</a>"
		    "<a href=\"#rules\">Rules</a><a href=\"#custody\">Custody</a></nav>\n</header>\n");
	if (!h->report->complete)
		html_put(h, "<p class=\"warning\" role=\"note\"><b>Unfinished.</b> This run did not reach "
			    "its end. What follows holds for what was examined; go on with "
			    "<code>kanshiki assess --resume</code>.</p>\n");
}

static void bottom(struct html *h)
{
	html_put(h, "<footer><p>Times are UTC. Made by kanshiki, which only reads and never changes "
		    "evidence.</p><p>" TECHNIQUE_NOTICE "</p></footer>\n");
}

bool report_html(FILE *to, const struct report *report, struct err *err)
{
	struct html h = { .out = out_new(to), .report = report, .scratch = arena_new(SCRATCH) };
	bool ok;

	head(&h);
	top(&h);
	html_put(&h, "<main>\n");
	html_answers(&h);
	html_episodes(&h);
	html_coverage(&h);
	html_findings(&h);
	html_starts(&h);
	html_programs(&h);
	html_transfers(&h);
	html_items(&h);
	html_rules(&h);
	html_custody(&h);
	html_put(&h, "</main>\n");
	bottom(&h);
	ok = html_data(&h, err);
	html_put(&h, "<script>");
	buf_add(&h.out.buf, span_of(page_script, page_script_len));
	html_put(&h, "</script>\n</body>\n</html>\n");
	arena_free(&h.scratch);
	return out_end(&h.out, err) && ok;
}
