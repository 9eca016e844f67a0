/* Captures of raw IPv4 in the making, of 10.0.0.1:40000 and 192.0.2.1, and the lines that they become. */
#ifndef KANSHIKI_ARTEFACT_NETWORK_CAPTURE_SUPPORT_H
#define KANSHIKI_ARTEFACT_NETWORK_CAPTURE_SUPPORT_H

#include <stdarg.h>

#include "artefact/artefact.h"
#include "base/buf.h"
#include "test.h"

#include <inttypes.h>

enum { SYN = 2, ACK = 16 };

struct making {
	struct buf file;
	uint16_t port;
	uint16_t number;		/* of the packets of IP */
};

static inline struct making making_new(uint16_t port)
{
	struct making m = { buf_new((size_t)1 << 20), port, 7 };

	buf_add(&m.file, SPAN("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\1\0\x65\0\0\0"));
	return m;
}

static inline void add_u16be(struct buf *to, uint32_t n)
{
	buf_add_u8(to, (uint8_t)(n >> 8));
	buf_add_u8(to, (uint8_t)n);
}

static inline void add_u32be(struct buf *to, uint32_t n)
{
	add_u16be(to, n >> 16);
	add_u16be(to, n & 0xffff);
}

static inline void add_ip(struct making *m, bool is_back, uint8_t protocol, uint16_t fragment, size_t payload)
{
	size_t len = 20 + payload;

	buf_add_u32le(&m->file, 1000);
	buf_add_u32le(&m->file, 0);
	buf_add_u32le(&m->file, (uint32_t)len);
	buf_add_u32le(&m->file, (uint32_t)len);
	buf_add(&m->file, SPAN("\x45\0"));
	add_u16be(&m->file, (uint32_t)len);
	add_u16be(&m->file, m->number);
	add_u16be(&m->file, fragment);
	buf_add_u8(&m->file, 64);
	buf_add_u8(&m->file, protocol);
	add_u16be(&m->file, 0);
	add_u32be(&m->file, is_back ? 0xc0000201 : 0x0a000001);
	add_u32be(&m->file, is_back ? 0x0a000001 : 0xc0000201);
}

static inline void segment(struct making *m, bool is_back, uint32_t sequence, uint8_t flags, struct span data)
{
	add_ip(m, is_back, 6, 0, 20 + data.len);
	add_u16be(&m->file, is_back ? m->port : 40000);
	add_u16be(&m->file, is_back ? 40000 : m->port);
	add_u32be(&m->file, sequence);
	add_u32be(&m->file, 0);
	buf_add_u8(&m->file, 0x50);
	buf_add_u8(&m->file, flags);
	buf_add(&m->file, SPAN("\x20\0\0\0\0\0"));
	buf_add(&m->file, data);
}

/* "what|local|peer|name|protocol|path|out|in", in `lines`, a struct buf. */
static inline bool making_take(void *lines, const struct trace *t)
{
	const struct span cells[] = { t->what, t->local, t->peer, t->name, t->protocol, t->path };

	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		buf_add(lines, cells[i]);
		buf_add_u8(lines, '|');
	}
	buf_printf(lines, "%" PRId64 "|%" PRId64 "\n", (int64_t)t->bytes_out, (int64_t)t->bytes_in);
	return true;
}

__attribute__((format(printf, 2, 3)))
static inline void making_note(void *context, const char *format, ...)
{
	fail_msg("%s", format);
}

static inline void making_lose(void *context, uint64_t lost)
{
	assert_int_equal(lost, 0);
}

/* What `take` makes of the traces of the capture. */
static inline void making_expect(struct making *m, bool (*take)(void *, const struct trace *), const char *want)
{
	struct arena arena = arena_new((size_t)256 << 20);
	struct near_files near = { NULL, NULL };
	struct buf lines = buf_new((size_t)1 << 20);
	struct artefact_list fitting;
	struct err err = { 0 };
	struct artefact a = { .bytes = buf_span(&m->file), .path = SPAN("x"), .name = SPAN("x"), .kind = "pcap",
			      .modified = TIME_NONE, .near = &near, .arena = &arena, .trace = take,
			      .short_of = making_note, .lost = making_lose, .context = &lines };

	artefact_find("pcap", SPAN("x"), &fitting);
	for (size_t i = 0; i < fitting.count; i++)
		if (fitting.at[i]->evidence_class == CLASS_CAPTURE)
			assert_true(fitting.at[i]->decode(&a, &err));
	buf_add_u8(&lines, 0);
	assert_string_equal((const char *)lines.at, want);
	buf_free(&lines);
	buf_free(&m->file);
	arena_free(&arena);
}

#endif
