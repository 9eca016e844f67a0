#include "network.h"

#include "base/timestamp.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST ((size_t)64 << 20)
#define HOSTS 6
#define HOURS (5 * 24)
#define START 1488754800.0	/* 2017-03-05 23:00 UTC */

static uint32_t seed;

static uint32_t pick(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 4) * below >> 28);
}

/* A number from `low` to `high`; `plain` where nothing varies. */
static double vary(bool is_plain, double plain, double low, double high)
{
	return is_plain ? plain : low + (high - low) * pick(10001) / 10000.0;
}

static double noise(double seconds)
{
	return seconds * ((double)pick(2001) / 1000.0 - 1);
}

struct connection {
	double time, duration;
	const char *from, *to, *protocol, *service;
	unsigned port;
	unsigned long out, in;
};

static void add(struct buf *conn, const struct connection *c)
{
	buf_printf(conn, "%.6f\tC%08x%08x\t%s\t%u\t%s\t%u\t%s\t%s\t%.6f\t%lu\t%lu\tSF\t-\t-\t0\tShADadFf\t"
		   "%lu\t%lu\t%lu\t%lu\t(empty)\n", c->time, pick(1u << 28), pick(1u << 28), c->from,
		   49152 + pick(16000), c->to, c->port, c->protocol, c->service, c->duration, c->out,
		   c->in, c->out / 1200 + 4, c->out + 300, c->in / 1200 + 4, c->in + 300);
}

static void ask(struct buf *dns, double time, const char *from, const char *name, const char *type,
		const char *answer)
{
	buf_printf(dns, "%.6f\tD%08x%08x\t%s\t%u\t10.20.0.5\t53\tudp\t%u\t0.002000\t%s\t1\tC_INTERNET\t1\t%s\t"
		   "0\tNOERROR\tF\tF\tT\tT\t0\t%s\t-\tF\n", time, pick(1u << 28), pick(1u << 28), from,
		   49152 + pick(16000), pick(65536), name, type, answer);
}

static void head(struct buf *to, const char *path, const char *fields, const char *types)
{
	buf_printf(to, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
		   "#path\t%s\n#open\t2017-03-05-23-00-00\n#fields\t%s\n#types\t%s\n", path, fields, types);
}

static const char *host_name(unsigned host, char text[16])
{
	snprintf(text, 16, "10.20.1.%u", 52 + host);
	return text;
}

/* People read pages and mail; what they send is small against what they get. */
static void browse(struct buf *conn, struct buf *dns, unsigned host, double hour)
{
	static const char *const names[] = { "www.example.com", "news.example.org", "mail.example.net",
					     "maps.example.com", "shop.example.org" };
	char from[16], to[20];

	host_name(host, from);
	for (uint32_t n = 3 + pick(8); n--;) {
		struct connection c = { .time = hour + pick(3600000) / 1000.0, .duration = pick(90000) / 1000.0,
			.from = from, .to = to, .protocol = "tcp", .service = "ssl", .port = 443,
			.out = 600 + pick(40000), .in = 4000 + pick(1500000) };

		snprintf(to, sizeof to, "198.51.100.%u", 1 + pick(200));
		ask(dns, c.time - 0.05, from, names[pick(5)], "A", "-");
		add(conn, &c);
	}
}

/* Every machine asks the time and the updater, whether anybody is there or not. */
static void machinery(struct buf *conn, struct buf *dns, unsigned host, double hour)
{
	char from[16];
	struct connection update = { .time = hour + 300 + host * 7 + noise(4), .duration = 0.8, .from = from,
		.to = "192.0.2.80", .protocol = "tcp", .service = "ssl", .port = 443, .out = 900,
		.in = 3100 };

	host_name(host, from);
	for (int i = 0; i < 3; i++) {
		struct connection clock = { .time = hour + i * 1024 + host * 31 + noise(1), .duration = 0.02,
			.from = from, .to = "192.0.2.123", .protocol = "udp", .service = "ntp",
			.port = 123, .out = 48, .in = 48 };

		add(conn, &clock);
	}
	ask(dns, update.time - 0.05, from, "update.example.net", "A", "-");
	add(conn, &update);
}

/* What is regular or large in a busy office, and nobody's harm. */
static void business(struct buf *conn, struct buf *dns, unsigned host, double hour)
{
	char from[16];
	struct connection call = { .time = hour + 600 + pick(1200), .duration = 1500, .from = from,
		.to = "192.0.2.200", .protocol = "udp", .service = "-", .port = 3478,
		.out = 40000000 + pick(90000000), .in = 50000000 + pick(90000000) };
	struct connection mail = { .time = hour + pick(3500), .duration = 9, .from = from,
		.to = "192.0.2.25", .protocol = "tcp", .service = "ssl", .port = 993,
		.out = 20000 + pick(9000000), .in = 30000 };

	host_name(host, from);
	if (hour - START < 60 && host == 0)
		ask(dns, hour, from, "calls.example.com", "A", "192.0.2.200");
	if (!pick(4))
		add(conn, &call);
	if (!pick(2))
		add(conn, &mail);
}

/* A widget of one machine that asks for the weather, and nothing else. */
static void weather(struct buf *conn, struct buf *dns, unsigned host, double hour, double interval)
{
	char from[16];

	host_name(host, from);
	for (double t = 60; t < 3600; t += interval) {
		struct connection c = { .time = hour + t + noise(20), .duration = 0.5, .from = from,
			.to = "192.0.2.140", .protocol = "tcp", .service = "ssl", .port = 443,
			.out = 700 + pick(60), .in = 5200 + pick(3000) };

		ask(dns, c.time - 0.05, from, "weather.example.com", "A", "192.0.2.140");
		add(conn, &c);
	}
}

