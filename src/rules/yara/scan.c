#include "rules/yara/scan.h"

#include "rules/yara/modules.h"
#include "rules/yara/regex_prog.h"

#include <stdlib.h>
#include <time.h>

#define MEMORY_DEFAULT ((size_t)1 << 30)
#define LAST_NUMBER (UINT32_MAX >> 2)	/* of scans, before states must be cleared */

/* States of a rule, guard or namespace: number of the scan << 2 | one of these. */
enum { STATE_WOKEN = 1, STATE_NO = 2, STATE_YES = 3 };

uint64_t scan_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- making and freeing ---- */

static uint32_t count_modules(void)
{
	uint32_t n = 0;

	while (yara_modules[n])
		n++;
	return n;
}

static void *numbers(size_t count)
{
	return calloc(count + 1, sizeof(uint32_t));
}

static bool allocate(struct yara_scan *s)
{
	const struct yara_set *set = s->set;

	s->rule_states = numbers(set->rule_count);
	s->guard_states = numbers(set->guard_count);
	s->space_states = numbers(set->name_space_count);
	s->woken = numbers(set->rule_count);
	s->matched = numbers(set->rule_count);
	s->externals = calloc(set->external_count + 1, sizeof *s->externals);
	s->module_count = count_modules();
	s->modules = calloc(s->module_count + 1, sizeof *s->modules);
	s->memory_arenas = calloc(s->module_count + 1, sizeof *s->memory_arenas);
	/* Untouched pages of this cost nothing. */
	s->variables = calloc((size_t)FRAMES_MAX * VARIABLES_MAX, sizeof *s->variables);
	s->regexes = regex_scratch_new();
	if (s->options.profile)
		s->costs = calloc(set->rule_count + 1, sizeof *s->costs);
	return s->rule_states && s->guard_states && s->space_states && s->woken && s->matched &&
	       s->externals && s->modules && s->memory_arenas && s->variables && s->regexes &&
	       (!s->options.profile || s->costs);
}

struct yara_scanner *yara_scanner_new(const struct yara_set *set,
				      const struct yara_scan_options *options, struct err *err)
{
	struct yara_scanner *scanner = calloc(1, sizeof *scanner);

	if (!scanner)
		return err_errno(err, 12, "no memory for a scanner"), NULL;
	scanner->scan.set = set;
	if (options)
		scanner->scan.options = *options;
	scanner->scan.arena = arena_new(options && options->memory_limit ? options->memory_limit
									: MEMORY_DEFAULT);
	scanner->scan.patterns = pattern_scratch_new(set->patterns, err);
	if (scanner->scan.patterns && allocate(&scanner->scan))
		return scanner;
	if (scanner->scan.patterns)
		err_errno(err, 12, "no memory for a scanner");
	yara_scanner_free(scanner);
	return NULL;
}

void yara_scanner_free(struct yara_scanner *scanner)
{
	struct yara_scan *s;

	if (!scanner)
		return;
	s = &scanner->scan;
	for (uint32_t i = 0; s->memory_arenas && i < s->module_count; i++)
		arena_free(&s->memory_arenas[i]);
	free(s->memory_arenas);
	free(s->block_hits);
	pattern_scratch_free(s->patterns);
	regex_scratch_free(s->regexes);
	arena_free(&s->arena);
	free(s->rule_states);
	free(s->guard_states);
	free(s->space_states);
	free(s->woken);
	free(s->matched);
	free(s->externals);
	free(s->modules);
	free(s->variables);
	free(s->costs);
	free(scanner);
}

/* ---- what the evaluator asks ---- */

static void note_flood(struct yara_scan *s, const struct rule_string *string)
{
	if (!s->notes.strings_capped++) {
		s->notes.rule = s->rule ? s->rule->index : 0;
		s->notes.identifier = string->identifier;
	}
}

