/* Scheduled tasks: XML of Vista and later, .job of before. Each action is one entry. */
#include "artefact/windows.h"
#include "artefact/windows_path.h"
#include "codec/xml_read.h"
#include "formats/job/job.h"

#define MAX_ACTIONS 32
#define MAX_TRIGGERS_TEXT ((size_t)2048)

static bool in_tasks_folder(struct span path)
{
	return tell_find_nocase(path, "tasks/") != SIZE_MAX || tell_find_nocase(path, "tasks\\") != SIZE_MAX;
}

/* "LogonTrigger; CalendarTrigger from 2022-03-10T03:29:18 every PT1H" */
static struct span triggers_text(const struct artefact *a, const struct xml *triggers)
{
	struct buf b = buf_new(MAX_TRIGGERS_TEXT);
	struct span text;

	for (const struct xml *t = triggers ? triggers->first : NULL; t; t = t->next) {
		static const char *const parts[][2] = { { "StartBoundary", "from" }, { "Repetition/Interval", "every" },
			{ "ScheduleByDay/DaysInterval", "each days:" }, { "UserId", "of" }, { "Delay", "after" },
			{ "StateChange", "on" }, { "Subscription", "on" } };

		buf_printf(&b, "%s%.*s", b.len ? "; " : "", SPAN_ARG(t->name));
		for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
			struct span value = xml_text(t, parts[i][0]);

			if (value.len)
				buf_printf(&b, " %s %.*s", parts[i][1], SPAN_ARG(span_sub(value, 0, 400)));
		}
		if (span_eq_nocase(xml_text(t, "Enabled"), SPAN("false")))
			buf_text(&b, " (disabled)");
	}
	text = b.len ? arena_copy(a->arena, buf_span(&b)) : (struct span){ 0 };
	buf_free(&b);
	return text;
}

static bool is_true(struct span text)
{
	return span_eq_nocase(text, SPAN("true")) || span_eq(text, SPAN("1"));
}

static struct span task_detail(const struct artefact *a, const struct xml *task)
{
	const struct xml *principal = xml_child(xml_child(task, "Principals"), "Principal");
	struct tell_detail d;

	tell_detail_begin(&d);
	tell_detail_text(&d, "author", xml_text(task, "RegistrationInfo/Author"));
	tell_detail_text(&d, "registered", xml_text(task, "RegistrationInfo/Date"));
	tell_detail_text(&d, "description", xml_text(task, "RegistrationInfo/Description"));
	tell_detail_text(&d, "triggers", triggers_text(a, xml_child(task, "Triggers")));
	tell_detail_text(&d, "run_level", xml_text(principal, "RunLevel"));
	tell_detail_text(&d, "group", xml_text(principal, "GroupId"));
	if (is_true(xml_text(task, "Settings/Hidden")))
		tell_detail_text(&d, "hidden", SPAN("yes"));
	if (span_eq_nocase(xml_text(task, "Settings/Enabled"), SPAN("false")))
		tell_detail_text(&d, "enabled", SPAN("no"));
	if (!in_tasks_folder(a->path))
		tell_detail_text(&d, "place", SPAN("not in a folder of tasks"));
	return tell_detail_end(&d, a->arena);
}

static struct trace task_trace(const struct artefact *a, const struct xml *task)
{
	struct trace t = trace_new(TRACE_AUTOSTART, "task");
	const struct xml *principal = xml_child(xml_child(task, "Principals"), "Principal");

	t.path = a->path;
	t.name = xml_text(task, "RegistrationInfo/URI");
	if (!t.name.len)
		t.name = a->name;
	t.user = xml_text(principal, "UserId");
	if (!t.user.len)
		t.user = xml_text(principal, "GroupId");
	t.technique = SPAN("T1053.005");
	t.source = SPAN("task, registered (local time unless it names a zone)");
	if (!timestamp_parse(xml_text(task, "RegistrationInfo/Date"), &t.time)) {
		t.time = a->modified;
		t.source = SPAN("task, file last written");
	}
	t.detail = task_detail(a, task);
	return t;
}

static void name_action(const struct artefact *a, const struct xml *action, struct trace *t)
{
	struct span command = xml_text(action, "Command"), arguments = xml_text(action, "Arguments");

	if (command.len) {
		struct span alone = command.at[0] == '"' ? tell_program_of(command) : command;

		t->command = arguments.len ? arena_printf(a->arena, "%.*s %.*s", SPAN_ARG(command), SPAN_ARG(arguments))
					   : command;
		/* What stands in the element is one file, blanks and all; what it starts may stand in the arguments. */
		t->program = windows_program_of(arena_printf(a->arena, "\"%.*s\" %.*s", SPAN_ARG(alone), SPAN_ARG(arguments)),
						(struct span){ 0 }, a->arena);
	} else if (span_eq_nocase(action->name, SPAN("ComHandler"))) {
		t->command = arena_printf(a->arena, "COM class %.*s", SPAN_ARG(xml_text(action, "ClassId")));
	} else {
		t->command = action->name;
	}
	t->summary = tell_summary(a->arena, "task %.*s starts %.*s", SPAN_ARG(t->name), SPAN_ARG(t->command));
}

