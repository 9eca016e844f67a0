/*
 * examination: what an examiner knows while it works on one tree: its limits and
 * what is left of them, the item it is at, and where records go.
 */
#ifndef KANSHIKI_EXAMINE_EXAMINATION_H
#define KANSHIKI_EXAMINE_EXAMINATION_H

#include "base/arena.h"
#include "codec/digest.h"
#include "disk/chunk_room.h"
#include "examine/command.h"
#include "examine/limits.h"
#include "examine/record.h"

struct events;
struct matching;
struct content_rest;
struct near_files;
struct artefact_list;
struct beside_files;
struct digester;
struct library_key;
struct seen;

/* A byte stream under examination. */
struct item {
	const struct item *parent;
	struct span path;		/* whole, raw */
	struct span member;		/* within its archive; empty for the file itself */
	struct span bytes;
	const struct content_rest *rest;	/* what was too large to be held (artefact/artefact.h), or NULL */
	const struct near_files *near;	/* files beside it (artefact/artefact.h), or NULL */
	timestamp modified;		/* TIME_NONE where it is not known */
	uint32_t mode;			/* as stat(2), or 0 */
	struct marks marks;
	unsigned depth;			/* archives around it */
	uint64_t left_ns;		/* of its own time */
	struct span short_of;		/* why it is not wholly examined, or empty: the first reason */
	enum fate fate;			/* FATE_PARTLY with the first reason, unless set */
	bool is_bounded;		/* see record_end */
	bool is_known;			/* content seen before */
	const struct artefact_list *fitting;	/* its decoders, once it is identified */
	bool has_digests;		/* all three are known, and these: */
	struct digests digests;
	bool is_mapped;			/* bytes are a file's pages, page-aligned */
	char reason[240];		/* where .short_of is kept */
};

struct examination {
	const struct examine_limits *limits;
	const struct command *command;
	int file;			/* of the tree's own file */
	struct beside_files *beside;	/* handed over with it */
	const struct library_key *keys;	/* for encrypted volumes */
	size_t key_count;
	int commands, records;
	struct buf out;			/* records not written yet */
	uint64_t flushed_ns;		/* when they were written last */
	bool is_hasty;			/* records may wait: see examination_mark() */
	const struct seen *seen;	/* of all examiners, or NULL */
	struct seen *own;		/* of this tree */
	uint64_t written;		/* bytes of records about this tree */
	struct events *events;		/* decoders and scanners, kept from tree to tree; NULL: none */
	struct matching *matching;
	struct arena arena;		/* of the item at hand */
	uint64_t now_ns;		/* last look at the clock */
	uint64_t tree_deadline_ns;
	uint64_t unpacked, entries, held, event_count;
	struct item *at;		/* innermost open item */
	struct chunk_room room;		/* for chunks of the image whose shares these are, or none */
	bool is_locked_in;		/* in the sandbox, once the first command is there */
	struct digester *digester;	/* NULL: none in this examiner */
	const struct item *digested;	/* what it is at, or NULL */
	bool is_risky_told;
	bool (*misbehave)(const char *name, int records);	/* for tests: see examiner.h */
};

/* Writes a record; beyond the tree's output limit only ends of items go out. */
void examination_tell(struct examination *x, const struct record *record);
void examination_flush(struct examination *x);
/*
 * A place where another item may be to blame for what comes: the coordinator is to know,
 * but for a share of an image in its first try. What ends an examiner there is looked for
 * in a second, careful try.
 */
void examination_mark(struct examination *x);
/* What to do with that content: writes the question and waits, unless it is surely new. */
enum record_answer examination_ask(struct examination *x, const struct record_content *content);
/* Of an item that was looked into before its content was known. */
void examination_tell_content(struct examination *x, const struct record_content *content);
/* Before the first use of a C library on evidence; the coordinator knows before it happens. */
void examination_risk(struct examination *x);

/* Opens and closes `item`; the enclosing item's time stands still in between. */
void examination_enter(struct examination *x, struct item *item);
void examination_leave(struct examination *x);
/* Notes why the item at hand is not wholly examined. The first reason stays, the graver fate too. */
void examination_short(struct examination *x, enum fate fate, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* As examination_short, FATE_PARTLY, for limits: the result depends on where the item lies. */
void examination_limit(struct examination *x, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * Time is up for this item or the tree; then that has been noted. Cheap to call often. Tells
 * of the content of the item at hand once the digester is done with it.
 */
bool examination_over(struct examination *x);

#endif
