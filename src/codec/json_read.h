/*
 * json_read: a JSON text (RFC 8259) as a tree in an arena.
 *
 * For small documents that are asked a few questions; logs have their own
 * reader. Text is unescaped UTF-8. Bounded: 64 levels; the arena bounds the rest.
 */
#ifndef KANSHIKI_CODEC_JSON_READ_H
#define KANSHIKI_CODEC_JSON_READ_H

#include "base/arena.h"
#include "base/err.h"

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_kind kind;
	struct span key;		/* of a member of an object */
	struct span text;		/* of a string; of a number or bool as written */
	struct json *first, *next;	/* members or elements, in order */
};

/* False where it is no JSON (ERR_CORRUPT), too deep or too large (ERR_LIMIT). */
bool json_read(struct span text, struct arena *arena, struct json **out, struct err *err);

/* The first member of that name; NULL where there is none, or `of` is NULL or no object. */
const struct json *json_member(const struct json *of, const char *key);
/* A string member's text; .at NULL where there is none. */
struct span json_member_text(const struct json *of, const char *key);

#endif
