/*
 * ledger: an account of every executable of the case, and of what starts.
 *
 * Every program, library, script and module that can run, or that something
 * starts, is *good* (a package database, a hash set or a verified signature
 * vouches for its content), *bad* (a rule that speaks of implants holds for its
 * content) or *unknown*. The unknown are ranked: points for where it lies, what
 * starts it, how it looks, each with its reason; the table is in ledger_rank.c
 * and in docs/ledger.md. A vouched content under another name is good too; a
 * file whose package vouches for another content is unknown, and *altered*.
 *
 * The inventory of starts takes every autostart trace, finds the file that it
 * names, and tells that file's standing, and who vouches for the entry itself.
 *
 * Both are drawn from the finished, settled case, before the verdict; running it
 * again replaces the rows. Memory grows with what starts and with package
 * databases (temporary tables), not with the number of items.
 */
#ifndef KANSHIKI_ASSESS_LEDGER_H
#define KANSHIKI_ASSESS_LEDGER_H

#include "base/arena.h"
#include "base/err.h"

struct case_file;

struct ledger_options {
	/* Hash sets that vouch: NSRL RDSv3 (SQLite), hashdeep, CSV or plain lists of digests. */
	const char *const *known_good;
	size_t known_good_count;
};

/* Before long work: whether there is a hash set at `path`, with a digest in it. */
bool ledger_set_check(const char *path, struct err *err);

struct ledger_totals {
	uint64_t programs, good, bad, unknown, altered;
	uint64_t starts;
};

bool ledger_write(struct case_file *file, const struct ledger_options *options,
		  struct ledger_totals *totals, struct err *err);

#endif
