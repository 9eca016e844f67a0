#include "formats/log/log_reader.h"

#include <stdlib.h>

/*
 * auditd writes an event as several records that share "msg=audit(time:serial)".
 * Records of one serial become one event, also where others stand between them:
 * an event is told when OPEN_MAX others have begun. `type` lists the kinds,
 * fields of the records stand beside each other, a name that several records
 * have (PATH's name=) becomes a list. Arguments of EXECVE are joined to cmdline;
 * hex that the kernel writes for awkward strings is decoded.
 */

#define OPEN_MAX 8
#define RECORDS_MAX 256
#define MEMORY_MAX ((size_t)16 << 20)
#define LINES_MAX ((size_t)2 << 20)	/* bytes of the records of one event */

struct field {
	struct span name;
	struct value *values;
	size_t count, room;
};

struct audit_event {
	struct arena memory;
	struct span serial;		/* "1364481363.243:24287"; empty: none */
	struct field *fields;
	size_t count, room, records;
	struct map by_name;		/* name -> index + 1 */
	uint64_t line, offset;
	size_t bytes;			/* of its records */
	bool is_others;			/* another reader tells it */
};

/* Events whose records may still come, in a ring: begun in this order. */
struct log_audit {
	struct audit_event open[OPEN_MAX];
	size_t oldest, count;
	bool others;			/* events that begin now are those of another reader */
};

bool log_audit_new(struct log_reader *r)
{
	r->audit = calloc(1, sizeof *r->audit);
	for (size_t i = 0; r->audit && i < OPEN_MAX; i++)
		r->audit->open[i].memory = arena_new(MEMORY_MAX);
	return r->audit != NULL;
}

void log_audit_free(struct log_audit *a)
{
	for (size_t i = 0; a && i < OPEN_MAX; i++)
		arena_free(&a->open[i].memory);
	free(a);
}

void log_audit_share(struct log_audit *a, enum log_share share)
{
	if (share == LOG_SHARE_BEFORE)
		a->oldest = a->count = 0;
	a->others = share != LOG_SHARE_OWN;
}

bool log_audit_awaits(const struct log_audit *a)
{
	for (size_t i = 0; i < a->count; i++)
		if (!a->open[(a->oldest + i) % OPEN_MAX].is_others)
			return true;
	return false;
}

static void begin(struct log_reader *r, struct audit_event *a, struct span serial)
{
	arena_reset(&a->memory);
	a->fields = NULL;
	a->count = a->room = a->records = a->bytes = 0;
	a->is_others = r->audit->others;
	a->by_name = map_new(&a->memory);
	a->serial = arena_copy(&a->memory, serial);
	a->line = r->line;
	a->offset = r->offset;
}

