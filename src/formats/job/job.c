#include "formats/job/job.h"

#include "base/utf8.h"

#define FIXED_SIZE 68
#define TRIGGER_SIZE 48
#define HAS_END_DATE 1

static struct span text(struct cursor *c, struct arena *arena)
{
	struct span utf16 = cursor_take(c, (size_t)cursor_u16le(c) * 2);
	uint8_t *to = arena_alloc(arena, utf16.len / 2 * 3 + 1);
	size_t len = to ? utf8_of_utf16le(to, utf16) : 0;

	while (len && !to[len - 1])
		len--;
	return span_of(to, len);
}

static timestamp system_time(struct cursor *c)
{
	int year = cursor_u16le(c), month = cursor_u16le(c), day;
	int hour, minute, second;

	cursor_skip(c, 2);
	day = cursor_u16le(c);
	hour = cursor_u16le(c);
	minute = cursor_u16le(c);
	second = cursor_u16le(c);
	return timestamp_of_civil(year, month, day, hour, minute, second, cursor_u16le(c) % 1000 * 1000000u);
}

static const char *type_name(uint32_t type)
{
	static const char *const names[] = { "once", "daily", "weekly", "monthly", "monthly by weekday",
					     "on idle", "at system start", "at logon" };

	return type < sizeof names / sizeof *names ? names[type] : "unknown";
}

static void read_triggers(struct cursor *c, struct arena *arena, struct job *out)
{
	size_t count = cursor_u16le(c);

	out->whole = count <= JOB_MAX_TRIGGERS && cursor_left(c) >= count * TRIGGER_SIZE;
	if (count > cursor_left(c) / TRIGGER_SIZE)
		count = cursor_left(c) / TRIGGER_SIZE;
	if (count > JOB_MAX_TRIGGERS)
		count = JOB_MAX_TRIGGERS;
	out->triggers = ARENA_ARRAY(arena, count ? count : 1, struct job_trigger);
	for (size_t i = 0; i < count && out->triggers; i++) {
		struct cursor t = cursor_of(cursor_take(c, TRIGGER_SIZE));
		struct job_trigger *to = &out->triggers[out->trigger_count++];
		int date[6], hour, minute;

		cursor_skip(&t, 4);
		for (int d = 0; d < 6; d++)
			date[d] = cursor_u16le(&t);
		hour = cursor_u16le(&t);
		minute = cursor_u16le(&t);
		to->minutes_duration = cursor_u32le(&t);
		to->minutes_interval = cursor_u32le(&t);
		to->flags = cursor_u32le(&t);
		to->type = type_name(cursor_u32le(&t));
		to->begin = timestamp_of_civil(date[0], date[1], date[2], hour, minute, 0, 0);
		to->end = to->flags & HAS_END_DATE ? timestamp_of_civil(date[3], date[4], date[5], 0, 0, 0, 0)
						   : TIME_NONE;
	}
}

bool job_parse(struct span file, struct arena *arena, struct job *out, struct err *err)
{
	struct cursor c = cursor_of(file);
	uint16_t strings;

	*out = (struct job){ 0 };
	cursor_skip(&c, 2);
	if (cursor_u16le(&c) != 1)
		return err_set(err, ERR_UNSUPPORTED, 2, "not version 1 of a task");
	cursor_skip(&c, 16);
	strings = cursor_u16le(&c);
	cursor_seek(&c, 40);
	out->exit_code = cursor_u32le(&c);
	cursor_skip(&c, 4);
	out->flags = cursor_u32le(&c);
	out->last_run = system_time(&c);
	if (c.short_read || strings < FIXED_SIZE)
		return err_set(err, ERR_UNSUPPORTED, 20, "no room for the fixed part of a task");
	cursor_seek(&c, strings);
	out->program = text(&c, arena);
	out->arguments = text(&c, arena);
	out->folder = text(&c, arena);
	out->author = text(&c, arena);
	out->comment = text(&c, arena);
	if (c.short_read)
		return err_set(err, ERR_CORRUPT, file.len, "task cut short in its strings");
	cursor_skip(&c, cursor_u16le(&c));
	cursor_skip(&c, cursor_u16le(&c));
	read_triggers(&c, arena, out);
	return true;
}
