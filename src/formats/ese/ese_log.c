#include "formats/ese/ese_log.h"

#define LOG_FILE 3		/* type in the header; databases have 0 */
#define TYPE_AT 667
#define ATTACHED_AT 671
#define ATTACHED_SIZE 2048
#define ATTACHED_FIXED 64	/* of one attached database, before its names */
#define MAJOR 8
#define MINOR 4000
#define SEGMENT_HEAD 40
#define PAGE_HEAD 32		/* of a change: what is common to all */
#define NODE_HEAD 44
#define FIRST_FREE_FORM 67	/* these two rows of types have their length behind the type */
#define LAST_FREE_FORM 75
#define SECOND_FREE_FORM 82
#define LAST_SECOND_FREE_FORM 91
#define TYPES 101

enum { NOP = 0, CREATE_DATABASE = 14, FRAGMENT_BEGIN = 76, FRAGMENT = 77 };

/* Length of a record: a fixed part, and what the numbers at these places say. */
static const struct form {
	uint16_t fixed;
	uint8_t at[4];		/* of 16-bit lengths */
	uint8_t wide[2];	/* of 32-bit lengths */
} forms[TYPES] = {
	[1] = { 568, {0}, {0} }, [2] = { 18, {0}, {0} }, [4] = { 1, {0}, {0} },
	[5] = { 4, {0}, {0} }, [6] = { 4, {0}, {0} }, [7] = { 4, {0}, {0} },
	[8] = { 8, {0}, {0} }, [9] = { 8, {0}, {0} }, [10] = { 7, {0}, {0} },
	[ESE_MACRO_BEGIN] = { 11, {0}, {0} }, [ESE_MACRO_COMMIT] = { 11, {0}, {0} },
	[ESE_MACRO_ABORT] = { 11, {0}, {0} },
	[CREATE_DATABASE] = { 43, { 40 }, {0} }, [15] = { 75, { 72 }, {0} }, [16] = { 7, { 4 }, {0} },
	[17] = { 1, {0}, {0} }, [18] = { 18, {0}, {0} }, [19] = { 3, { 1 }, {0} }, [20] = { 3, { 1 }, {0} },
	[21] = { 4, {0}, {0} }, [22] = { 5, { 3 }, {0} }, [23] = { 1, {0}, {0} },
	[ESE_CREATE_MULTIPLE] = { 56, {0}, {0} }, [ESE_CREATE_SINGLE] = { 48, {0}, {0} },
	[ESE_CONVERT] = { 60, {0}, {0} },
	[ESE_SPLIT] = { 102, { 96, 98, 100 }, {0} }, [ESE_MERGE] = { 88, { 86 }, {0} },
	[ESE_INSERT] = { 50, { 44, 46, 48 }, {0} }, [ESE_FLAG_INSERT] = { 48, { 44, 46 }, {0} },
	[ESE_FLAG_INSERT_AND_REPLACE] = { 52, { 44, 46 }, {0} }, [ESE_FLAG_DELETE] = { 44, {0}, {0} },
	[ESE_REPLACE] = { 50, { 44 }, {0} }, [ESE_REPLACE_PARTS] = { 50, { 44 }, {0} },
	[ESE_DELETE] = { 44, {0}, {0} }, [36] = { 56, { 44, 46, 54 }, {0} },
	[ESE_DELTA] = { 54, { 44, 46 }, {0} }, [ESE_EXTERNAL_HEADER] = { 46, { 44 }, {0} },
	[ESE_UNDO] = { 51, { 44, 46 }, {0} }, [45] = { 3, { 1 }, {0} }, [46] = { 5, { 3 }, {0} },
	[48] = { 46, { 44 }, {0} },
	[49] = { 576, {0}, {0} }, [50] = { 26, {0}, {0} }, [51] = { 9, {0}, {0} }, [52] = { 26, {0}, {0} },
	[53] = { 8, {0}, {0} }, [54] = { 7, {0}, { 3 } }, [55] = { 3, {0}, {0} }, [57] = { 3, {0}, {0} },
	[ESE_CONVERT_2] = { 68, {0}, {0} }, [59] = { 3, { 1 }, {0} }, [60] = { 32, { 30 }, {0} }, [61] = { 5, { 3 }, {0} },
	[ESE_SPLIT_IMAGE] = { 110, { 96, 98, 100 }, { 106 } }, [ESE_MERGE_IMAGE] = { 96, { 86 }, { 92 } },
	[ESE_SCRUB] = { 54, { 52 }, {0} }, [ESE_PAGE_MOVE] = { 96, {0}, { 88, 92 } }, [66] = { 46, {0}, {0} },
	[FRAGMENT_BEGIN] = { 7, { 5 }, {0} }, [FRAGMENT] = { 3, { 1 }, {0} },
	[78] = { 10, {0}, {0} }, [79] = { 4, {0}, {0} }, [80] = { 26, {0}, {0} }, [81] = { 10, {0}, {0} },
	[92] = { 14, {0}, {0} }, [ESE_DELTA_64] = { 58, { 44, 46 }, {0} }, [94] = { 10, {0}, {0} },
	[95] = { 20, {0}, {0} }, [96] = { 16, {0}, {0} }, [97] = { 2, {0}, {0} }, [98] = { 27, {0}, {0} },
	[99] = { 18, {0}, {0} }, [100] = { 11, {0}, {0} },
};

