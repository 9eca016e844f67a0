/*
 * artefact: the decoders that turn what a machine leaves behind into traces.
 *
 * A decoder is chosen by what the content is (the kind of evidence/identify, for
 * formats with a signature) or by the place of the file in its machine (for
 * texts: "etc/crontab"). It reads bytes, calls `trace` for each thing that they
 * say, and judges nothing: analysers do. It runs in the sandbox: no file, no
 * clock, no locale, no thread; all memory bounded; no global state that changes.
 *
 * What a decoder cannot read it says with `short_of` (damaged, cut off, a version
 * that nobody knows) and goes on where it can. It returns false only where the
 * content is not what it looked like at all; `err` says why.
 */
#ifndef KANSHIKI_ARTEFACT_ARTEFACT_H
#define KANSHIKI_ARTEFACT_ARTEFACT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/finding.h"
#include "base/marks.h"
#include "base/trace.h"

/* Files that belong to the one at hand: a hive's logs, a database's WAL. */
struct near_files {
	/*
	 * The content of the file of that name in the same folder, or with "../" before it in
	 * one above (as it is spelled, else without regard to case). False: it is not there or
	 * cannot be read. The bytes live until the item ends.
	 */
	bool (*find)(void *context, struct span name, struct span *bytes);
	void *context;
};

/* Content that is too large to be held, behind what is. */
struct content_rest {
	/* The next piece, which lives until the next call. False: the end, or unreadable. */
	bool (*next)(void *context, struct span *piece);
	void *context;
};

struct digests;

struct artefact {
	struct span bytes;
	const struct content_rest *rest;	/* what follows `bytes`, to be read once, or NULL */
	struct span path;		/* whole path of the item, raw: "disk.E01!/p2/etc/crontab" */
	struct span name;		/* its last part */
	const char *kind;		/* of identify(): "sqlite", "registry hive", "text" */
	timestamp modified;
	uint32_t mode;			/* as stat(2), or 0 where it is not known */
	struct marks marks;
	const struct near_files *near;	/* never NULL; may find nothing */
	const struct digests *digests;	/* of the bytes (codec/digest.h), or NULL: not known yet */
	struct arena *arena;		/* emptied after the item */

	/* Takes the trace (copies); false: enough, stop (time, limits). */
	bool (*trace)(void *context, const struct trace *trace);
	/* Why the artefact is not wholly decoded; the first reason stays. */
	void (*short_of)(void *context, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
	/* `lost` records known to be missing or unreadable; adds up. */
	void (*lost)(void *context, uint64_t lost);
	void *context;
};

/* ERR_UNSUPPORTED: not that artefact after all (tried by mistake; the next decoder may). */
typedef bool artefact_fn(const struct artefact *a, struct err *err);

struct artefact_decoder {
	const char *name;		/* "prefetch", for coverage: the channel of its fact */
	enum evidence_class evidence_class;	/* for coverage: which class it speaks for */
	/* Kind of identify(), or NULL: any. */
	const char *kind;
	/*
	 * Ends of paths, separated by '|', or NULL: any. Compared part by part from the end,
	 * '\' like '/', without regard to case; a star stands for any run of characters within
	 * a part; a part may also be percent-encoded, as Velociraptor does: "etc/crontab",
	 * "*.automaticDestinations-ms", or a star alone for a whole part.
	 */
	const char *paths;
	artefact_fn *decode;
	bool is_risky;			/* uses a C library made elsewhere: the examiner is replaced after */
	bool of_place;			/* the place tells: decoded again at every place of the same content */
};

/* Tables of the families, each in its own files; joined in artefact.c. */
extern const struct artefact_decoder artefact_windows[], artefact_registry[], artefact_linux[],
	artefact_network[], artefact_program[], artefact_triage[];
extern const size_t artefact_windows_count, artefact_registry_count, artefact_linux_count,
	artefact_network_count, artefact_program_count, artefact_triage_count;

#define ARTEFACT_FITTING_MOST 64

struct artefact_list {
	const struct artefact_decoder *at[ARTEFACT_FITTING_MOST];
	size_t count;
};

/*
 * The decoders that fit, in their order. An item may have several: a program's
 * standing and an autostart script, say. Decoders of places do not fit inside packages.
 */
void artefact_find(const char *kind, struct span path, struct artefact_list *out);
/* Sorts what artefact_find() looks up, else done at its first call: before forking, so that it is shared. */
void artefact_prepare(void);
/* Inside an archive that is a package (deb, rpm, apk): files that may be installed, not a machine's. */
bool artefact_is_packaged(struct span path);
/* Whether `path` ends like one of `patterns`, as told above. */
bool artefact_path_matches(const char *patterns, struct span path);

#endif
