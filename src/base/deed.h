/*
 * deed: what a command line does, where the command alone is a sign.
 *
 * One table (deed_rows.h) for all who ask: who reads logs keeps commands that have a
 * deed, the analyser tells them. A row has up to three lists of words, of each of
 * which one must stand in the command, and a list of which none may: so the housekeeping
 * that looks alike ("journalctl --vacuum-time=30d", "vssadmin … /oldest") is left out
 * by what it says and not by who says it. A word that begins with a letter or digit is found
 * only where none stands before it: "dd " is not in "apt add x".
 *
 * Commands are compared without case, quotes, the carets and backticks of Windows' shells,
 * and with one space for many: of a command longer than DEED_TEXT_MOST the beginning.
 */
#ifndef KANSHIKI_BASE_DEED_H
#define KANSHIKI_BASE_DEED_H

#include "base/finding.h"

#define DEED_TEXT_MOST ((size_t)8 << 10)

struct deed {
	enum harm harm;
	enum level level;
	const char *rule, *title, *techniques;
};

/* The first deed of each harm, NULL where there is none; how many there are. */
size_t deeds_of(struct span command, const struct deed *out[HARM_COUNT]);
/*
 * The next line of a script that may do something, off the front of `rest`; empty: none is
 * left. Comments, help texts and the heads of functions are passed over.
 */
struct span deed_line(struct span *rest);
/* "198.51.100.7" somewhere in the command: an IPv4 address that can be reached from anywhere. */
bool deed_names_public_address(struct span command);

#endif
