#include <stdarg.h>

#include "artefact/artefact.h"
#include "base/buf.h"
#include "test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct told {
	struct buf lines;
	uint64_t traces, bytes_out, bytes_in, count;
	timestamp time;			/* of the last */
};

static bool take(void *context, const struct trace *t)
{
	struct told *told = context;
	const struct span cells[] = { t->what, t->local, t->peer, t->name, t->protocol, t->user, t->path };

	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		buf_add(&told->lines, cells[i]);
		buf_add_u8(&told->lines, '|');
	}
	buf_printf(&told->lines, "%" PRId64 "|%" PRId64 "\n", (int64_t)t->bytes_out, (int64_t)t->bytes_in);
	told->traces++;
	told->bytes_out += t->bytes_out == TRACE_NO_NUMBER ? 0 : t->bytes_out;
	told->bytes_in += t->bytes_in == TRACE_NO_NUMBER ? 0 : t->bytes_in;
	told->count += t->count;
	told->time = t->time;
	return true;
}

__attribute__((format(printf, 2, 3)))
static void note(void *context, const char *format, ...)
{
}

static void lose(void *context, uint64_t lost)
{
}

static struct span beside;		/* as squid.conf */

static bool find(void *context, struct span name, struct span *bytes)
{
	*bytes = beside;
	return beside.len && span_eq(name, SPAN("squid.conf"));
}

static struct told decode(const char *kind, struct span bytes)
{
	struct told told = { .lines = buf_new((size_t)256 << 20) };
	struct arena arena = arena_new((size_t)256 << 20);
	struct near_files near = { find, NULL };
	struct artefact_list fitting;
	struct err err = { 0 };

	artefact_find(kind, SPAN("x"), &fitting);
	for (size_t i = 0; i < fitting.count; i++) {
		const struct artefact_decoder *d = fitting.at[i];
		struct artefact a = { .bytes = bytes, .path = SPAN("x"), .name = SPAN("access.log"), .kind = kind,
			.modified = TIME_NONE, .near = &near, .arena = &arena, .trace = take,
			.short_of = note, .lost = lose, .context = &told };

		if (d->evidence_class == CLASS_NETWORK_LOG || d->evidence_class == CLASS_CAPTURE)
			d->decode(&a, &err);
	}
	arena_free(&arena);
	return told;
}

static void expect(const char *kind, const char *text, const char *want)
{
	struct told told = decode(kind, span_text(text));

	buf_add_u8(&told.lines, 0);
	assert_string_equal((const char *)told.lines.at, want);
	buf_free(&told.lines);
}

TEST(network_log_reads_packet_filters_mail_and_squid)
{
	expect("text log", "Nov 21 10:00:01 mx postfix/qmgr[1]: ABC: from=<a@b.example>, size=1234, nrcpt=1 (queue active)\n"
	       "Nov 21 10:00:02 mx postfix/smtp[2]: ABC: to=<x@y.example>, relay=mx.y.example[1.2.3.4]:25, "
	       "status=sent (250 ok)\n"
	       "Nov 21 10:00:03 fw kernel: [1.0] [UFW BLOCK] IN=eth0 OUT= MAC=00 "
	       "SRC=1.2.3.4 DST=10.0.0.1 LEN=60 PROTO=TCP SPT=1 DPT=22\n"
	       "Nov 21 10:00:03 fw kernel: [1.0] IN= OUT=eth0 SRC=10.0.0.9 DST=1.2.3.4 LEN=60 PROTO=UDP SPT=1 DPT=53\n",
	       "mail||mx.y.example[1.2.3.4]:25|x@y.example|smtp|a@b.example||1234|-1\n"
	       "firewall|1.2.3.4:1|10.0.0.1:22||TCP|||0|-1\n"
	       "firewall|10.0.0.9:1|1.2.3.4:53||UDP|||60|-1\n");
	expect("text log", "1507062837.123    345 10.0.0.1 TCP_MISS/200 1234 GET http://h.example/x ann "
	       "HIER_DIRECT/1.2.3.4 text/html\n"
	       "1507062838.123    345 10.0.0.1 TCP_TUNNEL/200 99 CONNECT i.example:443 - HIER_DIRECT/1.2.3.5 -\n",
	       "proxy|10.0.0.1|1.2.3.4|h.example|http|ann|http://h.example/x|-1|1234\n"
	       "proxy|10.0.0.1|1.2.3.5|i.example|tls||i.example:443|-1|99\n");
	/* What it answers itself counts too. */
	expect("text log", "1507062837.123 0 10.0.0.1 NONE_NONE/503 7 GET http://h.example/x - HIER_NONE/- text/html\n"
	       "1507062838.123 1 10.0.0.1 TAG_NONE/400 9 CONNECT [2001:db8::1]:443 - HIER_NONE/- -\n",
	       "proxy|10.0.0.1||h.example|http||http://h.example/x|-1|7\n"
	       "proxy|10.0.0.1||2001:db8::1|tls||[2001:db8::1]:443|-1|9\n");
}