static const struct pattern_match *only_match(struct yara_scan *s,
					      const struct rule_string *string, size_t *count)
{
	struct pattern_match *m;
	uint32_t length;

	*count = 0;
	if (s->is_blocks ||
	    !pattern_match_at(s->patterns, string->pattern, (uint64_t)string->at, &length))
		return NULL;
	m = ARENA_NEW(&s->arena, struct pattern_match);
	if (!m)
		return NULL;
	*m = (struct pattern_match){ .offset = (uint64_t)string->at, .length = length };
	*count = 1;
	return m;
}

const struct pattern_match *scan_matches(struct yara_scan *s, const struct rule_string *string,
					 size_t *count)
{
	const struct pattern_match *matches;

	if (string->at >= 0)
		return only_match(s, string, count);
	if (s->is_blocks) {
		const struct block_hits *hits = &s->block_hits[string->pattern];

		*count = hits->scan == s->number ? hits->count : 0;
		return *count ? hits->matches : NULL;
	}
	matches = pattern_matches(s->patterns, string->pattern, count);
	if (*count && pattern_flooded(s->patterns, string->pattern))
		note_flood(s, string);
	return matches;
}

bool scan_found(struct yara_scan *s, const struct rule_string *string)
{
	size_t count;

	if (string->at < 0 && !s->is_blocks)
		return pattern_found(s->patterns, string->pattern);
	scan_matches(s, string, &count);
	return count;
}

bool scan_is_dear(struct yara_scan *s, const struct rule_string *string)
{
	return string->at < 0 && !s->is_blocks && pattern_is_dear(s->patterns, string->pattern);
}

bool scan_found_at(struct yara_scan *s, const struct rule_string *string, int64_t offset)
{
	const struct pattern_match *matches;
	uint32_t length;
	size_t count;

	if (offset < 0)
		return false;
	if (!s->is_blocks)
		return pattern_match_at(s->patterns, string->pattern, (uint64_t)offset, &length);
	matches = scan_matches(s, string, &count);
	for (size_t i = 0; i < count; i++)
		if (matches[i].offset == (uint64_t)offset)
			return true;
	return false;
}

bool scan_in_time(struct yara_scan *s)
{
	if (s->deadline && scan_clock() > s->deadline)
		s->stopped = true;
	return !s->stopped;
}

static struct span module_data(const struct yara_scan *s, const char *name)
{
	for (size_t i = 0; s->inputs && i < s->inputs->module_data_count; i++)
		if (!strcmp(s->inputs->module_data[i].module, name))
			return s->inputs->module_data[i].data;
	return (struct span){ 0 };
}

struct yara_object *scan_load_module(struct yara_scan *s, const struct yara_module *module,
				     struct yara_load *load, bool *taken)
{
	load->root = yara_module_new(module, load->arena);
	load->module_data = module_data(s, module->name);
	*taken = load->root && (!module->load || module->load(load));
	return load->root;
}

struct yara_object *scan_module(struct yara_scan *s, uint32_t number)
{
	const struct yara_module *module = yara_modules[number];
	struct yara_load load = { .data = s->data, .arena = &s->arena };
	bool taken;

	if (!s->modules[number])
		s->modules[number] = s->is_blocks ? scan_memory_module(s, number)
						  : scan_load_module(s, module, &load, &taken);
	return s->modules[number];
}

bool scan_entry_point(struct yara_scan *s, int64_t *out)
{
	return s->is_blocks ? scan_memory_entry_point(s, out)
			    : yara_entry_point(s->data, false, 0, out);
}

bool yara_call_has_whole(const struct yara_call *call)
{
	const struct yara_scan *s = call->host;

	return !s || !s->is_blocks;
}

bool yara_call_range(const struct yara_call *call, int64_t offset, int64_t length, struct span *out)
{
	struct yara_scan *s = call->host;
	uint8_t *bytes;

	if (offset < 0 || length < 0)
		return false;
	if (s && s->is_blocks) {
		bytes = length <= YARA_RANGE_MOST ? arena_alloc(&s->arena, (size_t)length) : NULL;
		*out = span_of(bytes, (size_t)length);
		return bytes && scan_read_memory(s, (uint64_t)offset, bytes, (size_t)length);
	}
	*out = span_sub(call->data, (size_t)offset, (size_t)length);
	return (uint64_t)offset < call->data.len;
}

