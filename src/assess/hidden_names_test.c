#include "assess/hidden_names.h"

#include "assess/build_support.h"
#include "assess/coverage.h"

static void transfer(struct building *b, const char *source, const char *peer, const char *name, const char *path)
{
	struct trace t = trace_new(TRACE_TRANSFER, "flow");

	t.source = span_text(source);
	t.local = SPAN("10.0.0.1:50000");
	t.peer = span_text(peer);
	t.name = span_text(name);
	t.path = span_text(path);
	t.time = t.last = 5 * TIME_SECOND;
	add_trace(b, t);
}

static void assert_note(struct building *b, const struct period *period, const char *begin)
{
	struct arena arena = arena_new((size_t)1 << 20);
	struct err err = { 0 };
	struct span note;

	assert_true(hidden_names_note(case_db(b->file), period, &arena, &note, &err));
	if (!*begin)
		assert_int_equal(note.len, 0);
	else if (!span_starts(note, span_text(begin)))
		fail_msg("%.*s", SPAN_ARG(note));
	arena_free(&arena);
}

TEST(hidden_names_are_counted_by_name_address_port_and_path)
{
	struct building b = new_case("hidden");
	struct period later = { .since = 9 * TIME_SECOND, .until = TIME_NONE };

	open_item(&b, "/a.pcap", 0);
	transfer(&b, "capture", "93.184.216.34:443", "example.org", "");
	/* Its own clients, of a server that is a resolver. */
	transfer(&b, "access log", "198.51.100.7", "", "/dns-query");
	transfer(&b, "capture", "1.1.1.1:80", "", "");
	transfer(&b, "capture", "8.8.8.8:53", "", "");
	assert_note(&b, NULL, "");
	transfer(&b, "capture", "104.16.248.249:443", "mozilla.cloudflare-dns.com", "");
	assert_note(&b, NULL, "1 connection to resolvers over TLS, HTTPS or QUIC (mozilla.cloudflare-dns.com)");
	transfer(&b, "capture", "[2001:4860:4860::8888]:443", "", "");
	transfer(&b, "zeek conn.log", "192.0.2.53:853", "", "");
	transfer(&b, "squid access.log", "192.0.2.9", "r.example", "https://r.example/dns-query?dns=AAAB");
	assert_note(&b, NULL, "4 connections to resolvers");
	assert_note(&b, &later, "");
	close_item(&b, "x", CLASS_CAPTURE);
	case_close(b.file);
}

/* It is said beside what the records show, and takes nothing from it. */
TEST(hidden_names_are_told_with_the_network_records)
{
	struct building b = new_case("hidden-coverage");
	struct arena arena = arena_new((size_t)16 << 20);
	struct case_fact fact = { .evidence_class = CLASS_CAPTURE, .channel = SPAN("capture"), .count = 2,
				  .first = 5 * TIME_SECOND, .last = 5 * TIME_SECOND };
	const struct need_result *results;
	struct coverage coverage;
	struct err err = { 0 };
	unsigned told = 0;
	size_t count;
	bool covered;

	open_item(&b, "/a.pcap", 0);
	transfer(&b, "capture", "104.16.248.249:443", "cloudflare-dns.com", "");
	assert_true(case_add_fact(b.file, b.unit, b.item, &fact, &err));
	close_item(&b, "x", CLASS_CAPTURE);
	assert_true(coverage_count(b.file, &arena, &coverage, &err));
	assert_true(coverage_of(&coverage, HARM_THEFT, NULL, &arena, &results, &count, &covered, &err));
	for (size_t i = 0; i < count; i++)
		if (results[i].need && !strcmp(results[i].need->name, "network records")) {
			assert_int_equal(results[i].state, NEED_EXAMINED);
			told += span_find(results[i].note, 0, SPAN("cloudflare-dns.com")) != SIZE_MAX;
		}
	assert_int_equal(told, 1);
	arena_free(&arena);
	case_close(b.file);
}
