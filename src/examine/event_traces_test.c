#include "examine/event_traces.h"

#include "test.h"

#define SYSMON "Microsoft-Windows-Sysmon/Operational"
#define MOST_FIELDS 12

/* An examination that only writes records, into its buffer. */
struct told {
	struct examine_limits limits;
	struct examination x;
	struct event_traces traces;
	struct span rest;
};

static void begin(struct told *t, uint64_t most)
{
	t->limits = examine_limits_default();
	t->x = (struct examination){ .limits = &t->limits, .out = buf_new(1 << 20) };
	t->traces = event_traces_new(&t->x, most);
}

static void end(struct told *t)
{
	event_traces_free(&t->traces);
	buf_free(&t->x.out);
}

/* An event of that channel: pairs of name and text, ended by NULL. */
static void happen(struct told *t, const char *channel, const char *id, const char *const *pairs)
{
	struct span names[MOST_FIELDS] = { SPAN("EventID") };
	struct value values[MOST_FIELDS] = { { .kind = VALUE_TEXT, .bytes = span_text(id) } };
	struct event_shape shape = { .count = 1, .names = names, .provider = EVENT_NO_SLOT,
				     .channel = EVENT_NO_SLOT, .event_id = 0,
				     .computer = EVENT_NO_SLOT, .user = EVENT_NO_SLOT };
	const struct event event = { .shape = &shape, .values = values, .time = 42, .offset = 7 };

	for (; *pairs; pairs += 2) {
		names[shape.count] = span_text(pairs[0]);
		values[shape.count++] = (struct value){ .kind = VALUE_TEXT, .bytes = span_text(pairs[1]) };
		if (!strcmp(pairs[0], "provider"))
			shape.provider = shape.count - 1;
	}
	event_traces_check(&t->traces, &event, span_text(channel), SPAN("ws01"));
	t->rest = buf_span(&t->x.out);
}

#define HAPPEN(t, channel, id, ...) happen(t, channel, id, (const char *const[]){ __VA_ARGS__, NULL })

/* The one trace that was told. */
static struct trace take(struct told *t)
{
	struct record r;
	struct err err = { 0 };

	assert_int_equal(record_read(&t->rest, &r, &err), RECORD_TAKEN);
	assert_int_equal(r.type, RECORD_TRACE);
	assert_int_equal(t->rest.len, 0);
	assert_int_equal(r.trace.time, 42);
	assert_int_equal(r.trace.offset, 7);
	assert_span(r.trace.host, "ws01");
	return r.trace;
}

static void assert_nothing(struct told *t)
{
	assert_int_equal(t->rest.len, 0);
}

TEST(event_traces_tell_of_tools_and_of_no_other_program)
{
	struct told t;
	struct trace trace;

	begin(&t, 10);
	HAPPEN(&t, SYSMON, "1", "Image", "C:\\Windows\\notepad.exe", "CommandLine", "notepad a.txt");
	assert_nothing(&t);
	HAPPEN(&t, "Security", "4688", "NewProcessName", "C:\\PerfLogs\\r.exe", "CommandLine",
	       "r.exe a -hpx d.RAR C:\\work", "SubjectUserName", "sato");
	trace = take(&t);
	assert_int_equal(trace.kind, TRACE_EXECUTION);
	assert_span(trace.what, "ran");
	assert_span(trace.program, "C:\\PerfLogs\\r.exe");
	assert_span(trace.user, "sato");
	assert_span(trace.source, "Security");
	end(&t);
}

TEST(event_traces_join_address_and_port)
{
	struct told t;
	struct trace trace;

	begin(&t, 10);
	HAPPEN(&t, SYSMON, "3", "Initiated", "true", "SourceIp", "10.0.0.5", "SourcePort", "50000",
	       "DestinationIp", "2001:db8::1", "DestinationPort", "443");
	trace = take(&t);
	assert_span(trace.local, "10.0.0.5:50000");
	assert_span(trace.peer, "[2001:db8::1]:443");
	end(&t);
}

TEST(event_traces_leave_out_what_came_in_or_stayed_here)
{
	struct told t;

	begin(&t, 10);
	HAPPEN(&t, SYSMON, "3", "Initiated", "false", "DestinationIp", "192.0.2.1", "DestinationPort", "443");
	assert_nothing(&t);
	HAPPEN(&t, SYSMON, "3", "Initiated", "true", "DestinationIp", "127.0.0.1", "DestinationPort", "443");
	assert_nothing(&t);
	HAPPEN(&t, "Security", "4624", "TargetUserName", "SYSTEM", "IpAddress", "-", "LogonType", "5");
	assert_nothing(&t);
	HAPPEN(&t, "Security", "4624", "TargetUserName", "WS01$", "IpAddress", "10.0.0.9", "LogonType", "3");
	assert_nothing(&t);
	/* The same number in another channel is another event. */
	HAPPEN(&t, "Application", "4624", "TargetUserName", "x", "IpAddress", "192.0.2.1", "LogonType", "10");
	assert_nothing(&t);
	HAPPEN(&t, SYSMON, "11", "TargetFilename", "C:\\Temp\\report.docx");
	assert_nothing(&t);
	end(&t);
}

