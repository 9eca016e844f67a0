#include "disk/ext_fast.h"

#include "codec/crc32.h"

enum tag { ADD_RANGE = 1, REMOVE_RANGE, MAKE, LINK, UNLINK, INODE, PADDING, END, BEGIN };

#define TAG_HEAD 4

void ext_fast_begin(struct ext_fast *f, uint32_t sequence)
{
	*f = (struct ext_fast){ .sequence = sequence, .words = buf_new(EXT_FAST_WORDS), .open_words = buf_new(EXT_FAST_WORDS) };
}

void ext_fast_end(struct ext_fast *f)
{
	buf_free(&f->words);
	buf_free(&f->open_words);
}

static void tell_name(struct ext_fast *f, const char *what, struct span value)
{
	struct span name = span_from(value, 8);

	f->open_changes++;
	buf_printf(&f->open_words, "%s%s %.*s (inode %u)", f->open_words.len ? ", " : "", what, SPAN_ARG(name),
		   value.len < 8 ? 0 : load_u32le(value.at + 4));
}

/* Of one inode there are many, one behind the other. */
static void tell_inode(struct ext_fast *f, struct span value)
{
	uint32_t inode = value.len < 4 ? 0 : load_u32le(value.at);

	if (inode == f->last_inode)
		return;
	f->last_inode = inode;
	f->open_changes++;
	buf_printf(&f->open_words, "%schanged inode %u", f->open_words.len ? ", " : "", inode);
}

static void take_commit(struct ext_fast *f)
{
	struct span words = buf_span(&f->open_words);

	f->commits++;
	f->changes += f->open_changes;
	if (words.len && (!f->words.len || buf_text(&f->words, ", ")) && buf_add(&f->words, words) && !f->open_words.overflow)
		f->told += f->open_changes;
	buf_clear(&f->open_words);
	f->open_changes = f->last_inode = f->sum = 0;
}

/* False: it is of no commit that counts. */
static bool take_tag(struct ext_fast *f, unsigned tag, struct span head, struct span value)
{
	if (tag == END) {
		f->sum = crc32c_add(crc32c_add(f->sum, head), span_sub(value, 0, 4));
		if (value.len < 8 || load_u32le(value.at) != f->sequence || load_u32le(value.at + 4) != f->sum)
			return false;
		take_commit(f);
		return true;
	}
	f->sum = crc32c_add(crc32c_add(f->sum, head), value);
	if (tag == BEGIN)
		return value.len >= 8 && load_u32le(value.at + 4) == f->sequence;
	if (tag == MAKE || tag == LINK || tag == UNLINK)
		tell_name(f, tag == MAKE ? "made" : tag == LINK ? "linked" : "removed", value);
	else if (tag != PADDING)
		tell_inode(f, value);
	return true;
}

bool ext_fast_add(struct ext_fast *f, struct span block)
{
	struct cursor c = cursor_of(block);

	while (cursor_left(&c) > TAG_HEAD) {
		struct span head = cursor_take(&c, TAG_HEAD), value = cursor_take(&c, load_u16le(head.at + 2));
		unsigned tag = load_u16le(head.at);

		if (c.short_read || tag < ADD_RANGE || tag > BEGIN || (!f->has_begun && tag != BEGIN))
			return false;
		f->has_begun = true;
		if (!take_tag(f, tag, head, value))
			return false;
	}
	return true;
}
