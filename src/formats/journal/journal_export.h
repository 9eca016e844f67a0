/* journal_export: an entry as `journalctl -o export` writes it, which formats/log reads. */
#ifndef KANSHIKI_FORMATS_JOURNAL_EXPORT_H
#define KANSHIKI_FORMATS_JOURNAL_EXPORT_H

#include "formats/journal/journal.h"

/* Appends, the empty line at the end included. Fields without a name are left out. */
bool journal_export(struct buf *to, const struct journal_entry *entry);

#endif
