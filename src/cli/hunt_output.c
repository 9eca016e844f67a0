#include "cli/hunt.h"

#include "cli/navigator.h"
#include "codec/escape.h"
#include "codec/json_write.h"
#include "os/terminal.h"

#include <stdlib.h>
#include <string.h>

#define PLACE_COLUMNS 30
#define MESSAGE_COLUMNS 300
#define BEFORE_MATCHED (102 + PLACE_COLUMNS + 1)
#define WIDE_COLUMNS 180		/* a terminal that has fewer gets three lines a match */

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

/* Timesketch wants message, which is all that its list shows, datetime and timestamp_desc, and takes the rest as it comes. */
static void tell_timesketch(struct hunt *h, const struct finding *f, const struct sigma_rule *rule,
			    struct span channel)
{
	struct json_write w = json_write_to(&h->line);
	struct buf message = buf_new((size_t)1 << 16);

	buf_printf(&message, "%.*s%s", SPAN_ARG(f->title), f->matched.len > 2 ? ": " : "");
	if (f->matched.len > 2)
		hunt_matched(&message, f->matched, MESSAGE_COLUMNS);
	json_object(&w);
	json_key(&w, "datetime");
	json_time(&w, f->time);
	json_key(&w, "timestamp_desc");
	json_text(&w, "Sigma match");
	json_key(&w, "message");
	json_span(&w, buf_span(&message));
	json_key(&w, "title");
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
	json_key(&w, "user");
	json_span(&w, f->user);
	json_key(&w, "record_id");
	json_u64(&w, f->record_id);
	json_key(&w, "source_file");
	json_text(&w, h->log);
	json_key(&w, "matched");
	json_raw(&w, f->matched);
	json_object_end(&w);
	buf_add_u8(&h->line, '\n');
	buf_free(&message);
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

/* "Security.evtx#4711": where to look; a correlation is in no log. */
static void tell_place(struct hunt *h, const struct finding *f, size_t columns, bool last)
{
	const char *slash = strrchr(h->log, '/');
	struct buf place = buf_new(1 << 13);

	if (h->log[0])
		buf_printf(&place, "%s#%llu", slash ? slash + 1 : h->log, (unsigned long long)f->record_id);
	fitted(h, buf_span(&place), columns, last);
	buf_free(&place);
}

static void tell_narrow(struct hunt *h, const struct finding *f)
{
	fitted(h, f->title, h->columns - 30, true);
	buf_text(&h->line, "\n  ");
	fitted(h, f->host, 24, false);
	tell_place(h, f, h->columns - 27, true);
	buf_text(&h->line, "\n  ");
	hunt_matched(&h->line, f->matched, h->columns - 2);
}

static void tell_table(struct hunt *h, const struct finding *f)
{
	struct buf time = buf_new(64);

	if (f->time != TIME_NONE)
		timestamp_format(&time, f->time, 0);
	fitted(h, buf_span(&time), 20, false);
	fitted(h, span_text(level_name(f->level)), 8, false);
	if (h->columns < WIDE_COLUMNS) {
		tell_narrow(h, f);
	} else {
		fitted(h, f->host, 20, false);
		fitted(h, f->title, 50, false);
		tell_place(h, f, PLACE_COLUMNS, false);
		hunt_matched(&h->line, f->matched, h->columns - BEFORE_MATCHED);
	}
	buf_add_u8(&h->line, '\n');
	buf_free(&time);
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
		return BEFORE_MATCHED + 100;
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
		buf_printf(&h->line, "%-20s %-8s %s\n  %-24s %s\n  %s\n", "TIME", "LEVEL", "RULE", "COMPUTER", "LOG#RECORD",
			   "MATCHED");
	else if (h->format == HUNT_TABLE)
		buf_printf(&h->line, "%-20s %-8s %-20s %-50s %-30s %s\n", "TIME", "LEVEL", "COMPUTER", "RULE",
			   "LOG#RECORD", "MATCHED");
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
	uint64_t most = 0;

	for (uint32_t i = 0; (rule = sigma_set_rule(h->set, i)); i++)
		if (h->rules[i].matches)
			add_techniques(h, &counts, rule->techniques, h->rules[i].matches);
	all = sorted_counts(h, &counts);
	navigator_open(&w, "kanshiki hunt", "Score: matches of Sigma rules that name the technique.");
	for (size_t i = 0; all && i < counts.count; i++) {
		json_object(&w);
		json_key(&w, "techniqueID");
		json_span(&w, all[i].id);
		json_key(&w, "score");
		json_u64(&w, all[i].matches);
		json_object_end(&w);
		most = all[i].matches > most ? all[i].matches : most;
	}
	navigator_close(&w, most);
	buf_add_u8(&h->line, '\n');
}

void hunt_end_output(struct hunt *h)
{
	if (h->format == HUNT_NAVIGATOR)
		navigator(h);
	hunt_put(h);
}
