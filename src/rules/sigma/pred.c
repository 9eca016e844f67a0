#include "rules/sigma/scan.h"

#include <stdlib.h>
#include <time.h>

#include "match/find.h"
#include "rules/sigma/cidr.h"
#include "rules/sigma/regex.h"

static size_t character(struct span text, size_t at)
{
	size_t next = at + 1;

	while (next < text.len && (text.at[next] & 0xc0) == 0x80)
		next++;
	return next;
}

/* The first place from `at` on where what follows a star can begin. */
static size_t next_start(struct span pattern, size_t p, struct span text, size_t at)
{
	const uint8_t *found;

	if (p == pattern.len || pattern.at[p] >= WILD_ANY || at >= text.len)
		return at;
	found = memchr(text.at + at, pattern.at[p], text.len - at);
	return found ? (size_t)(found - text.at) : text.len;
}

/* Greedy with one place to go back to: at worst text times pattern, both bounded. */
static bool wild_holds(struct span pattern, struct span text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.at[p] == WILD_ANY) {
			star = p++;
			resume = t;
		} else if (p < pattern.len && pattern.at[p] == WILD_ONE) {
			p++;
			t = character(text, t);
		} else if (p < pattern.len && pattern.at[p] == text.at[t]) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = resume = next_start(pattern, p, text, character(text, resume));
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.at[p] == WILD_ANY)
		p++;
	return p == pattern.len;
}

static bool text_holds(enum pred_kind kind, struct span wanted, struct span text)
{
	switch (kind) {
	case PRED_EQ:
		return span_eq(text, wanted);
	case PRED_STARTS:
		return span_starts(text, wanted);
	case PRED_ENDS:
		return span_ends(text, wanted);
	case PRED_CONTAINS:
		return find_literal(text, wanted);
	case PRED_WILD:
		return wild_holds(wanted, text);
	default:
		return false;
	}
}

static bool regex_holds(struct sigma_scanner *s, const struct pred *pred, const struct piece *piece)
{
	struct sigma_regex **regex = &s->regexes[pred->other];
	enum sigma_regex_answer answer;
	struct span text = piece->text;

	if (pred->skeleton.len && !wild_holds(pred->skeleton, piece->folded))
		return false;
	if (!*regex)
		*regex = sigma_regex_new(pred->text, pred->options);
	answer = *regex ? sigma_regex_search(*regex, text) : REGEX_GAVE_UP;
	if (answer == REGEX_GAVE_UP)
		s->stats.regex_limits++;
	return answer == REGEX_YES;
}

static bool number_of(struct span text, double *out)
{
	char copy[64], *end;

	text = span_trim(text);
	if (text.len == 0 || text.len >= sizeof copy)
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = 0;
	*out = strtod(copy, &end);
	return *end == 0;
}

static bool compare_holds(enum pred_kind kind, double n, double wanted)
{
	switch (kind) {
	case PRED_EQ:
		return n == wanted;
	case PRED_LESS:
		return n < wanted;
	case PRED_LESS_EQ:
		return n <= wanted;
	case PRED_MORE:
		return n > wanted;
	default:
		return n >= wanted;
	}
}

static bool number_holds(const struct pred *pred, struct span text)
{
	double n;

	return number_of(text, &n) && compare_holds((enum pred_kind)pred->kind, n, pred->number);
}

/* ISO 8601 week: that of the year which holds the week's Thursday. */
static int iso_week(const struct tm *tm)
{
	int weekday = (tm->tm_wday + 6) % 7, week = (tm->tm_yday - weekday + 10) / 7;
	int year = tm->tm_year + 1900, leap = (year % 4 == 0 && year % 100) || year % 400 == 0;

	if (week == 53 && tm->tm_yday - weekday + 3 >= 365 + leap)
		return 1;
	if (week > 0)
		return week;
	year--;
	leap = (year % 4 == 0 && year % 100) || year % 400 == 0;
	return (tm->tm_yday + 365 + leap - weekday + 10) / 7;
}

