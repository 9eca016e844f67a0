#include "formats/log/log_reader.h"

/*
 * Fields out of the message that Windows shows for an event, in English: lines
 * of a name, a colon and a value. Sysmon's names are those of the event; those of
 * the security log stand in sections, and some are called otherwise.
 */

#define NAME_LEN_MAX 48

struct said {
	const char *name, *field;
};

static struct span field_of(struct span name, const struct said *table)
{
	for (; table->name; table++)
		if (span_eq(name, span_text(table->name)))
			return span_text(table->field);
	return (struct span){ 0 };
}

static struct span field_name(struct log_reader *r, struct span name, bool of_subject)
{
	static const struct said fields[] = {
		{ "ProcessCommandLine", "CommandLine" },  { "CreatorProcessName", "ParentProcessName" },
		{ "NewProcessID", "NewProcessId" },	  { "CreatorProcessID", "ProcessId" },
		{ "CallerProcessName", "ProcessName" },	  { "SourceNetworkAddress", "IpAddress" },
		{ "SourcePort", "IpPort" },		  { "LogonProcess", "LogonProcessName" },
		{ "WorkstationName", "WorkstationName" }, { "AuthenticationPackage", "AuthenticationPackageName" },
		{ "ScriptBlockID", "ScriptBlockId" },	  { 0 }
	};
	static const struct said of_account[] = { { "AccountName", "UserName" },
						  { "AccountDomain", "DomainName" },
						  { "LogonID", "LogonId" },
						  { "SecurityID", "UserSid" }, { 0 } };
	struct span field = field_of(name, fields), account = field_of(name, of_account);

	if (account.len)
		return arena_printf(&r->memory, "%s%.*s", of_subject ? "Subject" : "Target",
				    SPAN_ARG(account));
	return field.len ? field : name;
}

static bool is_name(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.at[i];

		if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') && c != ' ' &&
		    c != '-' && c != '_')
			return false;
	}
	return name.len && name.len <= NAME_LEN_MAX;
}

/* Event 4104: the script is what stands between its first line and its id. */
static struct span script_block(struct log_reader *r, struct log_row *row, struct span text)
{
	size_t from = span_find_byte(text, 0, '\n'), to = span_find(text, 0, SPAN("ScriptBlock ID:"));

	if (!span_starts(text, SPAN("Creating Scriptblock text (")) || from == SIZE_MAX || to == SIZE_MAX ||
	    to < from)
		return text;
	log_row_text(r, row, "ScriptBlockText", span_trim(span_sub(text, from, to - from)));
	return span_from(text, to);
}

void log_message_into(struct log_reader *r, struct log_row *row, struct span text)
{
	bool of_subject = false;

	text = script_block(r, row, text);
	while (text.len) {
		struct span line = span_trim(span_split(&text, '\n'));
		size_t colon = span_find_byte(line, 0, ':');
		struct span name = span_trim(span_sub(line, 0, colon)), value;

		if (colon == SIZE_MAX || !is_name(name))
			continue;
		value = span_trim(span_from(line, colon + 1));
		if (!value.len)
			of_subject = span_ends(name, SPAN("Subject"));
		else
			log_row_add(r, row, field_name(r, log_without_spaces(&r->memory, name), of_subject),
				    (struct value){ .kind = VALUE_TEXT, .bytes = value });
	}
}
