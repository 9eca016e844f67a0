#include "assess/allow_list.h"
#include "assess/analyser.h"
#include "assess/beacon_score.h"
#include "case/case.h"
#include "case/query.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#define START (INT64_C(1764000000) * TIME_SECOND)	/* a Monday, 16:00 UTC */

struct fixture {
	struct case_file *file;
	uint64_t unit, item;
};

static struct fixture begin(const char *name)
{
	char *argv[] = { (char[]){ "test" } };
	const struct case_run run = { .argc = 1, .argv = argv };
	struct case_item item = { .path = SPAN("conn.log"), .size = 1, .modified = TIME_NONE,
				  .changed = TIME_NONE, .accessed = TIME_NONE, .created = TIME_NONE };
	struct fixture f = { .file = NULL };
	struct err err = { 0 };
	bool done;
	char path[512];

	snprintf(path, sizeof path, "%s/%s.case", scratch_dir(), name);
	if (!case_create(path, &run, &f.file, &err) ||
	    !case_add_source(f.file, SPAN("/e"), SPAN("folder"), &item.source, &err) ||
	    !case_unit_begin(f.file, item.source, item.path, &f.unit, &done, &err) ||
	    !case_add_item(f.file, f.unit, &item, &f.item, &err))
		fail_msg("%s", err.text);
	return f;
}

static void flow(struct fixture *f, int64_t second, const char *local, const char *peer,
		 const char *name, uint64_t out, uint64_t in)
{
	struct trace t = trace_new(TRACE_TRANSFER, "flow");
	struct err err = { 0 };

	t.source = SPAN("zeek conn.log");
	t.time = t.last = START + second * TIME_SECOND;
	t.local = span_text(local);
	t.peer = span_text(peer);
	t.name = span_text(name);
	t.bytes_out = out;
	t.bytes_in = in;
	t.count = 4;
	if (!case_add_trace(f->file, f->unit, f->item, &t, &err))
		fail_msg("%s", err.text);
}

static void question(struct fixture *f, const char *client, const char *name, const char *type)
{
	struct trace t = trace_new(TRACE_DNS, "query");
	struct err err = { 0 };

	t.time = t.last = START;
	t.local = span_text(client);
	t.name = span_text(name);
	t.protocol = span_text(type);
	t.count = 1;
	if (!case_add_trace(f->file, f->unit, f->item, &t, &err))
		fail_msg("%s", err.text);
}

static void finish(struct fixture *f, struct analysers *n)
{
	const struct case_outcome outcome = { .fate = FATE_EXAMINED, .kind = SPAN("zeek log"),
					      .evidence_class = CLASS_NETWORK_LOG, .size = 1 };
	struct err err = { 0 };
	uint64_t told = 0;

	if (!n || !case_end_item(f->file, f->unit, f->item, &outcome, &err) ||
	    !case_unit_commit(f->file, f->unit, &err) || !analysers_finish(n, &told, &err))
		fail_msg("%s", err.text);
	analysers_free(n);
}

/* What is fed before the item is at its end need not be fed again. */
static void conclude(struct fixture *f)
{
	struct arena arena = arena_new(1 << 20);
	struct span text = read_whole("rules/allow.txt");
	const struct allow_list *allow = NULL;
	struct analysers *n;
	struct err err = { 0 };

	if (!allow_list_parse(text, NULL, &arena, &allow, &err))
		fail_msg("%s", err.text);
	n = analysers_new(f->file, allow, NULL);
	analysers_feed_ahead(n);
	finish(f, n);
	arena_free(&arena);
	free((void *)(uintptr_t)text.at);
}

static int64_t count(struct fixture *f, const char *where)
{
	struct err err = { 0 };
	int64_t n = -1;
	char sql[300];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM finding_view WHERE %s", where);
	if (!query_int(case_db(f->file), sql, 0, &n, &err))
		fail_msg("%s", err.text);
	return n;
}

