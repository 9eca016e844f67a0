#include "formats/local_name/local_name.h"

#include "formats/dns/dns.h"

struct telling {
	local_name_fn *each;
	void *context;
};

static void map_address(uint8_t out[16], struct span v4)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(out, prefix, sizeof prefix);
	memcpy(out + sizeof prefix, v4.at, 4);
}

static bool is_set(struct span v4)
{
	return v4.len == 4 && load_u32be(v4.at);
}

static void tell(const struct telling *t, struct span v4, struct span name)
{
	uint8_t address[16];

	name = span_trim(span_split(&name, 0));
	if (!is_set(v4) || !name.len || name.len >= LOCAL_NAME_MAX)
		return;
	map_address(address, v4);
	t->each(t->context, address, name);
}

/* ---- DHCP ---- */

/* Of a client that asks for an address, or for its own again. */
static void read_dhcp(struct span bytes, const struct telling *t)
{
	enum { ASKS = 1, OPTIONS = 240, PAD = 0, HOST_NAME = 12, WANTED = 50, MESSAGE = 53, FULL_NAME = 81, END = 255,
	       REQUEST = 3, ENCODED = 4 };
	struct span own = span_sub(bytes, 12, 4), wanted = { 0 }, name = { 0 };
	struct cursor c = cursor_of(bytes);
	bool is_request = false;

	cursor_seek(&c, OPTIONS);
	if (c.short_read || bytes.at[0] != ASKS || load_u32be(bytes.at + 236) != 0x63825363)
		return;
	while (cursor_left(&c)) {
		uint8_t code = cursor_u8(&c);
		struct span value;

		if (code == PAD)
			continue;
		if (code == END)
			break;
		value = cursor_take(&c, cursor_u8(&c));
		if (code == MESSAGE)
			is_request = value.len == 1 && value.at[0] == REQUEST;
		else if (code == WANTED)
			wanted = value;
		else if (code == HOST_NAME || (code == FULL_NAME && value.len > 3 && !(value.at[0] & ENCODED)))
			name = code == HOST_NAME ? value : name.len ? name : span_from(value, 3);
	}
	if (is_request)
		tell(t, is_set(own) ? own : wanted, name);
}

/* ---- NetBIOS ---- */

enum { NAME_BYTES = 16, FOR_MACHINES = 0x00, FOR_FILES = 0x20 };

/* 32 letters for 16 bytes, of which the last is the name's kind. */
static bool take_name(struct cursor *c, char name[NAME_BYTES], uint8_t *kind)
{
	struct span letters;

	if (cursor_u8(c) != 2 * NAME_BYTES)
		return false;
	letters = cursor_take(c, (size_t)2 * NAME_BYTES);
	for (size_t i = 0; i < NAME_BYTES && letters.len; i++) {
		uint8_t high = letters.at[2 * i] - 'A', low = letters.at[2 * i + 1] - 'A', byte = (uint8_t)(high << 4 | low);

		if (high > 15 || low > 15)
			return false;
		if (i == NAME_BYTES - 1)
			*kind = byte;
		name[i] = i == NAME_BYTES - 1 ? 0 : (char)byte;
	}
	/* Its scope; none is usual. */
	return letters.len && !cursor_u8(c) && !c->short_read;
}

/* A name that is one machine's: of its workstation or file service. */
static void tell_netbios(const struct telling *t, const char *name, uint8_t kind, struct span v4)
{
	if (kind == FOR_MACHINES || kind == FOR_FILES)
		tell(t, v4, span_text(name));
}

/* A record that says where a name is: behind its name. */
static void take_record(struct cursor *c, const char *name, uint8_t kind, const struct telling *t)
{
	enum { NAMES = 0x20, GROUP = 0x80 };
	uint16_t type = cursor_u16be(c);
	struct span data;

	cursor_skip(c, 6);
	data = cursor_take(c, cursor_u16be(c));
	if (type == NAMES && data.len >= 6 && !(data.at[0] & GROUP))
		tell_netbios(t, name, kind, span_sub(data, 2, 4));
}

/* Registration and refresh have the address at their end; an answer to a question in its record. */
static void read_netbios(struct span bytes, const struct telling *t)
{
	enum { ANSWER = 0x8000, QUERY = 0, REGISTER = 5, REFRESH = 8, REFRESH_OLD = 9 };
	struct cursor c = cursor_of(bytes);
	char name[NAME_BYTES];
	uint16_t flags;
	unsigned what;
	uint8_t kind;

	cursor_skip(&c, 2);
	flags = cursor_u16be(&c);
	what = flags >> 11 & 15;
	cursor_skip(&c, 8);
	if (!take_name(&c, name, &kind))
		return;
	if (!(flags & ANSWER) && (what == REGISTER || what == REFRESH || what == REFRESH_OLD)) {
		/* Behind the question; the name of the record leads back to it. */
		cursor_skip(&c, 4);
		if (cursor_u8(&c) >> 6 != 3)
			return;
		cursor_skip(&c, 1);
		take_record(&c, name, kind, t);
	} else if (flags & ANSWER && what == QUERY && !(flags & 15)) {
		take_record(&c, name, kind, t);
	}
}

/* Who sends says its address and name in front. */
static void read_datagram(struct span bytes, const struct telling *t)
{
	enum { DIRECT = 0x10, TO_ALL = 0x12, NAMES = 14 };
	struct cursor c = cursor_of(bytes);
	uint8_t type = cursor_u8(&c), kind;
	char name[NAME_BYTES];

	cursor_seek(&c, NAMES);
	if (type >= DIRECT && type <= TO_ALL && take_name(&c, name, &kind))
		tell_netbios(t, name, kind, span_sub(bytes, 4, 4));
}

/* ---- mDNS, LLMNR ---- */

static void tell_owner(void *context, struct span name, const uint8_t address[16])
{
	const struct telling *t = context;

	if (name.len < LOCAL_NAME_MAX)
		t->each(t->context, address, name);
}

void local_name_read(enum local_name_form form, struct span bytes, local_name_fn *each, void *context)
{
	struct telling t = { each, context };

	switch (form) {
	case LOCAL_NAME_DHCP:
		read_dhcp(bytes, &t);
		break;
	case LOCAL_NAME_NETBIOS:
		read_netbios(bytes, &t);
		break;
	case LOCAL_NAME_NETBIOS_DATAGRAM:
		read_datagram(bytes, &t);
		break;
	case LOCAL_NAME_MULTICAST:
		dns_each_address(bytes, tell_owner, &t);
		break;
	}
}
