/*
 * evt_sample: writes old event logs for tests, after the description of
 * EVENTLOGHEADER, EVENTLOGRECORD and EVENTLOGEOF that Microsoft publishes.
 */
#ifndef KANSHIKI_FORMATS_EVT_SAMPLE_H
#define KANSHIKI_FORMATS_EVT_SAMPLE_H

#include "base/buf.h"

#define SAMPLE_SIZE_MAX ((size_t)1 << 20)

/* A ring of `size` bytes, header included, of which records overwrite the oldest. */
struct sample {
	uint8_t log[SAMPLE_SIZE_MAX];
	size_t size, at, used;
	size_t starts[4096], lengths[4096];	/* of records 1 and on */
	uint32_t oldest, next;
	bool wrapped;
};

static inline void sample_begin(struct sample *s, size_t size)
{
	memset(s, 0, sizeof *s);
	s->size = size;
	s->at = 48;
	s->oldest = s->next = 1;
}

static inline void sample_put(struct sample *s, size_t at, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		s->log[at] = bytes[i];
		at = at + 1 < s->size ? at + 1 : 48;
	}
}

static inline void sample_u32(struct sample *s, size_t at, uint32_t n)
{
	uint8_t bytes[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24) };

	sample_put(s, at, bytes, 4);
}

static inline void sample_wide(struct buf *to, const char *text)
{
	for (; *text; text++)
		buf_add_u16le(to, (uint8_t)*text);
	buf_add_u16le(to, 0);
}

static inline void sample_body(struct buf *r, uint32_t number, uint32_t time, uint32_t id,
			       uint16_t type, const char *source, const char *const *strings,
			       uint16_t count)
{
	static const uint8_t sid[] = { 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0 };
	uint32_t fields[6];
	size_t head = 56 + (strlen(source) + 1 + 4) * 2, text = 0;

	for (uint16_t i = 0; i < count; i++)
		text += (strlen(strings[i]) + 1) * 2;
	head += -head & 3;
	fields[0] = (uint32_t)(head + sizeof sid);	/* strings */
	fields[1] = sizeof sid;
	fields[2] = (uint32_t)head;
	fields[3] = 2;					/* data */
	fields[4] = (uint32_t)(fields[0] + text);
	fields[5] = (fields[4] + 2 + 3) / 4 * 4 + 4;	/* all of it */
	buf_add_u32le(r, fields[5]);
	buf_text(r, "LfLe");
	buf_add_u32le(r, number);
	buf_add_u32le(r, time);
	buf_add_u32le(r, time + 1);
	buf_add_u32le(r, id);
	buf_add_u16le(r, type);
	buf_add_u16le(r, count);
	buf_add_u16le(r, 7);
	buf_add_u16le(r, 0);
	buf_add_u32le(r, 0);
	for (int i = 0; i < 5; i++)
		buf_add_u32le(r, fields[i]);
	sample_wide(r, source);
	sample_wide(r, "PC1");
	while (r->len < head)
		buf_add_u8(r, 0);
	buf_add(r, span_of(sid, sizeof sid));
	for (uint16_t i = 0; i < count; i++)
		sample_wide(r, strings[i]);
	buf_text(r, "\xab\xcd");
	while (r->len < fields[5] - 4)
		buf_add_u8(r, 0);
	buf_add_u32le(r, fields[5]);
}

/* How far the newest end is behind the start of the oldest, seen along the ring. */
static inline size_t sample_room(const struct sample *s)
{
	size_t oldest = s->starts[s->oldest % 4096];

	if (s->oldest == s->next)
		return s->size - 48;
	return oldest >= s->at && s->wrapped ? oldest - s->at : s->size - s->at + oldest - 48;
}

static inline void sample_add(struct sample *s, uint32_t time, uint32_t id, uint16_t type,
			      const char *source, const char *const *strings, uint16_t count)
{
	struct buf r = buf_new(1 << 16);

	sample_body(&r, s->next, time, id, type, source, strings, count);
	if (s->size - s->at < 56) {
		while (s->at < s->size) {
			sample_u32(s, s->at, 0x27);
			s->at += 4;
		}
		s->at = 48;
		s->wrapped = true;
	}
	while (s->oldest < s->next && sample_room(s) < r.len + 40)
		s->oldest++;
	s->starts[s->next % 4096] = s->at;
	s->lengths[s->next % 4096] = r.len;
	sample_put(s, s->at, r.at, r.len);
	if (s->at + r.len >= s->size)
		s->wrapped = true;
	s->at = s->at + r.len < s->size ? s->at + r.len : s->at + r.len - s->size + 48;
	s->next++;
	buf_free(&r);
}

/* The end record and the header; a dirty one has the header of an empty log. */
static inline struct span sample_end(struct sample *s, bool dirty)
{
	uint32_t oldest = (uint32_t)s->starts[s->oldest % 4096], end = (uint32_t)s->at;
	uint32_t tail[] = { 0x28, 0x11111111, 0x22222222, 0x33333333, 0x44444444,
			    oldest, end, s->next, s->oldest, 0x28 };
	uint32_t head[] = { 48, 0x654c664c, 1, 1, oldest, end, s->next, s->oldest,
			    (uint32_t)s->size, s->wrapped ? 2 : 0, 0, 48 };

	for (size_t i = 0, at = s->at; i < 10; i++) {
		sample_u32(s, at, tail[i]);
		at = at + 4 < s->size ? at + 4 : 48;
	}
	if (dirty) {
		head[4] = head[5] = 48;
		head[6] = 1;
		head[7] = 0;
		head[9] |= 1;
	}
	for (size_t i = 0; i < 12; i++)
		memcpy(s->log + i * 4, &head[i], 4);
	return span_of(s->log, s->size);
}

#endif
