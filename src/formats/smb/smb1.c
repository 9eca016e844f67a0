#include "formats/smb/smb.h"

enum { DELETE = 0x06, CLOSE = 0x04, RENAME = 0x07, OPEN_AND = 0x2d, READ_AND = 0x2e, WRITE_AND = 0x2f, LOGON_AND = 0x73,
       TREE_AND = 0x75, CREATE_AND = 0xa2, NO_MORE = 0xff };
enum { HEAD = 32, FLAG_ANSWER = 0x80, FLAG_UNICODE = 0x8000, CHAIN_MOST = 8, FORMAT_NAME = 4 };
enum { LOGON_PLAIN = 13, LOGON_TOKEN = 12 };

/* One command of a message: its parameters, and what follows them. */
struct block {
	struct span unit;
	struct span words;
	size_t data;			/* in the message */
	struct span bytes;
};

static uint16_t word(const struct block *b, size_t at)
{
	struct span w = span_sub(b->words, at, 2);

	return w.len == 2 ? load_u16le(w.at) : 0;
}

static bool read_block(struct span unit, size_t at, struct block *out)
{
	struct cursor c = cursor_of(unit);
	uint16_t len;

	cursor_seek(&c, at);
	out->unit = unit;
	out->words = cursor_take(&c, cursor_u8(&c) * (size_t)2);
	len = cursor_u16le(&c);
	out->data = c.at;
	out->bytes = span_sub(unit, c.at, len);
	return !c.short_read;
}

/* Where a text begins: at an even place of the message, where it is UTF-16. */
static size_t align(const struct block *b, size_t at, const struct smb_message *m)
{
	return m->is_unicode ? at + ((b->data + at) & 1) : at;
}

/* A text up to its zero; *at moves behind it. Without one it is not whole, and none. */
static struct span take_text(const struct block *b, size_t *at, const struct smb_message *m)
{
	size_t step = m->is_unicode ? 2 : 1, from = align(b, *at, m), end = from;

	while (end + step <= b->bytes.len && (b->bytes.at[end] || (step == 2 && b->bytes.at[end + 1])))
		end += step;
	*at = end + step;
	return *at <= b->bytes.len ? span_sub(b->bytes, from, end - from) : (struct span){ 0 };
}

/* A name behind the byte that says that it is one. */
static struct span take_name(const struct block *b, size_t *at, const struct smb_message *m)
{
	struct span format = span_sub(b->bytes, *at, 1);

	*at += 1;
	return format.len && format.at[0] == FORMAT_NAME ? take_text(b, at, m) : (struct span){ 0 };
}

static void take_logon(const struct block *b, struct smb_message *m)
{
	size_t at = (size_t)word(b, 14) + word(b, 16);

	m->kind = SMB_LOGON;
	if (b->words.len == (size_t)2 * LOGON_TOKEN) {
		m->token = span_sub(b->bytes, 0, word(b, 14));
	} else if (b->words.len == (size_t)2 * LOGON_PLAIN) {
		m->name = take_text(b, &at, m);
		m->other = take_text(b, &at, m);
	}
}

static void take_write(const struct block *b, struct smb_message *m, struct smb_data *data)
{
	m->kind = SMB_WRITE;
	m->file.a = word(b, 4);
	data->from = word(b, 22);
	data->to = (uint32_t)word(b, 18) << 16 | word(b, 20);
}

static void take_create(const struct block *b, struct smb_message *m)
{
	struct span name = span_sub(b->words, 5, 2), options = span_sub(b->words, 39, 4);
	size_t len = name.len == 2 ? load_u16le(name.at) : 0;

	m->kind = SMB_OPEN;
	m->name = span_sub(b->bytes, align(b, 0, m), len);
	m->name.len = m->name.len < len ? 0 : m->name.len;
	m->deletes = options.len == 4 && load_u32le(options.at) & 0x1000;
}

static void take_question(const struct block *b, uint8_t command, struct smb_message *m, struct smb_data *data)
{
	size_t at = 0;

	switch (command) {
	case LOGON_AND:
		take_logon(b, m);
		break;
	case TREE_AND:
		m->kind = SMB_TREE;
		at = word(b, 6);
		m->name = take_text(b, &at, m);
		break;
	case CREATE_AND:
		take_create(b, m);
		break;
	case OPEN_AND:
		m->kind = SMB_OPEN;
		m->name = take_text(b, &at, m);
		break;
	case READ_AND:
		m->kind = SMB_READ;
		m->file.a = word(b, 4);
		break;
	case WRITE_AND:
		take_write(b, m, data);
		break;
	case CLOSE:
		m->kind = SMB_CLOSE;
		m->file.a = word(b, 0);
		break;
	case DELETE:
		m->kind = SMB_DELETE;
		m->name = take_name(b, &at, m);
		break;
	case RENAME:
		m->kind = SMB_RENAME;
		m->other = take_name(b, &at, m);
		m->name = take_name(b, &at, m);
		break;
	default:
		break;
	}
}

static void take_answer(const struct block *b, uint8_t command, struct smb_message *m, struct smb_data *data)
{
	struct span file = span_sub(b->words, 5, 2);

	switch (command) {
	case LOGON_AND:
		m->kind = SMB_LOGON;
		m->token = b->words.len >= 8 ? span_sub(b->bytes, 0, word(b, 6)) : (struct span){ 0 };
		break;
	case TREE_AND:
		m->kind = SMB_TREE;
		break;
	case CREATE_AND:
		m->kind = SMB_OPEN;
		m->file.a = file.len == 2 ? load_u16le(file.at) : 0;
		break;
	case OPEN_AND:
		m->kind = SMB_OPEN;
		m->file.a = word(b, 4);
		break;
	case READ_AND:
		m->kind = SMB_READ;
		data->from = word(b, 12);
		data->to = (uint32_t)word(b, 14) << 16 | word(b, 10);
		break;
	case CLOSE:
		m->kind = SMB_CLOSE;
		break;
	default:
		break;
	}
}

static bool has_next(uint8_t command)
{
	return command == LOGON_AND || command == TREE_AND || command == CREATE_AND || command == OPEN_AND ||
	       command == READ_AND || command == WRITE_AND;
}

void smb1_read(struct span unit, const struct smb_events *events, struct smb_data *data)
{
	struct smb_message m = { .is_old = true };
	size_t at = HEAD;
	uint8_t command;
	struct block b;

	if (unit.len < HEAD)
		return;
	command = unit.at[4];
	m.is_answer = unit.at[9] & FLAG_ANSWER;
	m.is_unicode = load_u16le(unit.at + 10) & FLAG_UNICODE;
	m.status = m.is_answer ? load_u32le(unit.at + 5) : 0;
	m.tree = load_u16le(unit.at + 24);
	m.session = load_u16le(unit.at + 28);
	m.id = (uint64_t)load_u16le(unit.at + 26) << 16 | load_u16le(unit.at + 30);
	for (int i = 0; i < CHAIN_MOST && read_block(unit, at, &b); i++) {
		m.kind = SMB_OTHER;
		m.name = m.other = m.token = (struct span){ 0 };
		m.file = (struct smb_file_id){ 0 };
		m.deletes = false;
		if (m.is_answer)
			take_answer(&b, command, &m, data);
		else
			take_question(&b, command, &m, data);
		events->message(events->context, &m);
		m.is_related = true;
		if (!has_next(command) || b.words.len < 4 || b.words.at[0] == NO_MORE || word(&b, 2) <= at)
			break;
		command = b.words.at[0];
		at = word(&b, 2);
	}
	data->to = data->from < HEAD ? 0 : data->from + data->to;
}