TEST(network_log_reads_ftp_and_vpc)
{
	expect("text log", "Mon Jun  6 18:43:28 2016 1 192.168.1.1 1234 /f b _ i r ann ftp 0 * c\n"
	       "Mon Jun  6 18:43:29 2016 1 192.168.1.1 99 /g b _ o r ann ftp 0 * c\n",
	       "download||192.168.1.1||ftp|ann|/f|0|1234\nupload||192.168.1.1||ftp|ann|/g|99|0\n");
	expect("text", "2 1234 eni-1 10.0.0.1 1.2.3.4 4444 443 6 10 999 1600000000 1600000060 ACCEPT OK\n",
	       "flow|10.0.0.1:4444|1.2.3.4:443||tcp|||999|-1\n");
}

TEST(network_log_reads_suricata)
{
	expect("json lines",
	       "{\"timestamp\":\"2026-11-21T10:00:00.000000+0000\",\"event_type\":\"flow\","
	       "\"src_ip\":\"10.0.0.1\",\"src_port\":1234,"
	       "\"dest_ip\":\"1.2.3.4\",\"dest_port\":443,\"proto\":\"TCP\",\"app_proto\":\"tls\","
	       "\"flow\":{\"bytes_toserver\":300,"
	       "\"bytes_toclient\":400,\"start\":\"2026-11-21T09:59:00.000000+0000\"}}\n"
	       "{\"timestamp\":\"2026-11-21T10:00:01.000000+0000\",\"event_type\":\"dns\","
	       "\"src_ip\":\"10.0.0.1\",\"src_port\":1,"
	       "\"dest_ip\":\"10.0.0.53\",\"dest_port\":53,\"proto\":\"UDP\","
	       "\"dns\":{\"type\":\"query\",\"rrname\":\"A.Example.com\",\"rrtype\":\"TXT\"}}\n",
	       "flow|10.0.0.1:1234|1.2.3.4:443||tls|||300|400\nquery|10.0.0.1|10.0.0.53|a.example.com|TXT|||31|0\n");
}

#define EVE(type) "{\"timestamp\":\"2026-11-21T10:00:00.000000+0000\",\"event_type\":\"" type "\"," \
	"\"src_ip\":\"10.0.0.1\",\"src_port\":1234,\"dest_ip\":\"1.2.3.4\",\"dest_port\":22,\"proto\":\"TCP\","

/* Version 2 tells its answers, version 3 a list of questions. */
TEST(network_log_reads_all_forms_of_suricatas_dns)
{
	expect("json lines",
	       EVE("dns") "\"dns\":{\"version\":3,\"type\":\"request\",\"queries\":[{\"rrname\":\"A.example\",\"rrtype\":\"A\"},"
	       "{\"rrname\":\"b.example\",\"rrtype\":\"TXT\"}]}}\n"
	       EVE("dns") "\"dns\":{\"version\":2,\"type\":\"answer\",\"rrname\":\"c.example\","
	       "\"rrtype\":\"A\",\"rcode\":\"NOERROR\","
	       "\"answers\":[{\"rrname\":\"c.example\",\"rrtype\":\"A\",\"rdata\":\"5.6.7.8\"}]}}\n",
	       "query|10.0.0.1|1.2.3.4|a.example|A|||27|0\nquery|10.0.0.1|1.2.3.4|b.example|TXT|||27|0\n"
	       "answer|10.0.0.1|1.2.3.4|c.example|A|||0|0\n");
}

