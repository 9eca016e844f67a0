#include "examine/syslog_traces.h"

/* What stands behind `key`; empty where it is not there. */
static struct span behind(struct span message, struct span key)
{
	size_t at = span_find(message, 0, key);

	return at == SIZE_MAX ? (struct span){ 0 } : span_from(message, at + key.len);
}

static struct span word_behind(struct span message, struct span key)
{
	struct span rest = behind(message, key);

	return span_split(&rest, ' ');
}

/* Names may hold any words: the address stands behind the last " from ". */
static struct span last_word_behind(struct span message, struct span key)
{
	struct span found = { 0 }, rest = message;

	while ((rest = behind(rest, key)).len)
		found = rest;
	return span_split(&found, ' ');
}

/* "x=value," */
static struct span field(struct span message, struct span key)
{
	struct span rest = behind(message, key);

	return span_split(&rest, ',');
}

/* 'x' in quotes, the first behind `key`. */
static struct span quoted(struct span message, struct span key)
{
	struct span rest = behind(message, key);

	return span_split(&rest, '\'');
}

/* "Accepted publickey for mori from 10.20.0.5 port 50112 ssh2", "Failed password for invalid user x from …". */
static bool read_sshd(struct span m, struct trace *t)
{
	bool is_in = span_starts(m, SPAN("Accepted "));

	if (!is_in && !span_starts(m, SPAN("Failed ")))
		return false;
	*t = trace_new(TRACE_SESSION, is_in ? "logon" : "failed logon");
	t->protocol = SPAN("ssh");
	t->peer = last_word_behind(m, SPAN(" from "));
	t->user = word_behind(m, SPAN(" for "));
	if (span_eq(t->user, SPAN("invalid")) && span_find(m, 0, SPAN(" for invalid user ")) != SIZE_MAX)
		t->user = word_behind(m, SPAN(" invalid user "));
	return true;
}

/* "ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/id" */
static bool read_sudo(struct span m, struct trace *t)
{
	struct span command = behind(m, SPAN("COMMAND=")), rest = m;

	if (!command.len || span_find(m, 0, SPAN("NOT in sudoers")) != SIZE_MAX ||
	    span_find(m, 0, SPAN("incorrect password")) != SIZE_MAX)
		return false;
	*t = trace_new(TRACE_EXECUTION, "ran");
	t->user = span_trim(span_split(&rest, ':'));
	t->command = command;
	t->program = span_split(&command, ' ');
	t->name = field(m, SPAN("USER="));
	t->name = span_trim(span_sub(t->name, 0, span_find_byte(t->name, 0, ';')));
	t->technique = SPAN("T1548.003");
	return true;
}

/* "(to root) ann on pts/0", as su of shadow and of util-linux both write. */
static bool read_su(struct span m, struct trace *t)
{
	struct span to;

	if (!span_starts(m, SPAN("(to ")))
		return false;
	*t = trace_new(TRACE_SESSION, "shell");
	to = span_from(m, 4);
	t->user = span_split(&to, ')');
	to = span_trim(to);
	t->name = span_split(&to, ' ');
	t->protocol = SPAN("su");
	return true;
}

static bool account(struct trace *t, const char *what, struct span user, struct span name, const char *technique)
{
	*t = trace_new(TRACE_ACCOUNT, what);
	t->user = user;
	t->name = name;
	t->technique = span_text(technique);
	return user.len;
}

/* useradd, usermod, userdel, groupadd, gpasswd, passwd, chpasswd, chsh: of shadow, as Debian and Red Hat have it. */
static bool read_account(struct span m, struct trace *t)
{
	static const char changed[] = "password changed for ";

	if (span_starts(m, SPAN("new user: ")))
		return account(t, "added", field(m, SPAN("name=")), field(m, SPAN("UID=")), "T1136.001") &&
		       (t->path = field(m, SPAN("home=")), t->command = field(m, SPAN("shell=")), true);
	if (span_starts(m, SPAN("delete user '")))
		return account(t, "deleted", quoted(m, SPAN("delete user '")), SPAN(""), "T1531");
	if (span_starts(m, SPAN("add '")) && span_find(m, 0, SPAN("to group '")) != SIZE_MAX)
		return account(t, "joined", quoted(m, SPAN("add '")), quoted(m, SPAN("to group '")), "T1098.007");
	if (span_find(m, 0, span_text(changed)) != SIZE_MAX)
		return account(t, "password changed", word_behind(m, span_text(changed)), SPAN(""), "T1098");
	if (span_starts(m, SPAN("change user '")))
		return account(t, "changed", quoted(m, SPAN("change user '")), behind(m, SPAN("' ")), "T1098");
	return false;
}

/* "[ 13001.3] usb-storage 1-2:1.0: USB Mass Storage device detected"; the name is that of the port. */
static bool read_kernel(struct span m, struct trace *t)
{
	struct span port = word_behind(m, SPAN("usb-storage "));

	if (span_find(m, 0, SPAN("USB Mass Storage device detected")) == SIZE_MAX)
		return false;
	*t = trace_new(TRACE_DEVICE, "usb storage");
	t->name = span_split(&port, ':');
	return t->name.len;
}

/* "[root]: esxcli vm process list": the shells of ESXi. */
static bool read_shell(struct span m, struct trace *t)
{
	struct span rest = m;

	if (!span_starts(m, SPAN("[")) || span_find(m, 0, SPAN("]: ")) == SIZE_MAX)
		return false;
	*t = trace_new(TRACE_EXECUTION, "ran");
	rest = span_from(rest, 1);
	t->user = span_split(&rest, ']');
	t->command = span_trim(span_from(rest, 1));
	rest = t->command;
	t->program = span_split(&rest, ' ');
	return t->command.len;
}

static const struct {
	const char *program;
	bool (*read)(struct span message, struct trace *out);
} readers[] = {
	{ "sshd", read_sshd }, { "sshd-session", read_sshd }, { "sudo", read_sudo }, { "su", read_su },
	{ "useradd", read_account }, { "usermod", read_account }, { "userdel", read_account },
	{ "adduser", read_account }, { "gpasswd", read_account }, { "passwd", read_account },
	{ "chpasswd", read_account }, { "chsh", read_account }, { "kernel", read_kernel },
	{ "shell", read_shell }, { "ESXShell", read_shell }, { "SSH", read_shell },
};

static size_t reader_of(struct span program)
{
	size_t i = 0;

	while (i < sizeof readers / sizeof *readers && !span_eq(program, span_text(readers[i].program)))
		i++;
	return i;
}

bool syslog_traces_knows(struct span program)
{
	return reader_of(program) < sizeof readers / sizeof *readers;
}

bool syslog_traces_read(struct span program, struct span message, struct trace *out)
{
	size_t i = reader_of(program);

	return i < sizeof readers / sizeof *readers && readers[i].read(message, out);
}
