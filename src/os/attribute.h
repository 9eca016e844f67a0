/* attribute: what a file system keeps beside a file's content. */
#ifndef KANSHIKI_OS_ATTRIBUTE_H
#define KANSHIKI_OS_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTRIBUTE_CAPABILITY_MAX 24

/* Linux' file capabilities (security.capability) as they are stored; 0: the file has none. */
size_t attribute_capability(int fd, uint8_t out[ATTRIBUTE_CAPABILITY_MAX]);
/* Whether the file's execute bits say something: on FAT, NTFS and shares all files have them. */
bool attribute_has_rights(int fd);

#endif
