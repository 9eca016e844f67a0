/*
 * verify: is the case what was sealed? (docs/case-file.md, "Checking a case")
 *
 * Reads the case only. Each thing that was looked at is one check with its
 * state, so that a reader sees what holds, what is broken, and what nobody has
 * proven. The file is not trusted: whatever its bytes, verify ends with checks.
 */
#ifndef KANSHIKI_CASE_VERIFY_H
#define KANSHIKI_CASE_VERIFY_H

#include "base/err.h"
#include "base/timestamp.h"
#include "codec/note.h"

enum verify_state { VERIFY_HOLDS, VERIFY_BROKEN, VERIFY_NOT_PROVEN };

struct verify_check {
	enum verify_state state;
	char what[32];		/* "storage", "schema", "log", "signature", "table item", … */
	char text[320];		/* clean text for people */
};

#define VERIFY_CHECKS_MAX 128

struct verify {
	struct verify_check checks[VERIFY_CHECKS_MAX];
	size_t count;
	size_t broken, not_proven;
	uint64_t entries, seals;	/* of the custody log */
};

struct verify_options {
	const char *const *keys;	/* verifier keys to trust */
	size_t key_count;
	bool own_key;			/* trust the key in ~/.config/kanshiki too */
	const char *timestamp_ca;	/* PEM file, or NULL */
	struct span kept;		/* a checkpoint kept elsewhere, or empty */
	/* Folders or files to hash again; each stands for the source that ends in the same name,
	   what is left for those left, in their order. */
	const char *const *evidence;
	size_t evidence_count;
};

/* False only where nothing could be checked: no such file, or a bad option. */
bool case_verify(const char *path, const struct verify_options *options, struct verify *out,
		 struct err *err);

/* "holds", "broken", "not proven". */
const char *verify_state_name(enum verify_state state);

#endif
