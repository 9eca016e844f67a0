/* room: is it for lack of space that a file cannot grow? */
#ifndef KANSHIKI_OS_ROOM_H
#define KANSHIKI_OS_ROOM_H

#include <stdbool.h>

/* The file system has less than a megabyte, or `path` is as large as this process may write. */
bool room_is_short(const char *path);

#endif
