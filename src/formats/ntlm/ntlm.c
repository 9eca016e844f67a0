#include "formats/ntlm/ntlm.h"

#include "base/utf8.h"

enum { MESSAGE_CHALLENGE = 2, MESSAGE_LOGON = 3 };
enum { AT_TARGET = 12, AT_TARGET_INFO = 40, AT_DOMAIN = 28, AT_USER = 36, AT_MACHINE = 44, AT_FLAGS = 60,
       AT_CHALLENGE_FLAGS = 20 };
enum { FLAG_UNICODE = 1 };
enum { PAIR_END = 0, PAIR_MACHINE = 1, PAIR_DOMAIN = 2, PAIR_DNS_MACHINE = 3 };
#define UNITS_MOST 127			/* of UTF-16: no account or machine has a longer name */

/* What the length and the offset at `at` lead to. */
static struct span field(struct span message, size_t at)
{
	struct span head = span_sub(message, at, 8);
	size_t len, from;

	if (head.len < 8)
		return (struct span){ 0 };
	len = load_u16le(head.at);
	from = load_u32le(head.at + 4);
	return from <= message.len && len <= message.len - from ? span_sub(message, from, len) : (struct span){ 0 };
}

static void keep(char to[128], struct span text, bool is_unicode)
{
	uint8_t room[3 * UNITS_MOST];
	size_t len = 0;

	if (is_unicode) {
		len = utf8_of_utf16le(room, span_sub(text, 0, (size_t)2 * UNITS_MOST));
		text = span_of(room, len);
	}
	/* Cut at the end of a character. */
	for (len = text.len < 127 ? text.len : 127; len && len < text.len && (text.at[len] & 0xc0) == 0x80;)
		len--;
	if (len)
		memcpy(to, text.at, len);
	to[len] = 0;
}

/* A list of pairs: what the server calls itself, its name in DNS before that of NetBIOS. */
static void take_pairs(struct span pairs, struct ntlm *out)
{
	struct cursor c = cursor_of(pairs);

	while (cursor_left(&c) >= 4) {
		uint16_t id = cursor_u16le(&c), len = cursor_u16le(&c);
		struct span value = cursor_take(&c, len);

		if (id == PAIR_END || c.short_read)
			return;
		if (id == PAIR_DNS_MACHINE || (id == PAIR_MACHINE && !*out->machine))
			keep(out->machine, value, true);
		else if (id == PAIR_DOMAIN)
			keep(out->domain, value, true);
	}
}

static uint32_t flags_at(struct span message, size_t at)
{
	struct span flags = span_sub(message, at, 4);

	return flags.len == 4 ? load_u32le(flags.at) : 0;
}

bool ntlm_read(struct span bytes, struct ntlm *out)
{
	size_t at = span_find(bytes, 0, SPAN("NTLMSSP\0"));
	struct span message = at == SIZE_MAX ? (struct span){ 0 } : span_from(bytes, at);
	uint32_t type = flags_at(message, 8);
	bool is_unicode;

	*out = (struct ntlm){ .is_challenge = type == MESSAGE_CHALLENGE };
	if (type == MESSAGE_CHALLENGE) {
		is_unicode = flags_at(message, AT_CHALLENGE_FLAGS) & FLAG_UNICODE;
		keep(out->domain, field(message, AT_TARGET), is_unicode);
		take_pairs(field(message, AT_TARGET_INFO), out);
		return *out->machine || *out->domain;
	}
	if (type != MESSAGE_LOGON)
		return false;
	is_unicode = flags_at(message, AT_FLAGS) & FLAG_UNICODE;
	keep(out->user, field(message, AT_USER), is_unicode);
	keep(out->domain, field(message, AT_DOMAIN), is_unicode);
	keep(out->machine, field(message, AT_MACHINE), is_unicode);
	return *out->user || *out->machine;
}
