/*
 * log_json: what the files of the JSON reader share.
 *
 * Logs repeat their keys in the same order. So a key is looked at once: what it
 * is called in an event, and what a container under it means, is kept with the
 * key in its context, and each key remembers the one that came after it. While
 * a log goes on as before, a key costs one comparison of its bytes.
 */
#ifndef KANSHIKI_FORMATS_LOG_JSON_H
#define KANSHIKI_FORMATS_LOG_JSON_H

#include "formats/log/log_reader.h"

/*
 * Where a key stands decides its name. Windows events come wrapped by whoever
 * exported them; the wrapping goes, so that names are those of Sigma's taxonomy.
 */
enum json_place {
	PLACE_PLAIN,		/* prefix and key */
	PLACE_ROOT,
	PLACE_EVENT,		/* Event */
	PLACE_SYSTEM,		/* Event.System */
	PLACE_ELEMENT,		/* Event.System.X: the name is X or X_key */
	PLACE_ATTRIBUTES,	/* Event.System.X.#attributes: X_key */
	PLACE_DATA,		/* Event.EventData, winlog.event_data: key alone */
	PLACE_DATUM,		/* Event.EventData.X: the name is X whatever the key */
	PLACE_DATUM_ATTRIBUTES,	/* of that: Name is what its texts are called */
	PLACE_USER_DATA,	/* Event.UserData: what is below is data */
	PLACE_DROP,		/* xmlns and the like */
	PLACE_WINLOG,
	PLACE_HITS,		/* what a search in Elasticsearch answers */
};

/* What the Name of a datum is called until its texts have it. */
#define JSON_DATUM_NAME SPAN("Data_Name")

struct json_key;

struct json_context {
	enum json_place place;
	struct span prefix;		/* of names, with the dot */
	struct span element;
	struct json_key *first;		/* that lately began such an object */
};

struct json_key {
	struct span raw;		/* with its quotes, as it is written */
	struct span name;		/* of a scalar; empty: left out */
	struct span path;		/* of a container as a text of its own */
	bool wraps;			/* "Records" and its like */
	struct json_context *of;
	struct json_context *inner;	/* of an object under it; NULL: not met yet */
	struct json_key *next;		/* that lately came after it; NULL: none */
	const struct log_state *from;	/* lately before and after it in the shape */
	struct log_state *to;
};

/* Text being scanned. Unescaped texts go to `room`, which the block at hand cannot outgrow. */
struct json_text {
	const uint8_t *at, *end;
	uint8_t *room;
	bool cut;			/* the text ends too early */
	bool bad;
};

#define JSON_ROOM_SLACK 64		/* beyond the length of the block */

/* At the opening quote. Borrows from the text, or from `room` where something was escaped. */
bool json_string(struct json_text *t, struct span *out);
/* At the opening quote: the string with its quotes, as it is written. */
bool json_raw_string(struct json_text *t, struct span *out);
/* A string, number or word. */
bool json_scalar(struct json_text *t, struct value *out);
/* False, with what is wrong noted. */
bool json_fail(struct json_text *t);

static inline void json_skip_space(struct json_text *t)
{
	while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\r' || *t->at == '\t'))
		t->at++;
}

/* Of a document whose events are in an array: in that, or behind it. */
enum json_wrapper { JSON_WRAPPER_NONE, JSON_WRAPPER_OPEN, JSON_WRAPPER_ENDING };

/* Whether the byte may stand between objects; the end of the wrapper is noted. */
bool json_is_between(uint8_t c, enum json_wrapper *wrapper);
/* The key of an array, in the object that wraps events, or in its "hits". */
bool json_wraps(struct span key, bool in_hits);

/* BROKEN: no JSON by its brackets, commas and strings. MORE: the text ends before. */
enum json_skip { JSON_SKIP_DONE, JSON_SKIP_INSIDE, JSON_SKIP_MORE, JSON_SKIP_BROKEN };

/* Where the object that begins at `at` ends, whatever its numbers and words are. */
enum json_skip json_skip_object(struct span text, size_t at, size_t *end);
/* The same; INSIDE: it wraps events, the first of which begins at `end`. */
enum json_skip json_skip_document(struct span text, size_t at, size_t *end);

/* Contexts and keys lie with the reader's shapes and go with them. */
struct json_context *json_context_root(struct log_reader *r);
/* Of the object that begins the text and stands below the key; NULL: no memory. */
struct json_context *json_context_below(struct log_reader *r, struct json_key *key, struct span text);
/* The key of those bytes in the context; NULL: no memory. */
struct json_key *json_key_find(struct log_reader *r, struct json_context *of, struct span raw);

#endif
