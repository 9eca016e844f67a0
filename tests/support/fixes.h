/* fixes: a small database of fixes, for tests: two programs, one with a fix and a patch, one with a fix. */
#ifndef KANSHIKI_TESTS_FIXES_H
#define KANSHIKI_TESTS_FIXES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"

struct sdb_writer {
	struct buf tags, texts;
};

/* Starts a list; answers where its size stands. */
static inline size_t sdb_begin(struct buf *b, uint16_t tag)
{
	buf_add_u16le(b, tag);
	buf_add_u32le(b, 0);
	return b->len - 4;
}

static inline void sdb_end(struct buf *b, size_t at)
{
	uint32_t size = (uint32_t)(b->len - at - 4);

	memcpy(b->at + at, &size, 4);
}

static inline void sdb_text(struct sdb_writer *w, uint16_t tag, const char *text)
{
	struct span rest = span_text(text);
	size_t at;

	buf_add_u16le(&w->tags, tag);
	buf_add_u32le(&w->tags, (uint32_t)w->texts.len);
	at = sdb_begin(&w->texts, 0x8801);
	while (rest.len) {
		uint32_t code = 0;

		rest = span_from(rest, utf8_next(rest, &code));
		buf_add_u16le(&w->texts, (uint16_t)code);
	}
	buf_add_u16le(&w->texts, 0);
	sdb_end(&w->texts, at);
}

static inline void sdb_fix(struct sdb_writer *w, uint16_t tag, const char *name, const char *command)
{
	size_t at = sdb_begin(&w->tags, tag);

	sdb_text(w, 0x6001, name);
	if (*command)
		sdb_text(w, 0x6008, command);
	buf_add_u16le(&w->tags, 0x4005);	/* where the fix is described */
	buf_add_u32le(&w->tags, 12);
	sdb_end(&w->tags, at);
}

static inline struct span sdb_of(struct arena *arena)
{
	struct sdb_writer w = { buf_new(1 << 16), buf_new(1 << 16) };
	size_t texts = sdb_begin(&w.texts, 0x7801), database, program;
	struct span file;

	buf_add(&w.tags, SPAN("\2\0\0\0\1\0\0\0sdbf"));
	database = sdb_begin(&w.tags, 0x7001);
	buf_add(&w.tags, SPAN("\7\x90\3\0\0\0abc\0"));	/* three bytes and one that makes them even */
	program = sdb_begin(&w.tags, 0x7007);
	sdb_text(&w, 0x6001, "putty.exe");
	sdb_text(&w, 0x6006, "Änderung");
	sdb_fix(&w, 0x7009, "InjectDll", "C:\\evil.dll");
	sdb_fix(&w, 0x700a, "patch", "");
	sdb_end(&w.tags, program);
	program = sdb_begin(&w.tags, 0x7007);
	sdb_text(&w, 0x6001, "*");
	sdb_fix(&w, 0x7009, "RedirectEXE", "");
	sdb_end(&w.tags, program);
	sdb_end(&w.tags, database);
	sdb_end(&w.texts, texts);
	buf_add(&w.tags, buf_span(&w.texts));
	file = arena_copy(arena, buf_span(&w.tags));
	buf_free(&w.tags);
	buf_free(&w.texts);
	return file;
}

#endif