TEST(network_log_reads_what_else_suricata_tells)
{
	expect("json lines",
	       EVE("ssh") "\"ssh\":{\"client\":{\"proto_version\":\"2.0\",\"software_version\":\"x\"}}}\n"
	       EVE("quic") "\"quic\":{\"version\":\"1\",\"sni\":\"q.example\"}}\n"
	       EVE("smtp") "\"smtp\":{\"mail_from\":\"<a@b>\",\"rcpt_to\":[\"<c@d>\",\"<e@f>\"]}}\n"
	       EVE("ftp_data") "\"ftp_data\":{\"filename\":\"f\",\"command\":\"STOR\"}}\n"
	       EVE("tls") "\"tls\":{\"version\":\"TLS 1.3\"}}\n"
	       EVE("netflow") "\"netflow\":{\"pkts\":3,\"bytes\":400,\"start\":\"2026-11-21T09:59:00.000000+0000\"}}\n",
	       "session|10.0.0.1:1234|1.2.3.4:22||ssh|||-1|-1\n"
	       "tls|10.0.0.1:1234|1.2.3.4:22|q.example|quic|||-1|-1\n"
	       "mail|10.0.0.1:1234|1.2.3.4:22|<c@d>, <e@f>|smtp|<a@b>||-1|-1\n"
	       "upload|10.0.0.1:1234|1.2.3.4:22||ftp||f|-1|0\n"
	       "tls|10.0.0.1:1234|1.2.3.4:22||tls|||-1|-1\n"
	       "flow|10.0.0.1:1234|1.2.3.4:22||TCP|||400|-1\n");
}

#define ZEEK(name, fields, row) "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t" name \
	"\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\t" fields \
	"\n1763800000.5\tC1\t10.0.0.1\t1234\t1.2.3.4\t22\t" row "\n"
#define ENDS "10.0.0.1:1234|1.2.3.4:22"

TEST(network_log_reads_what_else_zeek_tells)
{
	expect("zeek log", ZEEK("smtp", "trans_depth\thelo\tmailfrom\trcptto\tsubject\tlast_reply",
		    "1\th\ta@b\tc@d,e@f\tOffer\t250 ok"),
	       "mail|" ENDS "|c@d, e@f|smtp|a@b|Offer|-1|-1\n");
	expect("zeek log", ZEEK("ftp", "user\tpassword\tcommand\targ\tmime_type\tfile_size\treply_code",
		    "ann\tsecret\tSTOR\t/f\t-\t900\t226"),
	       "upload|" ENDS "||ftp|ann|/f|900|0\n");
	expect("zeek log", ZEEK("ftp", "user\tpassword\tcommand\targ\tmime_type\tfile_size\treply_code",
		    "ann\tx\tRETR\t/f\t-\t900\t226"),
	       "download|" ENDS "||ftp|ann|/f|0|900\n");
	expect("zeek log", ZEEK("ssh", "version\tauth_success\tauth_attempts\tclient\tserver", "2\tT\t1\tSSH-2.0-x\tSSH-2.0-y"),
	       "session|" ENDS "||ssh|||-1|-1\n");
	expect("zeek log", ZEEK("rdp", "cookie\tresult\tsecurity_protocol\tclient_name", "bob\tSuccess\tHYBRID\tPC"),
	       "session|" ENDS "||rdp|bob||-1|-1\n");
	expect("zeek log", ZEEK("quic", "version\tclient_initial_dcid\tserver_name", "1\tab\tq.example"),
	       "tls|" ENDS "|q.example|quic|||-1|-1\n");
	expect("zeek log", ZEEK("smb_files", "fuid\taction\tpath\tname\tsize\tprev_name",
		    "-\tSMB::FILE_RENAME\t\\\\s\\d\ta.locked\t7\ta.doc"),
	       "renamed|10.0.0.1|1.2.3.4|a.doc|||a.locked|-1|7\n");
	/* JSON leaves out what is not set. */
	expect("json lines", "{\"ts\":1763800000.5,\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":1234,\"id.resp_h\":\"1.2.3.4\","
	       "\"id.resp_p\":22,\"version\":\"TLSv13\",\"resumed\":false,\"established\":true}\n",
	       "tls|" ENDS "||tls|||-1|-1\n");
}

/* What the types do not call a list is a text, commas and all. */
TEST(network_log_keeps_the_commas_of_zeeks_texts)
{
	expect("zeek log", "#separator \\x09\n#set_separator\t,\n#unset_field\t-\n#path\thttp\n"
	       "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tmethod\thost\turi\trequest_body_len\t"
	       "response_body_len\ttags\n"
	       "#types\ttime\tstring\taddr\tport\taddr\tport\tstring\tstring\tstring\tcount\tcount\tset[enum]\n"
	       "1763800000.5\tC1\t10.0.0.1\t1234\t1.2.3.4\t22\tPUT\th.example\t/a,b?c,d\t900\t7\tx,y\n",
	       "upload|" ENDS "|h.example|||/a,b?c,d|900|7\n");
}

