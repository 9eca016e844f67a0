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

/* The columns are those of procps and iproute2 on Debian 12; names of files are UAC's. */
TEST(uac_says_what_was_running)
{
	expect("a.tar.gz!/live_response/process/ps_auxwww.txt",
	       "USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
	       "root         1  0.6  0.0  58148 23648 ?        SLl  Nov21   5:41 /sbin/init splash\n"
	       "mori      4242  0.0  0.0   5000  1000 pts/0    S+   10:00   0:00 [kworker/0:1] -c  x\n"
	       "short line\n",
	       "process|running|init|root|/sbin/init splash|/sbin/init|a.tar.gz!/live_response/process/ps_auxwww.txt\n"
	       "process|running|0:1]|mori|[kworker/0:1] -c  x||a.tar.gz!/live_response/process/ps_auxwww.txt\n");
	expect("live_response/process/ps_auxwww.txt", "no such list\n", "");
	expect("live_response/system/lsmod.txt", "Module                  Size  Used by\nnfs 16384  0\n",
	       "process|module|nfs||||live_response/system/lsmod.txt\n");
}

TEST(uac_says_which_sockets_were_open)
{
	struct decoded d = expect("live_response/network/ss_-anp.txt",
		"Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
		"u_str ESTAB  0      0      * 1234            * 5678 users:((\"x\",pid=1,fd=2))\n"
		"tcp   ESTAB  0      0      10.0.0.5:22       203.0.113.9:50000 users:((\"sshd\",pid=512,fd=4))\n",
		"process|socket|ESTAB||sshd||live_response/network/ss_-anp.txt\n");

	assert_string_equal(d.ends, "10.0.0.5:22 203.0.113.9:50000");
	expect("live_response/network/netstat_-anp.txt",
	       "Active Internet connections (servers and established)\n"
	       "Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name\n"
	       "tcp        0      0 10.0.0.5:22             203.0.113.9:50000       ESTABLISHED 512/sshd: mori\n"
	       "udp        0      0 0.0.0.0:68              0.0.0.0:*                           300/dhclient\n"
	       "Active UNIX domain sockets (servers and established)\n"
	       "unix  2      [ ACC ]     STREAM     LISTENING     1234     1/init   /run/x\n",
	       "process|socket|ESTABLISHED||512/sshd:||live_response/network/netstat_-anp.txt\n"
	       "process|socket|||300/dhclient||live_response/network/netstat_-anp.txt\n");
}

TEST(uac_says_who_was_logged_on)
{
	struct decoded d = expect("live_response/system/who.txt", "mori     pts/0        2026-01-02 03:04 (10.0.0.9)\n",
				  "session|logon||mori|||live_response/system/who.txt\n");

	assert_string_equal(d.ends, " 10.0.0.9");
	assert_int_equal(d.last.time, timestamp_of_civil(2026, 1, 2, 3, 4, 0, 0));
	expect("live_response/system/who.txt", "", "");
}

TEST(uac_lists_files_with_their_times)
{
	struct trace t = expect("bodyfile/bodyfile.txt",
		"0|/etc|12|drwxr-xr-x|0|0|4096|1700000000|1700000000|1700000000|0\n"
		"0|/bin -> usr/bin|13|lrwxrwxrwx|0|0|7|1700000000|1700000000|1700000000|0\n"
		"0|/tmp/a|b.sh|14|-rwsr-xr-x|0|0|77|1700000001|1700000002|1700000003|1700000004\n"
		"not a line\n",
		"file|listed|||||/bin\nfile|listed|||||/tmp/a|b.sh\n").last;

	assert_int_equal(t.bytes_in, 77);
	assert_int_equal(t.time, 1700000002 * TIME_SECOND);
	assert_int_equal(t.last, 1700000003 * TIME_SECOND);
	expect("bodyfile/bodyfile.txt", "nothing\n", "");
}
