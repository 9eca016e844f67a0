/*
 * evidence_row: what a rule saw, as plain rows.
 *
 * A finding keeps it as JSON in one of two forms (base/finding.h); every writer
 * wants name and value. The JSON came through an examiner and is read as hostile:
 * what cannot be read becomes one row that says so and shows the text.
 */
#ifndef KANSHIKI_REPORT_EVIDENCE_ROW_H
#define KANSHIKI_REPORT_EVIDENCE_ROW_H

#include "base/arena.h"

struct evidence_row {
	struct span name;	/* field, or string identifier of a YARA rule */
	struct span value;	/* text as it was; raw, to be escaped */
	struct span hex;	/* digits, where bytes were matched */
	uint64_t offset;	/* into the item, or UINT64_MAX */
};

/* Rows live in `arena`; NULL with *count 0 where there is nothing or no memory. */
const struct evidence_row *evidence_rows(struct arena *arena, struct span json, size_t *count);
/* Of the rows the value that says most to a person in a hurry: the command, else the file, else where to. Or empty. */
struct span evidence_gist(struct arena *arena, struct span json);

#endif
