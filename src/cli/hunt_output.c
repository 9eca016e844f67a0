#include "cli/hunt.h"

#include "cli/navigator.h"
#include "codec/escape.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "os/terminal.h"

#include <stdlib.h>

#define BEFORE_DETAIL 102
#define WIDE_COLUMNS 160		/* a terminal that has fewer gets two lines a match */
#define INDENT 21

static struct span channel_of(const struct event *event, struct buf *text)
{
	buf_clear(text);
	if (event && event->shape->channel != EVENT_NO_SLOT)
		value_text(text, &event->values[event->shape->channel]);
	return buf_span(text);
}

static void json_time(struct json_write *w, timestamp t)
{
	struct buf text = buf_new(64);

	if (t == TIME_NONE) {
		json_null(w);
		return;
	}
	timestamp_format(&text, t, 6);
	json_span(w, buf_span(&text));
	buf_free(&text);
}

static void json_words(struct json_write *w, struct span words)
{
	json_array(w);
	while (words.len)
		json_span(w, span_split(&words, ' '));
	json_array_end(w);
}

static void tell_json(struct hunt *h, const struct finding *f, const struct sigma_rule *rule,
		      struct span channel)
{
	struct json_write w = json_write_to(&h->line);

	json_object(&w);
	json_key(&w, "rule_id");
	json_span(&w, f->rule);
	json_key(&w, "title");
	json_span(&w, f->title);
	json_key(&w, "level");
	json_text(&w, level_name(f->level));
	json_key(&w, "tags");
	json_words(&w, rule->tags);
	json_key(&w, "log");
	json_text(&w, h->log);
	json_key(&w, "record_id");
	json_u64(&w, f->record_id);
	json_key(&w, "time");
	json_time(&w, f->time);
	json_key(&w, "computer");
	json_span(&w, f->host);
	json_key(&w, "channel");
	json_span(&w, channel);
	json_key(&w, "user");
	json_span(&w, f->user);
	json_key(&w, "matched");
	json_raw(&w, f->matched);
	json_key(&w, "event");
	json_raw(&w, f->detail);
	json_object_end(&w);
	buf_add_u8(&h->line, '\n');
}

/* Timesketch wants message, datetime and timestamp_desc, and takes the rest as it comes. */
static void tell_timesketch(struct hunt *h, const struct finding *f, const struct sigma_rule *rule,
			    struct span channel)
{
	struct json_write w = json_write_to(&h->line);

	json_object(&w);
	json_key(&w, "datetime");
	json_time(&w, f->time);
	json_key(&w, "timestamp_desc");
	json_text(&w, "Sigma match");
	json_key(&w, "message");
	json_span(&w, f->title);
	json_key(&w, "tag");
	json_words(&w, rule->tags);
	json_key(&w, "rule_id");
	json_span(&w, f->rule);
	json_key(&w, "level");
	json_text(&w, level_name(f->level));
	json_key(&w, "computer");
	json_span(&w, f->host);
	json_key(&w, "channel");
	json_span(&w, channel);
	json_key(&w, "record_id");
	json_u64(&w, f->record_id);
	json_key(&w, "source_file");
	json_text(&w, h->log);
	json_key(&w, "matched");
	json_raw(&w, f->matched);
	json_object_end(&w);
	buf_add_u8(&h->line, '\n');
}

static void cell(struct hunt *h, struct span text)
{
	if (h->line.len && h->line.at[h->line.len - 1] != '\n')
		buf_add_u8(&h->line, ',');
	escape_csv(&h->line, text);
}

static void tell_csv(struct hunt *h, const struct finding *f, struct span channel)
{
	struct buf time = buf_new(64), record = buf_new(32);

	if (f->time != TIME_NONE)
		timestamp_format(&time, f->time, 6);
	buf_decimal(&record, f->record_id);
	cell(h, buf_span(&time));
	cell(h, span_text(level_name(f->level)));
	cell(h, f->title);
	cell(h, f->host);
	cell(h, f->user);
	cell(h, channel);
	cell(h, buf_span(&record));
	cell(h, span_text(h->log));
	cell(h, f->rule);
	cell(h, f->techniques);
	cell(h, f->matched);
	cell(h, f->detail);
	buf_text(&h->line, "\r\n");
	buf_free(&time);
	buf_free(&record);
}

static void fitted(struct hunt *h, struct span text, size_t columns, bool last)
{
	size_t used = escape_terminal_fit(&h->line, text, columns);

	while (!last && used++ < columns + 1)
		buf_add_u8(&h->line, ' ');
}

/* {"Image":"a","User":"b"} for people: Image=a, User=b. */
static void matched_text(struct buf *to, struct span matched)
{
	struct arena arena = arena_new((size_t)4 << 20);
	struct err err = { 0 };
	struct json *all = NULL;

	if (!json_read(matched, &arena, &all, &err) || all->kind != JSON_OBJECT)
		buf_add(to, matched);
	else
		for (const struct json *member = all->first; member; member = member->next)
			buf_printf(to, "%s%.*s=%.*s", member == all->first ? "" : ", ", SPAN_ARG(member->key),
				   SPAN_ARG(member->text));
	arena_free(&arena);
}

static void tell_narrow(struct hunt *h, const struct finding *f, struct span matched)
{
	struct buf detail = buf_new((size_t)1 << 20);

	fitted(h, f->title, h->columns - 30, true);
	buf_text(&h->line, "\n");
	for (size_t i = 0; i < INDENT; i++)
		buf_add_u8(&h->line, ' ');
	buf_printf(&detail, "%.*s%s%.*s", SPAN_ARG(f->host), f->host.len && matched.len ? ": " : "", SPAN_ARG(matched));
	fitted(h, buf_span(&detail), h->columns - INDENT, true);
	buf_free(&detail);
}

