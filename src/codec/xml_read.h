/*
 * xml_read: an XML document as a tree in an arena, as far as programs write them.
 *
 * Elements, attributes, text, CDATA; the five named entities and numbered
 * characters. Names are without their prefix. Comments, processing instructions
 * and a DOCTYPE are passed over; entities that a DTD would define stay as written,
 * so nothing expands. Bounded: 64 levels; the arena bounds the rest. UTF-8 only:
 * the caller converts.
 */
#ifndef KANSHIKI_CODEC_XML_READ_H
#define KANSHIKI_CODEC_XML_READ_H

#include "base/arena.h"
#include "base/err.h"

struct xml {
	struct span name;
	struct span text;		/* of the element itself, pieces joined; white space kept but for blank lines */
	struct xml_attribute {
		struct span name, value;
		struct xml_attribute *next;
	} *attributes;
	struct xml *first, *next;	/* child elements, in order */
};

/*
 * False where it is no XML (ERR_UNSUPPORTED) or too large (ERR_LIMIT). A document
 * that breaks off or is ill-formed further on gives true, what was read, and
 * `*whole` false.
 */
bool xml_read(struct span text, struct arena *arena, struct xml **out, bool *whole, struct err *err);

/* First child of that name, without regard to case; NULL-safe. */
const struct xml *xml_child(const struct xml *of, const char *name);
/* Trimmed text of the element that a path of names leads to: "Settings/Hidden". Empty: none. */
struct span xml_text(const struct xml *of, const char *path);
struct span xml_attribute(const struct xml *of, const char *name);

#endif