static bool time_holds(const struct pred *pred, struct span text)
{
	timestamp t;
	time_t seconds;
	struct tm tm;
	int part;

	if (!timestamp_parse(text, &t) && !timestamp_parse_epoch(text, &t))
		return false;
	seconds = (time_t)(t / TIME_SECOND - (t % TIME_SECOND < 0));
	if (!gmtime_r(&seconds, &tm))
		return false;
	switch ((enum time_part)pred->how) {
	case TIME_MINUTE:
		part = tm.tm_min;
		break;
	case TIME_HOUR:
		part = tm.tm_hour;
		break;
	case TIME_DAY:
		part = tm.tm_mday;
		break;
	case TIME_WEEK:
		part = iso_week(&tm);
		break;
	case TIME_MONTH:
		part = tm.tm_mon + 1;
		break;
	default:
		part = tm.tm_year + 1900;
	}
	return compare_holds((enum pred_kind)pred->compare, part, pred->number);
}

static bool field_holds(struct sigma_scanner *s, const struct pred *pred, struct span text)
{
	for (uint32_t slot = s->slots[pred->other]; slot != EVENT_NO_SLOT; slot = s->plan->same[slot]) {
		const struct view *view = pred->cased ? view_text(s, slot) : view_folded(s, slot);

		for (uint32_t i = 0; i < view->count; i++)
			if (text_holds((enum pred_kind)pred->how,
				       pred->cased ? view->pieces[i].text : view->pieces[i].folded,
				       text))
				return true;
	}
	return false;
}

static bool piece_holds(struct sigma_scanner *s, const struct pred *pred, const struct piece *piece)
{
	uint8_t address[16];

	switch (pred->kind) {
	case PRED_REGEX:
		return regex_holds(s, pred, piece);
	case PRED_CIDR:
		return sigma_address_parse(piece->text, address) &&
		       sigma_cidr_holds(pred->net, pred->bits, address);
	case PRED_LESS:
	case PRED_LESS_EQ:
	case PRED_MORE:
	case PRED_MORE_EQ:
		return number_holds(pred, piece->text);
	case PRED_FIELD:
		return field_holds(s, pred, pred->cased ? piece->text : piece->folded);
	case PRED_TIME:
		return time_holds(pred, piece->text);
	default:
		return text_holds((enum pred_kind)pred->kind, pred->text,
				  pred->cased ? piece->text : piece->folded);
	}
}

/* What is there, whatever its text. */
static bool presence_holds(const struct sigma_scanner *s, const struct pred *pred, uint32_t slot)
{
	enum value_kind kind = s->event->values[slot].kind;

	if (pred->kind == PRED_NULL)
		return kind == VALUE_ABSENT || kind == VALUE_NULL;
	return kind != VALUE_ABSENT && (!pred->how || kind != VALUE_NULL);
}

static bool slot_holds(struct sigma_scanner *s, const struct pred *pred, uint32_t slot)
{
	bool folded = !pred->cased && (pred->kind <= PRED_WILD || pred->kind == PRED_FIELD);
	const struct view *view = NULL;

	if (pred->kind == PRED_EXISTS || pred->kind == PRED_NULL)
		return presence_holds(s, pred, slot);
	if (folded || pred->skeleton.len)
		view = view_folded(s, slot);
	if (!folded)
		view = view_text(s, slot);
	for (uint32_t i = 0; i < view->count; i++)
		if (piece_holds(s, pred, &view->pieces[i]))
			return true;
	return false;
}

bool pred_holds(struct sigma_scanner *s, const struct pred *pred)
{
	uint32_t slot;

	if (pred->field == SIGMA_FIELD_ANY) {
		for (slot = 0; slot < s->event->shape->count; slot++)
			if (slot_holds(s, pred, slot))
				return true;
		return false;
	}
	slot = s->slots[pred->field];
	if (slot == EVENT_NO_SLOT)
		return pred->kind == PRED_NULL;
	if (pred->kind == PRED_NULL) {
		for (; slot != EVENT_NO_SLOT; slot = s->plan->same[slot])
			if (!slot_holds(s, pred, slot))
				return false;
		return true;
	}
	for (; slot != EVENT_NO_SLOT; slot = s->plan->same[slot])
		if (slot_holds(s, pred, slot))
			return true;
	return false;
}

