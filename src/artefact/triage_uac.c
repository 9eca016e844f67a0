/* What UAC says of a running machine: processes, sockets, modules, who is logged on; and its list of all files. */
#include "artefact/linux.h"
#include "artefact/tell.h"
#include "artefact/triage.h"

#define COLUMNS_MOST 16
#define LISTED_MOST 150000	/* files of a body file; more are counted */

/* Words of a line; the last column takes all that is left. */
static size_t split_words(struct span line, struct span *words, size_t most)
{
	size_t count = 0;

	for (line = span_trim(line); line.len && count + 1 < most; line = span_trim(line))
		words[count++] = linux_word(&line);
	if (line.len)
		words[count++] = line;
	return count;
}

static size_t column_of(const struct span *heads, size_t count, const char *name)
{
	size_t i = 0;

	while (i < count && !span_eq(heads[i], span_text(name)))
		i++;
	return i;
}

static struct trace live_trace(const struct artefact *a, const char *what)
{
	struct trace t = trace_new(TRACE_PROCESS, what);

	t.path = a->path;
	t.time = a->modified;
	t.source = SPAN("when UAC collected");
	return t;
}

static bool tell_process(const struct artefact *a, struct span user, struct span pid, struct span command)
{
	struct trace t = live_trace(a, "running");
	struct span rest = command, first = linux_word(&rest);
	struct tell_detail d;

	t.program = span_starts(first, SPAN("/")) ? first : (struct span){ 0 };
	t.name = tell_base(first);
	t.command = command;
	t.user = user;
	t.summary = tell_summary(a->arena, "process %.*s was running as %.*s", SPAN_ARG(t.name), SPAN_ARG(user));
	tell_detail_begin(&d);
	tell_detail_text(&d, "pid", pid);
	t.detail = tell_detail_end(&d, a->arena);
	return a->trace(a->context, &t);
}

/* "USER PID %CPU ... COMMAND" */
bool triage_uac_processes(const struct artefact *a, struct err *err)
{
	struct span rest = a->bytes, line, words[COLUMNS_MOST];
	size_t count, user, pid;

	if (!tell_line(&rest, &line))
		return err_set(err, ERR_UNSUPPORTED, 0, "no list of processes");
	count = split_words(line, words, COLUMNS_MOST);
	user = column_of(words, count, "USER");
	pid = column_of(words, count, "PID");
	if (user == count || pid == count || !count || !span_eq(words[count - 1], SPAN("COMMAND")))
		return err_set(err, ERR_UNSUPPORTED, 0, "no list of processes");
	while (tell_line(&rest, &line))
		if (split_words(line, words, count) == count && !tell_process(a, words[user], words[pid], words[count - 1]))
			break;
	return true;
}

static bool tell_socket(const struct artefact *a, struct span protocol, struct span state, struct span local,
			struct span peer, struct span owner)
{
	struct trace t = live_trace(a, "socket");

	t.protocol = protocol;
	t.name = state;
	t.local = local;
	t.peer = peer;
	t.command = owner;
	t.summary = tell_summary(a->arena, "%.*s %.*s %.*s to %.*s", SPAN_ARG(protocol), SPAN_ARG(state), SPAN_ARG(local),
				 SPAN_ARG(peer));
	return a->trace(a->context, &t);
}

static bool is_of_network(struct span protocol)
{
	return span_starts(protocol, SPAN("tcp")) || span_starts(protocol, SPAN("udp")) ||
	       span_starts(protocol, SPAN("raw"));
}

/* users:(("sshd",pid=512,fd=3)) */
static struct span owner_of(struct span users)
{
	size_t quote = span_find_byte(users, 0, '"');
	struct span name = quote == SIZE_MAX ? (struct span){ 0 } : span_from(users, quote + 1);

	return span_sub(name, 0, span_find_byte(name, 0, '"'));
}

/* ss -anp: Netid State Recv-Q Send-Q Local Peer Process */
bool triage_uac_ss(const struct artefact *a, struct err *err)
{
	struct span rest = a->bytes, line, words[8];

	if (!tell_line(&rest, &line) || !span_starts(line, SPAN("Netid")))
		return err_set(err, ERR_UNSUPPORTED, 0, "no list of sockets");
	while (tell_line(&rest, &line)) {
		size_t count = split_words(line, words, 7);

		if (count >= 6 && is_of_network(words[0]) &&
		    !tell_socket(a, words[0], words[1], words[4], words[5],
				 count > 6 ? owner_of(words[6]) : (struct span){ 0 }))
			break;
	}
	return true;
}

/* netstat -anp: Proto Recv-Q Send-Q Local Foreign [State] PID/Program; where ss was not there. */
bool triage_uac_netstat(const struct artefact *a, struct err *err)
{
	struct span rest = a->bytes, line, words[9], ss;

	if (tell_find_nocase(span_sub(a->bytes, 0, 4096), "Local Address") == SIZE_MAX)
		return err_set(err, ERR_UNSUPPORTED, 0, "no list of sockets");
	if (a->near->find(a->near->context, SPAN("ss_-anp.txt"), &ss) && ss.len > 64)
		return err_set(err, ERR_UNSUPPORTED, 0, "told by ss");
	while (tell_line(&rest, &line)) {
		size_t count = split_words(line, words, 9);
		bool has_state = count > 5 && words[5].len && words[5].at[0] >= 'A' && words[5].at[0] <= 'Z';
		size_t owner = has_state ? 6 : 5;

		if (count >= 5 && is_of_network(words[0]) &&
		    !tell_socket(a, words[0], has_state ? words[5] : (struct span){ 0 }, words[3], words[4],
				 count > owner ? words[owner] : (struct span){ 0 }))
			break;
	}
	return true;
}

