/*
 * scan: the mutable half of matching, shared by the files of the scanner.
 *
 * A plan is what is known of a shape: which routes can take its events, in
 * which slot each field of the rules stands, and which texts to search for
 * witnesses. A view is the text of one slot of the event at hand, made at most
 * once an event. Plans live until the next decoder begins or memory is short.
 */
#ifndef KANSHIKI_RULES_SIGMA_SCAN_H
#define KANSHIKI_RULES_SIGMA_SCAN_H

#include "base/map.h"
#include "rules/sigma/correlation.h"
#include "rules/sigma/recall.h"
#include "rules/sigma/set.h"
#include "rules/sigma/sieve.h"

struct sigma_regex;

/* One searchable text of a value; a list has several. */
struct piece {
	struct span text;
	struct span folded;
};

struct view {
	uint64_t text_stamp, folded_stamp;	/* the event they were made for */
	uint32_t count;
	struct piece *pieces;
	struct piece one;
};

/* Of the value of a slot as it came. */
struct slot_hash {
	uint64_t stamp;			/* the event it was made for */
	uint64_t hash;
};

/* Sift the rules of a group by the value of a slot. */
struct probe {
	const struct field_index *index;
	uint32_t slot;
	bool more;			/* the next probe is a further slot of the same field */
	bool wakes;			/* may wake a rule */
};

/* What the sieve answers to a probe of the group at hand. */
struct answer {
	uint64_t key;
	const struct sieved *sieved;
};

/* A route that this shape may take, with the slots of the rules' fields. */
struct plan_route {
	const struct route *route;
	const uint32_t *slots;		/* [field_count]; NULL until first taken */
};

struct plan_group {
	uint64_t key;			/* no other of the scanner has had it */
	const struct group *group;
	const uint32_t *slots;
	const struct probe *probes;
	const uint32_t *wakers;		/* numbers of the probes that may wake a rule */
	rule_bits *standing;		/* rules that can hold for these values of route keys at all */
	const rule_bits *free;		/* of these, those that nothing has to wake */
	const uint32_t *free_words;	/* in which words there are some */
	const rule_bits *found;		/* whose sought literals a route key has */
	const uint32_t *open;		/* slots to seek keywords in: all but route keys */
	uint32_t probe_count, waker_count, open_count, free_count;
	bool keywords;			/* may wake a rule */
};

/* Groups that look at an event, by the values of its route keys. */
struct plan_memo {
	uint64_t hash;			/* 0: free */
	const struct plan_group *groups;
	uint32_t group_count;
};

#define PLAN_MEMO_ROOM 256
#define ANSWER_BITS 14
#define NOT_PROBED UINT64_MAX

/* A joined field of a shape: its parts' slots. */
struct plan_join {
	const struct field_join *join;
	const uint32_t *slots;
};

struct plan {
	const struct event_shape *shape;	/* as the rules see it */
	const struct plan_join *joins;
	uint32_t join_count;		/* fields at the shape's end */
	const uint32_t *key_slots;	/* [route_key_count] */
	const uint32_t *memo_slots;	/* those that routes of this shape test by value */
	const uint32_t *presence_slots;	/* those they only want to be there */
	struct plan_route *routes;
	const uint32_t *same;		/* [shape->count]: next slot of that name */
	const bool *routes_by;		/* [shape->count]: the slot is tested by value, or one of that name */
	const uint32_t *detail_slots;
	struct plan_memo *memo;		/* [PLAN_MEMO_ROOM], once it has routes */
	uint32_t memo_slot_count, presence_slot_count, route_count, detail_count, memo_count;
	uint32_t user_slot, record_slot;
};

struct correlator;

struct sigma_scanner {
	const struct sigma_set *set;
	struct sigma_stats stats;

	struct arena plan_memory;
	struct plan **plans;		/* by shape id; NULL: not met yet */
	size_t plan_room;
	uint64_t seed[2];

