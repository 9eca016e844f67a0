/*
 * record: what an examiner writes to the coordinator, and the only way back.
 *
 * A record is a 32-bit length, a 16-bit type and a body of fixed fields in little
 * endian and length-prefixed bytes. The reader trusts nothing: lengths, numbers
 * and enumerations are checked, a body must end exactly where it says.
 *
 * About one tree an examiner writes, in this order: BEGIN of the file itself,
 * what it found in it, nested BEGIN..END for each member, END, and DONE. Items
 * are numbered from 0 in the order of their BEGIN; what stands between a BEGIN
 * and its END and outside of nested ones is about that item (tree.h checks).
 */
#ifndef KANSHIKI_EXAMINE_RECORD_H
#define KANSHIKI_EXAMINE_RECORD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/finding.h"
#include "base/trace.h"
#include "case/case.h"

#define RECORD_MAX ((size_t)1 << 20)
#define RECORD_PATH_MAX ((size_t)8 << 10)	/* of a member within its archive */

enum record_type {
	RECORD_BEGIN = 1,	/* an item */
	RECORD_RISKY,		/* a C library is about to parse: replace this examiner afterwards */
	RECORD_CONTENT,		/* digest, size; mostly a question: seen before? */
	RECORD_KIND,
	RECORD_FINDING,
	RECORD_EVENT,
	RECORD_FACT,
	RECORD_TRACE,
	RECORD_PART,		/* a share of a disk image: another job (image_part.h) */
	RECORD_END,
	RECORD_DONE,		/* the tree is over */
	RECORD_TYPES,
};

struct record_begin {
	struct span path;	/* of a member: within its archive; of the file itself: empty */
	uint64_t size;		/* as stated, or UINT64_MAX */
	timestamp modified, changed, accessed, created;
	uint32_t mode;
};

struct record_content {
	uint8_t sha256[32];
	uint64_t size;
	bool is_told;		/* it is new to the filter (seen.h): no answer is waited for */
};

struct record_kind {
	enum evidence_class evidence_class;
	struct span kind;
};

/* Findings alike but for the time are told once. */
struct record_finding {
	struct finding finding;
	uint64_t count;
	timestamp last;
};

struct record_end {
	enum fate fate;
	struct span reason;
	bool is_bounded;	/* a limit of the tree or of time had a part in it: depends on the place */
};

struct record_done {
	uint64_t events;	/* log records decoded */
	uint64_t unpacked;	/* bytes */
	uint64_t heap;		/* bytes the examiner still holds */
};

struct record {
	enum record_type type;
	union {
		struct record_begin begin;
		struct record_content content;
		struct record_kind kind;
		struct record_finding finding;
		struct case_event event;
		struct case_fact fact;
		struct trace trace;
		struct span part;
		struct record_end end;
		struct record_done done;
	};
};

/* Appends one record; false where it would be longer than RECORD_MAX or `to` is full. */
bool record_write(struct buf *to, const struct record *record);

enum record_step { RECORD_TAKEN, RECORD_INCOMPLETE, RECORD_BROKEN };

/* Takes one record off the front of `in`; spans in it borrow from there. */
enum record_step record_read(struct span *in, struct record *out, struct err *err);

/* What the coordinator answers to CONTENT. */
enum record_answer { ANSWER_EXAMINE = 'e', ANSWER_KNOWN = 'k', ANSWER_LOOP = 'l' };

#endif
