#include "formats/smb/smb.h"

enum { FRAME_MESSAGE = 0, FRAME_FIRST = 0x81, FRAME_LAST = 0x85 };
enum { MAGIC = 4, NEXT_AT = 20, NEXT_END = 24, HEAD_2 = 64 };

enum version { VERSION_NONE, VERSION_1, VERSION_2, VERSION_ENCRYPTED, VERSION_COMPRESSED };

static enum version version_of(struct span unit)
{
	if (unit.len < MAGIC || memcmp(unit.at + 1, "SMB", 3) != 0)
		return VERSION_NONE;
	switch (unit.at[0]) {
	case 0xff:
		return VERSION_1;
	case 0xfe:
		return VERSION_2;
	case 0xfd:
		return VERSION_ENCRYPTED;
	case 0xfc:
		return VERSION_COMPRESSED;
	default:
		return VERSION_NONE;
	}
}

bool smb_begins(struct span bytes)
{
	return bytes.len >= SMB_FRAME + MAGIC && bytes.at[0] == FRAME_MESSAGE && version_of(span_from(bytes, SMB_FRAME));
}

void smb_begin(struct smb *s)
{
	s->frame_len = s->frame_left = 0;
}

static void begin_unit(struct smb *s)
{
	s->unit_left = s->frame_left;
	s->unit_at = s->head_len = s->data_from = s->data_to = 0;
	s->is_sized = s->is_told = false;
}

/* False: no frame of NetBIOS has this type. */
static bool take_frame(struct smb *s, struct span *bytes)
{
	while (s->frame_len < SMB_FRAME && bytes->len) {
		s->frame[s->frame_len++] = bytes->at[0];
		*bytes = span_from(*bytes, 1);
	}
	if (s->frame[0] != FRAME_MESSAGE && (s->frame[0] < FRAME_FIRST || s->frame[0] > FRAME_LAST))
		return false;
	if (s->frame_len < SMB_FRAME)
		return true;
	s->frame_left = load_u32be(s->frame) & 0xffffff;
	s->frame_len = s->frame_left ? SMB_FRAME : 0;
	begin_unit(s);
	return true;
}

/* Of SMB 2 another message may follow in the same frame, and says how far on. */
static void size_unit(struct smb *s)
{
	uint32_t next;

	s->is_sized = true;
	if (version_of(span_of(s->head, s->head_len)) != VERSION_2 || s->head_len < NEXT_END)
		return;
	next = load_u32le(s->head + NEXT_AT);
	if (next >= HEAD_2 && next < s->unit_at + s->unit_left)
		s->unit_left = next - s->unit_at;
}

static void tell_plain(enum smb_kind kind, const struct smb_events *events)
{
	events->message(events->context, &(struct smb_message){ .kind = kind });
}

static void tell(struct smb *s, const struct smb_events *events)
{
	struct span unit = span_of(s->head, s->head_len);
	struct smb_data data = { 0 };

	s->is_told = true;
	switch (version_of(unit)) {
	case VERSION_1:
		smb1_read(unit, events, &data);
		break;
	case VERSION_2:
		smb2_read(unit, events, &data);
		break;
	case VERSION_ENCRYPTED:
		tell_plain(SMB_ENCRYPTED, events);
		break;
	case VERSION_COMPRESSED:
		tell_plain(SMB_COMPRESSED, events);
		break;
	default:
		break;
	}
	s->data_from = data.from;
	s->data_to = data.to;
}

/* Of the file's bytes those between two places of the message. */
static void count_data(const struct smb *s, uint32_t from, uint32_t to, const struct smb_events *events)
{
	uint32_t begin = from > s->data_from ? from : s->data_from, end = to < s->data_to ? to : s->data_to;

	if (begin < end)
		events->data(events->context, end - begin);
}

static void end_unit(struct smb *s)
{
	if (!s->frame_left)
		s->frame_len = 0;
	else
		begin_unit(s);
}

/* `n` bytes of the message at hand, which are kept already where they belong to its head. */
static void advance(struct smb *s, uint32_t n, bool is_head, const struct smb_events *events)
{
	uint32_t from = s->unit_at;

	s->unit_at += n;
	s->unit_left -= n;
	s->frame_left -= n;
	if (s->is_told)
		count_data(s, from, s->unit_at, events);
	if (!s->is_sized && (!is_head || s->head_len >= NEXT_END || !s->unit_left))
		size_unit(s);
	if (!s->is_told && (!is_head || !s->unit_left || s->head_len == sizeof s->head)) {
		tell(s, events);
		count_data(s, 0, s->unit_at, events);
	}
	if (!s->unit_left)
		end_unit(s);
}

/* Of the bytes that belong to the message at hand, those up to where something is to be decided. */
static uint32_t step_of(const struct smb *s, size_t len)
{
	uint32_t room = s->is_told ? UINT32_MAX : !s->is_sized ? NEXT_END - s->head_len
								: (uint32_t)sizeof s->head - s->head_len;
	uint32_t most = s->unit_left < room ? s->unit_left : room;

	return len < most ? (uint32_t)len : most;
}

bool smb_feed(struct smb *s, struct span bytes, const struct smb_events *events)
{
	while (bytes.len) {
		bool is_head;
		uint32_t n;

		if (!s->frame_left) {
			if (!take_frame(s, &bytes))
				return false;
			continue;
		}
		n = step_of(s, bytes.len);
		is_head = !s->is_told;
		if (is_head) {
			memcpy(s->head + s->head_len, bytes.at, n);
			s->head_len += n;
		}
		bytes = span_from(bytes, n);
		advance(s, n, is_head, events);
	}
	return true;
}

bool smb_skip(struct smb *s, uint64_t missing, const struct smb_events *events)
{
	while (missing && s->frame_left && (s->is_told || s->head_len)) {
		uint32_t n = missing < s->unit_left ? (uint32_t)missing : s->unit_left;

		/* Where the message ends is not known. */
		if (!s->is_sized && s->head_len < NEXT_END && version_of(span_of(s->head, s->head_len)) != VERSION_1)
			return false;
		missing -= n;
		advance(s, n, false, events);
	}
	return !missing;
}