	struct arena memory;		/* of the event at hand */
	struct view *views;
	struct slot_hash *hashes;	/* [view_room] */
	uint32_t *searched;		/* [view_room]: slots that keywords are sought in */
	size_t view_room;
	uint64_t stamp;			/* number of the event */
	uint64_t *matched_at;		/* [rule_count]: the event it matched */
	/* Of the group being searched; the last two are right in live words only. */
	rule_bits *standing, *found, *united;
	rule_bits *ranked;		/* those to try, by their ranks; empty in between */
	uint32_t *live;			/* words of `standing` that are not empty yet, all others are */
	uint32_t live_count;
	struct answer *probed;		/* [probe_room] of those that wake */
	uint64_t probed_changes;	/* of the sieve, when they were asked; NOT_PROBED: they were not */
	uint32_t probe_room;
	struct sieve sieve;
	struct recall recall;
	uint64_t recall_key;		/* of the group at hand */
	uint64_t plan_groups;		/* made so far */
	/* What nodes and predicates lately said of values: a key whose lowest bit is the answer. */
	uint64_t answers[1 << ANSWER_BITS];
	struct sigma_regex **regexes;	/* [regex_count], made when first needed */
	bool *regex_broken;

	const struct event *event;
	const struct plan *plan;
	const uint32_t *slots;		/* of the group at hand */

	struct correlator *correlator;	/* NULL where nothing correlates */
	sigma_fact_fn *collect;		/* takes what it would remember; or NULL */
	void *collect_context;
	uint64_t origin, places;	/* of the correlation being told */
	bool terse;			/* findings without host, user, matched and detail */
	struct buf matched, detail, user, host;	/* of the finding at hand */
};

/* Makes the event the one at hand; false: no memory for its plan. */
bool scan_begin(struct sigma_scanner *s, const struct event *event);
/* The plan of the event's shape; NULL: no memory. */
const struct plan *plan_of(struct sigma_scanner *s, const struct event *event);
/* Groups for the event at hand; *count 0 where no rule wants it. */
const struct plan_group *plan_route(struct sigma_scanner *s, uint32_t *count);

/* Whether the slot's value is the same in all events that have the plan group at hand. */
static inline bool plan_decides(const struct sigma_scanner *s, uint32_t slot)
{
	return slot != EVENT_NO_SLOT && s->plan->routes_by[slot] && s->event->values[slot].kind != VALUE_LIST;
}

/* Texts of a slot of the event at hand. An absent value has no piece, null an empty one. */
const struct view *view_text(struct sigma_scanner *s, uint32_t slot);
const struct view *view_folded(struct sigma_scanner *s, uint32_t slot);
/* Keyed by the scanner's seed, which no log can know. */
static inline uint64_t hash_mix2(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
	return hash_mix2(hash ^ word, UINT64_C(0x9e3779b97f4a7c15));
}

/* Of any value, keyed by the scanner's seed. */
uint64_t hash_value(const struct sigma_scanner *s, const struct value *value, uint64_t hash);

/* Of the value of a slot of the event at hand; lists in lists do not count. */
static inline uint64_t view_hash(struct sigma_scanner *s, uint32_t slot)
{
	struct slot_hash *hash = &s->hashes[slot];

	if (hash->stamp != s->stamp) {
		hash->hash = hash_value(s, &s->event->values[slot], s->seed[0]);
		hash->stamp = s->stamp;
	}
	return hash->hash;
}

bool pred_holds(struct sigma_scanner *s, const struct pred *pred);
bool node_holds(struct sigma_scanner *s, const struct node *node);
/* Whether two fields that should be equal have texts of other lengths; cheaper than comparing them. */
bool pair_differs(const struct sigma_scanner *s, const struct pred *pred);
/* Where it is remembered whether the rule held for the values of its fields; NULL: nowhere. */
uint64_t *rule_answer(struct sigma_scanner *s, const struct compiled_rule *rule, uint64_t *key);

/* Fills the finding from the event at hand; spans live until the next. */
void report_match(struct sigma_scanner *s, const struct compiled_rule *rule,
		  struct finding *finding);

struct correlator *correlator_new(const struct sigma_set *set, size_t bytes);
void correlator_free(struct correlator *c);
/* Remembers that the rule matched the event at hand. False: the callback ended it. */
bool correlator_add(struct sigma_scanner *s, const struct compiled_rule *rule,
		    sigma_match_fn *match, void *context);
bool correlator_judge(struct sigma_scanner *s, sigma_match_fn *match, void *context);

#endif