/* The name of the first element, whatever comments stand before it and however many. */
static bool begins_with_task(struct span text)
{
	struct span name;

	for (;;) {
		size_t end;

		text = span_trim(text);
		if (!span_starts(text, SPAN("<?")) && !span_starts(text, SPAN("<!")))
			break;
		end = span_find(text, 0, span_starts(text, SPAN("<!--")) ? SPAN("-->") : SPAN(">"));
		if (end == SIZE_MAX)
			return false;
		text = span_from(text, end + (span_starts(text, SPAN("<!--")) ? 3 : 1));
	}
	name = span_sub(text, 0, 64);
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] == '>' || name.at[i] == ' ' || name.at[i] == '\t' || name.at[i] == '\r' || name.at[i] == '\n')
			name = span_sub(name, 0, i);
	return span_starts(text, SPAN("<")) && (span_eq(name, SPAN("<Task")) || span_ends(name, SPAN(":Task")));
}

bool windows_task(const struct artefact *a, struct err *err)
{
	struct span text = tell_text_of(a);
	struct trace t;
	struct xml *task;
	const struct xml *actions;
	size_t count = 0;
	bool whole;

	if (!begins_with_task(text))
		return err_set(err, ERR_UNSUPPORTED, 0, "no task");
	if (!xml_read(text, a->arena, &task, &whole, err))
		return false;
	actions = xml_child(task, "Actions");
	if (!span_eq(task->name, SPAN("Task")) || (!actions && !xml_child(task, "Triggers")))
		return err_set(err, ERR_UNSUPPORTED, 0, "no task");
	if (!whole)
		a->short_of(a->context, "task breaks off or is ill-formed");
	t = task_trace(a, task);
	for (const struct xml *action = actions ? actions->first : NULL; action; action = action->next) {
		if (count++ == MAX_ACTIONS) {
			a->short_of(a->context, "over %d actions", MAX_ACTIONS);
			break;
		}
		name_action(a, action, &t);
		if (!a->trace(a->context, &t))
			break;
	}
	return true;
}

static struct span job_detail(const struct artefact *a, const struct job *job)
{
	struct buf b = buf_new(MAX_TRIGGERS_TEXT);
	struct tell_detail d;

	for (size_t i = 0; i < job->trigger_count; i++) {
		const struct job_trigger *t = &job->triggers[i];

		buf_printf(&b, "%s%s", i ? "; " : "", t->type);
		if (t->begin != TIME_NONE) {
			buf_text(&b, " from ");
			timestamp_format(&b, t->begin, 0);
		}
		if (t->minutes_interval)
			buf_printf(&b, " every %u min", t->minutes_interval);
	}
	tell_detail_begin(&d);
	tell_detail_text(&d, "author", job->author);
	tell_detail_text(&d, "description", job->comment);
	tell_detail_text(&d, "triggers", buf_span(&b));
	tell_detail_time(&d, "last_run", job->last_run);
	if (job->flags & JOB_FLAG_HIDDEN)
		tell_detail_text(&d, "hidden", SPAN("yes"));
	if (job->flags & JOB_FLAG_DISABLED)
		tell_detail_text(&d, "enabled", SPAN("no"));
	buf_free(&b);
	return tell_detail_end(&d, a->arena);
}

bool windows_job(const struct artefact *a, struct err *err)
{
	struct trace t = trace_new(TRACE_AUTOSTART, "task"), ran = trace_new(TRACE_EXECUTION, "ran");
	struct job job;

	if (!job_parse(a->bytes, a->arena, &job, err))
		return false;
	if (!job.whole)
		a->short_of(a->context, "task cut short in its triggers");
	t.path = a->path;
	t.name = a->name;
	t.program = windows_program_of(arena_printf(a->arena, "\"%.*s\" %.*s", SPAN_ARG(job.program), SPAN_ARG(job.arguments)),
				       job.author, a->arena);
	t.command = job.arguments.len ? arena_printf(a->arena, "%.*s %.*s", SPAN_ARG(job.program), SPAN_ARG(job.arguments))
				      : job.program;
	t.user = job.author;
	t.time = a->modified;
	t.source = SPAN("task, file last written");
	t.technique = SPAN("T1053.005");
	t.detail = job_detail(a, &job);
	t.summary = tell_summary(a->arena, "task %.*s starts %.*s", SPAN_ARG(t.name), SPAN_ARG(t.command));
	if (!a->trace(a->context, &t) || job.last_run == TIME_NONE)
		return true;
	ran.time = job.last_run;
	ran.source = SPAN("task, last run (local time, zone not known)");
	ran.program = job.program;
	ran.command = t.command;
	ran.user = t.user;
	ran.summary = tell_summary(a->arena, "task %.*s ran %.*s", SPAN_ARG(t.name), SPAN_ARG(t.command));
	a->trace(a->context, &ran);
	return true;
}
