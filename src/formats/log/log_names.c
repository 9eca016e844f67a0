#include "formats/log/log_reader.h"

/*
 * How exporters name the fields of a Windows event, and how Sigma's taxonomy
 * does. Looked at once a shape.
 */

struct span log_without_spaces(struct arena *arena, struct span name)
{
	uint8_t *to;
	size_t len = 0;

	if (span_find_byte(name, 0, ' ') == SIZE_MAX)
		return name;
	to = arena_alloc(arena, name.len);
	for (size_t i = 0; to && i < name.len; i++)
		if (name.at[i] != ' ')
			to[len++] = name.at[i];
	return span_of(to, len);
}

struct renaming {
	const char *from, *to;
};

static bool has(const struct span *names, uint32_t count, const char *name)
{
	for (uint32_t i = 0; i < count; i++)
		if (span_eq(names[i], span_text(name)))
			return true;
	return false;
}

static bool has_all(const struct span *names, uint32_t count, const char *const *wanted)
{
	for (; *wanted; wanted++)
		if (!has(names, count, *wanted))
			return false;
	return true;
}

static void rename_one(struct span *name, const struct renaming *to)
{
	for (; to->from; to++)
		if (span_eq(*name, span_text(to->from))) {
			*name = span_text(to->to);
			return;
		}
}

/* Get-WinEvent of PowerShell; EvtxECmd; agents that write the names of the system part flat. */
static void rename_flat(struct span *names, uint32_t count)
{
	static const struct {
		const char *const wanted[5];
		struct renaming to[10];
	} exporters[] = {
		{ { "Id", "ProviderName", "MachineName", NULL },
		  { { "Id", "EventID" }, { "LogName", "Channel" }, { "MachineName", "Computer" },
		    { "RecordId", "EventRecordID" }, { "ProviderName", "Provider_Name" },
		    { "ProcessId", "Execution_ProcessID" }, { "ThreadId", "Execution_ThreadID" },
		    { "UserId.Value", "Security_UserID" }, { "Properties.Value", "Data" }, { 0 } } },
		{ { "EventId", "EventRecordId", "Provider", "Channel", NULL },
		  { { "EventId", "EventID" }, { "EventRecordId", "EventRecordID" },
		    { "Provider", "Provider_Name" }, { "ProcessId", "Execution_ProcessID" },
		    { "ThreadId", "Execution_ThreadID" }, { "UserId", "Security_UserID" }, { 0 } } },
		{ { "event_id", "log_name", "source_name", NULL },
		  { { "event_id", "EventID" }, { "log_name", "Channel" }, { "source_name", "Provider_Name" },
		    { "computer_name", "Computer" }, { "record_number", "EventRecordID" }, { 0 } } },
		{ { "EventCode", "LogName", NULL },
		  { { "EventCode", "EventID" }, { "LogName", "Channel" }, { "ComputerName", "Computer" },
		    { "SourceName", "Provider_Name" }, { "RecordNumber", "EventRecordID" }, { 0 } } },
		{ { "EventCode", "Channel", NULL }, { { "EventCode", "EventID" }, { 0 } } },
		{ { "EventLog", "EventID", NULL }, { { "EventLog", "Channel" }, { "Source", "Provider_Name" }, { 0 } } },
		{ { "LogName", "EventID", NULL }, { { "LogName", "Channel" }, { 0 } } },
	};

	for (size_t i = 0; i < sizeof exporters / sizeof *exporters; i++) {
		if (!has_all(names, count, exporters[i].wanted))
			continue;
		for (uint32_t k = 0; k < count; k++)
			rename_one(&names[k], exporters[i].to);
		return;
	}
}

