#include "report/html_names.h"

#include "codec/pack.h"
#include "report/json.h"

#include <stdio.h>

/*
 * Everything the explorer needs at once goes into one block, in columns; what
 * each finding saw goes into blocks of CHUNK findings, opened when looked at.
 * Each block is deflated JSON in base64 (docs/adr/0003-the-report-page-is-one-file.md has the figures).
 */
#define CHUNK 2000

static void technique_list(struct json_write *w, struct span ids)
{
	json_array(w);
	while (ids.len) {
		struct span id = span_split(&ids, ' ');

		if (!id.len)
			continue;
		json_array(w);
		json_span(w, id);
		json_text(w, technique_name(id));
		json_array_end(w);
	}
	json_array_end(w);
}

/* [engine, id, title, level, harm, techniques, file] */
static void rules(struct json_write *w, const struct report *r)
{
	json_key(w, "rules");
	json_array(w);
	for (size_t i = 0; i < r->rule_count; i++) {
		const struct report_rule *rule = &r->rules[i];

		json_array(w);
		json_text(w, engine_name(rule->engine));
		json_span(w, rule->id);
		json_span(w, rule->title);
		json_u64(w, rule->level);
		json_u64(w, rule->harm);
		technique_list(w, rule->techniques);
		json_span(w, rule->references);
		json_array_end(w);
	}
	json_array_end(w);
}

/* [path, sha-256, size, class, fate, reason, copies, how many copies] */
static void items(struct json_write *w, const struct report *r)
{
	json_key(w, "items");
	json_array(w);
	for (size_t i = 0; i < r->item_count; i++) {
		const struct report_item *item = &r->items[i];

		json_array(w);
		json_span(w, item->path);
		json_hex(w, item->sha256);
		json_optional_u64(w, item->size);
		json_text(w, evidence_class_name(item->evidence_class));
		json_text(w, fate_name(item->fate));
		json_span(w, item->reason);
		json_copies(w, item);
		json_u64(w, item->copy_total);
		json_array_end(w);
	}
	json_array_end(w);
}

/* Microseconds: what a JavaScript number holds exactly. */
#define COLUMN(w, r, key, write) \
	do { \
		json_key(w, key); \
		json_array(w); \
		for (size_t i = 0; i < (r)->finding_count; i++) { \
			const struct report_finding *f = &(r)->findings[i]; \
			write; \
		} \
		json_array_end(w); \
	} while (0)

static void columns(struct json_write *w, const struct report *r, struct names *hosts,
		    struct names *users)
{
	json_key(w, "findings");
	json_object(w);
	COLUMN(w, r, "id", json_u64(w, f->id));
	COLUMN(w, r, "rule", json_u64(w, f->rule));
	COLUMN(w, r, "item", json_i64(w, f->item == REPORT_NO_ITEM ? -1 : (int64_t)f->item));
	COLUMN(w, r, "host", names_index(w, hosts, f->host));
	COLUMN(w, r, "user", names_index(w, users, f->user));
	COLUMN(w, r, "time", json_micros(w, f->time));
	COLUMN(w, r, "count", json_u64(w, f->count));
	json_object_end(w);
}

/* [time, what, summary, harm, host, user, channel, record, item] */
static void events(struct json_write *w, const struct report *r, struct names *hosts,
		   struct names *users)
{
	json_key(w, "events");
	json_array(w);
	for (size_t i = 0; i < r->event_count; i++) {
		const struct report_event *e = &r->events[i];

		json_array(w);
		json_micros(w, e->time);
		json_span(w, e->what);
		json_span(w, e->summary);
		json_u64(w, e->harm);
		names_index(w, hosts, e->host);
		names_index(w, users, e->user);
		json_span(w, e->channel);
		json_optional_u64(w, e->record_id);
		json_i64(w, e->item == REPORT_NO_ITEM ? -1 : (int64_t)e->item);
		json_array_end(w);
	}
	json_array_end(w);
}

/* [[harm, index of finding, …], …] for the marks on the time line */
static void carriers(struct json_write *w, const struct report *r)
{
	json_key(w, "carriers");
	json_array(w);
	for (size_t a = 0; a < r->answer_count; a++) {
		json_array(w);
		json_u64(w, r->answers[a].harm);
		for (size_t i = 0; i < r->answers[a].carrier_count; i++)
			json_u64(w, r->answers[a].carriers[i].finding);
		json_array_end(w);
	}
	json_array_end(w);
}

static void head_json(struct buf *to, const struct report *r, struct arena *scratch)
{
	struct json_write w = json_write_to(to);
	struct names hosts = names_new(scratch), users = names_new(scratch);

	json_object(&w);
	json_key(&w, "total");
	json_u64(&w, r->finding_total);
	json_key(&w, "notable");
	json_u64(&w, r->notable_total);
	json_key(&w, "chunk");
	json_u64(&w, CHUNK);
	rules(&w, r);
	items(&w, r);
	columns(&w, r, &hosts, &users);
	carriers(&w, r);
	events(&w, r, &hosts, &users);
	names_list(&w, "hosts", &hosts);
	names_list(&w, "users", &users);
	json_object_end(&w);
}

/* Big numbers as text: JavaScript would round them. */
static void big(struct json_write *w, uint64_t n)
{
	char text[24];

	if (n == UINT64_MAX) {
		json_null(w);
		return;
	}
	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	json_text(w, text);
}

/* [[time, last, offset, record, matched rows, detail rows], …] */
static void chunk_json(struct buf *to, const struct report *r, size_t from, struct arena *scratch)
{
	struct json_write w = json_write_to(to);

	json_array(&w);
	for (size_t i = from; i < r->finding_count && i < from + CHUNK; i++) {
		const struct report_finding *f = &r->findings[i];

		json_array(&w);
		json_time(&w, f->time);
		json_time(&w, f->last);
		big(&w, f->offset);
		big(&w, f->record_id);
		json_evidence(&w, scratch, f->matched);
		json_evidence(&w, scratch, f->detail);
		json_array_end(&w);
	}
	json_array_end(&w);
}

bool html_block(struct html *h, const char *id, size_t number, struct buf *json)
{
	struct buf packed = buf_new(HTML_BLOCK_MOST);
	bool ok;

	buf_printf(&h->out.buf, "<script type=\"text/plain\" id=\"%s-%zu\">", id, number);
	ok = !json->overflow && pack_deflate(&packed, buf_span(json)) &&
	     pack_base64(&h->out.buf, buf_span(&packed));
	html_put(h, "</script>\n");
	buf_free(&packed);
	buf_free(json);
	out_pass(&h->out);
	return ok;
}

bool html_data(struct html *h, struct err *err)
{
	struct buf json = buf_new(HTML_BLOCK_MOST);
	bool ok;

	arena_reset(&h->scratch);
	head_json(&json, h->report, &h->scratch);
	ok = html_block(h, "head", 0, &json);
	for (size_t from = 0; ok && from < h->report->finding_count; from += CHUNK) {
		json = buf_new(HTML_BLOCK_MOST);
		chunk_json(&json, h->report, from, &h->scratch);
		ok = html_block(h, "chunk", from / CHUNK, &json);
	}
	ok = ok && html_inventories(h);
	return ok || err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
			     "too many findings for one page: use --most, or --format csv");
}
