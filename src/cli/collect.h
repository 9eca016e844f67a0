/* collect: a collection of this machine, for `collect` and for `assess --live`. */
#ifndef KANSHIKI_CLI_COLLECT_H
#define KANSHIKI_CLI_COLLECT_H

#include "evidence/collect.h"

/* JSON about who collects, where and when. */
void collect_about(struct buf *to, int argc, char **argv);
/* Makes the zip; on failure nothing is left of it. */
bool collect_to(const char *path, const struct collect_options *how,
		struct collection_totals *totals, struct err *err);

#endif
