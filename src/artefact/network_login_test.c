/* Who asks a server or a proxy, by what logs on. */
#include "artefact/network_capture_support.h"

static bool take(void *lines, const struct trace *t)
{
	buf_printf(lines, "%.*s|%.*s|%s\n", SPAN_ARG(t->path), SPAN_ARG(t->user),
		   span_has_any(t->detail, "\"status\":201") ? "201" : "");
	return true;
}

static void expect(struct span head, const char *want)
{
	struct making m = making_new(5985);

	segment(&m, false, 99, SYN, (struct span){ 0 });
	segment(&m, false, 100, ACK, head);
	segment(&m, true, 500, ACK, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
	segment(&m, true, 525, ACK, SPAN("HTTP/1.1 201 Created\r\n\r\n"));
	making_expect(&m, take, want);
}

TEST(network_tells_who_asks_over_http)
{
	expect(SPAN("GET /wsman HTTP/1.1\r\nAuthorization: Basic ZXZlOnNlY3JldA==\r\n\r\n"), "/wsman|eve|201\n");
	expect(SPAN("GET /wsman HTTP/1.1\r\nAuthorization: Negotiate TlRMTVNTUAADAAAAAAAAAAAAAAAAAAAAAAAAAAQABABAAAAABgAGAEQAAAAE"
		    "AAQASgAAAAAAAAAAAAAAAQIAAEgAUQBlAHYAZQBQAEMA\r\n\r\n"), "/wsman|HQ\\eve|201\n");
	/* The first step of NTLM names nobody; nor does what is no such thing. */
	expect(SPAN("GET /a HTTP/1.1\r\nProxy-Authorization: NTLM TlRMTVNTUAABAAAA\r\n\r\n"), "/a||201\n");
	expect(SPAN("GET /a HTTP/1.1\r\nAuthorization: Basic ZXZl\r\n\r\n"), "/a||201\n");
	expect(SPAN("GET /a HTTP/1.1\r\nAuthorization: Bearer abc.def\r\n\r\n"), "/a||201\n");
}
