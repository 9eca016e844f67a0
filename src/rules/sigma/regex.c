#include "rules/sigma/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "match/fold.h"
#include "rules/sigma/set.h"

#define PATTERN_MAX 16384
#define MATCH_LIMIT 200000		/* some 2 ms of the interpreter */
#define DEPTH_LIMIT 100000
#define HEAP_LIMIT_KIB 65536

struct sigma_regex {
	pcre2_code *code;
	pcre2_code *other;		/* with lazy for greedy or the reverse; made when that gave up */
	struct span pattern;
	uint32_t options;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

static pcre2_code *compile(struct span pattern, uint32_t options, int *code, size_t *at)
{
	return pcre2_compile(pattern.at, pattern.len,
			     options | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
			     code, at, NULL);
}

bool sigma_regex_check(struct span pattern, uint32_t options, struct err *err)
{
	pcre2_code *compiled;
	uint8_t text[120];
	size_t at;
	int code;

	if (pattern.len > PATTERN_MAX)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "regular expression too long");
	compiled = compile(pattern, options, &code, &at);
	if (compiled) {
		pcre2_code_free(compiled);
		return true;
	}
	pcre2_get_error_message(code, text, sizeof text);
	return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET,
		       "regular expression, character %zu: %s", at + 1, (char *)text);
}

/* Only where nothing forbids to go back is greed without influence on whether there is a match. */
static bool may_be_lazy(struct span pattern)
{
	static const char *const words[] = { "(?>", "++", "*+", "?+", "}+", "\\K", "(*", "(?|", "(?(" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_find(pattern, 0, span_text(words[i])) != SIZE_MAX)
			return false;
	return true;
}

/*
 * "a.*a.*a.*a" tries all ways from the end of a long text when greedy, and finds
 * the first a's at once when lazy.
 */
static bool better_lazy(struct span pattern)
{
	size_t stars = 0;

	for (size_t at = 0; (at = span_find(pattern, at, SPAN(".*"))) != SIZE_MAX; at += 2)
		stars++;
	return stars >= 3 && may_be_lazy(pattern);
}

struct sigma_regex *sigma_regex_new(struct span pattern, uint32_t options)
{
	struct sigma_regex *regex = calloc(1, sizeof *regex);
	size_t at;
	int code;