/* Symantec's and Microsoft's: their own address is not the server's, as in a web server's log. */
TEST(network_log_reads_proxies_of_w3c)
{
	expect("w3c log", "#Software: SGOS 6.7\n#Version: 1.0\n#Fields: date time time-taken c-ip cs-username s-action "
	       "cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path cs(User-Agent) s-ip sc-bytes cs-bytes\n"
	       "2025-11-22 10:00:00 500 10.0.0.1 ann TCP_NC_MISS POST https drop.example 443 /up \"Mozilla/5.0\" "
	       "10.0.0.250 300 900000\n",
	       "proxy|10.0.0.1||drop.example||ann|/up|900000|300\n");
	expect("w3c log", "#Software: Microsoft Forefront Threat Management Gateway\n#Version: 2.0\n#Fields: c-ip\tcs-username"
	       "\tdate\ttime\tr-host\tr-ip\tr-port\tcs-bytes\tsc-bytes\ts-operation\tcs-uri\ts-object-source\tsc-status\n"
	       "10.0.0.1\tan n\t2025-11-22\t10:00:00\tdrop.example\t1.2.3.4\t443\t900000\t300\tPOST\t"
	       "http://drop.example/up\tInet\t200\n",
	       "proxy|10.0.0.1|1.2.3.4:443|drop.example||an n|http://drop.example/up|900000|300\n");
}

/* A form of one's own with two sizes: which of them went which way, it does not say. */
TEST(network_log_does_not_guess_the_way_of_squids_bytes)
{
	expect("text", "1763805600.123    250 10.0.0.1 TCP_TUNNEL/200 900000 5120 CONNECT drop.example:443 - "
	       "HIER_DIRECT/203.0.113.5 -\n", "");
}

/* But for where squid.conf beside it says so. */
TEST(network_log_reads_squid_as_its_configuration_says)
{
	beside = SPAN("logformat own %ts.%03tu %6tr %>a %Ss/%03>Hs %>st %<st %rm %ru %[un %Sh/%<a %mt\n"
		      "access_log stdio:/var/log/squid/access.log own\n");
	expect("text", "1763805600.123    250 10.0.0.1 TCP_TUNNEL/200 900000 5120 CONNECT drop.example:443 - "
	       "HIER_DIRECT/203.0.113.5 -\n1763805601.123 1 10.0.0.2 TCP_MISS/200 80 90 GET http://h.example/ ann "
	       "HIER_DIRECT/203.0.113.6 -\n",
	       "proxy|10.0.0.1|203.0.113.5|drop.example|tls||drop.example:443|900000|5120\n"
	       "proxy|10.0.0.2|203.0.113.6|h.example|http|ann|http://h.example/|80|90\n");
	/* Another log beside it is read as it was. */
	expect("web access log", "198.51.100.7 - - [21/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 1200 \"-\" \"curl/8\"\n",
	       "web||198.51.100.7||||/a|1200|-1\n");
	beside = SPAN("logformat own %tl,%>a,%>st,%<st,%ru,%{User-Agent}>h\n");
	expect("text", "21/Nov/2026:10:00:00 +0000,10.0.0.1,5,6,http://h.example/,Mozilla, like\n",
	       "proxy|10.0.0.1||h.example|http||http://h.example/|5|6\n");
	beside = (struct span){ 0 };
}

/* Thousandths of a second: %03tu writes all three digits, %tu does not. */
TEST(network_log_reads_squids_thousandths_without_their_zeros)
{
	static const struct { const char *fraction; int64_t milliseconds; } rows[] = { { "7", 7 }, { "70", 70 }, { "070", 70 },
										       { "700", 700 } };

	beside = SPAN("logformat own %ts.%tu,%>a,%ru\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char line[100];
		struct told told;

		snprintf(line, sizeof line, "1763805600.%s,10.0.0.1,http://h.example/\n", rows[i].fraction);
		told = decode("text", span_text(line));
		assert_int_equal(told.traces, 1);
		assert_int_equal(told.time, 1763805600 * TIME_SECOND + rows[i].milliseconds * 1000000);
		buf_free(&told.lines);
	}
	beside = (struct span){ 0 };
}

