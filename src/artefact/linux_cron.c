/* Time tables: crontab(5), anacrontab(5), jobs of at(1). */
#include "artefact/linux.h"

#include "codec/json_write.h"

#define TIME_FIELDS 5

static bool is_assignment(struct span line)
{
	struct span name, value;

	return linux_pair(line, &name, &value) && name.len &&
	       span_find_byte(name, 0, ' ') == SIZE_MAX && span_find_byte(name, 0, '\t') == SIZE_MAX;
}

/* Variables of a table change what its commands mean: a library to load, a folder to search first. */
static bool tell_variable(struct linux_text *t, struct span line)
{
	struct span name, value;

	linux_pair(line, &name, &value);
	value = linux_unquote(value);
	if (span_starts(name, SPAN("LD_")))
		return linux_autostart(t, &(struct linux_entry){ .what = "preload",
			.technique = "T1574.006", .name = name, .command = value });
	if (linux_is_code_variable(name, value) || (span_eq(name, SPAN("SHELL")) && linux_is_elsewhere(value)))
		return linux_autostart(t, &(struct linux_entry){ .what = "cron", .technique = "T1574.007", .name = name,
			.command = value, .program = span_sub(value, 0, span_find_byte(value, 0, ':')) });
	if (!span_eq(name, SPAN("PATH")) && !span_eq(name, SPAN("SHELL")))
		return true;
	return linux_setting(t, "cron variable", name, value, NULL);
}

/* "*" "5" "1-5/2" "mon,tue" of a table; "@daily" counts as all of them. */
static bool take_schedule(struct span *line, struct span *schedule)
{
	struct span whole = *line, word;
	size_t fields = 0;

	if (line->at[0] == '@') {
		*schedule = linux_word(line);
		return line->len > 0;
	}
	while (fields < TIME_FIELDS && line->len) {
		word = linux_word(line);
		for (size_t i = 0; i < word.len; i++)
			if (!strchr("*0123456789,-/~?LW#", word.at[i]) &&
			    !((word.at[i] | 32) >= 'a' && (word.at[i] | 32) <= 'z'))
				return false;
		fields++;
	}
	*schedule = span_trim(span_sub(whole, 0, (size_t)(line->at - whole.at)));
	return fields == TIME_FIELDS && line->len;
}

static bool tell_job(struct linux_text *t, struct span schedule, struct span user,
		     struct span command)
{
	struct buf json = buf_new(4096);
	struct json_write w = json_write_to(&json);
	bool more;

	json_object(&w);
	json_key(&w, "schedule");
	json_span(&w, span_sub(schedule, 0, 256));
	json_object_end(&w);
	more = linux_autostart(t, &(struct linux_entry){ .what = "cron", .technique = "T1053.003",
		.name = schedule, .command = command, .user = user, .detail = buf_span(&json) });
	buf_free(&json);
	return more;
}

static bool read_table(const struct artefact *a, bool has_user, struct span owner)
{
	struct linux_text t = linux_text_of(a);
	struct span line, schedule, user = owner;
	uint64_t lost = 0;

	while (linux_next_entry(&t, &line)) {
		if (is_assignment(line)) {
			tell_variable(&t, line);
			continue;
		}
		if (!take_schedule(&line, &schedule)) {
			lost++;
			continue;
		}
		if (has_user)
			user = linux_word(&line);
		if (line.len)
			tell_job(&t, schedule, user, line);
		else
			lost++;
	}
	if (lost)
		a->lost(a->context, lost);
	linux_text_free(&t);
	return true;
}

bool linux_crontab(const struct artefact *a, struct err *err)
{
	return read_table(a, true, SPAN(""));
}

/* Of var/spool/cron: the file is named after its user. */
bool linux_user_crontab(const struct artefact *a, struct err *err)
{
	return read_table(a, false, a->name);
}

/* "period delay name command" */
bool linux_anacrontab(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		struct span whole = line, schedule, name;

		if (is_assignment(line)) {
			tell_variable(&t, line);
			continue;
		}
		linux_word(&line);
		linux_word(&line);
		schedule = span_trim(span_sub(whole, 0, (size_t)(line.at - whole.at)));
		name = linux_word(&line);
		if (line.len)
			linux_autostart(&t, &(struct linux_entry){ .what = "cron",
				.technique = "T1053.003", .name = name, .command = line,
				.user = SPAN("root") });
		else
			tell_job(&t, schedule, SPAN("root"), name);
	}
	linux_text_free(&t);
	return true;
}

static bool is_preamble(struct span line)
{
	return span_starts(line, SPAN("umask ")) || span_ends(line, SPAN("; export")) ||
	       span_find(line, 0, SPAN("; export ")) != SIZE_MAX || span_starts(line, SPAN("cd ")) ||
	       span_eq(line, SPAN("}")) || span_starts(line, SPAN("echo 'Execution directory")) ||
	       span_eq(line, SPAN("exit 1"));
}

/*
 * A job is a shell script: "# atrun uid=0 gid=0", the caller's environment, then
 * the commands. Its name tells when: queue letter, five digits of number, eight of
 * minutes since 1970, both hexadecimal.
 */
static timestamp when_of(struct span name)
{
	uint64_t minutes = 0;

	if (name.len != 14)
		return TIME_NONE;
	for (size_t i = 6; i < 14; i++) {
		uint8_t c = name.at[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return TIME_NONE;
		minutes = minutes * 16 + (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return timestamp_of_unix((int64_t)minutes * 60, 0);
}

bool linux_at_job(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, uid = { 0 };
	bool is_job = span_starts(a->bytes, SPAN("#!"));

	while (is_job && linux_next(&t, &line)) {
		size_t at = span_find(line, 0, SPAN("atrun uid="));
		struct trace trace = trace_new(TRACE_AUTOSTART, "at");

		if (at != SIZE_MAX) {
			struct span rest = span_from(line, at + 10);

			uid = span_split(&rest, ' ');
		}
		if (!line.len || line.at[0] == '#' || is_preamble(line))
			continue;
		linux_vouch(&t);
		trace.name = a->name;
		trace.command = line;
		trace.program = linux_program(line);
		trace.user = span_eq(uid, SPAN("0")) ? SPAN("root") : uid;
		trace.technique = SPAN("T1053.002");
		trace.last = when_of(a->name);
		trace.summary = line;
		linux_tell(&t, &trace);
	}
	linux_text_free(&t);
	return is_job || err_set(err, ERR_UNSUPPORTED, 0, "no job of at");
}