/* The same each run. */
static uint32_t chance(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Somebody at work, 9 hours a day, on 40 places by turns. */
static void office(struct fixture *f, const char *local, uint32_t seed)
{
	for (int i = 0; i < 900; i++) {
		uint32_t site = chance(&seed) % 40, second = chance(&seed) % (9 * 3600);
		char peer[32], name[40];

		snprintf(peer, sizeof peer, "203.0.113.%u:443", site);
		snprintf(name, sizeof name, "site%u.example", site);
		flow(f, second, local, peer, name, 400 + chance(&seed) % 60000, 2000 + chance(&seed) % 900000);
	}
}

/* Whatever was fed ahead: what is told at the end is of all that came, each once. */
TEST(network_analysers_feed_anew_what_grew)
{
	struct fixture f = begin("grew");
	struct analysers *n = analysers_new(f.file, NULL, NULL);
	bool ok;

	for (int i = 0; i < 700; i++)
		flow(&f, i * 60, "10.0.0.5:50000", "198.51.100.66:443", "update.bad.example", 600, 300);
	analysers_feed_ahead(n);
	for (int i = 700; i < 1440; i++)
		flow(&f, i * 60, "10.0.0.5:50000", "198.51.100.66:443", "update.bad.example", 600, 300);
	finish(&f, n);
	ok = count(&f, "rule = 'kanshiki.beacon' AND count = 1440") == 1;
	case_close(f.file);
	assert_true(ok);
}

TEST(network_analysers_are_silent_on_an_office)
{
	struct fixture f = begin("office");

	for (int host = 1; host <= 6; host++) {
		char local[32];

		snprintf(local, sizeof local, "10.0.0.%d:50000", host);
		office(&f, local, (uint32_t)host * 77);
		/* What machines do by themselves, all day. */
		for (int i = 0; i < 24 * 60; i++)
			flow(&f, i * 60, local, "162.159.200.1:123", "time.cloudflare.com", 48, 48);
		for (int i = 0; i < 24 * 4; i++)
			flow(&f, i * 900, local, "13.107.4.50:443", "v10.events.data.microsoft.com", 900, 500);
		for (int i = 0; i < 24 * 12; i++)
			flow(&f, i * 300, local, "198.51.100.9:443", "agent.vendor.example", 700, 300);
	}
	conclude(&f);
	assert_int_equal(count(&f, "level IN ('medium', 'high', 'critical')"), 0);
	case_close(f.file);
}

TEST(network_analysers_find_a_beacon_among_them)
{
	struct fixture f = begin("beacon");
	uint32_t seed = 5;

	office(&f, "10.0.0.1:50000", 1);
	office(&f, "10.0.0.2:50000", 2);
	office(&f, "10.0.0.3:50000", 3);
	for (int i = 0; i < 24 * 60; i++)
		flow(&f, i * 60 + chance(&seed) % 18, "10.0.0.2:50001", "192.0.2.66:443", "", 310, 120);
	for (int i = 0; i < 24 * 60; i++)
		flow(&f, i * 60, "10.0.0.2:50001", "13.107.4.50:443", "tile-service.weather.microsoft.com", 310, 120);
	conclude(&f);
	assert_int_equal(count(&f, "rule = 'kanshiki.beacon' AND level = 'high'"), 1);
	assert_int_equal(count(&f, "rule = 'kanshiki.beacon'"), 1);
	assert_int_equal(count(&f, "json_extract(matched, '$.peer') = '192.0.2.66'"), 1);
	assert_int_equal(count(&f, "harm = 'theft'"), 0);
	case_close(f.file);
}

/* Through part of the day, each 215 to 735 seconds: told where it has no name and one visitor. */
TEST(network_analysers_find_a_slow_and_uneven_beacon_of_a_part_of_the_day)
{
	struct fixture f = begin("uneven");
	uint32_t seed = 3;

	office(&f, "10.0.0.1:50000", 1);
	office(&f, "10.0.0.2:50000", 2);
	office(&f, "10.0.0.3:50000", 3);
	flow(&f, 23 * 3600 + 3599, "10.0.0.1:50000", "203.0.113.9:443", "site9.example", 400, 2000);
	for (int at = 3 * 3600; at < 12 * 3600; at += 215 + (int)(chance(&seed) % 520)) {
		flow(&f, at, "10.0.0.2:50001", "192.0.2.66:443", "", 310 + chance(&seed) % 12, 120);
		flow(&f, at, "10.0.0.2:50002", "192.0.2.67:443", "chat.vendor.example",
		     310 + chance(&seed) % 12, 120);
	}
	conclude(&f);
	assert_int_equal(count(&f, "json_extract(matched, '$.peer') = '192.0.2.66' AND level = 'medium'"), 1);
	assert_int_equal(count(&f, "rule = 'kanshiki.beacon'"), 1);
	case_close(f.file);
}

/* Of an hour, as the sink sums it: contacts each `interval` seconds, about. */
static void hour_of_flows(struct fixture *f, int64_t hour, const char *peer, unsigned interval,
			  unsigned jitter, uint32_t *seed)
{
	struct trace t = trace_new(TRACE_TRANSFER, "flow");
	struct buf starts = buf_new(2000), sizes = buf_new(2000), detail = buf_new(4000);
	struct err err = { 0 };
	unsigned n = 0;

	for (unsigned at = 0; at < 3600 - jitter && n < 60; at += interval, n++) {
		buf_printf(&starts, "%s%u", n ? " " : "", at + (jitter ? chance(seed) % jitter : 0));
		buf_printf(&sizes, "%s%u", n ? " " : "", jitter > 100 ? chance(seed) % 90000 : 310);
	}
	buf_printf(&detail, "{\"sum_of\":%u,\"starts\":\"%.*s\",\"sizes\":\"%.*s\"}", n,
		   SPAN_ARG(buf_span(&starts)), SPAN_ARG(buf_span(&sizes)));
	t.source = SPAN("capture");
	t.time = START + hour * 3600 * TIME_SECOND;
	t.last = t.time + 3599 * TIME_SECOND;
	t.local = SPAN("10.0.0.2");
	t.peer = span_text(peer);
	t.bytes_out = 310 * n;
	t.bytes_in = 100 * n;
	t.count = n;
	t.detail = buf_span(&detail);
	if (!case_add_trace(f->file, f->unit, f->item, &t, &err))
		fail_msg("%s", err.text);
	buf_free(&starts);
	buf_free(&sizes);
	buf_free(&detail);
}

TEST(network_analysers_find_a_beacon_in_sums_of_flows)
{
	struct fixture f = begin("sums");
	uint32_t seed = 11;

	office(&f, "10.0.0.1:50000", 1);
	office(&f, "10.0.0.3:50000", 3);
	for (int64_t hour = 0; hour < 24; hour++) {
		hour_of_flows(&f, hour, "192.0.2.66:443", 60, 10, &seed);
		if (hour < 9)
			hour_of_flows(&f, hour, "192.0.2.99:443", 60 + chance(&seed) % 900, 1800, &seed);
	}
	conclude(&f);
	assert_int_equal(count(&f, "rule = 'kanshiki.beacon' AND level = 'high'"), 1);
	assert_int_equal(count(&f, "json_extract(matched, '$.peer') = '192.0.2.66'"), 1);
	assert_int_equal(count(&f, "json_extract(matched, '$.peer') = '192.0.2.99' AND level <> 'low'"), 0);
	case_close(f.file);
}

TEST(network_analysers_find_data_in_dns_and_not_in_many_honest_names)
{
	struct fixture f = begin("dns");
	uint32_t seed = 9;
	char name[200];

	for (int i = 0; i < 2000; i++) {
		int at = 0;

		for (int c = 0; c < 50; c++)
			name[at++] = "abcdefghijklmnopqrstuvwxyz234567"[chance(&seed) % 32];
		snprintf(name + at, sizeof name - (size_t)at, ".t.evil.example");
		question(&f, "10.0.0.7", name, "TXT");
	}
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "img%d.cdn.example", i);
		question(&f, "10.0.0.7", name, "A");
		snprintf(name, sizeof name, "%d.1.168.192.in-addr.arpa", i);
		question(&f, "10.0.0.7", name, "PTR");
	}
	conclude(&f);
	assert_int_equal(count(&f, "rule = 'kanshiki.dns-tunnel' AND level = 'high'"), 1);
	assert_int_equal(count(&f, "rule = 'kanshiki.dns-theft' AND harm = 'theft'"), 1);
	assert_int_equal(count(&f, "1"), 2);
	case_close(f.file);
}