	if (!regex)
		return NULL;
	regex->pattern = pattern;
	regex->options = options | (better_lazy(pattern) ? PCRE2_UNGREEDY : 0);
	regex->code = compile(pattern, regex->options, &code, &at);
	regex->data = pcre2_match_data_create(1, NULL);
	regex->limits = pcre2_match_context_create(NULL);
	if (!regex->code || !regex->data || !regex->limits) {
		sigma_regex_free(regex);
		return NULL;
	}
	pcre2_set_match_limit(regex->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(regex->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(regex->limits, HEAP_LIMIT_KIB);
	return regex;
}

void sigma_regex_free(struct sigma_regex *regex)
{
	if (!regex)
		return;
	pcre2_code_free(regex->code);
	pcre2_code_free(regex->other);
	pcre2_match_data_free(regex->data);
	pcre2_match_context_free(regex->limits);
	free(regex);
}

static enum sigma_regex_answer search(struct sigma_regex *regex, const pcre2_code *code,
				      struct span text)
{
	int got = pcre2_match(code, text.at ? text.at : (const uint8_t *)"", text.len, 0, 0,
			      regex->data, regex->limits);

	if (got >= 0)
		return REGEX_YES;
	return got == PCRE2_ERROR_NOMATCH || got == PCRE2_ERROR_PARTIAL ? REGEX_NO : REGEX_GAVE_UP;
}

/* Where one way gave up, the other may not. */
enum sigma_regex_answer sigma_regex_search(struct sigma_regex *regex, struct span text)
{
	enum sigma_regex_answer answer = search(regex, regex->code, text);
	size_t at;
	int code;

	if (answer != REGEX_GAVE_UP || !may_be_lazy(regex->pattern))
		return answer;
	if (!regex->other)
		regex->other = compile(regex->pattern, regex->options ^ PCRE2_UNGREEDY, &code, &at);
	return regex->other ? search(regex, regex->other, text) : answer;
}

struct literal_scan {
	struct span pattern;
	size_t at;
	uint8_t run[256];
	size_t len;
	uint8_t best[256];
	size_t best_len;
	uint8_t skeleton[512];
	size_t skeleton_len;
};

static void end_run(struct literal_scan *s)
{
	if (s->len > s->best_len) {
		memcpy(s->best, s->run, s->len);
		s->best_len = s->len;
	}
	if (s->len && s->skeleton_len + s->len + 1 < sizeof s->skeleton) {
		memcpy(s->skeleton + s->skeleton_len, s->run, s->len);
		s->skeleton_len += s->len;
		s->skeleton[s->skeleton_len++] = WILD_ANY;
	}
	s->len = 0;
}

/* "[:digit:]" and its like, inside a class: to its last byte. */
static bool skip_named_class(struct literal_scan *s)
{
	uint8_t kind = s->at + 1 < s->pattern.len ? s->pattern.at[s->at + 1] : 0;
	const uint8_t end[] = { kind, ']' };
	size_t found = SIZE_MAX;

	if (s->pattern.at[s->at] == '[' && (kind == ':' || kind == '.' || kind == '='))
		found = span_find(s->pattern, s->at + 2, span_of(end, sizeof end));
	if (found != SIZE_MAX)
		s->at = found + 1;
	return found != SIZE_MAX;
}

/* Steps over a class or group that starts at `at`; false where it does not end. */
static bool skip_group(struct literal_scan *s)
{
	size_t depth = 0;
	bool in_class = false;

	for (; s->at < s->pattern.len; s->at++) {
		uint8_t c = s->pattern.at[s->at];

		if (c == '\\') {
			s->at++;
		} else if (in_class) {
			in_class = skip_named_class(s) || c != ']';
		} else if (c == '[') {
			in_class = true;
			if (s->at + 1 < s->pattern.len && s->pattern.at[s->at + 1] == '^')
				s->at++;
			if (s->at + 1 < s->pattern.len && s->pattern.at[s->at + 1] == ']')
				s->at++;
		} else if (c == '(') {
			depth++;
		} else if (c == ')') {
			depth--;
		}
		if (depth == 0 && !in_class) {
			s->at++;
			return true;
		}
	}
	return false;
}

/* An escaped character: itself where it is punctuation, else a class or anchor. */
static bool scan_escape(struct literal_scan *s)
{
	uint8_t c = s->at + 1 < s->pattern.len ? s->pattern.at[s->at + 1] : 0;

	s->at += 2;
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80) {
		end_run(s);
		/* \x41, \p{..}, \Q..\E: arguments follow that are no literal text. */
		return strchr("bBsSdDwWnrtfAzZ", c) != NULL;
	}
	if (s->len < sizeof s->run)
		s->run[s->len++] = c;
	return c != 0;
}

static bool scan_one(struct literal_scan *s)
{
	uint8_t c = s->pattern.at[s->at];

	switch (c) {
	case '\\':
		return scan_escape(s);
	case '|':
		return false;
	case '(':
	case '[':
		end_run(s);
		return !(c == '(' && s->at + 2 < s->pattern.len && s->pattern.at[s->at + 1] == '?' &&
			 s->pattern.at[s->at + 2] != ':') && skip_group(s);
	case '*':
	case '?':
	case '{':
		if (s->len)
			s->len--;	/* the character before need not be there */
		end_run(s);
		while (c == '{' && s->at < s->pattern.len && s->pattern.at[s->at] != '}')
			s->at++;
		break;
	case '+':
	case '.':
	case '^':
	case '$':
		end_run(s);
		break;
	default:
		if (c >= 0x80)
			end_run(s);
		else if (s->len < sizeof s->run)
			s->run[s->len++] = c;
	}
	s->at++;
	return true;
}

static bool scan_pattern(struct literal_scan *s)
{
	s->skeleton[s->skeleton_len++] = WILD_ANY;
	if (span_starts(s->pattern, SPAN("(?i)")))
		s->at = 4;
	while (s->at < s->pattern.len)
		if (!scan_one(s))
			return false;
	end_run(s);
	return true;
}

struct span sigma_regex_literal(struct arena *arena, struct span pattern)
{
	struct literal_scan s = { .pattern = pattern };

	if (!scan_pattern(&s))
		return (struct span){ 0 };
	fold_utf8(s.best, span_of(s.best, s.best_len));
	return arena_copy(arena, span_of(s.best, s.best_len));
}

struct span sigma_regex_skeleton(struct arena *arena, struct span pattern)
{
	struct literal_scan s = { .pattern = pattern };

	if (!scan_pattern(&s) || s.skeleton_len == 1)
		return (struct span){ 0 };
	fold_utf8(s.skeleton, span_of(s.skeleton, s.skeleton_len));
	return arena_copy(arena, span_of(s.skeleton, s.skeleton_len));
}
