/*
 * binxml: the tokens of Windows' binary XML into a tree of nodes.
 *
 * Tokens: docs/formats/evtx.md. Names and templates are given by offsets into
 * the chunk, so a piece is parsed in place: from `start` to `end` of the chunk.
 * The tree lies in the caller's arena and borrows nothing from the chunk except
 * the values of template instances. Bounded by EVTX_DEPTH_MAX and EVTX_NODES_MAX.
 */
#ifndef KANSHIKI_FORMATS_EVTX_BINXML_H
#define KANSHIKI_FORMATS_EVTX_BINXML_H

#include "base/arena.h"
#include "base/err.h"

enum binxml_kind {
	BINXML_ELEMENT,		/* name, attributes, content */
	BINXML_ATTRIBUTE,	/* name, content */
	BINXML_TEXT,		/* text */
	BINXML_CDATA,		/* text */
	BINXML_CHARACTER,	/* text: the character of &#N; */
	BINXML_ENTITY,		/* name: "amp" */
	BINXML_INSTRUCTION,	/* name, text: <?name text?> */
	BINXML_VALUE,		/* index, optional: what a template's user fills in */
	BINXML_INSTANCE,	/* instance: a template with its values */
};

#define BINXML_NO_DEPENDENCY 0xffff

struct evtx_instance;

struct binxml_node {
	enum binxml_kind kind;
	uint16_t index;
	bool optional;		/* may be without a value */
	uint16_t dependency;	/* an element is left out where this value is null */
	struct span name;	/* UTF-8 */
	struct span text;	/* UTF-8 */
	struct binxml_node *next;
	struct binxml_node *attributes;
	struct binxml_node *content;
	const struct evtx_instance *instance;
};

/* Where a name was asked for, and what stands there. */
struct binxml_name {
	uint32_t at;			/* of the 4-byte offset, in the chunk */
	bool here;			/* the name follows at once */
	struct span raw;		/* hash, count, characters, NUL; in the chunk */
};

#define BINXML_NAMES_MAX 512

struct binxml_names {
	struct binxml_name names[BINXML_NAMES_MAX];
	size_t count;
	bool overflow;
};

struct binxml_parser {
	struct span chunk;	/* offsets count from its start */
	struct arena *arena;
	bool has_dependency;	/* start tags carry a dependency id; see evtx.md */
	bool strict;		/* a name must fit its hash */
	uint32_t nodes;		/* made so far */
	uint32_t doubts;	/* names that do not fit their hashes or are empty, texts with NUL inside */
	struct binxml_names *names;	/* NULL, or filled in the order of their places */
	uint32_t base;		/* depth at which the piece began */
	/* Parses a template instance behind its token. */
	bool (*instance)(void *context, struct cursor *at, uint32_t depth,
			 const struct evtx_instance **out, struct err *err);
	void *context;
};

/* Text, CDATA, character or entity: what has characters of its own. */
static inline bool binxml_is_text(const struct binxml_node *node)
{
	return node->kind == BINXML_TEXT || node->kind == BINXML_CDATA ||
	       node->kind == BINXML_CHARACTER || node->kind == BINXML_ENTITY;
}

/* The character of one of XML's five entities; empty for any other name. */
struct span binxml_entity(struct span name);
const struct binxml_node *binxml_attribute(const struct binxml_node *element, struct span name);

/* The sibling nodes of chunk[start..end), up to an end-of-fragment token. */
bool binxml_parse(struct binxml_parser *p, size_t start, size_t end, uint32_t depth,
		  struct binxml_node **out, struct err *err);

#endif
