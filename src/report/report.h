/*
 * report: what is shown of a case, read once and then written in any form.
 *
 * A struct report is a read-only picture: answers, coverage, findings, items,
 * rule sets and custody. report_load fills it from a case file; every writer
 * takes it and nothing else, so that the text, the page and the JSON of one case
 * cannot differ in substance. All spans are raw evidence or rule text in UTF-8
 * (perhaps ill-formed): writers escape, the model never does. Everything lives
 * in the report's arena.
 */
#ifndef KANSHIKI_REPORT_REPORT_H
#define KANSHIKI_REPORT_REPORT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/finding.h"

#include <stdio.h>

/* How sure an answer is; stronger signs have higher numbers. */
enum degree { DEGREE_CANNOT_TELL, DEGREE_NO_SIGN, DEGREE_POSSIBLE, DEGREE_LIKELY,
	      DEGREE_CONFIRMED, DEGREE_COUNT };

/* What became of one class of evidence, worst first. */
enum coverage_state { COVERAGE_MISSING, COVERAGE_DAMAGED, COVERAGE_PARTLY, COVERAGE_EXAMINED,
		      COVERAGE_COUNT };

#define REPORT_NO_ITEM UINT32_MAX

struct sqlite3;

struct report_item {
	uint64_t id;			/* in the case file */
	struct span path;		/* outer.zip!/dir/inner.evtx */
	struct span sha256;		/* 32 raw bytes, or empty */
	uint64_t size;
	enum fate fate;
	struct span reason;		/* why not wholly examined, or empty */
	enum evidence_class evidence_class;
	const struct span *copies;	/* other paths of the same content: the first of them */
	size_t copy_count;		/* at most REPORT_MOST_COPIES */
	uint64_t copy_total;		/* may exceed copy_count; 0 for items without findings */
};

struct report_rule {
	enum engine engine;
	struct span id;
	struct span title;
	struct span techniques;		/* ids, space separated */
	struct span references;		/* rule file */
	enum level level;
	enum harm harm;
	uint64_t findings;		/* rows of this rule in the whole case */
};

struct report_finding {
	uint64_t id;			/* in the case file */
	uint32_t rule;			/* index into report.rules */
	uint32_t item;			/* index into report.items, or REPORT_NO_ITEM */
	enum harm harm;			/* its rule's */
	enum level level;		/* its rule's */
	uint64_t count;			/* times it held, alike but for the time */
	uint64_t offset;		/* UINT64_MAX: none */
	uint64_t record_id;		/* UINT64_MAX: none */
	timestamp time, last;		/* TIME_NONE: none */
	struct span host;
	struct span user;
	struct span matched;		/* JSON, see base/finding.h */
	struct span detail;		/* JSON or empty */
};

struct report_carrier {
	uint32_t finding;		/* index into report.findings */
	struct span reason;		/* what it adds, or empty */
};

struct report_answer {
	enum harm harm;
	enum degree degree;
	struct span why;		/* one or two sentences */
	timestamp first, last;		/* of what carries it; TIME_NONE: none */
	uint64_t finding_count;		/* all findings of this harm */
	uint64_t times;			/* that they held, at least finding_count */
	struct report_carrier *carriers;	/* heaviest first */
	size_t carrier_count;
	const struct span *gaps;	/* what was not seen and why it matters */
	size_t gap_count;
};

/* A kind of evidence that answers lean on, and how far each could. */
struct report_coverage {
	enum evidence_class evidence_class;
	struct span name;		/* "network records"; never empty */
	uint64_t items;
	timestamp first, last;		/* of its records */
	uint32_t harms;			/* bit 1 << harm: the answers that lean on it */
	enum coverage_state states[HARM_COUNT];	/* for those */
	struct span why[HARM_COUNT];	/* what is wrong and what it would have shown */
	struct span days;		/* records of each day (base/day_counts.h), or empty */
};

/* What was there: the records of one class and channel of one host. */
struct report_extent {
	enum evidence_class evidence_class;
	struct span channel;
	struct span host;
	timestamp first, last;
	uint64_t items, events;
	uint64_t lost;			/* records known to be missing or unreadable */
	struct span days;		/* records of each day (base/day_counts.h), or empty */
};

/* A notable event: on the time line whether or not a rule speaks of it. */
struct report_event {
	timestamp time;
	struct span what;		/* "logon", "log-cleared" */
	struct span summary;
	enum harm harm;
	struct span host, user, channel;
	uint64_t record_id;
	uint32_t item;
};

/* An entry of what starts by itself, and who vouches for it and for what it starts. */
struct report_start {
	struct span machine, what, path, name, command, program, user;
	struct span standing;		/* "good", "bad", "unknown", "missing", "none" */
	struct span entry;		/* "packaged", "altered", "local", "unknown" */
	struct span technique;
	timestamp time;			/* last written */
	int64_t rank;
	struct span reasons;		/* JSON array of texts */
};

/* An executable that nothing vouches for, or that a rule accuses. */
struct report_program {
	struct span machine, path, standing, source;
	int64_t rank;
	struct span reasons;
	uint32_t item;
};

/* What went to and came from one destination, over all hosts. */
struct report_transfer {
	struct span destination;	/* name, else address */
	uint64_t bytes_out, bytes_in;	/* UINT64_MAX: no record tells */
	uint64_t count, hosts;
	timestamp first, last;
};