TEST(event_traces_tell_of_sessions)
{
	struct told t;
	struct trace trace;

	begin(&t, 10);
	HAPPEN(&t, "Security", "4625", "TargetUserName", "admin", "IpAddress", "203.0.113.4", "LogonType", "10");
	trace = take(&t);
	assert_int_equal(trace.kind, TRACE_SESSION);
	assert_span(trace.what, "failed logon");
	assert_span(trace.peer, "203.0.113.4");
	assert_span(trace.protocol, "10");
	end(&t);
}

TEST(event_traces_read_what_sshd_says)
{
	struct told t;
	struct trace trace;

	begin(&t, 10);
	HAPPEN(&t, "", "", "provider", "sshd", "message",
	       "Accepted publickey for mori from 10.20.0.5 port 50112 ssh2");
	trace = take(&t);
	assert_span(trace.what, "logon");
	assert_span(trace.user, "mori");
	assert_span(trace.peer, "10.20.0.5");
	end(&t);
	begin(&t, 10);
	HAPPEN(&t, "", "", "provider", "sshd-session", "message",
	       "Failed password for invalid user oracle from 192.0.2.7 port 22 ssh2");
	trace = take(&t);
	assert_span(trace.what, "failed logon");
	assert_span(trace.user, "oracle");
	end(&t);
	begin(&t, 10);
	HAPPEN(&t, "", "", "provider", "sshd", "message", "Connection closed by 192.0.2.7 port 22");
	assert_nothing(&t);
	end(&t);
}

TEST(event_traces_read_what_the_kernel_says_of_sticks)
{
	struct told t;
	struct trace trace;

	begin(&t, 10);
	HAPPEN(&t, "", "", "provider", "kernel", "message", "[1.2] usb 1-2: Product: Example Stick");
	assert_nothing(&t);
	HAPPEN(&t, "", "", "provider", "kernel", "message",
	       "[ 13001.3] usb-storage 1-2:1.0: USB Mass Storage device detected");
	trace = take(&t);
	assert_int_equal(trace.kind, TRACE_DEVICE);
	assert_span(trace.what, "usb storage");
	assert_span(trace.name, "1-2");
	end(&t);
}

TEST(event_traces_beyond_the_limit_are_counted)
{
	struct told t;

	begin(&t, 2);
	for (int i = 0; i < 5; i++)
		HAPPEN(&t, SYSMON, "22", "QueryName", "www.example.com");
	assert_int_equal(t.traces.told, 2);
	assert_int_equal(t.traces.left_out, 3);
	end(&t);
}

TEST(event_traces_tell_lines_of_scripts_that_do_something)
{
	struct told t;
	struct trace trace;

	begin(&t, 10);
	HAPPEN(&t, "Microsoft-Windows-PowerShell/Operational", "4104", "ScriptBlockText",
	       "function Clear-EventLog {\n$x = 1\n# Clear-EventLog y\n  Clear-EventLog -LogName System\n}\n");
	trace = take(&t);
	assert_span(trace.what, "script");
	assert_span(trace.command, "Clear-EventLog -LogName System");
	end(&t);
}

TEST(event_traces_tell_what_auditd_saw_started_and_by_whom)
{
	struct told t;
	struct trace trace;

	begin(&t, 10);
	HAPPEN(&t, "", "", "argc", "2", "cmdline", "ls -la", "exe", "/usr/bin/ls", "auid", "1000");
	assert_nothing(&t);
	HAPPEN(&t, "", "", "argc", "3", "cmdline", "dd if=/dev/zero of=/dev/sda", "exe", "/usr/bin/dd", "auid", "4294967295",
	       "uid", "33");
	trace = take(&t);
	assert_span(trace.command, "dd if=/dev/zero of=/dev/sda");
	assert_span(trace.program, "/usr/bin/dd");
	assert_span(trace.user, "33");
	end(&t);
}

TEST(event_traces_name_the_file_whose_handle_was_deleted)
{
	struct told t;
	struct trace trace;

	begin(&t, 10);
	HAPPEN(&t, "Security", "4663", "ObjectType", "File", "ObjectName", "D:\\a.docx", "HandleId", "0x1f4", "AccessMask",
	       "0x10000");
	HAPPEN(&t, "Security", "4663", "ObjectType", "File", "ObjectName", "D:\\b.docx", "HandleId", "0x1f5", "AccessMask",
	       "0x1");
	HAPPEN(&t, "Security", "4660", "HandleId", "0x1f5");
	assert_nothing(&t);
	HAPPEN(&t, "Security", "4660", "HandleId", "0x1f4", "SubjectUserName", "ann");
	trace = take(&t);
	assert_span(trace.what, "deleted");
	assert_span(trace.path, "D:\\a.docx");
	assert_span(trace.user, "ann");
	end(&t);
}

TEST(event_traces_tell_services_whose_command_is_a_sign)
{
	struct told t;

	begin(&t, 10);
	HAPPEN(&t, "System", "7045", "ServiceName", "Update", "ImagePath", "C:\\Program Files\\X\\x.exe");
	assert_nothing(&t);
	HAPPEN(&t, "System", "7045", "ServiceName", "BTO", "ImagePath",
	       "%COMSPEC% /Q /c echo cd ^> \\\\127.0.0.1\\C$\\__output 2^>^&1 > %TEMP%\\execute.bat");
	assert_span(take(&t).name, "BTO");
	end(&t);
}