/* The form of web servers, which squid writes too: who asked is the client. */
TEST(network_log_reads_squid_in_the_form_of_web_servers)
{
	expect("web access log", "10.0.0.1 - ann [21/Nov/2026:10:00:00 +0000] \"GET http://h.example:81/x HTTP/1.1\" 200 1234 "
	       "\"-\" \"curl/8\" TCP_MISS:HIER_DIRECT\n"
	       "10.0.0.1 - - [21/Nov/2026:10:00:01 +0000] \"CONNECT i.example:443 HTTP/1.1\" 200 99 \"-\" \"-\" "
	       "TCP_TUNNEL:HIER_DIRECT\n",
	       "proxy|10.0.0.1||h.example|http|ann|http://h.example:81/x|-1|1234\n"
	       "proxy|10.0.0.1||i.example|tls||i.example:443|-1|99\n");
}

TEST(network_log_reads_squids_other_forms)
{
	expect("web access log", "1763805600.123 10.0.0.1 http://h.example/a http://i.example:81/b?c\n"
	       "1763805601.123 10.0.0.2 - https://j.example/\n",
	       "proxy|10.0.0.1||i.example|http||http://i.example:81/b?c|-1|-1\n"
	       "proxy|10.0.0.2||j.example|http||https://j.example/|-1|-1\n");
	expect("web access log", "10.0.0.1 [21/Nov/2026:10:00:00 +0000] \"Mozilla/5.0 (X11)\"\n"
	       "10.0.0.2 [21/Nov/2026:10:00:01 +0000] \"-\"\n",
	       "proxy|10.0.0.1|||http|||-1|-1\nproxy|10.0.0.2|||http|||-1|-1\n");
	expect("web access log", "1763805600.123      5 10.0.0.1 ICAP_MOD/200 1234 REQMOD icap://192.0.2.7:1344/req ann "
	       "-/192.0.2.7 -\n",
	       "proxy|10.0.0.1|192.0.2.7|192.0.2.7|icap|ann|icap://192.0.2.7:1344/req|-1|1234\n");
	expect("web access log", "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET http://h.example/ HTTP/1.1\" 200 1234 "
	       "TCP_MISS:HIER_DIRECT\n", "proxy|10.0.0.1||h.example|http||http://h.example/|-1|1234\n");
}

/* Of mod_logio what came and went in all counts; behind a virtual host's name the same. */
TEST(network_log_reads_apaches_forms)
{
	expect("web access log", "198.51.100.7 - - [21/Nov/2026:10:00:00 +0000] \"POST /up HTTP/1.1\" 200 12 \"-\" \"curl/8\" "
	       "900000 345\n"
	       "198.51.100.7 - ann [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 304 - \"-\" \"curl/8\" 80 210\n",
	       "web||198.51.100.7||||/up|345|900000\nweb||198.51.100.7|||ann|/|210|80\n");
	expect("web access log", "www.h.example:443 198.51.100.7 - - [21/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 1200 "
	       "\"-\" \"curl/8\"\n", "web||198.51.100.7||||/a|1200|-1\n");
	/* Other numbers behind are other things. */
	expect("web access log", "198.51.100.7 - - [21/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 1200 \"-\" \"curl/8\" "
	       "3 7\n", "web||198.51.100.7||||/a|1200|-1\n");
}

TEST(network_log_reads_nginx_in_json)
{
	expect("json lines", "{\"time_iso8601\":\"2026-11-21T10:00:00+00:00\",\"remote_addr\":\"198.51.100.7\","
	       "\"remote_port\":\"50000\",\"remote_user\":\"ann\",\"request\":\"POST /up?x=1 HTTP/2.0\","
	       "\"status\":\"201\",\"body_bytes_sent\":\"12\",\"bytes_sent\":\"345\",\"request_length\":\"900000\","
	       "\"http_user_agent\":\"curl/8\",\"host\":\"h.example\"}\n"
	       "{\"time_local\":\"21/Nov/2026:10:00:00 +0000\",\"remote_addr\":\"2001:db8::1\",\"remote_user\":\"\","
	       "\"request_method\":\"GET\",\"request_uri\":\"/b\",\"status\":200,\"body_bytes_sent\":77}\n"
	       "{\"time\": \"17/May/2015:08:05:32 +0000\", \"remote_ip\": \"93.180.71.3\", \"remote_user\": \"-\", "
	       "\"request\": \"GET /p HTTP/1.1\", \"response\": 304, \"bytes\": 5, \"agent\": \"APT\"}\n",
	       "web||198.51.100.7:50000|||ann|/up?x=1|345|900000\nweb||2001:db8::1||||/b|77|-1\n"
	       "web||93.180.71.3||||/p|5|-1\n");
}

