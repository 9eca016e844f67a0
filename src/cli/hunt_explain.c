#include "cli/hunt.h"

#include <stdlib.h>

#include "codec/escape.h"
#include "rules/sigma/explain.h"

#define MATCHES_SHOWN 3
#define TERMS_MAX 64

/* How many events failed on one term. */
struct failed_term {
	char term[200];
	uint64_t count;
};

struct hunt_explain {
	uint32_t number;
	uint64_t routed, held;
	struct failed_term failed[TERMS_MAX];
	size_t failed_count;
	uint64_t failed_otherwise;	/* on terms beyond those */
	struct buf text;
	struct buf nearest;		/* the tree of the event that came closest */
	char nearest_at[600];
	uint32_t nearest_terms;
};

static bool is_rule(const struct sigma_rule *rule, struct span name)
{
	return span_eq_nocase(rule->id, name) || span_eq_nocase(rule->title, name) ||
	       span_ends(rule->file, name);
}

struct hunt_explain *hunt_explain_new(const struct sigma_set *set, const char *name, struct err *err)
{
	struct hunt_explain *e;
	uint32_t number = 0, count = sigma_set_rule_count(set);

	while (number < count && !is_rule(sigma_set_rule(set, number), span_text(name)))
		number++;
	if (number == count) {
		err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no rule has the id, title or file '%s'", name);
		return NULL;
	}
	e = calloc(1, sizeof *e);
	if (!e) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "out of memory");
		return NULL;
	}
	e->number = number;
	e->text = buf_new(1 << 20);
	e->nearest = buf_new(1 << 20);
	return e;
}

void hunt_explain_free(struct hunt_explain *e)
{
	if (!e)
		return;
	buf_free(&e->text);
	buf_free(&e->nearest);
	free(e);
}

static void print_tree(struct hunt *h, const char *at, struct span tree)
{
	escape_terminal(&h->line, span_text(at));
	buf_add_u8(&h->line, '\n');
	while (tree.len) {
		buf_text(&h->line, "  ");
		escape_terminal(&h->line, span_split(&tree, '\n'));
		buf_add_u8(&h->line, '\n');
	}
	hunt_put(h);
}

static void count_failure(struct hunt_explain *e, const char *term)
{
	for (size_t i = 0; i < e->failed_count; i++) {
		if (!strcmp(e->failed[i].term, term)) {
			e->failed[i].count++;
			return;
		}
	}
	if (e->failed_count == TERMS_MAX) {
		e->failed_otherwise++;
		return;
	}
	snprintf(e->failed[e->failed_count].term, sizeof e->failed->term, "%s", term);
	e->failed[e->failed_count++].count = 1;
}

/* "Security.evtx, record 7, 2026-01-02T03:04:05Z, DC01" */
static void say_where(const struct hunt *h, const struct event *event, char *at, size_t room)
{
	uint32_t slot = event->shape->computer;
	struct buf text = buf_new((size_t)1 << 16);

	buf_printf(&text, "%s, record %llu", h->log, (unsigned long long)event->record_id);
	if (event->time != TIME_NONE) {
		buf_text(&text, ", ");
		timestamp_format(&text, event->time, 0);
	}
	if (slot != EVENT_NO_SLOT && event->values[slot].kind != VALUE_ABSENT) {
		buf_text(&text, ", ");
		value_text(&text, &event->values[slot]);
	}
	snprintf(at, room, "%.*s", SPAN_ARG(buf_span(&text)));
	buf_free(&text);
}

void hunt_explain_event(struct hunt *h, const struct event *event)
{
	struct hunt_explain *e = h->explain;
	struct sigma_explanation why;
	char at[512];

	buf_clear(&e->text);
	sigma_explain(h->scanner, event, e->number, &e->text, &why);
	if (!why.routed)
		return;
	e->routed++;
	say_where(h, event, at, sizeof at);
	if (why.holds) {
		if (e->held++ < MATCHES_SHOWN)
			print_tree(h, at, buf_span(&e->text));
		return;
	}
	count_failure(e, why.first_false);
	if (why.true_terms < e->nearest_terms || (e->nearest.len && why.true_terms == e->nearest_terms))
		return;
	e->nearest_terms = why.true_terms;
	buf_clear(&e->nearest);
	buf_add(&e->nearest, buf_span(&e->text));
	snprintf(e->nearest_at, sizeof e->nearest_at, "nearest miss: %s", at);
}

static int by_count(const void *a, const void *b)
{
	const struct failed_term *one = a, *two = b;

	return (one->count < two->count) - (one->count > two->count);
}

bool hunt_explain_end(struct hunt *h)
{
	struct hunt_explain *e = h->explain;
	const struct sigma_rule *rule = sigma_set_rule(h->set, e->number);

	buf_printf(&h->line, "rule %.*s (%.*s): %llu events of its log source, it holds for %llu\n",
		   SPAN_ARG(rule->title), SPAN_ARG(rule->id), (unsigned long long)e->routed,
		   (unsigned long long)e->held);
	if (!e->routed)
		buf_printf(&h->line, "  nothing in these logs is of its log source: see %.*s, line %u\n",
			   SPAN_ARG(rule->file), rule->line);
	qsort(e->failed, e->failed_count, sizeof *e->failed, by_count);
	for (size_t i = 0; i < e->failed_count; i++) {
		buf_printf(&h->line, "  %llu fail on: ", (unsigned long long)e->failed[i].count);
		escape_terminal(&h->line, span_text(e->failed[i].term));
		buf_add_u8(&h->line, '\n');
	}
	if (e->failed_otherwise)
		buf_printf(&h->line, "  %llu fail on other terms\n", (unsigned long long)e->failed_otherwise);
	hunt_put(h);
	if (!e->held && e->nearest.len)
		print_tree(h, e->nearest_at, buf_span(&e->nearest));
	return e->held > 0;
}