/* lsmod: Module Size Used by */
bool triage_uac_modules(const struct artefact *a, struct err *err)
{
	struct span rest = a->bytes, line, words[4];

	if (!tell_line(&rest, &line) || !span_starts(line, SPAN("Module")))
		return err_set(err, ERR_UNSUPPORTED, 0, "no list of modules");
	while (tell_line(&rest, &line)) {
		struct trace t = live_trace(a, "module");

		if (split_words(line, words, 4) < 2)
			continue;
		t.name = words[0];
		t.summary = tell_summary(a->arena, "kernel module %.*s", SPAN_ARG(t.name));
		if (!a->trace(a->context, &t))
			break;
	}
	return true;
}

/* who: "root     pts/0        2024-05-01 10:00 (10.0.0.9)", in the machine's own time */
bool triage_uac_who(const struct artefact *a, struct err *err)
{
	struct span rest = a->bytes, line, words[6];
	size_t told = 0;

	while (tell_line(&rest, &line)) {
		struct trace t = trace_new(TRACE_SESSION, "logon");
		size_t count = split_words(line, words, 6);
		struct span when;

		if (count < 4 || words[2].len != 10)
			continue;
		when = arena_printf(a->arena, "%.*sT%.*s:00Z", SPAN_ARG(words[2]), SPAN_ARG(words[3]));
		if (!timestamp_parse(when, &t.time))
			continue;
		t.user = words[0];
		t.peer = count > 4 && words[4].len > 2 && words[4].at[0] == '(' ? span_sub(words[4], 1, words[4].len - 2)
									      : (struct span){ 0 };
		t.protocol = words[1];
		t.path = a->path;
		t.source = SPAN("logged on when UAC collected, local time");
		t.summary = tell_summary(a->arena, "%.*s was logged on at %.*s", SPAN_ARG(t.user), SPAN_ARG(t.protocol));
		told++;
		if (!a->trace(a->context, &t))
			break;
	}
	return told || !span_trim(a->bytes).len || err_set(err, ERR_UNSUPPORTED, 0, "no list of sessions");
}

/* ---- the list of all files ---- */

static timestamp time_of(struct span seconds)
{
	int64_t n;

	return span_to_i64(span_split(&seconds, '.'), &n) && n > 0 ? timestamp_of_unix(n, 0) : TIME_NONE;
}

/* MD5|name|inode|mode|uid|gid|size|accessed|modified|changed|born; a name may hold the sign itself. */
static bool read_body(struct span line, struct trace *t, struct span *mode)
{
	struct span fields[11];
	size_t count = 0, bars = 0, name_end;

	for (size_t i = 0; i < line.len; i++)
		bars += line.at[i] == '|';
	if (bars < 10)
		return false;
	span_split(&line, '|');
	/* What stands behind the name has no such sign: the name ends nine before the end. */
	name_end = line.len;
	for (size_t back = 0; back < 9; name_end--)
		back += line.at[name_end - 1] == '|';
	t->path = span_sub(line, 0, name_end);
	line = span_from(line, name_end + 1);
	while (count < 9)
		fields[count++] = span_split(&line, '|');
	*mode = fields[1];
	if (mode->len && mode->at[0] == 'l')
		t->path = span_sub(t->path, 0, span_find(t->path, 0, SPAN(" -> ")));
	t->bytes_in = TRACE_NO_NUMBER;
	span_to_u64(fields[4], &t->bytes_in);
	t->time = time_of(fields[6]);
	t->last = time_of(fields[7]);
	return t->path.len && t->path.at[0] == '/';
}

bool triage_uac_bodyfile(const struct artefact *a, struct err *err)
{
	struct span rest = a->bytes, line, mode;
	uint64_t listed = 0, bad = 0, left = 0;

	while (tell_line(&rest, &line)) {
		struct trace t = trace_new(TRACE_FILE, "listed");

		if (!line.len || line.at[0] == '#')
			continue;
		if (!read_body(line, &t, &mode)) {
			if (++bad > 100 && !listed)
				return err_set(err, ERR_UNSUPPORTED, 0, "no list of files");
			continue;
		}
		/* Links and folders say less than files do. */
		if (mode.len && mode.at[0] == 'd')
			continue;
		if (listed >= LISTED_MOST) {
			left++;
			continue;
		}
		listed++;
		t.source = SPAN("UAC body file, modified; last: inode changed");
		t.summary = tell_summary(a->arena, "%.*s is there (%.*s)", SPAN_ARG(tell_base(t.path)), SPAN_ARG(mode));
		if (!a->trace(a->context, &t))
			break;
	}
	if (left)
		a->short_of(a->context, "%llu files of the list are not told", (unsigned long long)left);
	if (bad)
		a->short_of(a->context, "%llu lines are no entry of a body file", (unsigned long long)bad);
	a->lost(a->context, bad);
	return listed || err_set(err, ERR_UNSUPPORTED, 0, "no list of files");
}
