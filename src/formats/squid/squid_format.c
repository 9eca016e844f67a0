#include "formats/squid/squid_format.h"

#define FORMATS_MOST 32
/* "21/Nov/2026:10:00:00 +0000": with a space in it. */
#define LOCAL_TIME_LENGTH 26

/* ---- a format ---- */

static enum squid_field field_of(struct span code, struct span argument)
{
	static const struct {
		const char *code;
		enum squid_field field;
	} codes[] = {
		{ ">a", SQUID_CLIENT }, { ">p", SQUID_CLIENT_PORT }, { "<a", SQUID_SERVER }, { "<p", SQUID_SERVER_PORT },
		{ "ts", SQUID_SECONDS }, { "tu", SQUID_FRACTION }, { "tl", SQUID_LOCAL_TIME }, { "tg", SQUID_LOCAL_TIME },
		{ "rm", SQUID_METHOD }, { ">rm", SQUID_METHOD }, { "ru", SQUID_URL }, { ">ru", SQUID_URL },
		{ ">rd", SQUID_HOST }, { "ssl::>sni", SQUID_HOST }, { "un", SQUID_USER }, { "ul", SQUID_USER },
		{ ">st", SQUID_SENT }, { "<st", SQUID_RECEIVED }, { ">Hs", SQUID_STATUS }, { "Hs", SQUID_STATUS },
	};

	if (span_eq(code, SPAN(">h")) && span_eq_nocase(argument, SPAN("User-Agent")))
		return SQUID_AGENT;
	for (size_t i = 0; i < sizeof codes / sizeof *codes && !argument.len; i++)
		if (span_eq(code, span_text(codes[i].code)))
			return codes[i].field;
	return SQUID_OTHER;
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct span take_argument(struct span *rest)
{
	if (!rest->len || rest->at[0] != '{')
		return (struct span){ 0 };
	*rest = span_from(*rest, 1);
	return span_split(rest, '}');
}

static void skip_any(struct span *rest, const char *bytes)
{
	while (rest->len && rest->at[0] && strchr(bytes, rest->at[0]))
		*rest = span_from(*rest, 1);
}

/* Letters, with what stands in front of them: ">st", "http::<sh", "ssl::bump_mode", "<tt". */
static struct span take_code(struct span *rest)
{
	struct span begin = *rest;
	size_t len = 0;

	while (len < begin.len && (is_letter(begin.at[len]) || begin.at[len] == '_' || begin.at[len] == ':' ||
				   begin.at[len] == '<' || begin.at[len] == '>'))
		len++;
	/* A colon alone is text. */
	while (len && begin.at[len - 1] == ':')
		len--;
	*rest = span_from(begin, len);
	begin = span_sub(begin, 0, len);
	return span_starts(begin, SPAN("http::")) ? span_from(begin, 6) : begin;
}

static bool take_piece(struct span *rest, struct squid_piece *out)
{
	struct span argument, code;

	skip_any(rest, "\"['#/-");
	skip_any(rest, "0123456789.");
	argument = take_argument(rest);
	code = take_code(rest);
	if (!argument.len)
		argument = take_argument(rest);
	out->field = field_of(code, argument);
	return code.len;
}

bool squid_format_parse(struct span text, struct squid_format *out)
{
	struct span rest = text;

	out->count = 0;
	for (;;) {
		size_t at = span_find_byte(rest, 0, '%');
		struct squid_piece *piece = &out->pieces[out->count];
		struct span before = span_sub(rest, 0, at);

		if (at == SIZE_MAX) {
			out->after = rest;
			return out->count;
		}
		rest = span_from(rest, at + 1);
		/* A percent sign in the text, and codes that nothing sets apart, are in no format that is used. */
		if (span_starts(rest, SPAN("%")) || (out->count && !before.len) || out->count == SQUID_PIECES_MOST ||
		    !take_piece(&rest, piece))
			return false;
		piece->before = before;
		out->count++;
	}
}

/* ---- a line ---- */

/* Text of the format at the front of the line; spaces are any number of spaces. */
static bool pass_text(struct span *line, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (i && text.at[i] == ' ' && text.at[i - 1] == ' ')
			continue;
		if (!line->len || line->at[0] != text.at[i])
			return false;
		*line = span_from(*line, 1);
		if (text.at[i] == ' ')
			skip_any(line, " ");
	}
	return true;
}