TEST(network_analysers_find_what_left_for_one_place)
{
	struct fixture f = begin("volume");

	office(&f, "10.0.0.1:50000", 1);
	office(&f, "10.0.0.2:50000", 2);
	flow(&f, 7 * 3600, "10.0.0.2:50000", "192.0.2.9:443", "", 700 << 20, 1 << 20);
	/* Much came, and a backup that all make. */
	flow(&f, 3600, "10.0.0.1:50000", "192.0.2.10:443", "iso.example", 1 << 20, 800 << 20);
	for (int host = 1; host <= 4; host++) {
		char local[32];

		snprintf(local, sizeof local, "10.0.0.%d:1", host);
		flow(&f, 100, local, "192.0.2.11:443", "backup.example", 300 << 20, 1 << 20);
	}
	conclude(&f);
	assert_int_equal(count(&f, "rule = 'kanshiki.volume' AND level = 'high' AND "
				   "json_extract(matched, '$.to') = '192.0.2.9' AND "
				   "json_extract(matched, '$.bytes_out') = 734003200"), 1);
	assert_int_equal(count(&f, "harm = 'theft'"), 1);
	case_close(f.file);
}

/* A file, a mail within a flow of a capture. */
static void part(struct fixture *f, const char *what, const char *peer, const char *name, uint64_t out)
{
	struct trace t = trace_new(TRACE_TRANSFER, what);
	struct err err = { 0 };

	t.source = SPAN("capture");
	t.time = t.last = START + 7 * 3600 * TIME_SECOND;
	t.local = SPAN("10.0.0.2:50000");
	t.peer = span_text(peer);
	t.name = span_text(name);
	t.user = SPAN("eve@hq.example");
	t.bytes_out = out;
	if (!case_add_trace(f->file, f->unit, f->item, &t, &err))
		fail_msg("%s", err.text);
}

