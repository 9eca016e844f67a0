#include "report/html.h"

#include "base/day_counts.h"

#define EXTENTS_OPEN 30
#define BAND 1000
#define COLUMNS 250
#define STEPS 3

static const char *const state_marks[COVERAGE_COUNT] = {
	[COVERAGE_MISSING] = "<rect class=\"cell missing\" x=\"2.5\" y=\"2.5\" width=\"15\" "
			     "height=\"15\"/><path class=\"cross\" d=\"M6 6l8 8M14 6l-8 8\"/>",
	[COVERAGE_DAMAGED] = "<rect class=\"cell damaged\" x=\"2.5\" y=\"2.5\" width=\"15\" "
			     "height=\"15\"/><path class=\"crack\" d=\"M11 2.5l-3 6 4 2.5-3 6.5\"/>",
	[COVERAGE_PARTLY] = "<rect class=\"cell partly\" x=\"2.5\" y=\"2.5\" width=\"15\" "
			    "height=\"15\"/><path class=\"half\" d=\"M2.5 17.5v-15l15 15z\"/>",
	[COVERAGE_EXAMINED] = "<rect class=\"cell examined\" x=\"2.5\" y=\"2.5\" width=\"15\" "
			      "height=\"15\"/>",
};

static void mark(struct html *h, enum coverage_state state)
{
	html_put(h, "<svg class=\"state\" viewBox=\"0 0 20 20\" aria-hidden=\"true\">");
	html_put(h, state_marks[state]);
	html_put(h, "</svg>");
}

static void legend(struct html *h)
{
	static const char *const meanings[COVERAGE_COUNT] = {
		[COVERAGE_EXAMINED] = "examined to its end", [COVERAGE_PARTLY] = "in part",
		[COVERAGE_DAMAGED] = "damaged", [COVERAGE_MISSING] = "not in the evidence",
	};

	html_put(h, "<p class=\"legend\">");
	for (int state = COVERAGE_COUNT; state-- > 0;) {
		html_put(h, "<span>");
		mark(h, (enum coverage_state)state);
		html_put(h, meanings[state]);
		html_put(h, "</span>");
	}
	html_put(h, "</p>\n");
}

static void need_notes(struct html *h, const struct report_coverage *c)
{
	uint32_t told = 0;

	for (unsigned harm = 0; harm < HARM_COUNT; harm++) {
		bool first = true;

		if (!(c->harms >> harm & 1) || told >> harm & 1 || !c->why[harm].len)
			continue;
		html_put(h, "<p>");
		for (unsigned other = harm; other < HARM_COUNT; other++) {
			if (!(c->harms >> other & 1) || !span_eq(c->why[other], c->why[harm]))
				continue;
			html_put(h, first ? "<b>" : ", ");
			html_put(h, harm_name((enum harm)other));
			told |= 1u << other;
			first = false;
		}
		html_put(h, ":</b> ");
		html_text(h, c->why[harm]);
		html_put(h, "</p>");
	}
}

static void need(struct html *h, const struct report_coverage *c)
{
	html_put(h, "<tr><th scope=\"row\">");
	html_text(h, c->name);
	html_put(h, "</th>");
	for (unsigned harm = HARM_IMPLANT; harm < HARM_COUNT; harm++) {
		html_put(h, "<td class=\"cell-of\">");
		if (c->harms >> harm & 1) {
			mark(h, c->states[harm]);
			html_put(h, "<span class=\"hidden\">");
			html_put(h, coverage_state_name(c->states[harm]));
			html_put(h, "</span>");
		}
		html_put(h, "</td>");
	}
	html_put(h, "<td class=\"number\">");
	html_number(h, c->items);
	html_put(h, "</td><td class=\"notes\">");
	need_notes(h, c);
	html_put(h, "</td></tr>\n");
}

static enum coverage_state worst(const struct report_coverage *c)
{
	enum coverage_state state = COVERAGE_EXAMINED;

	for (unsigned harm = 0; harm < HARM_COUNT; harm++)
		if (c->harms >> harm & 1 && c->states[harm] < state)
			state = c->states[harm];
	return state;
}