/* Folding keeps lengths (match/fold.h), but half a unit may become a character. */
static bool has_length(const struct value *value)
{
	return value->kind == VALUE_TEXT || (value->kind == VALUE_UTF16 && value->bytes.len % 2 == 0);
}

bool pair_differs(const struct sigma_scanner *s, const struct pred *pred)
{
	uint32_t one = s->slots[pred->field], other = s->slots[pred->other];
	const struct value *values = s->event->values;

	if (one == EVENT_NO_SLOT || other == EVENT_NO_SLOT || s->plan->same[one] != EVENT_NO_SLOT ||
	    s->plan->same[other] != EVENT_NO_SLOT)
		return false;
	return values[one].kind == values[other].kind && has_length(&values[one]) && has_length(&values[other]) &&
	       values[one].bytes.len != values[other].bytes.len;
}

static uint64_t *answer_at(struct sigma_scanner *s, uint64_t key)
{
	return &s->answers[(key * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - ANSWER_BITS)];
}

/* Where it is remembered what the value of the field answered; NULL: nowhere. */
static uint64_t *answer_of(struct sigma_scanner *s, uint32_t field, const void *asked, uint64_t *key)
{
	uint32_t slot = s->slots[field];

	if (slot == EVENT_NO_SLOT || s->plan->same[slot] != EVENT_NO_SLOT ||
	    s->event->values[slot].kind == VALUE_LIST)
		return NULL;
	*key = (view_hash(s, slot) + (uintptr_t)asked) & ~UINT64_C(1);
	return answer_at(s, *key);
}

uint64_t *rule_answer(struct sigma_scanner *s, const struct compiled_rule *rule, uint64_t *key)
{
	uint64_t hash = (uintptr_t)rule;

	if (!rule->fields)
		return NULL;
	for (uint32_t i = 0; i < rule->field_count; i++) {
		uint32_t slot = s->slots[rule->fields[i]];

		if (slot == EVENT_NO_SLOT) {
			hash = hash_mix(hash, s->seed[1]);
			continue;
		}
		if (s->plan->same[slot] != EVENT_NO_SLOT || s->event->values[slot].kind == VALUE_LIST)
			return NULL;
		hash = hash_mix(hash, view_hash(s, slot));
	}
	*key = hash & ~UINT64_C(1);
	return answer_at(s, *key);
}

static bool pred_holds_again(struct sigma_scanner *s, const struct pred *pred)
{
	uint64_t key, *answer, limits = s->stats.regex_limits;
	bool holds;

	if ((pred->kind != PRED_WILD && pred->kind != PRED_REGEX) || pred->field == SIGMA_FIELD_ANY)
		return pred_holds(s, pred);
	answer = answer_of(s, pred->field, pred, &key);
	if (answer && (*answer & ~UINT64_C(1)) == key)
		return *answer & 1;
	holds = pred_holds(s, pred);
	/* What was given up is tried and counted each time. */
	if (answer && s->stats.regex_limits == limits)
		*answer = key | holds;
	return holds;
}

/* Depth is bounded when rules are compiled. */
static bool any_holds(struct sigma_scanner *s, const struct node *node)
{
	uint64_t key, *answer = NULL, limits = s->stats.regex_limits;
	bool holds = false;

	if (node->one_value)
		answer = answer_of(s, node->kids[0]->pred->field, node, &key);
	if (answer && (*answer & ~UINT64_C(1)) == key)
		return *answer & 1;
	for (uint32_t i = 0; !holds && i < node->count; i++)
		holds = node_holds(s, node->kids[i]);
	if (answer && s->stats.regex_limits == limits)
		*answer = key | holds;
	return holds;
}

bool node_holds(struct sigma_scanner *s, const struct node *node)
{
	switch (node->kind) {
	case NODE_PRED:
		return pred_holds_again(s, node->pred);
	case NODE_NOT:
		return !node_holds(s, node->kids[0]);
	case NODE_TRUE:
		return true;
	case NODE_AND:
		for (uint32_t i = 0; i < node->count; i++)
			if (!node_holds(s, node->kids[i]))
				return false;
		return true;
	case NODE_OR:
		return any_holds(s, node);
	default:
		return false;
	}
}
