/*
 * yaml: a document tree over libyaml, bounded, every node with its place.
 *
 * For rule and data files. Aliases share their anchor's children; what a
 * document would weigh with all aliases written out is bounded, so "billion
 * laughs" is refused and not expanded. Merge keys (<<) give a map the members of
 * others, behind its own. Plain scalars are resolved as in YAML 1.1, which PyYAML
 * and so pySigma reads; tags say whether a scalar is a text, and nothing else.
 * YAML 1.2 calls a key that stands twice in a map an error, PyYAML takes the last
 * in silence: here the last stays, and the document tells of the others.
 */
#ifndef KANSHIKI_CODEC_YAML_H
#define KANSHIKI_CODEC_YAML_H

#include "base/arena.h"
#include "base/err.h"

struct yaml_place {
	uint32_t line, column;		/* from 1 */
};

/* A member of a map that is gone, because the same key stands there again. */
struct yaml_double {
	struct span key;
	struct yaml_place lost, kept;	/* of the key */
	const struct yaml_double *next;
};

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	bool plain;			/* scalar that may be null, a number, a bool: without quotes, no !!str */
	uint32_t line, column;		/* from 1 */
	uint32_t count;			/* children */
	uint32_t weight;		/* nodes below and this, aliases written out */
	struct span text;		/* of a scalar; NUL-terminated */
	struct span key;		/* of a child of a map */
	uint32_t key_line, key_column;
	const struct yaml_node *first;	/* child */
	const struct yaml_node *next;	/* sibling, or next document */
	const struct yaml_double *doubles;	/* of a document, in the order in which their maps end */
};

struct yaml_limits {
	uint32_t depth;		/* 0: 64 */
	uint32_t nodes;		/* a document, aliases written out; 0: 1,000,000 */
	bool keys_once;		/* a key that stands twice in a map is a fault */
};

/*
 * All documents of `text`, linked by next, into the arena. On failure *first
 * holds the documents that ended before the fault and *place says where it is.
 */
bool yaml_parse(struct arena *arena, struct span text, const struct yaml_limits *limits,
		const struct yaml_node **first, struct yaml_place *place, struct err *err);

/* The child of a map with that key, else NULL; NULL-safe. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* Text of a scalar child, or an empty span. */
struct span yaml_get_text(const struct yaml_node *map, const char *key);

/* Whether there is nothing, as between two lines "---". */
static inline bool yaml_is_empty(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->plain && !node->text.len;
}

enum yaml_scalar { YAML_STRING, YAML_NULL, YAML_BOOL, YAML_NUMBER };

/* What a scalar stands for. Dates are texts, and so are infinities and what is no number. */
enum yaml_scalar yaml_scalar_kind(const struct yaml_node *scalar);
/* Of a bool: true, yes, on. */
bool yaml_is_true(const struct yaml_node *scalar);

struct yaml_number {
	bool whole;		/* and fits: n tells it */
	bool negative;
	uint64_t n;		/* without its sign */
	double real;
};

/*
 * The number that a scalar stands for: 10, 0x1f, 017 (octal), 0b11, 1_000, 1:30 (to the
 * base of 60), 1.5, .5, 1.0e+3. False where it is none.
 */
bool yaml_number_of(const struct yaml_node *scalar, struct yaml_number *out);

#endif