static void needs(struct html *h)
{
	const struct report *r = h->report;

	html_put(h, "<div class=\"scroll\"><table class=\"matrix\"><caption>Evidence that each answer "
		    "leans on</caption><thead><tr><th scope=\"col\">Evidence</th>"
		    "<th scope=\"col\">Implant</th><th scope=\"col\">Theft</th>"
		    "<th scope=\"col\">Control</th><th scope=\"col\">Destruction</th>"
		    "<th scope=\"col\">Obstruction</th><th scope=\"col\" class=\"number\">Items</th>"
		    "<th scope=\"col\">What is wanting, and what it would have shown</th>"
		    "</tr></thead><tbody>\n");
	for (int state = 0; state < COVERAGE_COUNT; state++)
		for (size_t i = 0; i < r->coverage_count; i++)
			if (worst(&r->coverage[i]) == (enum coverage_state)state) {
				need(h, &r->coverage[i]);
				out_pass(&h->out);
			}
	html_put(h, "</tbody></table></div>\n");
}

struct axis {
	timestamp first, last;
};

static struct axis axis_of(const struct report *r)
{
	struct axis axis = { TIME_NONE, TIME_NONE };

	for (size_t i = 0; i < r->extent_count; i++) {
		const struct report_extent *e = &r->extents[i];

		if (e->first == TIME_NONE || e->last == TIME_NONE)
			continue;
		if (axis.first == TIME_NONE || e->first < axis.first)
			axis.first = e->first;
		if (axis.last == TIME_NONE || e->last > axis.last)
			axis.last = e->last;
	}
	return axis;
}

/* Times may lie centuries apart: halves keep the difference within 64 bits. */
static unsigned place(struct axis axis, timestamp t)
{
	double wide = (double)axis.last / 2 - (double)axis.first / 2;

	if (wide <= 0 || t <= axis.first)
		return 0;
	if (t >= axis.last)
		return BAND;
	return (unsigned)(((double)t / 2 - (double)axis.first / 2) / wide * BAND);
}

/* How many records a column of the band has, in steps that the eye tells apart. */
static unsigned step_of(uint64_t records, uint64_t most)
{
	unsigned step = 1;

	for (uint64_t under = most / 4; step < STEPS && records > under / 16; step++)
		under *= 4;
	return step;
}

static void columns(struct axis axis, const struct day_counts *days, unsigned char steps[COLUMNS])
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < days->count; i++)
		if (days->list[i].records > most)
			most = days->list[i].records;
	for (uint32_t i = 0; i < days->count; i++) {
		const struct day_count *day = &days->list[i];
		unsigned step = step_of(day->records, most), from, to;

		from = place(axis, day_start(day->day)) * COLUMNS / (BAND + 1);
		to = place(axis, day_start(day->day + days->width)) * COLUMNS / (BAND + 1);
		for (unsigned c = from; c < COLUMNS && (c == from || c < to); c++)
			if (steps[c] < step)
				steps[c] = (unsigned char)step;
	}
}

/* Columns that are alike are one rectangle; where there are no records the rail shows. */
static void days_band(struct html *h, struct axis axis, const struct report_extent *e,
		      const struct day_counts *days)
{
	unsigned char steps[COLUMNS] = { 0 };

	columns(axis, days, steps);
	for (unsigned from = 0, to; from < COLUMNS; from = to) {
		for (to = from + 1; to < COLUMNS && steps[to] == steps[from];)
			to++;
		if (steps[from])
			buf_printf(&h->out.buf, "<rect class=\"%s step-%u\" x=\"%u\" y=\"1\" width=\"%u\" "
				   "height=\"12\"/>", e->lost ? "reach lossy" : "reach", steps[from],
				   from * (BAND / COLUMNS), (to - from) * (BAND / COLUMNS));
	}
}