static void upload(struct buf *conn, double start, bool is_plain)
{
	unsigned pieces = is_plain ? 3 : 1 + pick(6);
	double size = vary(is_plain, 210000000, 4000000, 600000000);

	for (unsigned i = 0; i < pieces; i++) {
		struct connection c = { .time = start + i * 420, .duration = 240, .from = NETWORK_VICTIM,
			.to = "203.0.113.88", .protocol = "tcp", .service = "ssl", .port = 443,
			.out = (unsigned long)size + pick(2000000), .in = 90000 };

		add(conn, &c);
	}
}

static void beacon(struct buf *conn, double moved, bool is_plain)
{
	double interval = vary(is_plain, 60, 20, 900), jitter = interval * vary(is_plain, 0.1, 0, 0.3);
	double start = 1488760000 + moved, end = start + 86400 * vary(is_plain, 3, 1.5, 4);
	unsigned spread = (unsigned)vary(is_plain, 20, 1, 200);
	unsigned port = is_plain || pick(3) ? 443 : 8443;

	for (double t = start; t < end && t < START + HOURS * 3600.0; t += interval) {
		struct connection c = { .time = t + noise(jitter), .duration = 0.4,
			.from = NETWORK_VICTIM, .to = "203.0.113.45", .protocol = "tcp", .service = "ssl",
			.port = port, .out = 520 + pick(spread), .in = 310 + pick(10) };

		add(conn, &c);
	}
}

static void tunnel(struct buf *dns, double start, bool is_plain)
{
	static const char *const types[] = { "TXT", "A", "CNAME", "NULL", "MX", "AAAA" };
	int parts = (int)vary(is_plain, 7, 4, 16.9), names = (int)vary(is_plain, 6000, 3000, 9000);
	double pause = vary(is_plain, 1.1, 0.05, 3);
	const char *type = is_plain ? "TXT" : types[pick(6)];

	for (int i = 0; i < names; i++) {
		char name[200];
		size_t len = 0;

		for (int part = 0; part < parts; part++)
			len += (size_t)snprintf(name + len, sizeof name - len, "%07x%s", pick(1u << 28),
						part % 8 == 3 && part + 1 < parts ? "." : "");
		snprintf(name + len, sizeof name - len, ".t.cdn-metrics.example");
		ask(dns, start + i * pause + noise(0.4 * pause), NETWORK_VICTIM, name, type, "-");
	}
}

static double seconds_of(const char *when)
{
	timestamp t;

	if (!timestamp_parse(span_text(when), &t))
		abort();
	return (double)t / TIME_SECOND;
}

static unsigned long varied(unsigned long bytes, unsigned percent)
{
	return bytes + (unsigned long)((double)bytes * percent / 100.0 * pick(1001) / 1000.0);
}

static void add_flows(struct buf *conn, struct buf *dns, const struct network_flow *f, double moved)
{
	for (; f->when; f++)
		for (unsigned i = 0; i < (f->times ? f->times : 1); i++) {
			struct connection c = { .duration = f->duration, .from = f->from, .to = f->to,
				.protocol = "tcp", .service = f->port == 443 ? "ssl" : "-", .port = f->port,
				.out = varied(f->out, f->vary), .in = varied(f->in, f->vary) };

			c.time = seconds_of(f->when) + moved + i * (double)f->every +
				 noise(f->every >= 86400 ? f->vary * 60.0 : f->every * f->vary / 100.0);
			if (f->name)
				ask(dns, c.time - 0.05, f->from, f->name, "A", f->to);
			add(conn, &c);
		}
}

void network_of_office(struct buf *conn, struct buf *dns, unsigned acts,
		       const struct network_flow *flows, uint32_t number, int64_t moved_seconds)
{
	bool is_plain = !number;
	double interval;

	seed = 20170309 + number * 104729;
	interval = vary(is_plain, 1200, 700, 1900);
	*conn = buf_new(MOST);
	*dns = buf_new(MOST);
	head(conn, "conn", "ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\t"
	     "orig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\t"
	     "orig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents",
	     "time\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\t"
	     "count\tstring\tcount\tcount\tcount\tcount\tset[string]");
	head(dns, "dns", "ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\t"
	     "qclass\tqclass_name\tqtype\tqtype_name\trcode\trcode_name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\t"
	     "rejected", "time\tstring\taddr\tport\taddr\tport\tenum\tcount\tinterval\tstring\tcount\tstring\t"
	     "count\tstring\tcount\tstring\tbool\tbool\tbool\tbool\tcount\tvector[string]\tvector[interval]\t"
	     "bool");
	for (int hour = 0; hour < HOURS; hour++)
		for (unsigned host = 0; host < HOSTS; host++) {
			machinery(conn, dns, host, START + hour * 3600.0);
			if (hour % 24 < 10) {
				browse(conn, dns, host, START + hour * 3600.0);
				business(conn, dns, host, START + hour * 3600.0);
			}
			if (host == 2)
				weather(conn, dns, host, START + hour * 3600.0, interval);
		}
	if (acts & NETWORK_UPLOAD)
		upload(conn, 1488979869 + (double)moved_seconds, is_plain);
	if (acts & NETWORK_BEACON)
		beacon(conn, (double)moved_seconds / 8, is_plain);
	if (acts & NETWORK_TUNNEL)
		tunnel(dns, 1488979869 + (double)moved_seconds, is_plain);
	if (flows)
		add_flows(conn, dns, flows, (double)moved_seconds);
	buf_printf(conn, "#close\t2017-03-10-23-00-00\n");
	buf_printf(dns, "#close\t2017-03-10-23-00-00\n");
}