bool yara_call_matches(struct yara_call *call, const struct yara_regex *regex, struct span text)
{
	struct yara_scan *s = call->host;

	return s && regex_search((const struct regex *)regex, s->regexes, text);
}

bool yara_call_match_end(struct yara_call *call, const struct yara_regex *regex, struct span text,
			 size_t *end)
{
	struct yara_scan *s = call->host;

	for (size_t at = 0; s && at <= text.len && at < 1024; at++) {
		if (regex_match((const struct regex *)regex, s->regexes, text, at, text.len, false,
				end))
			return true;
	}
	return false;
}

void yara_call_log(struct yara_call *call, struct span line)
{
	struct yara_scan *s = call->host;

	if (s && s->options.log)
		s->options.log(s->options.log_context, line);
}

/* ---- rules ---- */

static bool guard_holds(struct yara_scan *s, uint32_t number)
{
	const struct guard *g = &s->set->guards[number];
	uint32_t *state = &s->guard_states[number];
	bool holds = false;

	/* Nothing is known of the size and start of a process. */
	if (s->is_blocks)
		return true;
	if (*state >> 2 == s->number)
		return (*state & 3) == STATE_YES;
	for (uint32_t i = 0; i < g->count && !holds; i++)
		holds = s->file_size >= g->cases[i].least && s->file_size <= g->cases[i].most &&
			(s->header & g->cases[i].mask) == g->cases[i].value;
	*state = s->number << 2 | (holds ? STATE_YES : STATE_NO);
	return holds;
}

static bool has_found(struct yara_scan *s, const struct rule *rule)
{
	for (uint32_t i = 0; i < rule->string_count; i++)
		if (scan_found(s, &rule->strings[i]))
			return true;
	return false;
}

static enum truth evaluate(struct yara_scan *s, const struct rule *rule)
{
	const struct rule *outer = s->rule;
	uint64_t start;
	enum truth found;

	if (!guard_holds(s, rule->guard))
		return NO;
	s->rule = rule;
	start = s->costs ? scan_clock() : 0;
	found = rule->speaks_if_found && !has_found(s, rule) ? NO : eval_rule(s, rule);
	if (s->costs) {
		s->costs[rule->index].evaluations++;
		s->costs[rule->index].ns += scan_clock() - start;
	}
	s->rule = outer;
	return found;
}

enum truth scan_rule(struct yara_scan *s, uint32_t number)
{
	uint32_t *state = &s->rule_states[number];
	enum truth found;

	if (*state >> 2 == s->number && (*state & 3) != STATE_WOKEN)
		return (*state & 3) == STATE_YES ? YES : NO;
	found = evaluate(s, &s->set->rules[number]);
	*state = s->number << 2 | (found == YES ? STATE_YES : STATE_NO);
	return found;
}

static void wake(struct yara_scan *s, uint32_t number)
{
	uint32_t *state = &s->rule_states[number];

	if (*state >> 2 == s->number || !guard_holds(s, s->set->rules[number].guard))
		return;
	*state = s->number << 2 | STATE_WOKEN;
	s->woken[s->woken_count++] = number;
}

static void wake_all(struct yara_scan *s, const uint32_t *patterns, size_t count)
{
	const struct yara_set *set = s->set;

	for (size_t i = 0; i < count; i++) {
		struct rule_list list = set->wakes[patterns[i]];

		for (uint32_t j = 0; j < list.count; j++)
			wake(s, set->woken[list.start + j]);
	}
	for (uint32_t i = 0; i < set->always_count; i++) {
		const struct always_list *list = &set->always[i];

		for (uint32_t j = 0; j < list->count && guard_holds(s, list->guard); j++)
			wake(s, set->always_rules[list->start + j]);
	}
}

