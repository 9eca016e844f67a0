/* Scheduled tasks as the registry knows them: TaskCache\Tasks and \Tree, Windows 7 and later. */
#include "artefact/registry.h"
#include "artefact/windows_path.h"

#define CACHE "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\"
#define MOST_ACTIONS 32
enum { ACTION_EXECUTE = 0x6666, ACTION_COM = 0x7777, ACTION_MAIL = 0x8888, ACTION_MESSAGE = 0x9999 };

struct task {
	struct span id, path, account;
	timestamp created, last_run;
	struct span detail;
	struct span key_path;
	bool is_hidden;
};

/* A length in bytes, then UTF-16LE. */
static struct span take_text(struct registry *r, struct cursor *c)
{
	return tell_utf16(&r->scratch, cursor_take(c, cursor_u32le(c)));
}

/*
 * Tools that hide a task take the descriptor (SD) away from its entry in the tree, or
 * set its index to 0: then neither the console nor schtasks shows it, and it still runs.
 */
static bool is_hidden(struct registry *r, struct span path)
{
	struct regf_key tree;
	uint64_t index = 1;
	struct span place = REGISTRY_TEXT(r, CACHE "Tree%.*s", SPAN_ARG(path));

	if (!path.len || !regf_find(&r->root, place, &tree))
		return true;
	registry_number(&tree, "Index", &index);
	return !registry_data(&tree, "SD").len || !index;
}

static void tell(struct registry *r, const struct task *task, struct span command, struct span program)
{
	struct trace t = trace_new(TRACE_AUTOSTART, "task");

	t.name = task->path.len ? task->path : task->id;
	t.path = task->key_path;
	t.command = command;
	t.program = program;
	t.user = task->account;
	t.time = task->created;
	t.last = task->last_run;
	t.source = SPAN("task cache: created; last: last run");
	t.technique = task->is_hidden ? SPAN("T1053.005 T1564") : SPAN("T1053.005");
	t.detail = task->detail;
	t.summary = REGISTRY_TEXT(r, "%stask %.*s: %.*s", task->is_hidden ? "hidden " : "", SPAN_ARG(t.name),
				  SPAN_ARG(command));
	registry_tell(r, &t);
}

static void take_execute(struct registry *r, struct task *task, struct cursor *c)
{
	struct span program = take_text(r, c), arguments = take_text(r, c), command;

	take_text(r, c);
	cursor_skip(c, 2);
	if (!program.len)
		return;
	command = arguments.len ? REGISTRY_TEXT(r, "%.*s %.*s", SPAN_ARG(program), SPAN_ARG(arguments)) : program;
	tell(r, task, command, windows_program_of(command, r->user, &r->scratch));
}

static void take_com(struct registry *r, struct task *task, struct cursor *c)
{
	struct span clsid = registry_guid(r, cursor_take(c, 16)), data = take_text(r, c), server = { 0 };
	struct regf_key key;

	if (!clsid.len)
		return;
	if (regf_find(&r->top, REGISTRY_TEXT(r, "Classes\\CLSID\\%.*s\\InprocServer32", SPAN_ARG(clsid)), &key))
		server = registry_text(r, &key, "");
	tell(r, task, REGISTRY_TEXT(r, "%.*s %.*s", SPAN_ARG(clsid), SPAN_ARG(data)),
	     server.len ? windows_program_of(server, r->user, &r->scratch) : server);
}

/* Version, account (from version 2 on), then actions, each with its own kind. */
static void take_actions(struct registry *r, struct task *task, struct span data)
{
	struct cursor c = cursor_of(data);

	if (cursor_u16le(&c) > 1)
		task->account = take_text(r, &c);
	for (int i = 0; i < MOST_ACTIONS && cursor_left(&c) >= 6 && !r->is_over; i++) {
		uint16_t kind = cursor_u16le(&c);

		take_text(r, &c);
		if (kind == ACTION_EXECUTE)
			take_execute(r, task, &c);
		else if (kind == ACTION_COM)
			take_com(r, task, &c);
		else
			return;
	}
}

static void take_task(struct registry *r, const struct regf_key *key, struct span id, const void *context)
{
	struct span dynamic = registry_data(key, "DynamicInfo");
	struct task task = { .id = id, .path = registry_text(r, key, "Path"), .key_path = registry_path(r, key),
			     .created = registry_filetime(dynamic, 4), .last_run = registry_filetime(dynamic, 12) };
	struct tell_detail d;

	task.is_hidden = is_hidden(r, task.path);
	tell_detail_begin(&d);
	tell_detail_text(&d, "id", id);
	tell_detail_text(&d, "author", registry_text(r, key, "Author"));
	tell_detail_text(&d, "uri", registry_text(r, key, "URI"));
	tell_detail_time(&d, "registered", key->written);
	if (task.is_hidden)
		tell_detail_number(&d, "hidden", 1);
	task.detail = tell_detail_end(&d, &r->scratch);
	take_actions(r, &task, registry_data(key, "Actions"));
}

bool registry_tasks(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_SOFTWARE, err))
		return false;
	registry_each(&r, CACHE "Tasks\\*", take_task, NULL);
	registry_close(&r);
	return true;
}
