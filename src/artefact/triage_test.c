#include <stdarg.h>

#include "artefact/decode_lines_support.h"
#include "test.h"

static struct decoded run(const char *path, const char *text)
{
	struct decoded d = { .lines = buf_new(4096) };

	decode_into(&d, path, "text", span_text(text), 0);
	return d;
}

static struct decoded expect(const char *path, const char *text, const char *lines)
{
	struct decoded d = run(path, text);

	buf_add_u8(&d.lines, 0);
	assert_string_equal((const char *)buf_span(&d.lines).at, lines);
	buf_free(&d.lines);
	return d;
}

TEST(velociraptor_names_its_host)
{
	expect("x.zip!/client_info.json", "{\"Hostname\": \"ws01\", \"Fqdn\": \"ws01.corp\"}",
	       "host|collection|ws01|||Velociraptor|x.zip!/client_info.json\n");
	expect("x.zip!/client_info.json", "{\"client_id\":\"C.1\",\"os_info\":{\"fqdn\":\"ws02.corp\"}}",
	       "host|collection|ws02.corp|||Velociraptor|x.zip!/client_info.json\n");
	expect("x.zip!/client_info.json", "{\"name\": \"someone\"}", "");
	expect("x.zip!/client_info.json", "[1, 2", "");
}

TEST(velociraptor_says_when)
{
	static const char line[] = "host|collection||||Velociraptor|collection_context.json\n";

	assert_int_equal(expect("collection_context.json", "{\"session_id\":\"F.1\",\"create_time\":"
				"1790594700000000000}", line).last.time, 1790594700 * TIME_SECOND);
	assert_int_equal(expect("collection_context.json", "{\"session_id\":\"F.1\",\"create_time\":"
				"1790594700000000}", line).last.time, 1790594700 * TIME_SECOND);
	assert_int_equal(expect("collection_context.json", "{\"session_id\":\"F.1\",\"create_time\":"
				"99999999999999999999}", line).last.time, TIME_NONE);
}

TEST(kape_names_its_host_only_where_that_was_the_one_collected)
{
	expect("k/2026-01-02T03_04_05_ConsoleLog.txt", "KAPE directory: E:\\KAPE\r\n"
	       "Command line:   --tsource C: --tdest E:\\out --target X\r\n"
	       "System info: Machine name: WS01, 64-bit: True, User: ann\r\n",
	       "host|collection|WS01|||KAPE|k/2026-01-02T03_04_05_ConsoleLog.txt\n");
	expect("k/2026_ConsoleLog.txt", "KAPE directory: E:\\KAPE\r\nCommand line: --tsource F: --gui\r\n"
	       "System info: Machine name: EXAMINER, 64-bit: True, User: ann\r\n",
	       "host|collection||||KAPE|k/2026_ConsoleLog.txt\n");
	expect("k/other_ConsoleLog.txt", "hello\n", "");
}

TEST(uac_names_its_host)
{
	expect("d/out.log", "Created by UAC (Unix-like Artifacts Collector) 2.9.1\n\n"
	       "[System Information]\nHostname: web1\n", "host|collection|web1|||UAC|d/out.log\n");
	expect("a.tar.gz!/uac.log", "20260102 03:04:05 +0000 INF UAC 3.1.0\n"
	       "20260102 03:04:05 +0000 INF Hostname: web2\n",
	       "host|collection|web2|||UAC|a.tar.gz!/uac.log\n");
	expect("d/out.log", "Hostname: none\n", "");
}