/* Up to where the text that follows stands, as far as padding left it; all where nothing follows. */
static struct span take_value(struct span *line, enum squid_field field, struct span next)
{
	size_t from = field == SQUID_LOCAL_TIME ? LOCAL_TIME_LENGTH : 0;
	struct span sought = span_starts(next, SPAN(" ")) ? SPAN(" ") : next, value;

	value = span_sub(*line, 0, next.len ? span_find(*line, from, sought) : line->len);
	*line = span_from(*line, value.len);
	return value;
}

bool squid_format_read(const struct squid_format *f, struct span line, struct span out[SQUID_FIELDS])
{
	memset(out, 0, SQUID_FIELDS * sizeof *out);
	for (size_t i = 0; i < f->count; i++) {
		const struct squid_piece *piece = &f->pieces[i];
		struct span value;

		if (!pass_text(&line, piece->before))
			return false;
		skip_any(&line, " ");
		value = take_value(&line, piece->field, i + 1 < f->count ? f->pieces[i + 1].before : f->after);
		if (!out[piece->field].len && !span_eq(value, SPAN("-")))
			out[piece->field] = value;
	}
	return pass_text(&line, f->after) && !line.len;
}

/* ---- squid.conf ---- */

struct named_format {
	struct span name, text;
};

static struct span take_word(struct span *rest)
{
	*rest = span_trim(*rest);
	for (size_t i = 0; i < rest->len; i++)
		if (rest->at[i] == ' ' || rest->at[i] == '\t') {
			struct span word = span_sub(*rest, 0, i);

			*rest = span_trim(span_from(*rest, i));
			return word;
		}
	return span_split(rest, 0);
}

/* "access.log" of "access.log.1", of "access.log-20261122" and of itself. */
static bool is_log(struct span path, struct span log_name)
{
	struct span name = span_after_last(path, '/');

	return name.len && span_starts(log_name, name) &&
	       (log_name.len == name.len || log_name.at[name.len] == '.' || log_name.at[name.len] == '-');
}

/* access_log [module:]path [name | logformat=name] ...: the name where the path is that of the log. */
static struct span format_named(struct span rest, struct span log_name)
{
	struct span path = take_word(&rest);

	if (!is_log(path, log_name))
		return (struct span){ 0 };
	while (rest.len) {
		struct span word = take_word(&rest), value = word, key = span_split(&value, '=');

		if (span_eq(key, SPAN("logformat")) && value.len)
			return value;
		if (!value.len && key.len == word.len)
			return word;
	}
	return (struct span){ 0 };
}

static bool choose(const struct named_format *formats, size_t count, struct span name, struct span line,
		   struct squid_format *out)
{
	struct span values[SQUID_FIELDS];

	for (size_t i = 0; i < count; i++)
		if ((!name.len || span_eq(name, formats[i].name)) && squid_format_parse(formats[i].text, out) &&
		    (name.len || squid_format_read(out, line, values)))
			return true;
	return false;
}

bool squid_format_find(struct span configuration, struct span log_name, struct span line,
		       struct squid_format *out)
{
	struct named_format formats[FORMATS_MOST];
	struct span named = { 0 };
	size_t count = 0;

	while (configuration.len) {
		struct span rest = span_trim(span_split(&configuration, '\n')), word = take_word(&rest);

		if (span_eq(word, SPAN("logformat")) && count < FORMATS_MOST) {
			struct span name = take_word(&rest);

			formats[count++] = (struct named_format){ name, rest };
		} else if (span_eq(word, SPAN("access_log")) && !named.len) {
			named = format_named(rest, log_name);
		}
	}
	return choose(formats, count, named, line, out);
}
