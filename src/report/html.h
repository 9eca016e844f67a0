/*
 * html: the parts of the page.
 *
 * One file that loads nothing: style and script stand inside and are allowed by
 * their SHA-256 in a Content-Security-Policy that denies everything else. Parts
 * made here are complete without the script: answers, coverage, the findings
 * that matter most, items, rules, custody. The script adds the time line and the
 * explorer of all findings from the packed data at the end (html_data.c).
 */
#ifndef KANSHIKI_REPORT_HTML_H
#define KANSHIKI_REPORT_HTML_H

#include "report/out.h"
#include "report/report.h"
#include "report/words.h"

/* Findings listed without the script and in print: carriers first, then the heaviest. */
#define HTML_LISTED 120
/* Bytes of one packed block before packing. */
#define HTML_BLOCK_MOST ((size_t)1 << 30)

struct html {
	struct out out;
	const struct report *report;
	struct arena scratch;
};

void html_put(struct html *h, const char *markup);
void html_text(struct html *h, struct span text);	/* raw text, escaped */
void html_words(struct html *h, const char *text);	/* the same for our own words */
void html_number(struct html *h, uint64_t n);
void html_time(struct html *h, timestamp t);		/* a <time> element, or a dash */

void html_answers(struct html *h);
void html_coverage(struct html *h);
void html_findings(struct html *h);
void html_episodes(struct html *h);	/* nothing where there are none */
bool html_has_episodes(const struct report *r);
void html_starts(struct html *h);
void html_programs(struct html *h);
void html_transfers(struct html *h);
void html_items(struct html *h);
void html_rules(struct html *h);
void html_custody(struct html *h);
/* The packed data; false: no memory. */
bool html_data(struct html *h, struct err *err);
bool html_inventories(struct html *h);
/* One block of it, as a script element that is never run: takes and frees `json`. */
bool html_block(struct html *h, const char *id, size_t number, struct buf *json);

/* What meson builds from web/: never empty, without NUL or CR. */
extern const unsigned char page_script[], page_style[];
extern const size_t page_script_len, page_style_len;

#endif
