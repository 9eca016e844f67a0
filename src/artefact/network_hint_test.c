/* Names that machines of a network give themselves. */
#include "artefact/network_capture_support.h"

static bool take(void *lines, const struct trace *t)
{
	buf_printf(lines, "%.*s|%.*s|%s|%s\n", SPAN_ARG(t->peer), SPAN_ARG(t->name),
		   span_has_any(t->detail, "\"name_from\":\"mdns\"") ? "mdns" : "",
		   span_has_any(t->detail, "\"local_name\":\"eve.local\",\"local_name_from\":\"mdns\"") ? "eve" : "");
	return true;
}

static void answer(struct making *m, const char *address)
{
	add_ip(m, false, 17, 0, 8 + 39);
	add_u16be(&m->file, 5353);
	add_u16be(&m->file, 5353);
	add_u16be(&m->file, 8 + 39);
	add_u16be(&m->file, 0);
	buf_add(&m->file, SPAN("\0\0\x84\0\0\0\0\1\0\0\0\0\3eve\5local\0\0\1\x80\1\0\0\0\x78\0\4"));
	buf_add(&m->file, span_of(address, 4));
	buf_add(&m->file, SPAN("\0\0"));
}

TEST(network_tells_what_a_machine_calls_itself)
{
	struct making m = making_new(22);

	/* Of the address within; what is said of one outside is nothing. */
	answer(&m, "\x0a\0\0\1");
	answer(&m, "\xc0\0\2\1");
	segment(&m, false, 99, SYN, (struct span){ 0 });
	making_expect(&m, take, "192.0.2.1:5353|||eve\n192.0.2.1:22|||eve\n");
}