static void add(struct audit_event *a, struct span name, struct span text)
{
	void **slot = map_slot(&a->by_name, arena_copy(&a->memory, name));
	struct field *field;
	struct value *value;

	if (!slot)
		return;
	if (!*slot) {
		field = arena_push(&a->memory, (void **)&a->fields, &a->count, &a->room, sizeof *field);
		if (!field)
			return;
		field->name = arena_copy(&a->memory, name);
		*slot = (void *)a->count;
	}
	field = &a->fields[(uintptr_t)*slot - 1];
	for (size_t i = 0; i < field->count && i < 16; i++)
		if (span_eq(field->values[i].bytes, text))
			return;
	value = arena_push(&a->memory, (void **)&field->values, &field->count, &field->room,
			   sizeof *value);
	if (value)
		*value = (struct value){ .kind = VALUE_TEXT, .bytes = arena_copy(&a->memory, text) };
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Fields that the kernel writes as bare hex when their text needs it. */
static bool may_be_hex(struct span name)
{
	static const char *const names[] = { "name", "exe", "comm", "cmd", "proctitle", "cwd", "acct",
					     "path", "data", "key", NULL };

	if (name.len > 1 && name.at[0] == 'a' && name.at[1] >= '0' && name.at[1] <= '9')
		return true;
	for (const char *const *n = names; *n; n++)
		if (span_eq(name, span_text(*n)))
			return true;
	return false;
}

static struct span decode_hex(struct audit_event *a, struct span text, bool is_text)
{
	uint8_t *to;

	if (text.len < 2 || text.len % 2)
		return text;
	for (size_t i = 0; i < text.len; i++)
		if (hex_digit(text.at[i]) < 0)
			return text;
	to = arena_alloc(&a->memory, text.len / 2);
	for (size_t i = 0; to && i < text.len / 2; i++) {
		to[i] = (uint8_t)(hex_digit(text.at[2 * i]) << 4 | hex_digit(text.at[2 * i + 1]));
		if (to[i] == 0 && is_text)
			to[i] = ' ';
	}
	return to ? span_of(to, text.len / 2) : text;
}

/* A value in double or single quotes, or up to the next space. */
static struct span take_value(struct span *rest, bool *quoted)
{
	uint8_t quote = rest->len ? rest->at[0] : 0;
	struct span got;
	size_t end;

	*quoted = quote == '"' || quote == '\'';
	if (!*quoted)
		return span_split(rest, ' ');
	end = span_find_byte(*rest, 1, quote);
	if (end == SIZE_MAX)
		end = rest->len;
	got = span_sub(*rest, 1, end - 1);
	*rest = span_from(*rest, end + 1);
	return got;
}

/* Address and port of a socket, under the names that auditd itself would write. */
static void add_address(struct audit_event *a, struct span hex)
{
	struct buf text = buf_new(64);
	struct span bytes = decode_hex(a, hex, false);
	struct cursor c = cursor_of(bytes);
	uint16_t family = cursor_u16le(&c), port = cursor_u16be(&c);
	struct span four, sixteen;

	if (bytes.at == hex.at || (family != 2 && family != 10)) {
		buf_free(&text);
		return;
	}
	four = cursor_take(&c, 4);	/* of IPv6, the flow */
	sixteen = family == 10 ? cursor_take(&c, 16) : four;
	for (size_t i = 0; i < sixteen.len; i += family == 2 ? 1 : 2) {
		if (family == 2)
			buf_printf(&text, "%s%u", i ? "." : "", sixteen.at[i]);
		else
			buf_printf(&text, "%s%x", i ? ":" : "", sixteen.at[i] << 8 | sixteen.at[i + 1]);
	}
	if (!c.short_read) {
		add(a, SPAN("laddr"), buf_span(&text));
		buf_clear(&text);
		buf_printf(&text, "%u", port);
		add(a, SPAN("lport"), buf_span(&text));
	}
	buf_free(&text);
}

static void add_fields(struct audit_event *a, struct span rest, struct span type, struct buf *cmdline,
		       int depth)
{
	bool execve = span_eq(type, SPAN("EXECVE"));

	while (rest.len) {
		struct span name, value;
		bool quoted;

		/* auditd puts a group separator before the names it resolved itself. */
		while (rest.len && (rest.at[0] == ' ' || rest.at[0] == ',' || rest.at[0] == 0x1d))
			rest = span_from(rest, 1);
		name = span_sub(rest, 0, span_find_byte(rest, 0, '='));
		if (name.len == rest.len || span_find_byte(name, 0, ' ') != SIZE_MAX) {
			span_split(&rest, ' ');
			continue;
		}
		rest = span_from(rest, name.len + 1);
		value = take_value(&rest, &quoted);
		if (quoted && span_eq(name, SPAN("msg")) && depth == 0) {
			add_fields(a, value, type, cmdline, 1);
			continue;
		}
		/* a0.. of SYSCALL are numbers, of EXECVE they are texts. */
		if (!quoted && may_be_hex(name) && !(name.at[0] == 'a' && name.len < 4 && !execve &&
						      name.at[1] <= '9'))
			value = decode_hex(a, value, true);
		add(a, name, value);
		/* Where auditd resolved the names, it says the address itself. */
		if (span_eq(name, SPAN("saddr")) && span_find_byte(rest, 0, 0x1d) == SIZE_MAX)
			add_address(a, value);
		if (execve && name.len > 1 && name.at[0] == 'a' && name.at[1] >= '0' &&
		    name.at[1] <= '9') {
			if (cmdline->len)
				buf_add_u8(cmdline, ' ');
			buf_add(cmdline, value);
		}
	}
}

/* "node=x type=T msg=audit(S): rest": the parts; false where it is no such line. */
static bool split(struct span line, struct span *node, struct span *type, struct span *serial,
		  struct span *rest)
{
	size_t start = span_find(line, 0, SPAN("type=")), msg, end;

	*node = (struct span){ 0 };
	if (start == SIZE_MAX || start > 128)
		return false;
	if (span_starts(line, SPAN("node=")) && start > 5)
		*node = span_trim(span_sub(line, 5, start - 5));
	*rest = span_from(line, start + 5);
	*type = span_split(rest, ' ');
	msg = span_find(*rest, 0, SPAN("msg=audit("));
	end = span_find(*rest, 0, SPAN("):"));
	if (msg == SIZE_MAX || end == SIZE_MAX || end < msg + 10 || msg > 16)
		return false;
	*serial = span_sub(*rest, msg + 10, end - msg - 10);
	*rest = span_from(*rest, end + 2);
	return true;
}

bool log_is_audit(struct span line)
{
	struct span node, type, serial, rest;

	return split(line, &node, &type, &serial, &rest);
}

static bool tell(struct log_reader *r, struct audit_event *a)
{
	uint64_t line = r->line, offset = r->offset;
	struct span stamp = a->serial;
	struct log_row row;
	bool ok;

	if (a->count == 0)
		return true;
	r->line = a->line;
	r->offset = a->offset;
	row = log_row_begin(r);
	for (size_t i = 0; i < a->count; i++)
		log_row_add(r, &row, a->fields[i].name,
			    a->fields[i].count == 1
				    ? a->fields[i].values[0]
				    : (struct value){ .kind = VALUE_LIST, .list = a->fields[i].values,
						      .count = (uint32_t)a->fields[i].count });
	stamp = span_split(&stamp, ':');
	ok = log_row_end(r, &row, log_field_time(r, stamp));
	r->line = line;
	r->offset = offset;
	return ok;
}

/* The oldest of the open events, of which nothing more is awaited. */
static bool tell_oldest(struct log_reader *r)
{
	struct log_audit *open = r->audit;
	struct audit_event *a = &open->open[open->oldest];

	open->oldest = (open->oldest + 1) % OPEN_MAX;
	open->count--;
	return tell(r, a);
}

bool log_audit_end(struct log_reader *r)
{
	while (r->audit->count)
		if (!tell_oldest(r))
			return false;
	return true;
}

/* The open event of that serial that takes one more record, or NULL. */
static struct audit_event *find_open(struct log_audit *open, struct span serial)
{
	for (size_t i = open->count; i-- > 0;) {
		struct audit_event *a = &open->open[(open->oldest + i) % OPEN_MAX];

		if (span_eq(a->serial, serial))
			return a->records < RECORDS_MAX && a->bytes <= LINES_MAX ? a : NULL;
	}
	return NULL;
}

bool log_audit_line(struct log_reader *r, struct span line)
{
	struct log_audit *open = r->audit;
	struct buf cmdline = buf_new(1 << 17);
	struct span node, type, serial, rest;
	struct audit_event *a;

	if (line.len == 0 || span_starts(line, SPAN("----")))
		return true;
	if (!split(line, &node, &type, &serial, &rest) || serial.len == 0) {
		log_bad_line(r);
		return true;
	}
	a = find_open(open, serial);
	if (!a) {
		if (open->count == OPEN_MAX && !tell_oldest(r))
			return false;
		a = &open->open[(open->oldest + open->count++) % OPEN_MAX];
		begin(r, a, serial);
	}
	a->records++;
	a->bytes += line.len;
	if (a->is_others) {
		buf_free(&cmdline);
		return true;
	}
	add(a, SPAN("type"), type);
	if (node.len)
		add(a, SPAN("node"), node);
	add_fields(a, rest, type, &cmdline, 0);
	if (cmdline.len)
		add(a, SPAN("cmdline"), buf_span(&cmdline));
	buf_free(&cmdline);
	return true;
}
