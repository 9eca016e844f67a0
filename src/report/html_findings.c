#include "report/evidence_row.h"
#include "report/html.h"

#define OF_ONE_RULE 3

static void pair(struct html *h, const char *name, struct span value, bool code)
{
	if (!value.len)
		return;
	html_put(h, "<dt>");
	html_put(h, name);
	html_put(h, code ? "</dt><dd class=\"code\">" : "</dt><dd>");
	html_text(h, value);
	html_put(h, "</dd>\n");
}

static void pair_buf(struct html *h, const char *name, struct buf *value, bool code)
{
	pair(h, name, buf_span(value), code);
	buf_free(value);
}

static void technique_pairs(struct html *h, struct span ids)
{
	struct buf text = buf_new(1 << 16);

	while (ids.len) {
		struct span id = span_split(&ids, ' ');

		if (!id.len)
			continue;
		buf_text(&text, text.len ? ", " : "");
		buf_add(&text, id);
		buf_text(&text, " ");
		buf_text(&text, technique_name(id));
	}
	pair_buf(h, "ATT&amp;CK", &text, false);
}

static void copies_pair(struct html *h, const struct report_item *item)
{
	if (!item->copy_total)
		return;
	html_put(h, "<dt>Also at</dt><dd class=\"code\">");
	for (size_t i = 0; i < item->copy_count; i++) {
		html_put(h, i ? "<br>" : "");
		html_text(h, item->copies[i]);
	}
	if (item->copy_total > item->copy_count) {
		html_put(h, "<br>and ");
		html_number(h, item->copy_total - item->copy_count);
		html_put(h, " more");
	}
	html_put(h, "</dd>\n");
}

static void item_pairs(struct html *h, const struct report_finding *f)
{
	const struct report_item *item =
		f->item == REPORT_NO_ITEM ? NULL : &h->report->items[f->item];
	struct buf text = buf_new(1 << 16);

	if (item) {
		pair(h, "Item", item->path, true);
		copies_pair(h, item);
		buf_hex(&text, item->sha256);
		pair_buf(h, "SHA-256", &text, true);
	}
	text = buf_new(1 << 16);
	if (f->record_id != UINT64_MAX)
		buf_printf(&text, "record %llu", (unsigned long long)f->record_id);
	if (f->offset != UINT64_MAX)
		buf_printf(&text, "%soffset 0x%llx", text.len ? ", " : "",
			   (unsigned long long)f->offset);
	pair_buf(h, "Place", &text, false);
}

static void finding_pairs(struct html *h, const struct report_finding *f)
{
	const struct report_rule *rule = &h->report->rules[f->rule];
	struct buf text = buf_new((size_t)4 << 20);

	html_put(h, "<dl class=\"pairs\">\n");
	words_span(&text, f->time, f->last);
	if (f->count > 1)
		buf_printf(&text, ", %llu times", (unsigned long long)f->count);
	pair_buf(h, "Time", &text, false);
	pair(h, "Host", f->host, false);
	pair(h, "User", f->user, false);
	item_pairs(h, f);
	technique_pairs(h, rule->techniques);
	text = buf_new((size_t)4 << 20);
	buf_printf(&text, "%s ", engine_name(rule->engine));
	buf_add(&text, rule->id);
	buf_text(&text, rule->references.len ? ", " : "");
	buf_add(&text, rule->references);
	pair_buf(h, "Rule", &text, false);
	html_put(h, "</dl>\n");
}

static void evidence(struct html *h, const char *caption, struct span json)
{
	size_t count;
	const struct evidence_row *rows;

	arena_reset(&h->scratch);
	rows = evidence_rows(&h->scratch, json, &count);
	if (!count)
		return;
	html_put(h, "<table class=\"seen\"><caption>");
	html_put(h, caption);
	html_put(h, "</caption><tbody>");
	for (size_t i = 0; i < count; i++) {
		html_put(h, "<tr><th scope=\"row\">");
		html_text(h, rows[i].name);
		if (rows[i].offset != UINT64_MAX)
			buf_printf(&h->out.buf, " <span class=\"soft\">at 0x%llx</span>",
				   (unsigned long long)rows[i].offset);
		html_put(h, "</th><td>");
		html_text(h, rows[i].value);
		if (rows[i].hex.len) {
			html_put(h, " <span class=\"hex\">");
			html_text(h, rows[i].hex);
			html_put(h, "</span>");
		}
		html_put(h, "</td></tr>\n");
	}
	html_put(h, "</tbody></table>\n");
}