static bool globals_hold(struct yara_scan *s, uint32_t space)
{
	const struct name_space *n = &s->set->name_spaces[space];
	uint32_t *state = &s->space_states[space];
	bool hold = true;

	if (*state >> 2 == s->number)
		return (*state & 3) == STATE_YES;
	for (uint32_t i = 0; i < n->global_count && hold; i++)
		hold = scan_rule(s, n->globals[i]) == YES;
	*state = s->number << 2 | (hold ? STATE_YES : STATE_NO);
	return hold;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void evaluate_woken(struct yara_scan *s)
{
	if (s->set->speaks)		/* what they tell is told in their order */
		qsort(s->woken, s->woken_count, sizeof *s->woken, by_number);
	for (uint32_t i = 0; i < s->woken_count && !s->stopped; i++) {
		uint32_t number = s->woken[i];
		const struct rule *rule = &s->set->rules[number];

		if (s->deadline && i % 64 == 63 && scan_clock() > s->deadline)
			s->stopped = true;
		if (scan_rule(s, number) == YES && !rule->info.is_private &&
		    globals_hold(s, rule->name_space))
			s->matched[s->matched_count++] = number;
	}
	qsort(s->matched, s->matched_count, sizeof *s->matched, by_number);
}

static bool tell_one(struct yara_scan *s, uint32_t number, yara_match_fn *match, void *context)
{
	struct yara_match m = { .rule = number, .info = s->set->rules[number].info, .scan = s };

	return match(context, &m);
}

static void tell(struct yara_scan *s, yara_match_fn *match, void *context)
{
	uint32_t next = 0;

	if (!(s->options.flags & YARA_TELL_MISSES)) {
		for (uint32_t i = 0; i < s->matched_count; i++)
			if (!tell_one(s, s->matched[i], match, context))
				return;
		return;
	}
	for (uint32_t i = 0; i < s->set->rule_count; i++) {
		if (next < s->matched_count && s->matched[next] == i)
			next++;
		else if (!s->set->rules[i].info.is_private && !tell_one(s, i, match, context))
			return;
	}
}

/* ---- a scan ---- */

static void set_externals(struct yara_scan *s, const struct yara_inputs *inputs)
{
	const struct yara_set *set = s->set;

	for (uint32_t i = 0; i < set->external_count; i++)
		s->externals[i] = set->externals[i].value;
	for (size_t j = 0; inputs && j < inputs->external_count; j++)
		for (uint32_t i = 0; i < set->external_count; i++)
			if (span_eq(set->externals[i].name, inputs->externals[j].name) &&
			    set->externals[i].value.type == inputs->externals[j].value.type)
				s->externals[i] = inputs->externals[j].value;
}

void scan_start(struct yara_scan *s, const struct yara_inputs *inputs)
{
	if (++s->number >= LAST_NUMBER) {
		memset(s->rule_states, 0, s->set->rule_count * sizeof *s->rule_states);
		memset(s->guard_states, 0, s->set->guard_count * sizeof *s->guard_states);
		memset(s->space_states, 0, s->set->name_space_count * sizeof *s->space_states);
		for (uint32_t i = 0; s->block_hits && i < s->set->pattern_count; i++)
			s->block_hits[i].scan = 0;
		s->number = 1;
	}
	arena_reset(&s->arena);
	memset(s->modules, 0, s->module_count * sizeof *s->modules);
	s->woken_count = s->matched_count = 0;
	s->frame = 0;
	s->rule = NULL;
	s->inputs = inputs;
	s->stopped = false;
	s->notes = (struct yara_scan_notes){ 0 };
	s->deadline = s->options.timeout_ns ? scan_clock() + s->options.timeout_ns : 0;
	set_externals(s, inputs);
}

bool scan_end(struct yara_scan *s, const uint32_t *patterns, size_t count,
		 yara_match_fn *match, void *context, struct yara_scan_notes *notes,
		 struct err *err)
{
	wake_all(s, patterns, count);
	evaluate_woken(s);
	s->notes.timed_out = s->stopped;
	if (!s->stopped)
		tell(s, match, context);
	if (notes)
		*notes = s->notes;
	return s->stopped ? err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "scanning timed out") : true;
}