static void whole_band(struct html *h, struct axis axis, const struct report_extent *e)
{
	unsigned from = place(axis, e->first), to = place(axis, e->last);

	buf_printf(&h->out.buf, "<rect class=\"%s\" x=\"%u\" y=\"1\" width=\"%u\" height=\"12\"/>",
		   e->lost ? "reach lossy" : "reach", from, to > from + 4 ? to - from : 4);
}

static void band(struct html *h, struct axis axis, const struct report_extent *e)
{
	struct day_counts days;

	if (e->first == TIME_NONE || e->last == TIME_NONE)
		return;
	html_put(h, "<svg class=\"band\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" "
		    "aria-hidden=\"true\"><rect class=\"rail\" width=\"1000\" height=\"14\"/>");
	if (day_counts_read(e->days, &days) && days.count)
		days_band(h, axis, e, &days);
	else
		whole_band(h, axis, e);
	html_put(h, "</svg>");
}

static void extent(struct html *h, struct axis axis, const struct report_extent *e)
{
	html_put(h, "<tr><th scope=\"row\">");
	html_text(h, e->channel.len ? e->channel
				    : span_text(evidence_class_name(e->evidence_class)));
	html_put(h, "</th><td>");
	html_text(h, e->host);
	html_put(h, "</td><td class=\"number\">");
	html_number(h, e->events);
	html_put(h, "</td><td class=\"number\">");
	if (e->lost) {
		html_put(h, "<b class=\"lost\">");
		html_number(h, e->lost);
		html_put(h, "</b>");
	}
	html_put(h, "</td><td class=\"when\">");
	html_time(h, e->first);
	html_put(h, "</td><td class=\"when\">");
	html_time(h, e->last);
	html_put(h, "</td><td class=\"band-cell\">");
	band(h, axis, e);
	html_put(h, "</td></tr>\n");
	out_pass(&h->out);
}

static void extents_head(struct html *h, struct axis axis)
{
	html_put(h, "<div class=\"scroll\"><table class=\"extents\"><caption>How far the records "
		    "reach</caption><thead><tr><th scope=\"col\">Log</th><th scope=\"col\">Host</th>"
		    "<th scope=\"col\" class=\"number\">Records</th><th scope=\"col\" class=\"number\">"
		    "Lost</th><th scope=\"col\">First</th><th scope=\"col\">Last</th>"
		    "<th scope=\"col\" class=\"band-head\"><span>");
	html_time(h, axis.first);
	html_put(h, "</span><span>");
	html_time(h, axis.last);
	html_put(h, "</span></th></tr></thead><tbody>\n");
}

static void more_extents(struct html *h, struct axis axis)
{
	const struct report *r = h->report;

	if (r->extent_count <= EXTENTS_OPEN)
		return;
	html_put(h, "<details><summary>");
	words_count(&h->out.buf, r->extent_count - EXTENTS_OPEN, "more log", "more logs");
	html_put(h, "</summary>");
	extents_head(h, axis);
	for (size_t i = EXTENTS_OPEN; i < r->extent_count; i++)
		extent(h, axis, &r->extents[i]);
	html_put(h, "</tbody></table></div></details>\n");
}

static void extents(struct html *h)
{
	const struct report *r = h->report;
	struct axis axis = axis_of(r);

	if (!r->extent_count)
		return;
	extents_head(h, axis);
	for (size_t i = 0; i < r->extent_count && i < EXTENTS_OPEN; i++)
		extent(h, axis, &r->extents[i]);
	html_put(h, "</tbody></table></div>\n");
	more_extents(h, axis);
	if (r->extent_total > r->extent_count) {
		html_put(h, "<p class=\"soft\">");
		words_count(&h->out.buf, r->extent_total - r->extent_count, "log", "logs");
		html_put(h, " more in the case file, table fact.</p>\n");
	}
}

void html_coverage(struct html *h)
{
	html_put(h, "<section id=\"coverage\" aria-labelledby=\"coverage-title\">\n"
		    "<h2 id=\"coverage-title\">What was examined, and what was not</h2>\n");
	legend(h);
	if (h->report->coverage_count)
		needs(h);
	extents(h);
	html_put(h, "</section>\n");
	out_pass(&h->out);
}