/* winlog.event_id and so on; `between` is what stands for the dot. */
static bool is_below(struct span name, const char *path, uint8_t between, struct span *rest)
{
	size_t len = strlen(path);

	if (name.len < len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (name.at[i] != (path[i] == '.' ? between : (uint8_t)path[i]))
			return false;
	*rest = span_from(name, len);
	return true;
}

/* Wazuh's names begin with small letters. */
static struct span capital(struct arena *arena, struct span name)
{
	uint8_t *to = name.len && name.at[0] >= 'a' && name.at[0] <= 'z' ? arena_alloc(arena, name.len) : NULL;

	if (!to)
		return name;
	memcpy(to, name.at, name.len);
	to[0] -= 'a' - 'A';
	return span_of(to, name.len);
}

/* Beats, Wazuh, and Graylog, whose names have no dots, keep data and system apart. */
static void rename_nested(struct arena *arena, struct span *name)
{
	static const struct {
		const char *data, *system;
		uint8_t between;
		bool small;
	} nests[] = {
		{ "winlog.event_data.", "winlog.", '.', false },
		{ "winlog.user_data.", "winlog.", '.', false },
		{ "event_data.", "", '.', false },
		{ "user_data.", "", '.', false },
		{ "data.win.eventdata.", "data.win.system.", '.', true },
		{ "win.eventdata.", "win.system.", '.', true },
		{ "winlogbeat_winlog.event_data.", "winlogbeat_winlog.", '_', false },
		{ "winlog.event_data.", "winlog.", '_', false },
	};
	static const struct renaming system[] = {
		{ "event_id", "EventID" }, { "channel", "Channel" }, { "provider_name", "Provider_Name" },
		{ "computer_name", "Computer" }, { "record_id", "EventRecordID" }, { "task", "Task" },
		{ "opcode", "Opcode" }, { "provider_guid", "Provider_Guid" }, { "eventID", "EventID" },
		{ "providerName", "Provider_Name" }, { "providerGuid", "Provider_Guid" },
		{ "computer", "Computer" }, { "eventRecordID", "EventRecordID" }, { "level", "Level" },
		{ "systemTime", "TimeCreated" }, { "processID", "Execution_ProcessID" },
		{ "threadID", "Execution_ThreadID" }, { "keywords", "Keywords" }, { 0 }
	};

	for (size_t i = 0; i < sizeof nests / sizeof *nests; i++) {
		struct span rest, renamed;

		if (is_below(*name, nests[i].data, nests[i].between, &rest)) {
			*name = nests[i].small ? capital(arena, rest) : rest;
			return;
		}
		if (!nests[i].system[0] || !is_below(*name, nests[i].system, nests[i].between, &rest))
			continue;
		renamed = rest;
		rename_one(&renamed, system);
		if (renamed.at != rest.at) {
			*name = renamed;
			return;
		}
	}
}

/* What stands before the names of a whole event goes: of "event.EventID" the "event.". */
static void strip_wrapping(struct span *names, uint32_t count)
{
	static const struct span marks[] = { { (const uint8_t *)"EventID", 7 }, { (const uint8_t *)"EventCode", 9 } };
	struct span before = { 0 };

	for (uint32_t i = 0; i < count && !before.len; i++)
		for (size_t k = 0; k < sizeof marks / sizeof *marks; k++)
			if (names[i].len > marks[k].len + 1 && span_ends(names[i], marks[k]) &&
			    names[i].at[names[i].len - marks[k].len - 1] == '.')
				before = span_sub(names[i], 0, names[i].len - marks[k].len);
	for (uint32_t i = 0; before.len && i < count; i++)
		if (span_starts(names[i], before))
			names[i] = span_from(names[i], before.len);
}

/* Fields of one's own begin with an underscore in GELF. */
static void strip_underscores(struct span *names, uint32_t count)
{
	if (!has(names, count, "short_message"))
		return;
	for (uint32_t i = 0; i < count; i++)
		if (names[i].len > 1 && names[i].at[0] == '_')
			names[i] = span_from(names[i], 1);
}

static bool is_windows(const struct span *names, uint32_t count)
{
	static const char *const wanted[] = { "EventID", "Channel", NULL };

	return has_all(names, count, wanted);
}

static void tidy(struct arena *arena, struct span *names, uint32_t count)
{
	if (!is_windows(names, count)) {
		strip_underscores(names, count);
		for (uint32_t i = 0; i < count; i++)
			rename_nested(arena, &names[i]);
	}
	if (!is_windows(names, count))
		strip_wrapping(names, count);
	if (!is_windows(names, count))
		rename_flat(names, count);
	for (uint32_t i = 0, all = is_windows(names, count) ? count : 0; i < all; i++)
		names[i] = log_without_spaces(arena, names[i]);
}

/* Only these tell an event by its rendered message alone. */
static bool tells_by_message(const struct span *names, uint32_t count)
{
	static const char *const get_win_event[] = { "Id", "ProviderName", "MachineName", NULL };
	static const char *const splunk[] = { "EventCode", "SourceName", NULL };

	return has_all(names, count, get_win_event) || has_all(names, count, splunk);
}

static uint32_t slot_of(const struct span *names, uint32_t count, const char *name)
{
	for (uint32_t i = 0; i < count; i++)
		if (span_eq(names[i], span_text(name)))
			return i;
	return EVENT_NO_SLOT;
}

enum log_inner log_names_tidy(struct arena *arena, struct span *names, uint32_t count, uint32_t *slot)
{
	static const struct {
		const char *name;
		enum log_inner kind;
	} inner[] = {
		{ "_raw", LOG_INNER_ANY }, { "Payload", LOG_INNER_JSON }, { "raw", LOG_INNER_XML },
		{ "event", LOG_INNER_XML }, { "EventXml", LOG_INNER_XML }, { "EventXML", LOG_INNER_XML },
		{ "xml", LOG_INNER_XML }, { "EventData", LOG_INNER_XML }, { "Message", LOG_INNER_MESSAGE },
	};
	bool by_message = tells_by_message(names, count);

	tidy(arena, names, count);
	for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
		*slot = slot_of(names, count, inner[i].name);
		if (*slot != EVENT_NO_SLOT && (by_message || inner[i].kind != LOG_INNER_MESSAGE))
			return inner[i].kind;
	}
	return LOG_INNER_NONE;
}