/* nftables and firewalld, in syslog and as journalctl exports the journal. */
TEST(network_log_reads_filters_by_what_their_rules_say)
{
	expect("text log", "2026-11-21T10:00:03+00:00 fw kernel: nft drop: IN=eth0 OUT= "
	       "SRC=1.2.3.4 DST=10.0.0.1 LEN=60 PROTO=TCP SPT=1 DPT=22\n"
	       "2026-11-21T10:00:04+00:00 blocker kernel: filter_IN_public_ACCEPT: IN=eth0 OUT= "
	       "SRC=fe80::1 DST=fe80::2 LEN=60 PROTO=TCP SPT=1 DPT=22\n",
	       "firewall|1.2.3.4:1|10.0.0.1:22||TCP|||0|-1\nfirewall|[fe80::1]:1|[fe80::2]:22||TCP|||60|-1\n");
	expect("json lines", "{\"__REALTIME_TIMESTAMP\":\"1763800000000000\",\"_HOSTNAME\":\"fw\","
	       "\"SYSLOG_IDENTIFIER\":\"kernel\","
	       "\"MESSAGE\":\"FINAL_REJECT: IN=eth0 OUT= SRC=1.2.3.4 DST=10.0.0.1 LEN=60 PROTO=TCP SPT=1 DPT=22\"}\n",
	       "firewall|1.2.3.4:1|10.0.0.1:22||TCP|||0|-1\n");
}

TEST(network_log_is_not_any_text)
{
	expect("text", "all work and no play\n", "");
	expect("json lines", "{\"a\":1}\n", "");
	expect("text log", "2026-11-21T10:00:00Z something happened\n", "");
}

static void add_packet(struct buf *to, uint32_t second, uint32_t from, uint32_t to_port, uint32_t payload)
{
	static const uint8_t ip[] = { 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0 };

	buf_add_u32le(to, second);
	buf_add_u32le(to, 0);
	buf_add_u32le(to, 28);
	buf_add_u32le(to, 28 + payload);
	buf_add(to, span_of(ip, 2));
	buf_add_u8(to, (uint8_t)((28 + payload) >> 8));
	buf_add_u8(to, (uint8_t)(28 + payload));
	buf_add(to, span_of(ip + 4, 8));
	buf_add_u32le(to, 0x0100000a);
	buf_add_u32le(to, 0x04030201);
	buf_add_u8(to, (uint8_t)(from >> 8));
	buf_add_u8(to, (uint8_t)from);
	buf_add_u8(to, (uint8_t)(to_port >> 8));
	buf_add_u8(to, (uint8_t)to_port);
	buf_add_u32le(to, 0);
}

/* More flows than are told one by one, and than the table holds: no byte is lost. */
TEST(network_capture_loses_no_byte_beyond_its_bounds)
{
	struct buf capture = buf_new((size_t)64 << 20);
	uint64_t bytes = 0, packets = 260000;
	struct told told;

	buf_add(&capture, SPAN("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\1\0\x65\0\0\0"));
	for (uint32_t i = 0; i < packets; i++) {
		add_packet(&capture, 1000 + i / 100, 1024 + i % 60000, 9000 + i / 60000, i % 1000);
		bytes += i % 1000;
	}
	told = decode("pcap", buf_span(&capture));
	assert_int_equal(told.bytes_out, bytes);
	assert_int_equal(told.bytes_in, 0);
	assert_int_equal(told.count, packets);
	assert_in_range(told.traces, 200001, 200100);
	buf_free(&told.lines);
	buf_free(&capture);
}

TEST(network_capture_tells_uploads_and_names)
{
	CORPUS_OR_SKIP(folder, "artefacts/nDPI/tests/cfgs/default/pcap");
	char path[512];
	struct span bytes;
	struct told told;

	snprintf(path, sizeof path, "%s/emotet.pcap", folder);
	bytes = read_whole(path);
	told = decode("pcap", bytes);
	assert_true(span_find(buf_span(&told.lines), 0, SPAN("|fkl.co.ke|http|")) != SIZE_MAX);
	buf_free(&told.lines);
	free((void *)(uintptr_t)bytes.at);
}
