/*
 * log_cut: where a log of lines may be cut, so that several readers share it.
 *
 * A cut lies behind the end of a line. JSON is cut only between lines where one
 * object ends and the next begins, so that what goes over lines stays whole. Cuts
 * depend on the bytes beside them alone.
 */
#ifndef KANSHIKI_FORMATS_LOG_CUT_H
#define KANSHIKI_FORMATS_LOG_CUT_H

#include "formats/log/log.h"

#define LOG_CUT_CONTEXT 2	/* bytes before the end of a line that a cut depends on; one behind it, too */

/* Whether a log of that format that begins so may be cut. */
bool log_cut_fits(struct span start, enum log_format format);
/* The first cut at or behind `least`, SIZE_MAX: none that the text shows. */
size_t log_cut_next(struct span text, size_t least, enum log_format format);
/*
 * Lines that get their number from `from` on. Of JSON as its reader counts where an
 * object has a line of its own: lines without objects or garbage have none.
 */
uint64_t log_cut_lines(struct span text, size_t from, enum log_format format);

#endif
