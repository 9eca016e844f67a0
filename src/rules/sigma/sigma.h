/*
 * sigma: Sigma rules (specification 2.1.0) over events.
 *
 * Rule texts and the log-source data (rules/logsources.yml) are compiled into
 * one arena; the set that results is immutable, holds no pointer out of that
 * arena and may be shared by forks or saved as an image. A scanner is the
 * mutable half: one a thread or process. Every rule of the sources is loaded,
 * refused or not applicable, and the latter two are told to the problem
 * callback with file, line and reason: nothing is dropped silently.
 */
#ifndef KANSHIKI_RULES_SIGMA_H
#define KANSHIKI_RULES_SIGMA_H

#include "base/arena.h"
#include "base/err.h"
#include "base/event.h"
#include "base/finding.h"

struct sigma_set;
struct sigma_scanner;

/* One rule file, YAML of one or more documents. Copied where it must last. */
struct sigma_source {
	struct span path;
	struct span text;
};

struct sigma_options {
	struct span logsources;		/* YAML text of the log-source data; empty: nothing routes */
	struct span placeholders;	/* YAML map of name to value or list, for `expand` */
	enum level least_level;		/* rules below are left out, counted as not applicable */
};

enum sigma_problem_kind {
	SIGMA_REFUSED,		/* the rule is not in the set */
	SIGMA_NOT_APPLICABLE,	/* sound, but no log we know can answer it */
	SIGMA_IN_PART,		/* the rule is in the set without what the reason names */
	SIGMA_WARNING,		/* the rule is in the set; its author should look */
};

struct sigma_problem {
	enum sigma_problem_kind kind;
	struct span file;
	uint32_t line, column;	/* from 1 */
	struct span rule;	/* id or title where known */
	const char *reason;	/* lower case, no full stop */
};
typedef void sigma_problem_fn(void *context, const struct sigma_problem *problem);

struct sigma_counts {
	uint32_t documents;	/* = loaded + refused + not_applicable + filters */
	uint32_t loaded;	/* correlations among them */
	uint32_t refused;
	uint32_t not_applicable;
	uint32_t filters;
	uint32_t correlations;
	uint32_t warnings;
	uint32_t always_woken;	/* rules that need no value and so are tried at each event of their log */
};

/* What a set keeps of a rule for who reports it. All spans lie in the set. */
struct sigma_rule {
	uint32_t number;	/* dense from 0 within the set */
	enum level level;
	enum harm harm;
	bool is_correlation;
	bool silent;		/* only feeds a correlation (generate: false) */
	struct span id, title, status, description, author;
	struct span tags;	/* space separated */
	struct span techniques;	/* "T1059.001 T1105" */
	struct span falsepositives;
	struct span file;
	uint32_t line;
};

/*
 * Fails as a whole only where memory or a limit runs out, or the log-source or
 * placeholder text is unusable; faulty rules go to `problem` (may be NULL).
 */
bool sigma_compile(struct arena *image, const struct sigma_source *sources, size_t count,
		   const struct sigma_options *options, sigma_problem_fn *problem, void *context,
		   struct sigma_set **out, struct err *err);
const struct sigma_counts *sigma_set_counts(const struct sigma_set *set);
/* Rules in the set, those no log can answer included. */
uint32_t sigma_set_rule_count(const struct sigma_set *set);
/* The rule of that number, or NULL past the last. */
const struct sigma_rule *sigma_set_rule(const struct sigma_set *set, uint32_t number);

struct sigma_stats {
	uint64_t events;
	uint64_t routed;	/* events that some rule's log source wants */
	uint64_t woken;		/* rules tried */
	uint64_t matches;
	uint64_t regex_limits;	/* regex searches given up at their limit: not fully examined */
	uint64_t shed;		/* events that correlation forgot for lack of memory */
};

/*
 * One match. The finding and what it borrows live until the callback returns.
 * `event` is NULL for a correlation. False ends the scan.
 */
typedef bool sigma_match_fn(void *context, const struct finding *finding,
			    const struct sigma_rule *rule, const struct event *event);

/* `correlation_bytes` bounds what correlations remember; 0: 64 MiB. NULL: no memory. */
struct sigma_scanner *sigma_scanner_new(const struct sigma_set *set, size_t correlation_bytes);
void sigma_scanner_free(struct sigma_scanner *s);	/* NULL-safe */
/* Findings come without what has to be made into text, for who only counts them. */
void sigma_scanner_be_terse(struct sigma_scanner *s);
/* Call before the first event of another decoder: its shapes are numbered anew. */
void sigma_scanner_begin(struct sigma_scanner *s);
/* False: the callback ended the scan. */
bool sigma_eval(struct sigma_scanner *s, const struct event *event, sigma_match_fn *match,
		void *context);
/* After the last event of all logs: tells what the correlations found. */
bool sigma_finish(struct sigma_scanner *s, sigma_match_fn *match, void *context);

/*
 * Correlations over the logs of several scanners, of which none sees all: each
 * hands over its matches, and one scanner of the same set takes all of them
 * before sigma_finish. Spans are borrowed until the callback or call returns.
 */
struct sigma_fact {
	const struct sigma_rule *correlation;
	uint32_t source;		/* which of the rules that it counts */
	timestamp time;
	uint64_t record_id;
	uint64_t origin;		/* the taker's own: where the match was */
	struct span key;		/* JSON object of the group-by values */
	struct span value;
};
typedef void sigma_fact_fn(void *context, const struct sigma_fact *fact);

/* From now on matches that correlations count go to `take` and are not remembered. */
void sigma_scanner_collect(struct sigma_scanner *s, sigma_fact_fn *take, void *context);
/* False: the set has no such correlation, or no memory (counted as shed). */
bool sigma_fact_add(struct sigma_scanner *s, const struct sigma_fact *fact, sigma_match_fn *match,
		    void *context);
/* While a correlation is told: where its last match was, and in how many places all. */
uint64_t sigma_match_origin(const struct sigma_scanner *s, uint64_t *places);
const struct sigma_stats *sigma_scanner_stats(const struct sigma_scanner *s);

#endif
