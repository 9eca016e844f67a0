/* text: the parts of the text form, and the folding they share. */
#ifndef KANSHIKI_REPORT_TEXT_H
#define KANSHIKI_REPORT_TEXT_H

#include "report/out.h"
#include "report/report.h"
#include "report/words.h"

struct text {
	struct out out;
	const struct report *report;
	unsigned columns;
	bool colour;
};

enum ink { INK_PLAIN, INK_ALARM, INK_RED, INK_YELLOW, INK_VIOLET, INK_GREEN, INK_BOLD, INK_DIM };

void text_ink(struct text *t, enum ink ink);
/*
 * Appends `words` (raw: escaped here) folded between `indent` and the right
 * edge, first line included, in at most `lines` lines (0: any number).
 */
void text_fold(struct text *t, struct span words, unsigned indent, unsigned lines);
/* As text_fold for something built in a buf, which is emptied. */
void text_fold_buf(struct text *t, struct buf *words, unsigned indent, unsigned lines);
/* "- words" at `indent`, continued behind the mark. */
void text_point(struct text *t, char mark, struct buf *words, unsigned indent, unsigned lines);
/* A line that begins at 2 and goes on at 4. */
void text_hang(struct text *t, struct buf *words);
void text_heading(struct text *t, const char *title);

void text_machine(struct text *t);	/* what starts, programs, transfers */
void text_rest(struct text *t);		/* all after the answers, for the whole form */

#endif
