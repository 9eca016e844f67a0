/* A running machine: what `kanshiki collect` put together of /proc (evidence/collect_live). */
#include "artefact/linux.h"

#include "artefact/tell.h"
#include "base/map.h"

#define SECTIONS_MOST 32
#define OWNERS_MOST 1000000

struct section {
	struct span name, bytes;
};

struct sections {
	struct section list[SECTIONS_MOST];
	size_t count;
};

/* "NAME LENGTH\nBYTES\n", one after the other. False where it is none of ours. */
static bool read_sections(struct span text, struct sections *out)
{
	struct cursor c = cursor_of(text);

	out->count = 0;
	while (cursor_left(&c) && out->count < SECTIONS_MOST) {
		struct span rest = span_from(text, c.at), head = span_split(&rest, '\n');
		struct span length = head, name = span_split(&length, ' ');
		uint64_t size;

		if (!span_to_u64(length, &size) || size > text.len)
			break;
		cursor_skip(&c, head.len + 1);
		out->list[out->count++] = (struct section){ name, cursor_take(&c, (size_t)size) };
		cursor_skip(&c, 1);
	}
	return out->count > 0 && !c.short_read;
}

static struct span section(const struct sections *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (span_eq(s->list[i].name, span_text(name)))
			return s->list[i].bytes;
	return (struct span){ 0 };
}

/* The value behind "Name:\t" of /proc/PID/status. */
static struct span status_of(struct span status, const char *name)
{
	struct span line;

	while (tell_line(&status, &line)) {
		struct span value = line, field = span_split(&value, ':');

		if (span_eq(field, span_text(name)))
			return span_trim(value);
	}
	return (struct span){ 0 };
}

/* ---- a process ---- */

struct regions {
	uint64_t writable_code;		/* anonymous, writable and executable */
	uint64_t deleted_code;		/* executable, from files that are gone */
	uint64_t memory_files;		/* executable, from memfd */
	struct span first;		/* of these, as the kernel names it */
};

/* "start-end rwxp offset dev inode path" a line. */
static struct regions read_maps(struct span maps)
{
	struct regions r = { 0 };
	struct span line;

	while (tell_line(&maps, &line)) {
		struct span rest = line, access, path;

		linux_word(&rest);
		access = linux_word(&rest);
		for (int i = 0; i < 3; i++)
			linux_word(&rest);
		path = rest;
		if (access.len < 4 || access.at[2] != 'x')
			continue;
		if (span_starts(path, SPAN("/memfd:")))
			r.memory_files++;
		else if (span_ends(path, SPAN(" (deleted)")))
			r.deleted_code++;
		else if (access.at[1] == 'w' && (!path.len || path.at[0] == '['))
			r.writable_code++;
		else
			continue;
		r.first = r.first.len ? r.first : line;
	}
	return r;
}

/* Arguments are separated by NUL; a process may write there what it likes. */
static struct span command_of(struct span cmdline, struct arena *arena)
{
	struct span copy = arena_copy(arena, span_sub(cmdline, 0, LINUX_LINE_MAX));
	uint8_t *at = (uint8_t *)(uintptr_t)copy.at;

	for (size_t i = 0; i < copy.len; i++)
		if (!at[i])
			at[i] = ' ';
	return span_trim(copy);
}

/* LD_PRELOAD=… of the environment, and other variables that load code. */
static struct span preload_of(struct span environ)
{
	while (environ.len) {
		struct span one = span_split(&environ, 0);

		if (span_starts(one, SPAN("LD_PRELOAD=")) || span_starts(one, SPAN("LD_AUDIT=")))
			return one;
	}
	return (struct span){ 0 };
}

static struct span words_for(struct arena *arena, const struct trace *t, struct span pid, const char *odd)
{
	return arena_printf(arena, "process %.*s: %.*s%s%s", SPAN_ARG(pid),
			    SPAN_ARG(span_sub(t->command.len ? t->command : t->program, 0, 400)),
			    odd[0] ? ", " : "", odd);
}

static const char *oddity(struct span exe, const struct regions *r, struct span preload, struct span at_path,
			  struct span *technique)
{
	if (span_eq(at_path, SPAN("other"))) {
		*technique = SPAN("T1564");
		return "its path leads to another file";
	}
	if (span_starts(exe, SPAN("/memfd:"))) {
		*technique = SPAN("T1620");
		return "runs from memory alone";
	}
	if (span_eq(at_path, SPAN("replaced")) && !preload.len && !r->memory_files)
		return "another program is in its place since, as updates do";
	if (span_ends(exe, SPAN(" (deleted)"))) {
		*technique = SPAN("T1070.004");
		return "its program was deleted";
	}
	if (preload.len) {
		*technique = SPAN("T1574.006");
		return "loads a library by its environment";
	}
	if (r->memory_files) {
		*technique = SPAN("T1620");
		return "runs code from memory files";
	}
	return "";
}

