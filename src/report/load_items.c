#include "report/load.h"

#define DONE "JOIN unit ON unit.id = item.unit AND unit.done = 1 "

static bool add_fate(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report *r = load->report;
	struct report_fate *fate = load_push(load, (void **)(uintptr_t)&r->fates, &r->fate_count,
					     context, sizeof *fate);

	if (!fate)
		return false;
	*fate = (struct report_fate){ .reason = load_text(load, row, 1),
				      .items = query_u64(row, 2, 0), .bytes = query_u64(row, 3, 0) };
	fate_of_name(query_span(row, 0), &fate->fate);
	return load_item(load, query_u64(row, 4, 0), &fate->example);
}

static bool add_troubled(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report *r = load->report;
	uint32_t *index = load_push(load, (void **)(uintptr_t)&r->troubled, &r->troubled_count,
				    context, sizeof *index);

	return index && load_item(load, query_u64(row, 0, 0), index);
}

static bool add_event(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report *r = load->report;
	struct report_event *event = load_push(load, (void **)(uintptr_t)&r->events,
					       &r->event_count, context, sizeof *event);

	if (!event)
		return false;
	*event = (struct report_event){
		.time = query_time(row, 0), .what = load_text(load, row, 1),
		.summary = load_text(load, row, 2), .host = load_text(load, row, 4),
		.user = load_text(load, row, 5), .channel = load_text(load, row, 6),
		.record_id = query_u64(row, 7, UINT64_MAX),
	};
	harm_of_name(query_span(row, 3), &event->harm);
	return load_item(load, query_u64(row, 8, 0), &event->item);
}

/* Reasons can be as many as items: the rare ones share a line at the end. */
static bool rest_of_fates(struct load *load, size_t *room)
{
	struct report *r = load->report;
	uint64_t named = 0;
	struct report_fate *rest;

	for (size_t i = 0; i < r->fate_count; i++)
		named += r->fates[i].items;
	if (named >= r->item_total)
		return true;
	rest = load_push(load, (void **)(uintptr_t)&r->fates, &r->fate_count, room, sizeof *rest);
	if (rest)
		*rest = (struct report_fate){ .reason = SPAN("other reasons, each rare"),
					      .items = r->item_total - named,
					      .example = REPORT_NO_ITEM };
	return rest != NULL;
}

bool load_items(struct load *load)
{
	size_t fates = 0, troubled = 0, events = 0;
	char sql[400];

	if (!load_number(load, "SELECT count(*) FROM item " DONE
			       "WHERE fate IN ('partly', 'failed', 'locked', 'denied')",
			 &load->report->troubled_total))
		return false;
	if (load->is_brief)
		return true;
	snprintf(sql, sizeof sql, "SELECT fate, reason, count(*) AS items, CAST(total(size) AS "
		 "INTEGER), min(item.id) FROM item " DONE
		 "GROUP BY fate, reason ORDER BY items DESC, fate, reason LIMIT %d", REPORT_MOST_FATES);
	if (!load_rows(load, sql, add_fate, &fates) || !rest_of_fates(load, &fates))
		return false;
	snprintf(sql, sizeof sql, "SELECT item.id FROM item " DONE "WHERE fate IN ('partly', "
		 "'failed', 'locked', 'denied') ORDER BY item.path LIMIT %d", REPORT_MOST_TROUBLED);
	if (!load_rows(load, sql, add_troubled, &troubled))
		return false;
	snprintf(sql, sizeof sql, "SELECT time, what, summary, harm, host, user, channel, record, "
		 "item FROM event JOIN unit ON unit.id = event.unit AND unit.done = 1 "
		 "WHERE time IS NOT NULL ORDER BY time, event.id LIMIT %d", REPORT_MOST_EVENTS);
	return load_rows(load, sql, add_event, &events) &&
	       load_number(load, "SELECT count(*) FROM event JOIN unit ON unit.id = event.unit "
				 "AND unit.done = 1", &load->report->notable_total);
}
