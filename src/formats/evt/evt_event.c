#include "formats/evt/evt_event.h"

#include <stdlib.h>

enum slot { S_PROVIDER, S_QUALIFIERS, S_EVENT_ID, S_MODERN, S_LEVEL, S_TASK, S_KEYWORDS, S_TIME,
	    S_WRITTEN, S_RECORD_ID, S_CHANNEL, S_COMPUTER, S_USER, S_FIXED };

static const char *const fixed_names[S_FIXED] = {
	"Provider_Name", "EventID_Qualifiers", "EventID", "ModernEventID", "Level", "Task",
	"Keywords", "TimeCreated_SystemTime", "TimeWritten", "EventRecordID", "Channel", "Computer",
	"Security_UserID",
};

#define NAMES_MAX 16

#define BY "SubjectUserName", "SubjectDomainName", "SubjectLogonId"
#define CALL BY, "ProcessId", "TransmittedServices", "IpAddress", "IpPort"
#define ACCOUNT "TargetUserName", "TargetDomainName", "TargetSid", BY, "PrivilegeList"
#define FAILED "TargetUserName", "TargetDomainName", "LogonType", "LogonProcessName", \
	       "AuthenticationPackageName", "WorkstationName", CALL
#define MEMBER "MemberName", "MemberSid", ACCOUNT

/* Of the Security log: the successor of an event and how it calls the strings. */
static const struct security {
	uint16_t id, modern;
	const char *names[NAMES_MAX];
} securities[] = {
	{ 517, 1102, { "PrimaryUserName", "PrimaryDomainName", "PrimaryLogonId", BY } },
	{ 528, 4624, { "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType",
		       "LogonProcessName", "AuthenticationPackageName", "WorkstationName", "LogonGuid",
		       CALL } },
	{ 529, 4625, { FAILED } },
	{ 530, 4625, { FAILED } },
	{ 531, 4625, { FAILED } },
	{ 532, 4625, { FAILED } },
	{ 533, 4625, { FAILED } },
	{ 534, 4625, { FAILED } },
	{ 535, 4625, { FAILED } },
	{ 536, 4625, { FAILED } },
	{ 537, 4625, { "TargetUserName", "TargetDomainName", "LogonType", "LogonProcessName",
		       "AuthenticationPackageName", "WorkstationName", "Status", "SubStatus", CALL } },
	{ 538, 4634, { "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType" } },
	{ 539, 4625, { FAILED } },
	{ 540, 4624, { "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType",
		       "LogonProcessName", "AuthenticationPackageName", "WorkstationName", "LogonGuid",
		       CALL } },
	{ 551, 4647, { "TargetUserName", "TargetDomainName", "TargetLogonId" } },
	{ 552, 4648, { BY, "LogonGuid", "TargetUserName", "TargetDomainName", "TargetLogonGuid",
		       "TargetServerName", "TargetInfo", "ProcessId", "IpAddress", "IpPort" } },
	{ 576, 4672, { BY, "PrivilegeList" } },
	{ 592, 4688, { "NewProcessId", "NewProcessName", "ProcessId", BY } },
	{ 593, 4689, { "ProcessId", "ProcessName", BY } },
	{ 601, 4697, { "ServiceName", "ServiceFileName", "ServiceType", "ServiceStartType",
		       "ServiceAccount", BY } },
	{ 602, 4698, { "TaskName", "Command", "Triggers", "Time", "Flags", "TargetUserName", BY } },
	{ 624, 4720, { ACCOUNT } },
	{ 626, 4722, { ACCOUNT } },
	{ 627, 4723, { ACCOUNT } },
	{ 628, 4724, { ACCOUNT } },
	{ 629, 4725, { ACCOUNT } },
	{ 630, 4726, { ACCOUNT } },
	{ 632, 4728, { MEMBER } },
	{ 633, 4729, { MEMBER } },
	{ 636, 4732, { MEMBER } },
	{ 637, 4733, { MEMBER } },
	{ 660, 4756, { MEMBER } },
	{ 680, 4776, { "PackageName", "TargetUserName", "Workstation", "Status" } },
};

#define SECURITY_COUNT (sizeof securities / sizeof *securities)

static uint32_t name_count(const struct security *s)
{
	uint32_t count = 0;

	while (s && count < NAMES_MAX && s->names[count])
		count++;
	return count;
}

static void fill_shape(struct event_shape *shape, struct span *names, uint32_t id,
		       const struct security *s)
{
	uint32_t named = name_count(s);

	for (uint32_t i = 0; i < S_FIXED; i++)
		names[i] = span_text(fixed_names[i]);
	for (uint32_t i = 0; i < named; i++)
		names[S_FIXED + i] = span_text(s->names[i]);
	names[S_FIXED + named] = SPAN("Data");
	names[S_FIXED + named + 1] = SPAN("Binary");
	*shape = (struct event_shape){ .id = id, .count = S_FIXED + named + 2, .names = names,
				       .provider = S_PROVIDER, .channel = S_CHANNEL,
				       .event_id = S_EVENT_ID, .computer = S_COMPUTER,
				       .user = S_USER };
}