bool live_process(const struct artefact *a, struct err *err)
{
	struct trace trace = trace_new(TRACE_PROCESS, "running");
	struct sections s;
	struct regions regions;
	struct tell_detail d;
	struct span status, pid, preload, uid;

	if (!read_sections(a->bytes, &s))
		return err_set(err, ERR_UNSUPPORTED, 0, "no process that kanshiki collected");
	status = section(&s, "status");
	pid = status_of(status, "Pid");
	uid = status_of(status, "Uid");
	uid = linux_word(&uid);
	regions = read_maps(section(&s, "maps"));
	preload = preload_of(section(&s, "environ"));
	trace.program = section(&s, "exe");
	trace.command = command_of(section(&s, "cmdline"), a->arena);
	trace.name = status_of(status, "Name");
	trace.user = arena_printf(a->arena, "uid %.*s", SPAN_ARG(uid));
	trace.path = a->path;
	trace.time = a->modified;
	trace.source = SPAN("running when collected");
	trace.summary = words_for(a->arena, &trace, pid,
				  oddity(trace.program, &regions, preload, section(&s, "exe_at_path"), &trace.technique));
	tell_detail_begin(&d);
	tell_detail_text(&d, "pid", pid);
	tell_detail_text(&d, "parent", status_of(status, "PPid"));
	tell_detail_text(&d, "folder", section(&s, "cwd"));
	tell_detail_text(&d, "preload", preload);
	tell_detail_text(&d, "at_path", section(&s, "exe_at_path"));
	tell_detail_text(&d, "tracer", status_of(status, "TracerPid"));
	tell_detail_number(&d, "writable_code", regions.writable_code);
	tell_detail_number(&d, "deleted_code", regions.deleted_code);
	tell_detail_number(&d, "memory_files", regions.memory_files);
	tell_detail_text(&d, "region", regions.first);
	tell_detail_text(&d, "denied", section(&s, "denied"));
	trace.detail = tell_detail_end(&d, a->arena);
	a->trace(a->context, &trace);
	return true;
}

/* Numbers of processes that answer and that /proc does not list. */
bool live_unlisted(const struct artefact *a, struct err *err)
{
	struct sections s;
	struct span rest, line;
	bool more = true;

	if (!read_sections(a->bytes, &s))
		return err_set(err, ERR_UNSUPPORTED, 0, "no list that kanshiki collected");
	rest = section(&s, "unlisted");
	while (more && tell_line(&rest, &line)) {
		struct trace trace = trace_new(TRACE_PROCESS, "unlisted");

		if (!line.len)
			continue;
		trace.name = line;
		trace.path = a->path;
		trace.time = a->modified;
		trace.source = SPAN("running when collected");
		trace.technique = SPAN("T1014");
		trace.summary = arena_printf(a->arena, "process %.*s: it answers, and /proc does not list it",
					     SPAN_ARG(line));
		more = a->trace(a->context, &trace);
	}
	return true;
}

/* ---- sockets ---- */

static uint32_t hex_u32(struct span s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.at[i];

		n = n << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10) % 16;
	}
	return n;
}

/* "0100007F:1F90": 32-bit words as the machine keeps them, here little-endian. */
static struct span address_of(struct arena *arena, struct span text)
{
	struct span port = text, host = span_split(&port, ':');
	uint32_t w[4] = { 0 };

	for (size_t i = 0; i < 4 && i * 8 < host.len; i++)
		w[i] = hex_u32(span_sub(host, i * 8, 8));
	if (host.len == 8 || (host.len == 32 && !w[0] && !w[1] && w[2] == 0xffff0000)) {
		uint32_t v = host.len == 8 ? w[0] : w[3];

		return arena_printf(arena, "%u.%u.%u.%u:%u", v & 255, v >> 8 & 255, v >> 16 & 255,
				    v >> 24, hex_u32(port));
	}
	for (size_t i = 0; i < 4; i++)
		w[i] = __builtin_bswap32(w[i]);
	return arena_printf(arena, "[%x:%x:%x:%x:%x:%x:%x:%x]:%u", w[0] >> 16, w[0] & 0xffff, w[1] >> 16,
			    w[1] & 0xffff, w[2] >> 16, w[2] & 0xffff, w[3] >> 16, w[3] & 0xffff,
			    hex_u32(port));
}

static const char *state_name(uint32_t state)
{
	static const char *const names[] = { "", "established", "syn sent", "syn received", "fin wait 1",
		"fin wait 2", "time wait", "closed", "close wait", "last ack", "listen", "closing" };

	return state < sizeof names / sizeof *names ? names[state] : "";
}

struct socket_owner {
	struct span inode, pid;
};

