/*
 * mod_magic: libmagic's database has to be read before the sandbox is locked.
 *
 * Without mod_magic_prepare, or where there is no database, the magic module's
 * answers are undefined.
 */
#ifndef KANSHIKI_RULES_YARA_MOD_MAGIC_H
#define KANSHIKI_RULES_YARA_MOD_MAGIC_H

#include <stdbool.h>

/* False: there is no database. The database stays loaded until the process ends. */
bool mod_magic_prepare(void);

#endif