bool yara_scan(struct yara_scanner *scanner, struct span data, const struct yara_inputs *inputs,
	       yara_match_fn *match, void *context, struct yara_scan_notes *notes,
	       struct err *err)
{
	struct yara_scan *s = &scanner->scan;
	struct pattern_options options = { .fast = s->options.flags & YARA_FAST };
	const uint32_t *candidates;
	size_t count;

	scan_start(s, inputs);
	s->is_blocks = false;
	s->data = data;
	s->file_size = inputs && inputs->file_size ? inputs->file_size : data.len;
	s->header = 0;
	for (size_t i = 0; i < data.len && i < 4; i++)
		s->header |= (uint32_t)data.at[i] << 8 * i;
	if (!pattern_search(s->patterns, data, &options, err))
		return false;
	candidates = pattern_candidates(s->patterns, &count);
	return scan_end(s, candidates, count, match, context, notes, err);
}

/* ---- what a match can be asked ---- */

bool yara_match_next(const struct yara_match *match, uint64_t *at, struct yara_string_match *out)
{
	struct yara_scan *s = (struct yara_scan *)(uintptr_t)match->scan;
	const struct rule *rule = &s->set->rules[match->rule];
	/* *at: number of the string << 32 | number of the match */
	uint32_t string = (uint32_t)(*at >> 32), nth = (uint32_t)*at;

	for (; string < rule->string_count; string++, nth = 0) {
		const struct rule_string *r = &rule->strings[string];
		const struct pattern_match *matches;
		size_t count;

		s->rule = rule;
		matches = scan_matches(s, r, &count);
		if (nth >= count)
			continue;
		*out = (struct yara_string_match){
			.identifier = r->identifier, .offset = matches[nth].offset,
			.length = matches[nth].length, .xor_key = matches[nth].xor_key,
			.is_private = r->is_private, .is_hex = r->is_hex,
		};
		if (s->is_blocks)
			out->bytes = s->block_hits[r->pattern].bytes[nth];
		else
			out->bytes = span_sub(s->data, out->offset, out->length);
		*at = (uint64_t)string << 32 | (nth + 1);
		return true;
	}
	return false;
}

struct yara_object *yara_scan_module(const struct yara_scan *scan, const struct yara_module *module)
{
	struct yara_scan *s = (struct yara_scan *)(uintptr_t)scan;

	for (uint32_t i = 0; yara_modules[i]; i++)
		if (yara_modules[i] == module)
			return scan_module(s, i);
	return NULL;
}

const struct yara_scan *yara_last_scan(const struct yara_scanner *scanner)
{
	return &scanner->scan;
}

bool yara_set_imports(const struct yara_set *set, const struct yara_module *module)
{
	for (uint32_t i = 0; yara_modules[i] && i < 64; i++)
		if (yara_modules[i] == module)
			return set->imports >> i & 1;
	return false;
}

static int by_cost(const void *a, const void *b)
{
	const struct yara_rule_cost *x = a, *y = b;

	return x->ns > y->ns ? -1 : x->ns < y->ns;
}

struct yara_rule_cost *yara_profile(const struct yara_scanner *scanner, struct arena *arena,
				    size_t *count)
{
	const struct yara_scan *s = &scanner->scan;
	struct yara_rule_cost *costs = ARENA_ARRAY(arena, s->set->rule_count,
						   struct yara_rule_cost);

	*count = 0;
	if (!costs || !s->costs)
		return NULL;
	for (uint32_t i = 0; i < s->set->rule_count; i++) {
		if (!s->costs[i].evaluations)
			continue;
		costs[*count] = s->costs[i];
		costs[(*count)++].rule = i;
	}
	qsort(costs, *count, sizeof *costs, by_cost);
	return costs;
}
