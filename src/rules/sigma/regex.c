#include "rules/sigma/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "match/fold.h"

#define PATTERN_MAX 16384
#define MATCH_LIMIT 200000		/* some 2 ms of the interpreter */
#define DEPTH_LIMIT 100000
#define HEAP_LIMIT_KIB 65536

struct sigma_regex {
	pcre2_code *code;
	pcre2_code *lazy;		/* with lazy for greedy; made when the other gave up */
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

struct sigma_regex *sigma_regex_new(struct span pattern, uint32_t options)
{
	struct sigma_regex *regex = calloc(1, sizeof *regex);
	size_t at;
	int code;

	if (!regex)
		return NULL;
	regex->pattern = pattern;
	regex->options = options;
	regex->code = compile(pattern, options, &code, &at);
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
	pcre2_code_free(regex->lazy);
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
enum sigma_regex_answer sigma_regex_search(struct sigma_regex *regex, struct span text)
{
	enum sigma_regex_answer answer = search(regex, regex->code, text);
	size_t at;
	int code;

	if (answer != REGEX_GAVE_UP || !may_be_lazy(regex->pattern))
		return answer;
	if (!regex->lazy)
		regex->lazy = compile(regex->pattern, regex->options | PCRE2_UNGREEDY, &code, &at);
	return regex->lazy ? search(regex, regex->lazy, text) : answer;
}

struct literal_scan {
	struct span pattern;
	size_t at;
	uint8_t run[256];
	size_t len;
	uint8_t best[256];
	size_t best_len;
};

static void end_run(struct literal_scan *s)
{
	if (s->len > s->best_len) {
		memcpy(s->best, s->run, s->len);
		s->best_len = s->len;
	}
	s->len = 0;
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
			in_class = c != ']';
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

struct span sigma_regex_literal(struct arena *arena, struct span pattern)
{
	struct literal_scan s = { .pattern = pattern };

	if (span_starts(pattern, SPAN("(?i)")))
		s.at = 4;
	while (s.at < pattern.len)
		if (!scan_one(&s))
			return (struct span){ 0 };
	end_run(&s);
	fold_utf8(s.best, span_of(s.best, s.best_len));
	return arena_copy(arena, span_of(s.best, s.best_len));
}