bool evt_shapes_new(struct evt_shapes *shapes)
{
	shapes->count = SECURITY_COUNT + 1;
	shapes->shapes = calloc(shapes->count, sizeof *shapes->shapes);
	shapes->names = calloc(shapes->count * EVT_SLOTS_MAX, sizeof *shapes->names);
	if (!shapes->shapes || !shapes->names)
		return false;
	for (size_t i = 0; i < shapes->count; i++)
		fill_shape(&shapes->shapes[i], shapes->names + i * EVT_SLOTS_MAX, (uint32_t)i,
			   i ? &securities[i - 1] : NULL);
	return true;
}

void evt_shapes_free(struct evt_shapes *shapes)
{
	free(shapes->shapes);
	free(shapes->names);
}

/* 0: none has names of its own. */
static size_t shape_number(uint32_t event_id)
{
	for (size_t i = 0; i < SECURITY_COUNT; i++)
		if (securities[i].id == event_id)
			return i + 1;
	return 0;
}

/* Nearly all audit events of old came back with 4096 added. */
static struct value modern_id(uint32_t event_id, size_t shape)
{
	if (shape)
		return (struct value){ .kind = VALUE_UINT, .u = securities[shape - 1].modern };
	if (event_id >= 512 && event_id <= 900)
		return (struct value){ .kind = VALUE_UINT, .u = event_id + 4096 };
	return (struct value){ .kind = VALUE_ABSENT };
}

static bool utf16_is(struct span utf16, const char *ascii)
{
	size_t len = strlen(ascii);

	if (utf16.len != len * 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = utf16.at[2 * i];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (c != (uint8_t)ascii[i] || utf16.at[2 * i + 1])
			return false;
	}
	return true;
}

struct span evt_channel(struct span name, struct span source)
{
	static const char *const system_sources[] = {
		"eventlog", "service control manager", "tcpip", "dhcp", "w32time", "netlogon", "print",
		"application popup", "workstation", "browser", "mrxsmb", "srv", "disk", "ntfs", "dcom",
		"rasman", "removable storage service", "windows update agent", "save dump", "user32",
		"dnsapi", "lsasrv", "termdd", "windows file protection",
	};

	for (size_t at; (at = span_find_byte(name, 0, '/')) != SIZE_MAX;)
		name = span_from(name, at + 1);
	for (size_t at; (at = span_find_byte(name, 0, '\\')) != SIZE_MAX;)
		name = span_from(name, at + 1);
	if (span_eq_nocase(span_sub(name, 0, 8), SPAN("secevent")) || utf16_is(source, "security"))
		return SPAN("Security");
	if (span_eq_nocase(span_sub(name, 0, 8), SPAN("sysevent")))
		return SPAN("System");
	if (span_eq_nocase(span_sub(name, 0, 8), SPAN("appevent")))
		return SPAN("Application");
	for (size_t i = 0; i < sizeof system_sources / sizeof *system_sources; i++)
		if (utf16_is(source, system_sources[i]))
			return SPAN("System");
	return SPAN("");
}

/* UTF-16 up to its NUL, of which *used tells the end; false where there is none. */
static bool wide_string(struct span record, size_t at, struct span *out, size_t *used)
{
	size_t end = at;

	if (at > record.len)
		return false;
	while (end + 2 <= record.len && load_u16le(record.at + end))
		end += 2;
	if (end + 2 > record.len)
		return false;
	*out = span_sub(record, at, end - at);
	*used = end + 2;
	return true;
}

static bool is_inside(struct span record, uint32_t at, uint32_t len)
{
	return at >= EVT_RECORD_SIZE && at <= record.len && len <= record.len - at;
}

static struct value wide(struct span utf16)
{
	return (struct value){ .kind = VALUE_UTF16, .bytes = utf16 };
}

static struct value number(uint64_t n)
{
	return (struct value){ .kind = VALUE_UINT, .u = n };
}

/* Error, warning, information as newer events count them; audits have none. */
static unsigned level_of(uint16_t type)
{
	return type == 1 ? 2 : type == 2 ? 3 : type == 4 ? 4 : 0;
}

static struct value keywords_of(uint16_t type)
{
	uint64_t bits = type == 8 ? UINT64_C(0x8020000000000000)
		      : type == 16 ? UINT64_C(0x8010000000000000) : UINT64_C(0x80000000000000);

	return (struct value){ .kind = VALUE_HEX, .u = bits };
}

static bool read_strings(struct span record, uint32_t at, uint16_t count, struct evt_event *out,
			 struct err *err)
{
	size_t next = at;

