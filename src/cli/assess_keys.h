/*
 * assess_keys: what --key was given: keys of encrypted volumes ("luks:WORD",
 * "bitlocker:WORD", "luks:@FILE"), and at most one file of a signing key.
 */
#ifndef KANSHIKI_CLI_ASSESS_KEYS_H
#define KANSHIKI_CLI_ASSESS_KEYS_H

#include "cli/options.h"
#include "disk/library.h"

#define ASSESS_KEYS_MAX 32

struct assess_keys {
	struct library_key keys[ASSESS_KEYS_MAX];
	size_t count;
	const char *seal;		/* of the signing key, or NULL */
	uint8_t *files[ASSESS_KEYS_MAX];	/* what was read; owned */
	char **argv;			/* the command line without secrets, for the case; owned */
};

bool assess_keys_take(struct assess_keys *k, const struct option_list *given, int argc, char **argv,
		      struct err *err);
void assess_keys_free(struct assess_keys *k);	/* NULL-safe */

#endif
