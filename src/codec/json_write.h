/*
 * json_write: JSON into a buf, always valid (RFC 8259), whatever the bytes.
 *
 * Commas and nesting are kept by the writer. A byte of evidence that is not
 * UTF-8 becomes U+FFFD; who needs the raw bytes writes them as hex beside it.
 * C0, DEL, C1 and bidirectional controls are escaped, so that a JSON line is
 * also safe to show in a terminal.
 */
#ifndef KANSHIKI_CODEC_JSON_WRITE_H
#define KANSHIKI_CODEC_JSON_WRITE_H

#include "base/buf.h"
#include "base/timestamp.h"

struct json_write {
	struct buf *to;
	bool need_comma;
	bool after_key;
};

static inline struct json_write json_write_to(struct buf *to)
{
	return (struct json_write){ .to = to };
}

void json_object(struct json_write *w);
void json_object_end(struct json_write *w);
void json_array(struct json_write *w);
void json_array_end(struct json_write *w);
void json_key(struct json_write *w, const char *key);
void json_key_span(struct json_write *w, struct span key);
void json_span(struct json_write *w, struct span text);
void json_text(struct json_write *w, const char *text);	/* NULL: null */
void json_u64(struct json_write *w, uint64_t n);
void json_i64(struct json_write *w, int64_t n);
void json_double(struct json_write *w, double n);	/* not finite: null */
void json_bool(struct json_write *w, bool yes);
void json_null(struct json_write *w);
void json_hex(struct json_write *w, struct span bytes);	/* as a string of hex */
/* Key and text; nothing where the text is empty. */
void json_pair(struct json_write *w, const char *key, struct span text);
/* Key and UTC time in ISO 8601 with nanoseconds; nothing for TIME_NONE. */
void json_pair_time(struct json_write *w, const char *key, timestamp t);
/* A value that is JSON already. */
void json_raw(struct json_write *w, struct span json);

/* Only the characters between the quotes. */
void json_escape(struct buf *to, struct span text);

#endif