TEST(network_analysers_count_what_a_flow_carries_once)
{
	struct fixture f = begin("parts");

	office(&f, "10.0.0.1:50000", 1);
	office(&f, "10.0.0.2:50000", 2);
	/* By way of a server within; who else gets it is of the sender's own place. */
	part(&f, "mail", "10.0.0.25:25", "boss@hq.example, b@out.example", 700 << 20);
	flow(&f, 7 * 3600, "10.0.0.2:50000", "192.0.2.9:445", "", 500 << 20, 1 << 20);
	part(&f, "upload", "192.0.2.9:445", "", 500 << 20);
	part(&f, "mail", "192.0.2.9:25", "b@out.example", 500 << 20);
	conclude(&f);
	assert_int_equal(count(&f, "rule = 'kanshiki.volume' AND json_extract(matched, '$.to') = 'out.example' AND "
				   "json_extract(matched, '$.bytes_out') = 734003200"), 1);
	assert_int_equal(count(&f, "rule = 'kanshiki.volume' AND json_extract(matched, '$.to') = '192.0.2.9' AND "
				   "json_extract(matched, '$.bytes_out') = 524288000"), 1);
	assert_int_equal(count(&f, "harm = 'theft'"), 2);
	case_close(f.file);
}

/* Five nights; `left_out` is one without a sending, or -1. */
static void nights(struct fixture *f, const char *name, int left_out, uint64_t last_bytes)
{
	office(f, "10.0.0.1:50000", 1);
	office(f, "10.0.0.2:50000", 2);
	for (int day = 0; day < 5; day++) {
		flow(f, day * 86400, "10.0.0.1:50000", "192.0.2.1:443", "www.example", 1000, 9000);
		if (day != left_out)
			flow(f, day * 86400 + 3600, "10.0.0.2:50000", "192.0.2.44:443", name,
			     day == 4 ? last_bytes : UINT64_C(50) << 30, 9 << 20);
	}
	flow(f, 4 * 86400 + 10800, "10.0.0.1:50000", "192.0.2.1:443", "www.example", 1000, 9000);
	conclude(f);
}