static bool is_free_form(uint8_t type)
{
	return (type >= FIRST_FREE_FORM && type <= LAST_FREE_FORM) ||
	       (type >= SECOND_FREE_FORM && type <= LAST_SECOND_FREE_FORM);
}

/* Length of the record at the begin of `s`; 0: nobody knows, or it is cut off. */
static size_t length_of(struct span s)
{
	const struct form *form = s.at[0] < TYPES ? &forms[s.at[0]] : &forms[0];
	size_t len = form->fixed;

	if (is_free_form(s.at[0]))
		return s.len >= 5 && load_u32le(s.at + 1) <= s.len - 5 ? 5 + load_u32le(s.at + 1) : 0;
	if (!len || s.len < len)
		return 0;
	for (size_t i = 0; i < sizeof form->at && form->at[i]; i++)
		len += load_u16le(s.at + form->at[i]) & (form->at[i] == 44 && s.at[0] >= ESE_REPLACE &&
			s.at[0] <= ESE_REPLACE_PARTS ? 0x7fff : 0xffff);
	for (size_t i = 0; i < sizeof form->wide && form->wide[i]; i++)
		len += load_u32le(s.at + form->wide[i]);
	if (s.at[0] == CREATE_DATABASE && s.at[42] & 4)
		len += 4;
	return len <= s.len ? len : 0;
}

timestamp ese_log_time(struct span b)
{
	/* Second, minute, hour, day, month, year since 1900, then bits of milliseconds. */
	if (b.len < 6 || !b.at[3] || b.at[3] > 31 || !b.at[4] || b.at[4] > 12)
		return TIME_NONE;
	return timestamp_of_civil(1900 + b.at[5], b.at[4], b.at[3], b.at[2], b.at[1], b.at[0], 0);
}

bool ese_log_open(struct span file, struct ese_log *out, struct err *err)
{
	struct cursor c = cursor_of(file);
	uint32_t major, minor, type, segment, header;

	*out = (struct ese_log){ .file = file };
	cursor_skip(&c, 4);
	out->generation = cursor_u32le(&c);
	segment = cursor_u16le(&c);
	header = cursor_u16le(&c);
	cursor_skip(&c, 4);
	out->created = ese_log_time(cursor_take(&c, 8));
	cursor_seek(&c, 32);
	major = cursor_u32le(&c);
	minor = cursor_u32le(&c);
	cursor_seek(&c, 44);
	out->signature = cursor_take(&c, ESE_SIGNATURE_SIZE);
	cursor_seek(&c, TYPE_AT);
	type = cursor_u32le(&c);
	if (c.short_read || type != LOG_FILE || major != MAJOR || minor != MINOR)
		return err_set(err, ERR_UNSUPPORTED, 32, "no ESE log of format %u.%u", MAJOR, MINOR);
	if (segment < 512 || segment > 65535 || !header || (uint64_t)segment * header > file.len)
		return err_set(err, ERR_CORRUPT, 8, "segments of %u bytes, %u in the header", segment, header);
	out->segment = segment;
	out->header_segments = header;
	return true;
}

uint8_t ese_log_database(const struct ese_log *log, struct span signature)
{
	struct cursor c = cursor_of(span_sub(log->file, ATTACHED_AT, ATTACHED_SIZE));

	while (cursor_left(&c) >= ATTACHED_FIXED) {
		uint8_t number = cursor_u8(&c);
		uint16_t names;

		if (!number)
			break;
		cursor_skip(&c, 1);
		names = cursor_u16le(&c);
		cursor_skip(&c, 8 + 4 + 4 + 8 + 8);
		if (span_eq(cursor_take(&c, ESE_SIGNATURE_SIZE), signature))
			return number;
		cursor_skip(&c, names);
	}
	return 0;
}

