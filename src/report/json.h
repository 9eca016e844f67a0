/* json: the parts of a report as JSON, shared by the JSON form and the page. */
#ifndef KANSHIKI_REPORT_JSON_H
#define KANSHIKI_REPORT_JSON_H

#include "codec/json_write.h"
#include "report/report.h"

void json_time(struct json_write *w, timestamp t);		/* ISO text, or null */
void json_micros(struct json_write *w, timestamp t);		/* since 1970, or null */
void json_optional_u64(struct json_write *w, uint64_t n);	/* UINT64_MAX: null */
void json_digest(struct json_write *w, struct span digest);	/* hex text, or null if empty */
/* ["T1003.001","T1059"] of "T1003.001 T1059". */
void json_words(struct json_write *w, struct span words);
/* Names of the harms in the bit set. */
void json_harms(struct json_write *w, uint32_t harms);
/* The other paths of an item, which may be NULL. */
void json_copies(struct json_write *w, const struct report_item *item);
/* Evidence JSON as rows of objects, read and written anew; `scratch` is reset. */
void json_evidence(struct json_write *w, struct arena *scratch, struct span json);

/* Members "answers", "coverage", "fates", … of the object that is open in `w`. */
void json_answers(struct json_write *w, const struct report *report);
void json_coverage(struct json_write *w, const struct report *report);
void json_fates(struct json_write *w, const struct report *report);
void json_rulesets(struct json_write *w, const struct report *report);
/* "starts", "programs", "transfers" and their totals; `scratch` is reset. */
void json_machine(struct json_write *w, const struct report *report, struct arena *scratch);
void json_custody(struct json_write *w, const struct report *report);

#endif
