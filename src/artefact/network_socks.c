#include "artefact/network_flow.h"

enum { SOCKS_4 = 4, SOCKS_5 = 5, CONNECT = 1, BIND = 2, ASSOCIATE = 3 };
enum { ADDRESS_IPV4 = 1, ADDRESS_NAME = 3, ADDRESS_IPV6 = 4 };

/* Whom a client asks for. */
struct target {
	struct span name;		/* else the address */
	struct packet_end end;
};

static bool take_address(struct cursor *c, size_t size, uint8_t address[16])
{
	struct span bytes = cursor_take(c, size);

	if (!bytes.len)
		return false;
	if (size == 4)
		address[10] = address[11] = 0xff;
	memcpy(address + 16 - size, bytes.at, size);
	return true;
}

/* RFC 1928, 4: a whole request and nothing behind it. */
static bool read_five(struct span bytes, struct target *out)
{
	struct cursor c = cursor_of(bytes);
	uint8_t version = cursor_u8(&c), command = cursor_u8(&c), reserved = cursor_u8(&c), kind = cursor_u8(&c);
	bool ok = version == SOCKS_5 && command >= CONNECT && command <= ASSOCIATE && !reserved;

	if (kind == ADDRESS_NAME)
		out->name = cursor_take(&c, cursor_u8(&c));
	else if (kind == ADDRESS_IPV4 || kind == ADDRESS_IPV6)
		ok = ok && take_address(&c, kind == ADDRESS_IPV4 ? 4 : 16, out->end.address);
	else
		ok = false;
	out->end.port = cursor_u16be(&c);
	return ok && !c.short_read && !cursor_left(&c);
}

/* Version 4, and 4A, where an address of 0.0.0.x says that a name follows the user. */
static bool read_four(struct span bytes, struct target *out, struct span *user)
{
	struct cursor c = cursor_of(bytes);
	uint8_t version = cursor_u8(&c), command = cursor_u8(&c);
	struct span rest, v4;

	out->end.port = cursor_u16be(&c);
	if (version != SOCKS_4 || (command != CONNECT && command != BIND) || !take_address(&c, 4, out->end.address))
		return false;
	v4 = span_of(out->end.address + 12, 4);
	rest = span_from(bytes, c.at);
	if (!rest.len || rest.at[rest.len - 1])
		return false;
	*user = span_split(&rest, 0);
	if (!v4.at[0] && !v4.at[1] && !v4.at[2] && v4.at[3])
		out->name = span_split(&rest, 0);
	return !rest.len && out->end.port;
}

bool flow_take_socks(struct network_flows *f, struct flow *flow, int direction, struct span bytes)
{
	struct target target = { .name = { 0 } };
	struct span user = { 0 };
	struct flow_text *t;
	struct buf text;

	if (direction != FLOW_OUT || (!read_five(bytes, &target) && !read_four(bytes, &target, &user)))
		return false;
	t = flow_text_of(f, flow);
	if (!t)
		return false;
	flow->application = "socks";
	/* What follows is another conversation. */
	t->is_tunnel = true;
	flow->seen[0] = flow->seen[1] = 0;
	text = buf_new(512);
	if (target.name.len)
		buf_printf(&text, "%.*s:%u", SPAN_ARG(target.name), target.end.port);
	else
		packet_end_text(&text, &target.end);
	flow_keep(t->uri, sizeof t->uri, buf_span(&text));
	flow_keep(t->name, sizeof t->name, flow_without_port(buf_span(&text)));
	flow_keep(t->user, sizeof t->user, user);
	flow_keep(t->method, sizeof t->method, SPAN("CONNECT"));
	buf_free(&text);
	return true;
}
