#include "formats/smb/smb.h"

enum { LOGON = 1, TREE_CONNECT = 3, CREATE = 5, CLOSE = 6, READ = 8, WRITE = 9, SET_INFO = 17 };
enum { FLAG_ANSWER = 1, FLAG_RELATED = 4 };
enum { HEAD = 64, INFO_OF_FILE = 1, INFO_RENAME = 10, INFO_DISPOSITION = 13, INFO_DISPOSITION_MORE = 64,
       DELETE_ON_CLOSE = 0x1000 };

/* What offset and length lead to, whole; else nothing. */
static struct span part(struct span unit, uint32_t from, uint32_t len)
{
	return from <= unit.len && len <= unit.len - from ? span_sub(unit, from, len) : (struct span){ 0 };
}

static struct span part_at(struct span unit, size_t at)
{
	struct span place = span_sub(unit, HEAD + at, 4);

	return place.len < 4 ? place : part(unit, load_u16le(place.at), load_u16le(place.at + 2));
}

static uint32_t number_at(struct span unit, size_t at)
{
	struct span n = span_sub(unit, HEAD + at, 4);

	return n.len == 4 ? load_u32le(n.at) : 0;
}

static struct smb_file_id file_at(struct span unit, size_t at)
{
	struct span id = span_sub(unit, HEAD + at, 16);

	return id.len == 16 ? (struct smb_file_id){ load_u64le(id.at), load_u64le(id.at + 8) }
			    : (struct smb_file_id){ 0 };
}

/* Rename: a word that says whether to replace, a folder's handle, then the name. */
static void take_info(struct span unit, struct smb_message *m)
{
	struct span kind = span_sub(unit, HEAD + 2, 2);
	struct span buffer = part(unit, number_at(unit, 8) & 0xffff, number_at(unit, 4));

	m->file = file_at(unit, 16);
	if (kind.len < 2 || kind.at[0] != INFO_OF_FILE)
		return;
	if (kind.at[1] == INFO_RENAME && buffer.len >= 20) {
		m->kind = SMB_RENAME;
		m->name = part(buffer, 20, load_u32le(buffer.at + 16));
	} else if ((kind.at[1] == INFO_DISPOSITION || kind.at[1] == INFO_DISPOSITION_MORE) && buffer.len &&
		   buffer.at[0] & 1) {
		m->kind = SMB_DELETE;
	}
}

static void take_question(struct span unit, uint16_t command, struct smb_message *m, struct smb_data *data)
{
	switch (command) {
	case LOGON:
		m->kind = SMB_LOGON;
		m->token = part_at(unit, 12);
		break;
	case TREE_CONNECT:
		m->kind = SMB_TREE;
		m->name = part_at(unit, 4);
		break;
	case CREATE:
		m->kind = SMB_OPEN;
		m->name = part_at(unit, 44);
		m->deletes = number_at(unit, 40) & DELETE_ON_CLOSE;
		break;
	case CLOSE:
		m->kind = SMB_CLOSE;
		m->file = file_at(unit, 8);
		break;
	case READ:
		m->kind = SMB_READ;
		m->file = file_at(unit, 16);
		break;
	case WRITE:
		m->kind = SMB_WRITE;
		m->file = file_at(unit, 16);
		data->from = number_at(unit, 0) >> 16;
		data->to = number_at(unit, 4);
		break;
	case SET_INFO:
		take_info(unit, m);
		break;
	default:
		break;
	}
}

static void take_answer(struct span unit, uint16_t command, struct smb_message *m, struct smb_data *data)
{
	switch (command) {
	case LOGON:
		m->kind = SMB_LOGON;
		m->token = part_at(unit, 4);
		break;
	case TREE_CONNECT:
		m->kind = SMB_TREE;
		break;
	case CREATE:
		m->kind = SMB_OPEN;
		m->file = file_at(unit, 64);
		break;
	case CLOSE:
		m->kind = SMB_CLOSE;
		break;
	case READ:
		m->kind = SMB_READ;
		if (m->status && m->status != SMB_STATUS_OVERFLOW)
			break;
		data->from = number_at(unit, 0) >> 16 & 0xff;
		data->to = number_at(unit, 4);
		break;
	default:
		break;
	}
}

void smb2_read(struct span unit, const struct smb_events *events, struct smb_data *data)
{
	struct smb_message m = { .is_unicode = true };
	uint16_t command;
	uint32_t flags;

	if (unit.len < HEAD)
		return;
	command = load_u16le(unit.at + 12);
	flags = load_u32le(unit.at + 16);
	m.is_answer = flags & FLAG_ANSWER;
	m.is_related = flags & FLAG_RELATED;
	m.status = m.is_answer ? load_u32le(unit.at + 8) : 0;
	m.id = load_u64le(unit.at + 24);
	m.tree = load_u32le(unit.at + 36);
	m.session = load_u64le(unit.at + 40);
	if (m.is_answer)
		take_answer(unit, command, &m, data);
	else
		take_question(unit, command, &m, data);
	/* A length until here; beyond what a number holds it is none. */
	data->to = data->from < HEAD || data->to > UINT32_MAX - data->from ? 0 : data->from + data->to;
	events->message(events->context, &m);
}