static void tell_table(struct hunt *h, const struct finding *f)
{
	struct buf time = buf_new(64), matched = buf_new((size_t)1 << 20);

	if (f->time != TIME_NONE)
		timestamp_format(&time, f->time, 0);
	matched_text(&matched, f->matched);
	fitted(h, buf_span(&time), 20, false);
	fitted(h, span_text(level_name(f->level)), 8, false);
	if (h->columns < WIDE_COLUMNS) {
		tell_narrow(h, f, buf_span(&matched));
	} else {
		fitted(h, f->host, 20, false);
		fitted(h, f->title, 50, false);
		fitted(h, buf_span(&matched), h->columns - BEFORE_DETAIL, true);
	}
	buf_add_u8(&h->line, '\n');
	buf_free(&time);
	buf_free(&matched);
}

bool hunt_put(struct hunt *h)
{
	if (h->pipe >= 0)
		return hunt_send(h, false);
	if (h->line.len && fwrite(h->line.at, 1, h->line.len, stdout) != h->line.len)
		h->failed_to_write = true;
	buf_clear(&h->line);
	return !h->failed_to_write;
}

bool hunt_tell(struct hunt *h, const struct finding *f, const struct sigma_rule *rule,
	       const struct event *event)
{
	struct buf room = buf_new(1 << 12);
	struct span channel;

	if (h->format == HUNT_NAVIGATOR)
		return true;
	channel = channel_of(event, &room);
	switch (h->format) {
	case HUNT_JSONL:
		tell_json(h, f, rule, channel);
		break;
	case HUNT_CSV:
		tell_csv(h, f, channel);
		break;
	case HUNT_TABLE:
		tell_table(h, f);
		break;
	case HUNT_TIMESKETCH:
		tell_timesketch(h, f, rule, channel);
		break;
	case HUNT_NAVIGATOR:
		break;
	}
	buf_free(&room);
	return hunt_put(h);
}

static unsigned table_columns(void)
{
	struct terminal terminal = terminal_of(stdout);

	if (!terminal.interactive)
		return BEFORE_DETAIL + 100;
	/* In fewer nothing is readable. */
	return terminal.columns < 60 ? 60 : terminal.columns;
}

void hunt_begin_output(struct hunt *h)
{
	h->columns = table_columns();
	if (h->format == HUNT_CSV)
		buf_text(&h->line, "time,level,title,computer,user,channel,record_id,log,rule_id,"
				   "techniques,matched,event\r\n");
	if (h->format == HUNT_TABLE && h->columns < WIDE_COLUMNS)
		buf_printf(&h->line, "%-20s %-8s %s\n%-20s %s\n", "TIME", "LEVEL", "RULE", "", "COMPUTER: MATCHED");
	else if (h->format == HUNT_TABLE)
		buf_printf(&h->line, "%-20s %-8s %-20s %-50s %s\n", "TIME", "LEVEL", "COMPUTER", "RULE",
			   "MATCHED");
	hunt_put(h);
}

static void add_techniques(struct hunt *h, struct map *counts, struct span techniques, uint64_t matches)
{
	while (techniques.len) {
		void **slot = map_slot(counts, span_split(&techniques, ' '));

		if (slot)
			*slot = (void *)((uintptr_t)*slot + matches);
	}
}

struct technique_count {
	struct span id;
	uint64_t matches;
};

static int by_id(const void *a, const void *b)
{
	return span_cmp(((const struct technique_count *)a)->id,
			((const struct technique_count *)b)->id);
}

/* By id, so that the same matches make the same layer: the map's order is not stable. */
static struct technique_count *sorted_counts(struct hunt *h, const struct map *counts)
{
	struct technique_count *all = ARENA_ARRAY(&h->memory, counts->count, struct technique_count);
	size_t at = 0, count = 0;
	struct span id;
	void *matches;

	if (!all)
		return NULL;
	while (map_next(counts, &at, &id, &matches))
		all[count++] = (struct technique_count){ id, (uintptr_t)matches };
	if (count)
		qsort(all, count, sizeof *all, by_id);
	return all;
}

/* An ATT&CK Navigator layer: a technique's score is the number of its matches. */
static void navigator(struct hunt *h)
{
	struct json_write w = json_write_to(&h->line);
	struct map counts = map_new(&h->memory);
	const struct technique_count *all;
	const struct sigma_rule *rule;

	for (uint32_t i = 0; (rule = sigma_set_rule(h->set, i)); i++)
		if (h->rules[i].matches)
			add_techniques(h, &counts, rule->techniques, h->rules[i].matches);
	all = sorted_counts(h, &counts);
	navigator_open(&w, "kanshiki hunt");
	for (size_t i = 0; all && i < counts.count; i++) {
		json_object(&w);
		json_key(&w, "techniqueID");
		json_span(&w, all[i].id);
		json_key(&w, "score");
		json_u64(&w, all[i].matches);
		json_object_end(&w);
	}
	json_array_end(&w);
	json_object_end(&w);
	buf_add_u8(&h->line, '\n');
}

void hunt_end_output(struct hunt *h)
{
	if (h->format == HUNT_NAVIGATOR)
		navigator(h);
	hunt_put(h);
}