static bool is_of_page(uint8_t type)
{
	return (type >= ESE_CREATE_MULTIPLE && type <= ESE_DELETE) || type == ESE_CONVERT_2 || type == ESE_DELTA ||
	       (type >= ESE_EXTERNAL_HEADER && type <= ESE_UNDO) ||
	       (type >= ESE_SPLIT_IMAGE && type <= ESE_PAGE_MOVE) || type == ESE_DELTA_64;
}

/* Types whose head goes on with the node's tree, whose number stands in its last four bytes. */
static bool is_of_node(uint8_t type)
{
	return (type >= ESE_INSERT && type <= ESE_UNDO) || type == ESE_SCRUB || type == ESE_DELTA_64;
}

struct reading {
	struct ese_log *log;
	struct arena *arena;
	bool (*each)(void *context, const struct ese_change *change);
	void *context;
	uint8_t *parts;		/* of a record in fragments */
	size_t wanted, got;
};

static bool give(struct reading *r, struct span record)
{
	struct ese_change change = { .type = record.at[0], .record = record };
	struct cursor c = cursor_of(record);

	cursor_skip(&c, 1);
	change.process = cursor_u16le(&c);
	if (change.type >= ESE_MACRO_BEGIN && change.type <= ESE_MACRO_ABORT) {
		change.time = cursor_u64le(&c);
		return r->each(r->context, &change);
	}
	if (!is_of_page(change.type))
		return true;
	change.database = cursor_u8(&c);
	change.page = cursor_u32le(&c);
	change.time = cursor_u64le(&c);
	change.before = cursor_u64le(&c);
	cursor_skip(&c, 5);
	change.line = cursor_u16le(&c);
	change.flags = cursor_u8(&c);
	if (is_of_node(change.type)) {
		cursor_seek(&c, NODE_HEAD - 4);
		change.object = cursor_u32le(&c);
	}
	return r->each(r->context, &change);
}

/* A fragment of a longer record; whole ones are given. */
static bool add_fragment(struct reading *r, struct span record)
{
	bool is_first = record.at[0] == FRAGMENT_BEGIN;
	struct span part = span_from(record, is_first ? 7 : 3), whole;

	if (is_first) {
		r->wanted = load_u32le(record.at + 1);
		r->got = 0;
		r->parts = r->wanted <= ESE_LOG_MAX_RECORD ? arena_alloc(r->arena, r->wanted + 1) : NULL;
	}
	if (!r->parts || part.len > r->wanted - r->got) {
		r->log->is_damaged = true;
		r->parts = NULL;
		return true;
	}
	if (part.len)
		memcpy(r->parts + r->got, part.at, part.len);
	r->got += part.len;
	if (r->got < r->wanted || !r->wanted)
		return true;
	whole = span_of(r->parts, r->wanted);
	r->parts = NULL;
	if (length_of(whole) == whole.len && whole.at[0] != FRAGMENT_BEGIN && whole.at[0] != FRAGMENT)
		return give(r, whole);
	r->log->is_damaged = true;
	return true;
}

static bool read_segment(struct reading *r, struct span s)
{
	size_t at = SEGMENT_HEAD;

	while (at < s.len) {
		struct span rest = span_from(s, at);
		size_t len = rest.at[0] == NOP ? 1 : length_of(rest);

		if (!len) {
			r->log->is_damaged = true;
			return true;
		}
		rest = span_sub(rest, 0, len);
		at += len;
		if (rest.at[0] == NOP)
			continue;
		if (rest.at[0] == FRAGMENT_BEGIN || rest.at[0] == FRAGMENT ? !add_fragment(r, rest) : !give(r, rest))
			return false;
	}
	return true;
}

bool ese_log_changes(struct ese_log *log, struct arena *arena,
		     bool (*each)(void *context, const struct ese_change *change), void *context)
{
	struct reading r = { .log = log, .arena = arena, .each = each, .context = context };
	size_t count = log->file.len / log->segment;

	for (size_t i = log->header_segments; i < count && !log->is_damaged; i++) {
		struct span s = span_sub(log->file, i * log->segment, log->segment);

		/* Behind the last that was written lies what the file held before. */
		if (load_u16le(s.at + 10) != i || load_u32le(s.at + 12) != log->generation)
			break;
		if (!read_segment(&r, s))
			return false;
	}
	return true;
}
