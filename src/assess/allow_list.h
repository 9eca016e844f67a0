/*
 * allow_list: destinations and names that many honest machines contact by themselves.
 *
 * Updaters, clocks, certificate checks, telemetry: as regular as any beacon. The
 * text (rules/allow.txt, and files that a user names) has one entry a line:
 *
 *     *.windowsupdate.com    updater     a domain and all below it
 *     ntp.org                ntp         the same
 *     10.1.2.0/24            own server  addresses
 *
 * The words after the name say why, and are told with what they hold back. '#'
 * begins a comment. An allowed destination is not forgotten: what an analyser
 * holds back for it, it counts and lowers, never hides.
 */
#ifndef KANSHIKI_ASSESS_ALLOW_LIST_H
#define KANSHIKI_ASSESS_ALLOW_LIST_H

#include "base/arena.h"
#include "base/err.h"

struct allow_list;

/* From the text of a file; `arena` owns it. `before` (may be NULL) goes on to hold. */
bool allow_list_parse(struct span text, const struct allow_list *before, struct arena *arena,
		      const struct allow_list **out, struct err *err);
const struct allow_list *allow_list_empty(void);

/*
 * Why this name (domain, with or without a last dot) or address (without its port)
 * is allowed, or an empty span.
 */
struct span allow_list_why(const struct allow_list *list, struct span name);

#endif
