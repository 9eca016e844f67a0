/* attribute: what a file system keeps beside a file's content. */
#ifndef KANSHIKI_OS_ATTRIBUTE_H
#define KANSHIKI_OS_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/marks.h"

/* What the file system says of an open file, its spans in `room`; capabilities only of what can be run. */
struct marks attribute_marks(int fd, bool can_run, struct marks_room *room);
/* Whether the file's execute bits say something: on FAT, NTFS and shares all files have them. */
bool attribute_has_rights(int fd);

#endif
