/*
 * modules: the modules that there are, one file mod_NAME.c each. What each
 * offers, and where it differs from YARA's: docs/yara-modules.md.
 */
#ifndef KANSHIKI_RULES_YARA_MODULES_H
#define KANSHIKI_RULES_YARA_MODULES_H

#include "rules/yara/module.h"

struct yara_set;

/*
 * Loads what the modules that rules import would else load on first use, which the
 * sandbox forbids: OpenSSL's algorithms and libmagic's database (0.4 ms, mapped), without
 * which the magic module's answers are undefined. Once a process, before threads.
 */
void yara_modules_prepare(const struct yara_set *set);	/* NULL: all modules */

/*
 * The deprecated variable `entrypoint`: of a PE or ELF file, the offset of its
 * first instruction; of a block of memory that starts with one, its address.
 */
bool yara_entry_point(struct span data, bool is_memory, uint64_t base, int64_t *out);

#endif
