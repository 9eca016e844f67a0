/* Cases of one machine for tests of analysers: begun, concluded, and by which rules. */
#ifndef KANSHIKI_ASSESS_CONCLUDE_SUPPORT_H
#define KANSHIKI_ASSESS_CONCLUDE_SUPPORT_H

#include "assess/analyser.h"
#include "assess/build_support.h"
#include "assess/ledger.h"

#define START (INT64_C(1500000000) * TIME_SECOND)

/* One item that holds all traces of a test. */
static inline struct building begin(const char *name)
{
	struct building b = new_case(name);

	open_item(&b, "/mnt/disk/artefacts", 0100644);
	return b;
}

static inline struct trace command_trace(const char *command, timestamp time)
{
	struct trace t = trace_new(TRACE_EXECUTION, "ran");

	t.host = SPAN("ws01");
	t.command = span_text(command);
	t.time = time;
	return t;
}

/* Ends the case, draws the ledger, runs all analysers. */
static inline void conclude(struct building *b)
{
	const struct ledger_options none = { 0 };
	struct ledger_totals totals;
	struct err err = { 0 };
	uint64_t told = 0;

	close_item(b, "artefacts", CLASS_OTHER);
	if (!ledger_write(b->file, &none, &totals, &err) ||
	    !analysers_run(b->file, NULL, NULL, &told, &err))
		fail_msg("%s", err.text);
}

/* "kanshiki.x high,kanshiki.y low": the rules that concluded, and how gravely. */
static inline const char *rules(struct building *b)
{
	return ask(b, "SELECT coalesce(group_concat(name || ' ' || level, ','), '') FROM (SELECT DISTINCT "
		      "name, level FROM rule JOIN finding ON finding.rule = rule.id ORDER BY name)");
}

#endif
