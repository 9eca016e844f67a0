#include "examine/syslog_traces.h"

#include "test.h"

static struct trace read_one(const char *program, const char *message)
{
	struct trace t = { 0 };

	if (!syslog_traces_read(span_text(program), span_text(message), &t))
		t.what = SPAN("nothing");
	return t;
}

TEST(sshd_tells_who_came_from_where_whatever_the_name_says)
{
	struct trace t = read_one("sshd", "Accepted publickey for mori from 10.20.0.5 port 50112 ssh2: RSA SHA256:x");

	assert_span(t.what, "logon");
	assert_span(t.user, "mori");
	assert_span(t.peer, "10.20.0.5");
	t = read_one("sshd", "Failed password for invalid user x from 127.0.0.1 from 203.0.113.9 port 22 ssh2");
	assert_span(t.what, "failed logon");
	assert_span(t.user, "x");
	assert_span(t.peer, "203.0.113.9");
	assert_span(read_one("sshd", "Connection closed by 10.0.0.1").what, "nothing");
}

TEST(sudo_tells_what_was_run_and_as_whom)
{
	struct trace t = read_one("sudo",
				  "     ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/tar czf /tmp/a.tgz /srv");

	assert_int_equal(t.kind, TRACE_EXECUTION);
	assert_span(t.user, "ann");
	assert_span(t.name, "root");
	assert_span(t.program, "/usr/bin/tar");
	assert_span(t.command, "/usr/bin/tar czf /tmp/a.tgz /srv");
	assert_span(read_one("sudo", "ann : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id").what,
		    "nothing");
	t = read_one("su", "(to root) ann on pts/1");
	assert_span(t.what, "shell");
	assert_span(t.user, "root");
	assert_span(t.name, "ann");
}

TEST(changes_of_accounts_are_told)
{
	struct trace t = read_one("useradd", "new user: name=evil, UID=0, GID=0, home=/root2, shell=/bin/bash, from=/dev/pts/1");

	assert_int_equal(t.kind, TRACE_ACCOUNT);
	assert_span(t.what, "added");
	assert_span(t.user, "evil");
	assert_span(t.name, "0");
	assert_span(t.path, "/root2");
	t = read_one("usermod", "add 'evil' to group 'sudo'");
	assert_span(t.what, "joined");
	assert_span(t.name, "sudo");
	t = read_one("passwd", "pam_unix(passwd:chauthtok): password changed for root");
	assert_span(t.what, "password changed");
	assert_span(t.user, "root");
	assert_span(read_one("userdel", "delete user 'evil'").user, "evil");
	assert_span(read_one("cron", "add 'evil' to group 'sudo'").what, "nothing");
}

TEST(shells_of_esxi_tell_what_was_typed)
{
	struct trace t = read_one("shell", "[root]: esxcli vm process kill --type=force --world-id=12009");

	assert_int_equal(t.kind, TRACE_EXECUTION);
	assert_span(t.user, "root");
	assert_span(t.program, "esxcli");
	assert_span(read_one("shell", "Interactive shell session started").what, "nothing");
}