TEST(network_analysers_know_a_nightly_routine)
{
	const struct { const char *name; int left_out; uint64_t last; const char *rule; } cases[] = {
		{ "vault.backup.example", -1, UINT64_C(52) << 30, "rule = 'kanshiki.volume-routine' AND level = 'low'" },
		{ "vault.backup.example", 2, UINT64_C(50) << 30, "rule = 'kanshiki.volume' AND level <> 'low'" },
		{ "vault.backup.example", 4, UINT64_C(50) << 30, "rule = 'kanshiki.volume' AND level <> 'low'" },
		{ "vault.backup.example", -1, UINT64_C(150) << 30, "rule = 'kanshiki.volume' AND level <> 'low'" },
		{ "mega.nz", -1, UINT64_C(50) << 30, "rule = 'kanshiki.volume' AND level <> 'low'" },
		{ "", -1, UINT64_C(50) << 30, "rule = 'kanshiki.volume' AND level <> 'low'" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char name[16];
		struct fixture f;

		snprintf(name, sizeof name, "nights%zu", i);
		f = begin(name);
		nights(&f, cases[i].name, cases[i].left_out, cases[i].last);
		if (count(&f, cases[i].rule) != 1 || count(&f, "harm = 'theft'") != 1)
			fail_msg("case %zu", i);
		case_close(f.file);
	}
}

/* In ICMP: as many packets, with so many bytes each way. */
static void pings(struct fixture *f, int64_t second, const char *peer, uint64_t packets, uint64_t out, uint64_t in)
{
	struct trace t = trace_new(TRACE_TRANSFER, "flow");
	struct err err = { 0 };

	t.source = SPAN("zeek conn.log");
	t.time = t.last = START + second * TIME_SECOND;
	t.local = SPAN("10.0.0.9");
	t.peer = span_text(peer);
	t.protocol = SPAN("icmp");
	t.bytes_out = out;
	t.bytes_in = in;
	t.count = packets;
	if (!case_add_trace(f->file, f->unit, f->item, &t, &err))
		fail_msg("%s", err.text);
}

TEST(network_analysers_tell_icmp_that_carries_from_pings)
{
	struct fixture f = begin("icmp");

	office(&f, "10.0.0.10", 1);
	office(&f, "10.0.0.11", 2);
	for (int i = 0; i < 288; i++)
		pings(&f, i * 600, "203.0.113.250", 1200, 600 * 56, 600 * 56);
	pings(&f, 3000, "203.0.113.251", 18000, 9000 * 1400, 9000 * 4);
	conclude(&f);
	assert_int_equal(count(&f, "rule = 'kanshiki.volume' AND level = 'high' AND matched LIKE '%203.0.113.251%'"), 1);
	assert_int_equal(count(&f, "rule LIKE 'kanshiki.volume%'"), 1);
	assert_int_equal(count(&f, "rule = 'kanshiki.beacon' AND level = 'low' AND matched LIKE '%203.0.113.250%'"), 1);
	assert_int_equal(count(&f, "level IN ('medium', 'high')"), 1);
	case_close(f.file);
}

TEST(network_analysers_sum_what_was_split_over_many_places)
{
	struct fixture f = begin("split");

	office(&f, "10.0.0.10", 1);
	office(&f, "10.0.0.11", 2);
	for (int i = 0; i < 20; i++) {
		char peer[32];

		snprintf(peer, sizeof peer, "198.51.100.%d:443", i);
		flow(&f, 3600 + i * 60, "10.0.0.10", peer, "", 28000000, 90000);
	}
	/* Whoever sends so on each of its days has it as a habit. */
	for (int i = 0; i < 60; i++) {
		char peer[32];

		snprintf(peer, sizeof peer, "192.0.2.%d:443", i);
		flow(&f, 86400 * (i % 3) + i * 60, "10.0.0.11", peer, "", 28000000, 90000);
	}
	conclude(&f);
	assert_int_equal(count(&f, "rule = 'kanshiki.volume-split' AND host = '10.0.0.10'"), 1);
	assert_int_equal(count(&f, "rule LIKE 'kanshiki.volume%'"), 1);
	case_close(f.file);
}

TEST(network_analysers_find_a_single_sending_among_habits)
{
	struct fixture f = begin("one-off");

	for (int i = 0; i < 48; i++) {
		char peer[32], name[40];

		snprintf(peer, sizeof peer, "198.51.100.%d:443", i % 8);
		snprintf(name, sizeof name, "partner%d.example", i % 8);
		flow(&f, 86400 * (i / 8) + (i * 7919) % 40000, "10.0.0.10", peer, name, UINT64_C(2000000000) + i, 90000);
	}
	flow(&f, 86400 * 3 + 20000, "10.0.0.10", "203.0.113.66:443", "quick-drop.example", UINT64_C(4000000000), 90000);
	conclude(&f);
	assert_int_equal(count(&f, "rule = 'kanshiki.volume' AND matched LIKE '%quick-drop.example%'"), 1);
	assert_int_equal(count(&f, "rule = 'kanshiki.volume'"), 1);
	case_close(f.file);
}

TEST(network_analysers_keep_firms_below_one_domain_apart)
{
	struct fixture f = begin("tenants");

	for (int i = 0; i < 6; i++) {
		char local[32];

		snprintf(local, sizeof local, "10.0.0.%d", 10 + i);
		office(&f, local, 1 + i);
		flow(&f, 4000 + i, local, "198.51.100.8:443", "corp-my.sharepoint.com", 900000000, 900000);
	}
	flow(&f, 9000, "10.0.0.12", "198.51.100.9:443", "other-my.sharepoint.com", 900000000, 900000);
	conclude(&f);
	assert_int_equal(count(&f, "rule = 'kanshiki.volume' AND matched LIKE '%other-my%'"), 1);
	assert_int_equal(count(&f, "rule = 'kanshiki.volume'"), 1);
	case_close(f.file);
}

TEST(network_analysers_take_lists_of_mailers_for_no_tunnel)
{
	struct fixture f = begin("dnsbl");
	uint32_t seed = 7;

	for (int i = 0; i < 3000; i++) {
		char name[80];

		snprintf(name, sizeof name, "%u.%u.%u.%u.zen.list.example", chance(&seed) % 256, chance(&seed) % 256,
			 chance(&seed) % 256, chance(&seed) % 256);
		question(&f, "10.0.0.25", name, "A");
	}
	conclude(&f);
	assert_int_equal(count(&f, "rule = 'kanshiki.dns-tunnel'"), 0);
	case_close(f.file);
}

TEST(network_analysers_find_remote_control_and_spreading)
{
	struct fixture f = begin("remote");

	flow(&f, 0, "198.51.100.7:50000", "10.0.0.5:3389", "", 90000, 400000);
	flow(&f, 0, "198.51.100.8:50000", "10.0.0.5:3389", "", 300, 0);
	flow(&f, 0, "10.0.0.6:50000", "203.0.113.4:443", "relay-1.net.anydesk.com", 90000, 90000);
	for (int i = 1; i <= 40; i++) {
		char peer[32];

		snprintf(peer, sizeof peer, "10.0.1.%d:445", i);
		flow(&f, i, "10.0.0.5:50000", peer, "", 900, 700);
		for (int port = 1; port <= 10; port++) {
			snprintf(peer, sizeof peer, "10.0.2.%d:%d", i, port);
			flow(&f, i, "10.0.0.9:50000", peer, "", 0, 0);
		}
	}
	conclude(&f);
	assert_int_equal(count(&f, "rule = 'kanshiki.remote-session' AND level = 'high'"), 1);
	assert_int_equal(count(&f, "rule = 'kanshiki.remote-tool' AND level = 'medium'"), 1);
	assert_int_equal(count(&f, "rule = 'kanshiki.lateral-movement'"), 1);
	assert_int_equal(count(&f, "rule = 'kanshiki.scan'"), 1);
	assert_int_equal(count(&f, "1"), 4);
	case_close(f.file);
}

static struct beacon_score score(int64_t every, double jitter, int64_t hours, uint32_t seed)
{
	static int64_t times[100000], sizes[100000];
	size_t n = 0;

	for (int64_t t = 0; t < hours * 3600 && n < 100000; t += every) {
		times[n] = t + (int64_t)((double)every * jitter * (chance(&seed) % 1000) / 1000);
		sizes[n++] = 300;
	}
	return beacon_score_of(times, sizes, n, 0, 24 * 3600);
}

/* The figures that a second implementation of RITA's formula gave (.999, .974, .948, .955). */
static void on_share(struct fixture *f, const char *what, const char *local, const char *path, int64_t second)
{
	struct trace t = trace_new(TRACE_TRANSFER, what);
	struct err err = { 0 };

	t.source = SPAN("capture");
	t.time = t.last = START + second * TIME_SECOND;
	t.local = span_text(local);
	t.peer = SPAN("10.0.0.9:445");
	t.protocol = SPAN("smb");
	t.path = span_text(path);
	t.bytes_out = 90000;
	if (!case_add_trace(f->file, f->unit, f->item, &t, &err))
		fail_msg("%s", err.text);
}

TEST(network_analysers_find_programs_on_shares_of_administrators)
{
	struct fixture f = begin("shares");

	on_share(&f, "upload", "10.0.0.5:50000", "\\\\ws9\\ADMIN$\\svc.exe", 100);
	on_share(&f, "session", "10.0.0.5:50000", "\\\\ws9\\IPC$\\svcctl", 110);
	on_share(&f, "upload", "10.0.0.6:50000", "\\\\ws9\\c$\\temp\\x.DLL", 100);
	on_share(&f, "session", "10.0.0.6:50000", "\\\\ws9\\IPC$\\svcctl", 9000);
	/* Everyday work: no program, no such share, and a look at the services. */
	on_share(&f, "upload", "10.0.0.7:50000", "\\\\ws9\\C$\\plan.docx", 100);
	on_share(&f, "upload", "10.0.0.7:50000", "\\\\fs\\data\\setup.exe", 100);
	on_share(&f, "download", "10.0.0.7:50000", "\\\\fs\\C$\\setup.exe", 100);
	on_share(&f, "session", "10.0.0.8:50000", "\\\\ws9\\IPC$\\svcctl", 100);
	conclude(&f);
	assert_int_equal(count(&f, "rule = 'kanshiki.share-program' AND level = 'high' AND "
				   "json_extract(matched, '$.local') = '10.0.0.5'"), 1);
	assert_int_equal(count(&f, "rule = 'kanshiki.share-program' AND level = 'medium' AND "
				   "json_extract(matched, '$.local') = '10.0.0.6'"), 1);
	assert_int_equal(count(&f, "1"), 2);
	case_close(f.file);
}

TEST(beacon_score_is_that_of_rita)
{
	assert_true(score(60, 0, 24, 1).whole > 0.99);
	assert_true(score(60, 0.3, 24, 1).whole > 0.95);
	assert_true(score(60, 0.5, 24, 1).whole > 0.93);
	assert_true(score(3600, 0.05, 24, 1).whole > 0.93);
	/* Alive for three hours: only even timing speaks for it. */
	assert_true(score(60, 0, 3, 1).whole < 0.6);
	assert_true(score(60, 0, 3, 1).time > 0.99);
}