static void finding(struct html *h, const struct report_finding *f)
{
	const struct report_rule *rule = &h->report->rules[f->rule];

	html_put(h, "<article class=\"finding\" id=\"f");
	buf_decimal(&h->out.buf, f->id);
	html_put(h, "\"><h3><span class=\"level level-");
	html_put(h, level_name(f->level));
	html_put(h, "\">");
	html_put(h, level_name(f->level));
	html_put(h, "</span> ");
	html_text(h, rule->title.len ? rule->title : rule->id);
	html_put(h, " <span class=\"soft\">");
	if (f->harm != HARM_NONE) {
		html_put(h, harm_name(f->harm));
		html_put(h, ", ");
	}
	html_put(h, "finding ");
	buf_decimal(&h->out.buf, f->id);
	html_put(h, "</span></h3>\n");
	finding_pairs(h, f);
	evidence(h, "What the rule saw", f->matched);
	evidence(h, "Further fields", f->detail);
	html_put(h, "</article>\n");
	out_pass(&h->out);
}

struct choice {
	uint32_t at[HTML_LISTED];
	size_t count;
	uint8_t *taken;			/* by finding */
	uint8_t *of_rule;		/* how many of each rule, up to OF_ONE_RULE */
};

static void choose(const struct report *r, struct choice *c, uint32_t at, bool any)
{
	uint8_t *of_rule = &c->of_rule[r->findings[at].rule];

	if (c->taken[at] || c->count == HTML_LISTED || (!any && *of_rule >= OF_ONE_RULE))
		return;
	c->taken[at] = 1;
	if (*of_rule < OF_ONE_RULE)
		++*of_rule;
	c->at[c->count++] = at;
}

/* The first carriers of each answer, then the heaviest, a few of each rule. */
static bool choose_all(struct html *h, struct choice *c)
{
	const struct report *r = h->report;

	c->taken = arena_alloc(&h->scratch, r->finding_count + 1);
	c->of_rule = arena_alloc(&h->scratch, r->rule_count + 1);
	if (!c->taken || !c->of_rule)
		return false;
	for (size_t rank = 0; rank < 10; rank++)
		for (size_t a = 0; a < r->answer_count; a++)
			if (rank < r->answers[a].carrier_count)
				choose(r, c, r->answers[a].carriers[rank].finding, rank < 5);
	for (uint32_t i = 0; i < r->finding_count; i++)
		choose(r, c, i, false);
	return true;
}

void html_findings(struct html *h)
{
	const struct report *r = h->report;
	struct choice c = { .count = 0 };
	size_t count = choose_all(h, &c) ? c.count : 0;

	html_put(h, "<section id=\"timeline\" class=\"needs-script\" "
		    "aria-labelledby=\"timeline-title\">\n"
		    "<h2 id=\"timeline-title\">Time line</h2>\n<div id=\"timeline-here\"></div>\n"
		    "</section>\n<section id=\"findings\" aria-labelledby=\"findings-title\">\n"
		    "<h2 id=\"findings-title\">Findings</h2>\n<div id=\"explorer\" "
		    "class=\"needs-script\"></div>\n<div class=\"listed\">\n<p class=\"soft\">");
	if (r->finding_total > count) {
		html_put(h, "The ");
		html_number(h, count);
		html_put(h, " that carry the answers or weigh most, a few of each rule, of ");
		html_number(h, r->finding_total);
		html_put(h, ". All are in the case file and in <code>kanshiki report --format "
			    "csv</code>.");
	} else if (!r->finding_total) {
		html_put(h, "No rule held for anything that was examined.");
	}
	html_put(h, "</p>\n");
	for (int level = LEVEL_COUNT - 1; level >= 0; level--)
		for (size_t i = 0; i < count; i++)
			if ((int)r->findings[c.at[i]].level == level)
				finding(h, &r->findings[c.at[i]]);
	html_put(h, "</div>\n</section>\n");
	out_pass(&h->out);
}
