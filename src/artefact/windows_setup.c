/*
 * The logs of device installation. Since Vista (setupapi.dev.log) a section has a head, its
 * start and its end:
 *
 *     >>>  [Device Install (Hardware initiated) - USBSTOR\Disk&Ven_X&Prod_Y&Rev_1\SERIAL&0]
 *     >>>  Section start 2022/03/10 10:00:00.123
 *     <<<  [Exit status: SUCCESS]
 *
 * Before (setupapi.log) the head has the time, and a line names the device:
 *
 *     [2005/03/14 10:45:47 1248.2 Driver Install]
 *     #I121 Device install of "USBSTOR\DISK&VEN_X\SERIAL&0" finished successfully.
 *
 * Times are the machine's own, and no zone is told.
 */
#include "artefact/windows.h"

static const char *device_word(struct span id)
{
	static const struct { const char *start, *what; } kinds[] = {
		{ "USBSTOR\\", "usb storage" }, { "USB\\", "usb" }, { "SCSI\\", "disk" }, { "STORAGE\\VOLUME", "volume" },
		{ "SWD\\WPDBUSENUM", "portable device" }, { "WPDBUSENUM", "portable device" }, { "SWD\\PRINTENUM", "printer" },
		{ "BTHENUM\\", "bluetooth" }, { "USBPRINT\\", "printer" },
	};

	if (span_find(id, 0, SPAN("USBSTOR#")) != SIZE_MAX)
		return "usb storage";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (span_eq_nocase(span_sub(id, 0, strlen(kinds[i].start)), span_text(kinds[i].start)))
			return kinds[i].what;
	return NULL;
}

/* The same as the registry's: of a stick without the number of its part, "SERIAL&0". */
static struct span device_serial(struct span id)
{
	size_t at = span_find(id, 0, SPAN("USBSTOR#")), end;
	struct span serial;

	if (at != SIZE_MAX) {	/* "SWD\WPDBUSENUM\_??_USBSTOR#Disk&Ven_X#SERIAL&0#{class}" */
		id = span_from(id, at);
		span_split(&id, '#');
		span_split(&id, '#');
		serial = span_split(&id, '#');
	} else {
		serial = tell_base(id);
		if (!span_eq_nocase(span_sub(id, 0, 8), SPAN("USBSTOR\\")))
			return serial;
	}
	for (end = serial.len; end && serial.at[end - 1] != '&';)
		end--;
	return end > 1 ? span_sub(serial, 0, end - 1) : serial;
}

/* "2022/03/10 10:00:00.123", what follows is left. */
static timestamp time_of(struct arena *arena, struct span stamp)
{
	timestamp time = TIME_NONE;
	size_t len = 0;
	uint8_t *iso;

	stamp = span_trim(stamp);
	while (len < stamp.len && len < 23 && (len < 11 || stamp.at[len] != ' ') && stamp.at[len] != ']')
		len++;
	iso = arena_alloc(arena, len + 1);
	for (size_t i = 0; iso && i < len; i++)
		iso[i] = stamp.at[i] == '/' ? '-' : stamp.at[i];
	if (iso)
		timestamp_parse(span_of(iso, len), &time);
	return time;
}

struct section {
	struct span action, device, status;
	timestamp time;
};

static bool tell_section(const struct artefact *a, struct section *s)
{
	const char *word = device_word(s->device);
	bool is_removal = span_has_any(s->action, "delete|remove|uninstall");
	struct trace t = trace_new(TRACE_DEVICE, word ? word : "usb");
	struct tell_detail d;

	t.name = s->device;
	t.digest = device_serial(s->device);
	t.time = s->time;
	t.source = is_removal ? SPAN("device set-up log, removed (local time)")
			      : SPAN("device set-up log, installed (local time); the first is the first connection");
	t.command = s->action;
	tell_detail_begin(&d);
	if (s->status.len && !span_eq(s->status, SPAN("SUCCESS")))
		tell_detail_text(&d, "status", s->status);
	t.detail = tell_detail_end(&d, a->arena);
	t.summary = tell_summary(a->arena, "device %s: %.*s", is_removal ? "removed" : "set up", SPAN_ARG(s->device));
	*s = (struct section){ .time = TIME_NONE };
	return !word || a->trace(a->context, &t);
}

/* "Device Install (Hardware initiated) - ID]" */
static void begin_section(struct section *s, struct span head)
{
	size_t at = span_find(head, 0, SPAN(" - "));

	*s = (struct section){ .time = TIME_NONE };
	if (at == SIZE_MAX)
		return;
	if (head.at[head.len - 1] == ']')
		head.len--;
	s->action = span_sub(head, 0, at);
	s->device = span_trim(span_from(head, at + 3));
}

/* What stands in quotes behind "Device install of ". */
static struct span old_device(struct span line)
{
	size_t at = span_find(line, 0, SPAN("Device install of \"")), end;

	if (at == SIZE_MAX)
		return (struct span){ 0 };
	at += 19;
	end = span_find_byte(line, at, '"');
	return end == SIZE_MAX ? (struct span){ 0 } : span_sub(line, at, end - at);
}

bool windows_setupapi(const struct artefact *a, struct err *err)
{
	struct span rest = tell_text_of(a), line;
	struct section s = { .time = TIME_NONE };
	timestamp old_time = TIME_NONE;
	bool goes_on = true;

	while (goes_on && tell_line(&rest, &line)) {
		line = span_trim(line);
		if (span_starts(line, SPAN(">>>  ["))) {
			goes_on = !s.device.len || tell_section(a, &s);
			begin_section(&s, span_from(line, 6));
		} else if (span_starts(line, SPAN(">>>  Section start "))) {
			s.time = time_of(a->arena, span_from(line, 19));
		} else if (span_starts(line, SPAN("<<<  [Exit status: ")) && s.device.len) {
			line = span_from(line, 19);
			s.status = span_split(&line, ']');
			goes_on = tell_section(a, &s);
		} else if (span_starts(line, SPAN("[")) && time_of(a->arena, span_from(line, 1)) != TIME_NONE) {
			old_time = time_of(a->arena, span_from(line, 1));
		} else if (old_device(line).len) {
			s = (struct section){ SPAN("Device install"), old_device(line), { 0 }, old_time };
			goes_on = tell_section(a, &s);
		}
	}
	if (goes_on && s.device.len)
		tell_section(a, &s);
	return true;
}
