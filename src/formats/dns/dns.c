#include "formats/dns/dns.h"

#include <stdio.h>

#define NAME_BYTES 255
#define RECORDS 64

enum { TYPE_A = 1, TYPE_AAAA = 28 };

static void add_label(struct buf *to, struct span label)
{
	for (size_t i = 0; i < label.len; i++) {
		uint8_t c = label.at[i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c + 32);
		if (c > 32 && c < 127 && c != '.' && c != '\\')
			buf_add_u8(to, c);
		else
			buf_printf(to, "\\%03u", c);
	}
}

/* Appends the name at the cursor to `to` (NULL: only steps over it). */
static bool take_name(struct cursor *c, struct buf *to, uint32_t *length)
{
	struct cursor at = *c;
	size_t below = c->at;
	uint32_t total = 0;
	bool jumped = false;

	for (;;) {
		uint8_t len = cursor_u8(&at);

		if (at.short_read || (len & 0xc0) == 0x40 || (len & 0xc0) == 0x80)
			return false;
		if (len >= 0xc0) {
			size_t target = (size_t)(len & 0x3f) << 8 | cursor_u8(&at);

			if (!jumped)
				*c = at;
			jumped = true;
			/* Only ever further back, so no loop. */
			if (at.short_read || target >= below)
				return false;
			below = target;
			cursor_seek(&at, target);
			continue;
		}
		total += len + 1u;
		if (total > NAME_BYTES)
			return false;
		if (!len)
			break;
		if (to && total > len + 1u)
			buf_add_u8(to, '.');
		if (to)
			add_label(to, cursor_take(&at, len));
		else
			cursor_skip(&at, len);
	}
	if (!jumped)
		*c = at;
	if (length)
		*length = total;
	return !at.short_read;
}

static bool take_address(struct span data, uint16_t type, uint8_t to[16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	if (!((type == TYPE_A && data.len == 4) || (type == TYPE_AAAA && data.len == 16)))
		return false;
	if (type == TYPE_A)
		memcpy(to, prefix, sizeof prefix);
	memcpy(to + 16 - data.len, data.at, data.len);
	return true;
}

static void take_answers(struct cursor *c, uint16_t count, struct dns_message *out)
{
	for (unsigned i = 0; i < count && i < RECORDS; i++) {
		struct span data;
		uint16_t type;

		if (!take_name(c, NULL, NULL))
			return;
		type = cursor_u16be(c);
		cursor_skip(c, 6);
		data = cursor_take(c, cursor_u16be(c));
		if (c->short_read)
			return;
		out->answer_bytes += (uint32_t)data.len;
		if (out->address_count < DNS_ADDRESSES)
			out->address_count += take_address(data, type, out->addresses[out->address_count]);
	}
}

bool dns_read(struct span bytes, struct dns_message *out)
{
	struct buf name = buf_new(DNS_NAME_MAX);
	struct cursor c = cursor_of(bytes);
	uint16_t flags, questions, answers;
	bool ok;

	*out = (struct dns_message){ .is_answer = false };
	cursor_skip(&c, 2);
	flags = cursor_u16be(&c);
	questions = cursor_u16be(&c);
	answers = cursor_u16be(&c);
	cursor_skip(&c, 4);
	/* Standard queries only; updates and the like have other sections. */
	if (c.short_read || !questions || questions > 16 || (flags & 0x7800))
		return false;
	ok = take_name(&c, &name, &out->labels_length);
	out->type = cursor_u16be(&c);
	cursor_skip(&c, 2);
	if (ok && !c.short_read && !name.overflow && name.len < DNS_NAME_MAX) {
		memcpy(out->name_room, name.len ? name.at : (const uint8_t *)".", name.len ? name.len : 1);
		out->name = span_of(out->name_room, name.len ? name.len : 1);
	}
	buf_free(&name);
	if (!out->name.len)
		return false;
	out->is_answer = flags & 0x8000;
	out->code = flags & 15;
	if (out->is_answer && questions == 1)
		take_answers(&c, answers, out);
	return true;
}

void dns_each_address(struct span bytes, void (*each)(void *context, struct span name, const uint8_t address[16]),
		      void *context)
{
	struct buf name = buf_new(DNS_NAME_MAX);
	struct cursor c = cursor_of(bytes);
	uint32_t questions, records, flags;
	bool ok;

	cursor_skip(&c, 2);
	flags = cursor_u16be(&c);
	questions = cursor_u16be(&c);
	records = cursor_u16be(&c);
	records += cursor_u16be(&c);
	records += cursor_u16be(&c);
	ok = !c.short_read && (flags & 0xf800) == 0x8000 && !(flags & 15) && questions <= 16;
	for (uint32_t i = 0; ok && i < questions; i++) {
		ok = take_name(&c, NULL, NULL);
		cursor_skip(&c, 4);
	}
	for (uint32_t i = 0; ok && i < records && i < RECORDS; i++) {
		uint8_t address[16];
		struct span data;
		uint16_t type;

		buf_clear(&name);
		ok = take_name(&c, &name, NULL);
		type = cursor_u16be(&c);
		cursor_skip(&c, 6);
		data = cursor_take(&c, cursor_u16be(&c));
		ok = ok && !c.short_read;
		if (ok && name.len && !name.overflow && take_address(data, type, address))
			each(context, buf_span(&name), address);
	}
	buf_free(&name);
}

const char *dns_type_name(uint16_t type, char room[12])
{
	static const struct {
		uint16_t number;
		const char *name;
	} names[] = { { TYPE_A, "A" }, { 2, "NS" }, { 5, "CNAME" }, { 6, "SOA" }, { 10, "NULL" },
		      { 12, "PTR" }, { 15, "MX" }, { 16, "TXT" }, { TYPE_AAAA, "AAAA" }, { 33, "SRV" },
		      { 35, "NAPTR" }, { 43, "DS" }, { 48, "DNSKEY" }, { 64, "SVCB" }, { 65, "HTTPS" },
		      { 99, "SPF" }, { 252, "AXFR" }, { 255, "ANY" }, { 257, "CAA" } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].number == type)
			return names[i].name;
	snprintf(room, 12, "TYPE%u", type);
	return room;
}