/* Items of one fate and reason, counted. */
struct report_fate {
	enum fate fate;
	struct span reason;
	uint64_t items, bytes;
	uint32_t example;		/* index into report.items, or REPORT_NO_ITEM */
};

struct report_ruleset {
	struct span name;		/* file or folder */
	enum engine engine;
	uint64_t loaded, refused, not_applicable;
	struct span digest;		/* 32 raw bytes, or empty */
};

struct report_refusal {
	enum engine engine;
	struct span file;
	struct span rule;		/* may be empty */
	uint64_t line;
	struct span reason;
};

/* A line of plain knowledge for the custody part: "command", "kanshiki assess …". */
struct report_fact {
	struct span name;
	struct span value;
};

struct report {
	struct arena arena;
	struct span case_name;		/* file name of the case */
	struct span version;		/* of the program that made the case */
	timestamp started, ended;
	bool complete;			/* false: stopped before the end; resume it */
	struct report_answer answers[HARM_COUNT - 1];	/* most important first */
	size_t answer_count;
	const struct report_coverage *coverage;
	size_t coverage_count;
	const struct report_extent *extents;
	size_t extent_count;
	uint64_t extent_total;			/* may exceed extent_count */
	const struct report_rule *rules;	/* that have findings */
	size_t rule_count;
	struct report_finding *findings;	/* heaviest level first, then by time */
	size_t finding_count;
	uint64_t finding_total;		/* may exceed finding_count; writers say so */
	const struct report_event *events;	/* by time */
	size_t event_count;
	uint64_t notable_total;			/* may exceed event_count */
	const struct report_item *items;	/* that something here points to */
	size_t item_count;
	const uint32_t *troubled;		/* items not wholly examined */
	size_t troubled_count;
	uint64_t troubled_total;
	uint64_t item_total, byte_total, event_total;
	const struct report_fate *fates;
	size_t fate_count;
	const struct report_ruleset *rulesets;
	size_t ruleset_count;
	const struct report_refusal *refusals;
	size_t refusal_count;
	uint64_t refusal_total;
	const struct report_start *starts;	/* most urgent first */
	size_t start_count;
	uint64_t start_total;			/* may exceed start_count */
	const struct report_program *programs;	/* bad, then unknown by rank */
	size_t program_count;
	uint64_t program_totals[3];		/* good, bad, unknown */
	const struct report_transfer *transfers;	/* most bytes out first */
	size_t transfer_count;
	uint64_t transfer_total;		/* destinations; may exceed transfer_count */
	const struct report_fact *custody;	/* who, when, command, digests, checkpoint */
	size_t custody_count;
};

#define REPORT_MEMORY ((size_t)4 << 30)
/* Findings that the page carries at most; the rest is counted. */
#define REPORT_PAGE_FINDINGS 100000
#define REPORT_MOST_COPIES 20
#define REPORT_MOST_EVENTS 20000
#define REPORT_MOST_EXTENTS 5000
#define REPORT_MOST_STARTS 200000
#define REPORT_MOST_PROGRAMS 200000
#define REPORT_TEXT_PROGRAMS 30	/* what report_text shows of them */
#define REPORT_MOST_TRANSFERS 20000
#define REPORT_MOST_TROUBLED 10000
#define REPORT_MOST_FATES 200
#define REPORT_MOST_REFUSALS 5000

/*
 * Reads at most `most` findings, heaviest first (those that carry an answer
 * always), and only what finished units left. On failure `out` is empty. The
 * case may come from anyone: its words are checked, its numbers bounded.
 */
bool report_load(struct sqlite3 *db, struct span case_name, uint64_t most, struct report *out,
		 struct err *err);
/* The same for a brief report_text alone: answers and totals, without what is only in the others. */
bool report_load_brief(struct sqlite3 *db, struct span case_name, uint64_t most,
		       struct report *out, struct err *err);
void report_free(struct report *report);	/* NULL-safe */

/* Puts answers and findings in their order; carriers are renumbered. Ids are unique. */
bool report_sort(struct report *report, struct err *err);

/* "confirmed", "likely", "possible", "no sign", "cannot tell". */
const char *degree_name(enum degree degree);
/* "examined", "partly", "damaged", "missing". */
const char *coverage_state_name(enum coverage_state state);
/* "Was information taken?" */
const char *harm_question(enum harm harm);
/* ATT&CK name of a technique id, "" where unknown. */
const char *technique_name(struct span id);

/*
 * The forms. Each writes everything to `to`, which the caller opened and
 * closes; false only where writing failed or memory ran out. Text is for a
 * terminal, a mail or a file; csv is one line a finding with a header line; json
 * is one object (docs/report-json.md); html is one self-contained page.
 */
struct report_look {
	bool colour;			/* ANSI colours; ask os/terminal.h */
	unsigned columns;		/* 0: 80 */
	bool brief;			/* answers and gaps only, as assess ends */
};

bool report_text(FILE *to, const struct report *report, struct report_look look,
		 struct err *err);
bool report_json(FILE *to, const struct report *report, struct err *err);
bool report_csv(FILE *to, const struct report *report, struct err *err);
bool report_html(FILE *to, const struct report *report, struct err *err);

#endif
