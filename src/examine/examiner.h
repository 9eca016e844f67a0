/*
 * examiner: the process in the sandbox. It is told one tree after the other
 * (command.h), with the file's descriptor, and writes what it finds (record.h).
 */
#ifndef KANSHIKI_EXAMINE_EXAMINER_H
#define KANSHIKI_EXAMINE_EXAMINER_H

#include "examine/limits.h"
#include "os/image.h"

struct library_key;
struct seen;

struct examiner_options {
	const struct examine_limits *limits;
	const struct image *yara, *sigma;	/* rule packs, or NULL */
	const struct library_key *keys;		/* for encrypted volumes; disk/library.h */
	size_t key_count;
	const struct seen *seen;		/* contents of all examiners; NULL: each is asked for */
	bool no_sandbox;
	/* For tests only: what to do at a file, or a member, of that name instead of examining it. */
	bool (*misbehave)(const char *name, int records);
};

/* Loads, before forking, what an examiner cannot load once locked in. */
void examiner_prepare(void);
/* A spawner_main_fn; `context` is a struct examiner_options. */
void examiner_main(void *context, int commands, int records);

/*
 * Larger files are mapped: read into memory, they would count against its limit. Only those
 * are digested beside the decoding (digester.h), by examiners that begin with one.
 */
#define EXAMINER_READ_MOST ((uint64_t)32 << 20)

/* How an examiner that could not lock itself in tells so. */
#define EXAMINER_EXIT_NO_SANDBOX 3
#define EXAMINER_EXIT_NO_MEMORY 4
#define EXAMINER_EXIT_NO_PAGE 5		/* of a file beside the one at hand */

#endif