	if (count > EVT_STRINGS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "a record of %u strings", count);
	for (uint16_t i = 0; i < count; i++) {
		struct span text;

		if (!wide_string(record, next, &text, &next))
			return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "a string goes beyond its record");
		out->strings[i] = wide(text);
	}
	return true;
}

/* The named ones into their slots, the rest together into Data. */
static void place_strings(struct evt_event *e, size_t shape, uint16_t count)
{
	uint32_t named = shape ? name_count(&securities[shape - 1]) : 0, rest = count;

	for (uint32_t i = 0; i < named; i++)
		e->values[S_FIXED + i] = i < count ? e->strings[i]
						   : (struct value){ .kind = VALUE_ABSENT };
	rest = count > named ? count - named : 0;
	if (rest > 1)
		e->values[S_FIXED + named] = (struct value){
			.kind = VALUE_LIST, .list = e->strings + named, .count = rest };
	else
		e->values[S_FIXED + named] = rest ? e->strings[named]
						  : (struct value){ .kind = VALUE_ABSENT };
}

static timestamp time_of(uint32_t seconds)
{
	return timestamp_of_unix(seconds, 0);
}

static void set_fixed(struct evt_event *e, struct span record, struct span source,
		      struct span computer, struct span log_name)
{
	const uint8_t *p = record.at;
	uint32_t id = load_u32le(p + 20);
	uint16_t type = load_u16le(p + 24);
	struct span channel = evt_channel(log_name, source);
	struct value *v = e->values;

	e->event.time = time_of(load_u32le(p + 12));
	e->event.record_id = load_u32le(p + 8);
	v[S_PROVIDER] = wide(source);
	v[S_QUALIFIERS] = number(id >> 16);
	v[S_EVENT_ID] = number(id & 0xffff);
	v[S_MODERN] = (struct value){ .kind = VALUE_ABSENT };
	v[S_LEVEL] = number(level_of(type));
	v[S_TASK] = number(load_u16le(p + 28));
	v[S_KEYWORDS] = keywords_of(type);
	v[S_TIME] = (struct value){ .kind = VALUE_TIME, .i = e->event.time };
	v[S_WRITTEN] = (struct value){ .kind = VALUE_TIME, .i = time_of(load_u32le(p + 16)) };
	v[S_RECORD_ID] = number(e->event.record_id);
	v[S_CHANNEL] = channel.len ? (struct value){ .kind = VALUE_TEXT, .bytes = channel }
				   : (struct value){ .kind = VALUE_ABSENT };
	v[S_COMPUTER] = wide(computer);
}

static bool set_user(struct evt_event *e, struct span record, struct err *err)
{
	uint32_t len = load_u32le(record.at + 40), at = load_u32le(record.at + 44);

	e->values[S_USER] = (struct value){ .kind = VALUE_ABSENT };
	if (!len)
		return true;
	if (!is_inside(record, at, len))
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "the user goes beyond its record");
	e->values[S_USER] = (struct value){ .kind = VALUE_SID, .bytes = span_sub(record, at, len) };
	return true;
}

static bool set_binary(struct evt_event *e, struct span record, uint32_t slot, struct err *err)
{
	uint32_t len = load_u32le(record.at + 48), at = load_u32le(record.at + 52);

	e->values[slot] = (struct value){ .kind = VALUE_ABSENT };
	if (!len)
		return true;
	if (!is_inside(record, at, len))
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "the data goes beyond its record");
	e->values[slot] = (struct value){ .kind = VALUE_BYTES, .bytes = span_sub(record, at, len) };
	return true;
}

bool evt_event_read(const struct evt_shapes *shapes, struct span record, struct span log_name,
		    struct evt_event *out, struct err *err)
{
	uint16_t strings = load_u16le(record.at + 26);
	struct span source, computer;
	size_t next, shape;
	uint32_t id = load_u32le(record.at + 20) & 0xffff;

	if (!wide_string(record, EVT_RECORD_SIZE, &source, &next) ||
	    !wide_string(record, next, &computer, &next))
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "no source or computer in the record");
	if (strings && !is_inside(record, load_u32le(record.at + 36), 2))
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "the strings are beyond their record");
	shape = utf16_is(source, "security") ? shape_number(id) : 0;
	set_fixed(out, record, source, computer, log_name);
	if (utf16_is(source, "security"))
		out->values[S_MODERN] = modern_id(id, shape);
	out->event.shape = &shapes->shapes[shape];
	out->event.values = out->values;
	out->event.recovered = false;
	if (!read_strings(record, load_u32le(record.at + 36), strings, out, err) ||
	    !set_user(out, record, err) ||
	    !set_binary(out, record, out->event.shape->count - 1, err))
		return false;
	place_strings(out, shape, strings);
	return true;
}
