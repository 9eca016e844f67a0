#include "rules/yara/module.h"

#include <inttypes.h>

#define MAX_LINE ((size_t)1 << 20)

/*
 * A value, or a value behind a message. The message is the rule author's and
 * stays as it is; a value may come from evidence.
 */
static struct span label(const struct yara_call *c)
{
	return c->count > 1 ? c->arguments[0].string : (struct span){ 0 };
}

static struct yara_value value(const struct yara_call *c)
{
	return c->arguments[c->count - 1];
}

static void add_visible(struct buf *to, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] >= 0x20 && text.at[i] < 0x7f)
			buf_add_u8(to, text.at[i]);
		else
			buf_printf(to, "\\x%02x", text.at[i]);
	}
}

static void say(struct yara_call *c, struct buf *line)
{
	yara_call_log(c, buf_span(line));
	buf_free(line);
	yara_return_integer(c, 1);
}

static void log_value(struct yara_call *c)
{
	struct buf line = buf_new(MAX_LINE);
	struct yara_value it = value(c);

	buf_add(&line, label(c));
	if (it.type == YARA_STRING)
		add_visible(&line, it.string);
	else if (it.type == YARA_BOOL)
		buf_add(&line, it.integer ? SPAN("true") : SPAN("false"));
	else if (it.type == YARA_FLOAT)
		buf_printf(&line, "%f", it.real);
	else
		buf_printf(&line, "%" PRId64, it.integer);
	say(c, &line);
}

static void log_hex(struct yara_call *c)
{
	struct buf line = buf_new(MAX_LINE);

	buf_add(&line, label(c));
	buf_printf(&line, "0x%" PRIx64, (uint64_t)value(c).integer);
	say(c, &line);
}

static const struct yara_function log_overloads[] = {
	{ "s", 'i', log_value }, { "ss", 'i', log_value }, { "i", 'i', log_value },
	{ "si", 'i', log_value }, { "f", 'i', log_value }, { "sf", 'i', log_value },
	{ "b", 'i', log_value }, { "sb", 'i', log_value }, { 0 },
};
static const struct yara_function hex_overloads[] = {
	{ "i", 'i', log_hex }, { "si", 'i', log_hex }, { 0 },
};

static const struct yara_field fields[] = {
	YARA_FUNCTION_FIELD("log", log_overloads),
	YARA_FUNCTION_FIELD("hex", hex_overloads),
	YARA_END,
};

const struct yara_module yara_module_console = { .name = "console", .fields = fields, .speaks = true };
