/* words: numbers, sizes and times as people read them, for text and page alike. */
#ifndef KANSHIKI_REPORT_WORDS_H
#define KANSHIKI_REPORT_WORDS_H

#include "base/timestamp.h"
#include "report/report.h"

void words_number(struct buf *to, uint64_t n);			/* 1,234,567 */
void words_count(struct buf *to, uint64_t n, const char *one, const char *many);
void words_bytes(struct buf *to, uint64_t n);			/* 4.1 GB, powers of 1000 */
void words_time(struct buf *to, timestamp t);			/* 2026-03-12 22:55:00 */
/* "2026-03-12 20:00:00 to 22:55:00 UTC"; nothing where there is no time. */
void words_span(struct buf *to, timestamp first, timestamp last);

#endif