static bool tell_socket(const struct artefact *a, const char *protocol, struct span line,
			const struct map *owners)
{
	struct trace trace = trace_new(TRACE_PROCESS, "socket");
	struct span rest = line, local, remote, state, uid = { 0 }, inode = { 0 };
	const struct socket_owner *owner;
	struct tell_detail d;

	linux_word(&rest);
	local = linux_word(&rest);
	remote = linux_word(&rest);
	state = linux_word(&rest);
	/* queues, timer, retransmissions; then user, time-out, inode. */
	for (int i = 0; i < 3; i++)
		linux_word(&rest);
	uid = linux_word(&rest);
	linux_word(&rest);
	inode = linux_word(&rest);
	if (span_find_byte(local, 0, ':') == SIZE_MAX || !inode.len)
		return true;
	owner = map_get(owners, inode);
	trace.protocol = span_text(protocol);
	trace.local = address_of(a->arena, local);
	trace.peer = address_of(a->arena, remote);
	trace.user = arena_printf(a->arena, "uid %.*s", SPAN_ARG(uid));
	trace.name = span_text(state_name(hex_u32(state)));
	trace.time = a->modified;
	trace.source = SPAN("open when collected");
	trace.path = a->path;
	trace.summary = arena_printf(a->arena, "%s %.*s to %.*s, process %.*s", protocol,
				     SPAN_ARG(trace.local), SPAN_ARG(trace.peer),
				     SPAN_ARG(owner ? owner->pid : SPAN("unknown")));
	tell_detail_begin(&d);
	tell_detail_text(&d, "pid", owner ? owner->pid : (struct span){ 0 });
	tell_detail_text(&d, "inode", inode);
	trace.detail = tell_detail_end(&d, a->arena);
	return a->trace(a->context, &trace);
}

/* "sk RefCnt Type Proto Iface R Rmem User Inode": who sees packets before any firewall. */
static bool tell_packet_socket(const struct artefact *a, struct span line, const struct map *owners)
{
	struct trace trace = trace_new(TRACE_PROCESS, "socket");
	const struct socket_owner *owner;
	struct span words[9];

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		words[i] = linux_word(&line);
	if (!words[8].len)
		return true;
	owner = map_get(owners, words[8]);
	trace.protocol = SPAN("packet");
	trace.user = arena_printf(a->arena, "uid %.*s", SPAN_ARG(words[7]));
	trace.name = words[3];
	trace.time = a->modified;
	trace.source = SPAN("open when collected");
	trace.path = a->path;
	trace.summary = arena_printf(a->arena, "packets of kind %.*s, process %.*s", SPAN_ARG(words[3]),
				     SPAN_ARG(owner ? owner->pid : SPAN("unknown")));
	return a->trace(a->context, &trace);
}

static struct map read_owners(struct span text, struct arena *arena)
{
	struct map owners = map_new(arena);
	struct span line;

	for (size_t i = 0; i < OWNERS_MOST && tell_line(&text, &line); i++) {
		struct socket_owner *owner = ARENA_NEW(arena, struct socket_owner);
		struct span word = linux_word(&line);
		void **slot;

		if (!owner || !span_starts(word, SPAN("socket:[")) || word.len < 10)
			continue;
		owner->inode = span_sub(word, 8, word.len - 9);
		owner->pid = line;
		slot = map_slot(&owners, owner->inode);
		if (slot && !*slot)
			*slot = owner;
	}
	return owners;
}

bool live_sockets(const struct artefact *a, struct err *err)
{
	static const char *const tables[] = { "tcp", "tcp6", "udp", "udp6", "raw", "raw6" };
	struct span packets, line;
	struct sections s;
	struct map owners;
	bool more = true;

	if (!read_sections(a->bytes, &s))
		return err_set(err, ERR_UNSUPPORTED, 0, "no sockets that kanshiki collected");
	owners = read_owners(section(&s, "owners"), a->arena);
	for (size_t i = 0; more && i < sizeof tables / sizeof *tables; i++) {
		struct span rest = section(&s, tables[i]);

		tell_line(&rest, &line);
		while (more && tell_line(&rest, &line))
			more = tell_socket(a, tables[i], line, &owners);
	}
	packets = section(&s, "packet");
	tell_line(&packets, &line);
	while (more && tell_line(&packets, &line))
		more = tell_packet_socket(a, line, &owners);
	return true;
}

/* ---- kernel modules ---- */

static bool tell_module(const struct artefact *a, struct span name, bool is_hidden)
{
	struct trace trace = trace_new(TRACE_PROCESS, "module");

	trace.name = name;
	trace.path = a->path;
	trace.time = a->modified;
	trace.source = SPAN("loaded when collected");
	trace.technique = is_hidden ? SPAN("T1014") : SPAN("");
	trace.detail = is_hidden ? SPAN("{\"hidden\":true}") : SPAN("");
	trace.summary = arena_printf(a->arena, "kernel module %.*s%s", SPAN_ARG(name),
				     is_hidden ? ": not in the kernel's own list" : "");
	return a->trace(a->context, &trace);
}

bool live_modules(const struct artefact *a, struct err *err)
{
	struct map listed = map_new(a->arena);
	struct sections s;
	struct span rest, line;
	bool more = true;

	if (!read_sections(a->bytes, &s))
		return err_set(err, ERR_UNSUPPORTED, 0, "no modules that kanshiki collected");
	rest = section(&s, "modules");
	while (more && tell_line(&rest, &line)) {
		struct span name = linux_word(&line);
		void **slot = name.len ? map_slot(&listed, name) : NULL;

		if (slot)
			*slot = a->arena;
		more = !name.len || tell_module(a, name, false);
	}
	rest = section(&s, "sys");
	while (more && tell_line(&rest, &line))
		if (line.len && !map_get(&listed, line))
			more = tell_module(a, line, true);
	return true;
}
