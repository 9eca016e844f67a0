/* Random damage to text logs: every line that it left alone is still told. */
#include "damage_lines.h"
#include "formats/log/log.h"
#include "test.h"

#include <stdio.h>

#define DAMAGES 130

/* '#' is the number of the line. */
static const struct sample {
	enum log_format format;
	const char *head, *line;
} samples[] = {
	{ LOG_SYSLOG, "", "Mar  8 07:58:01 srv sshd[812]: Accepted publickey for n# from 10.0.0.5 port 5 ssh2\n" },
	{ LOG_SYSLOG, "", "2026-03-08T07:58:01.5+00:00 srv cron[8]: (root) CMD (n#)\n" },
	{ LOG_SYSLOG, "", "<34>1 2026-03-08T07:58:01Z srv su - ID47 [x@1 a=\"b\"] n#\n" },
	{ LOG_AUDITD, "", "type=USER_CMD msg=audit(1488960000.123:9#): pid=1 uid=0 exe=\"/usr/bin/sudo\" cmd=\"n#\"\n" },
	{ LOG_JSON, "", "{\"time\":\"2026-03-08T07:58:01Z\",\"a\":{\"b\":[1,2]},\"text\":\"n#\"}\n" },
	{ LOG_ACCESS, "", "10.0.0.5 - - [08/Mar/2026:07:58:01 +0000] \"GET /n# HTTP/1.1\" 200 12 \"-\" \"x\"\n" },
	{ LOG_SQUID, "", "1488960000.123 5 10.0.0.5 TCP_MISS/200 12 GET http://x.example/n# - DIRECT/1.2.3.4 text/html\n" },
	{ LOG_TEXT, "", "2026-03-08 07:58:01 something n#\n" },
	{ LOG_W3C, "#Software: x\r\n#Fields: date time c-ip cs-uri-stem\r\n", "2026-03-08 07:58:01 10.0.0.5 /n#\r\n" },
	{ LOG_ZEEK, "#separator \\x09\n#path\tconn\n#fields\tts\tuid\n#types\ttime\tstring\n", "1488960000.1\tn#\n" },
	{ LOG_CSV, "time,text\n", "2026-03-08 07:58:01,n#\n" },
};

/* 'n0042' in any value: that line was told. */
static bool take_event(void *context, const struct event *event)
{
	bool *told = context;
	struct buf text = buf_new((size_t)1 << 20);

	for (uint32_t i = 0; i < event->shape->count; i++) {
		buf_add_u8(&text, ' ');
		value_text(&text, &event->values[i]);
	}
	for (size_t at = span_find_byte(buf_span(&text), 0, 'n'); at != SIZE_MAX;
	     at = span_find_byte(buf_span(&text), at + 1, 'n')) {
		uint64_t number;

		if (span_to_u64(span_sub(buf_span(&text), at + 2, 3), &number) && text.at[at + 1] == '7' &&
		    number < DAMAGE_ENTRIES)
			told[number] = true;
	}
	buf_free(&text);
	return true;
}

static void add_line(struct buf *to, const char *line, unsigned number)
{
	for (const char *c = line; *c; c++)
		if (*c == '#')
			buf_printf(to, "7%03u", number);
		else
			buf_add_u8(to, (uint8_t)*c);
}

static void build(const struct sample *s, struct buf *whole, struct damaged *d)
{
	buf_text(whole, s->head);
	for (unsigned i = 0; i < DAMAGE_ENTRIES; i++) {
		d->starts[i] = whole->len;
		add_line(whole, s->line, i);
	}
	d->starts[DAMAGE_ENTRIES] = whole->len;
}

static unsigned read_and_count(const struct sample *s, const struct damaged *d)
{
	struct log_options options = { .year = 2026, .now = TIME_NONE };
	struct log_reader *r = log_reader_new(s->format, &options);
	bool told[DAMAGE_ENTRIES] = { false };
	unsigned missed = 0;

	assert_non_null(r);
	assert_true(log_reader_feed(r, buf_span(&d->bytes), true, take_event, told));
	for (size_t i = 0; i < DAMAGE_ENTRIES; i++)
		missed += !told[i] && !d->is_touched[i];
	log_reader_free(r);
	return missed;
}

TEST(logs_that_are_damaged_tell_all_lines_that_are_not)
{
	unsigned wrong = 0;

	for (size_t k = 0; k < sizeof samples / sizeof *samples; k++) {
		const struct sample *s = &samples[k];
		struct damaged d = { .bytes = buf_new((size_t)1 << 20), .random = k + 1 };
		struct buf whole = buf_new((size_t)1 << 20);

		build(s, &whole, &d);
		buf_add(&d.bytes, buf_span(&whole));
		assert_int_equal(read_and_count(s, &d), 0);
		for (int i = 0; i < DAMAGES; i++) {
			enum damage_kind kind = damage_make(&d, buf_span(&whole), strlen(s->head));
			unsigned missed = read_and_count(s, &d);

			if (missed)
				print_message("# %s, damage %d of kind %d: %u lines missed\n",
					      log_format_name(s->format), i, (int)kind, missed);
			wrong += missed > 0;
		}
		buf_free(&whole);
		buf_free(&d.bytes);
	}
	assert_int_equal(wrong, 0);
}
