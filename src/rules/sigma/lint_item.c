#include "rules/sigma/lint_rule.h"

/* One field with its modifiers and values. */

enum modifier {
	M_ALL = 1 << 0, M_CONTAINS = 1 << 1, M_STARTS = 1 << 2, M_ENDS = 1 << 3, M_RE = 1 << 4,
	M_RE_FLAG = 1 << 5, M_CIDR = 1 << 6, M_EXISTS = 1 << 7, M_COMPARE = 1 << 8, M_TIME = 1 << 9,
	M_BASE64 = 1 << 10, M_OFFSET = 1 << 11, M_UTF16 = 1 << 12, M_WINDASH = 1 << 13,
	M_EXPAND = 1 << 14, M_REF = 1 << 15, M_CASED = 1 << 16, M_NEQ = 1 << 17, M_IGNORECASE = 1 << 18,
};

static const struct {
	const char *word;
	unsigned bit;
} words[] = {
	{ "all", M_ALL }, { "contains", M_CONTAINS }, { "startswith", M_STARTS }, { "endswith", M_ENDS },
	{ "re", M_RE }, { "i", M_RE_FLAG | M_IGNORECASE }, { "ignorecase", M_RE_FLAG | M_IGNORECASE },
	{ "m", M_RE_FLAG }, { "s", M_RE_FLAG }, { "multiline", M_RE_FLAG }, { "dotall", M_RE_FLAG },
	{ "cidr", M_CIDR }, { "exists", M_EXISTS }, { "lt", M_COMPARE }, { "lte", M_COMPARE },
	{ "gt", M_COMPARE }, { "gte", M_COMPARE }, { "minute", M_TIME }, { "hour", M_TIME },
	{ "day", M_TIME }, { "week", M_TIME }, { "month", M_TIME }, { "year", M_TIME },
	{ "base64", M_BASE64 }, { "base64offset", M_OFFSET }, { "wide", M_UTF16 }, { "utf16", M_UTF16 },
	{ "utf16le", M_UTF16 }, { "utf16be", M_UTF16 }, { "windash", M_WINDASH }, { "expand", M_EXPAND },
	{ "fieldref", M_REF }, { "cased", M_CASED }, { "neq", M_NEQ },
};

static unsigned read_modifiers(struct sigma_linter *l, const struct yaml_node *item,
			       struct span rest)
{
	unsigned all = 0;

	while (rest.len) {
		struct span word = span_split(&rest, '|');
		unsigned bit = 0;

		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (span_eq(word, span_text(words[i].word)))
				bit = words[i].bit;
		if (!bit)
			lint_tell(l, LINT_ERROR, "modifier_unknown", item, "there is no modifier '%.*s'",
				  SPAN_ARG(word));
		if (bit & all & ~(unsigned)M_RE_FLAG)
			lint_tell(l, LINT_WARNING, "modifier_twice", item, "'%.*s' stands there twice",
				  SPAN_ARG(word));
		all |= bit;
	}
	return all;
}

static bool many(unsigned bits)
{
	return bits & (bits - 1);
}

static void lint_modifiers(struct sigma_linter *l, const struct yaml_node *item, unsigned m)
{
	unsigned place = m & (M_CONTAINS | M_STARTS | M_ENDS);

	if (many(place))
		lint_tell(l, LINT_ERROR, "modifiers_exclude", item,
			  "of contains, startswith and endswith, one");
	if (many(m & (M_RE | M_CIDR | M_EXISTS | M_COMPARE | M_REF | M_BASE64 | M_OFFSET)))
		lint_tell(l, LINT_ERROR, "modifiers_exclude", item,
			  "re, cidr, exists, comparisons, fieldref and base64 exclude each other");
	if ((m & M_RE) && place)
		lint_tell(l, LINT_WARNING, "re_with_place", item,
			  "a regular expression says itself where it stands: ^ and $");
	if ((m & M_RE_FLAG) && !(m & M_RE))
		lint_tell(l, LINT_ERROR, "re_flag_alone", item, "i, m and s follow re");
	if ((m & M_UTF16) && !(m & (M_BASE64 | M_OFFSET)))
		lint_tell(l, LINT_WARNING, "utf16_alone", item,
			  "UTF-16 is looked for in Base64: base64 or base64offset follows it");
	if ((m & (M_BASE64 | M_OFFSET)) && !place)
		lint_tell(l, LINT_WARNING, "base64_whole", item,
			  "the value as a whole is seldom just this Base64: add contains");
	if ((m & M_BASE64) && (m & M_CONTAINS))
		lint_tell(l, LINT_NOTE, "base64_without_offset", item,
			  "inside of Base64 the text has three forms: base64offset");
	if ((m & M_CASED) && (m & M_RE))
		lint_tell(l, LINT_NOTE, "cased_re", item, "a regular expression minds case anyway");
	if ((m & M_ALL) && (item->kind != YAML_LIST || item->count < 2))
		lint_tell(l, LINT_WARNING, "all_of_one", item, "all of a single value");
	if (item->kind == YAML_LIST && item->count > 1 && (m & M_ALL) &&
	    !(m & (M_CONTAINS | M_RE | M_STARTS | M_ENDS | M_CIDR | M_OFFSET | M_EXPAND)) && item->key.at[0] != '|')
		lint_tell(l, LINT_WARNING, "all_of_whole_values", item,
			  "a field has one value: it cannot be all of these");
}

static bool is_number(struct span text)
{
	int64_t n;

	return span_to_i64(text, &n);
}

static bool is_cidr(struct span text)
{
	struct span bits = text, address = span_split(&bits, '/');
	uint64_t n;
	bool v6 = span_find_byte(address, 0, ':') != SIZE_MAX;

	return address.len && span_to_u64(bits, &n) && n <= (v6 ? 128 : 32);
}

/* (a+)+ and the like: time that doubles with each letter. */
static bool nests_repeats(struct span re)
{
	bool repeats = false;

	for (size_t i = 0; i + 1 < re.len; i++) {
		uint8_t c = re.at[i], next = re.at[i + 1];

		if (c == '\\') {
			i++;
			continue;
		}
		if (c == '(')
			repeats = false;
		if ((c == '+' || c == '*') && (next == ')' ))
			repeats = true;
		if (c == ')' && repeats && (next == '+' || next == '*'))
			return true;
		if (c == ')')
			repeats = false;
	}
	return false;
}

static bool has_meta(struct span re)
{
	for (size_t i = 0; i < re.len; i++) {
		if (re.at[i] == '\\' && i + 1 < re.len) {
			uint8_t next = re.at[++i];

			if ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') ||
			    (next >= '0' && next <= '9'))
				return true;
		} else if (strchr(".*+?[]{}()|^$", re.at[i])) {
			return true;
		}
	}
	return false;
}

static void lint_regex(struct sigma_linter *l, const struct yaml_node *v, unsigned m)
{
	struct span re = v->text;

	if (span_starts(re, SPAN(".*")))
		lint_tell(l, LINT_NOTE, "re_leading_any", v, "a leading .* changes nothing and costs time");
	if (re.len > 2 && span_ends(re, SPAN(".*")) && re.at[re.len - 3] != '\\')
		lint_tell(l, LINT_NOTE, "re_trailing_any", v, "a trailing .* changes nothing");
	if (span_starts(re, SPAN("(?i)")) && !(m & M_IGNORECASE))
		lint_tell(l, LINT_NOTE, "re_inline_flag", v, "write re|i");
	if (nests_repeats(re))
		lint_tell(l, LINT_WARNING, "re_nested_repeats", v,
			  "a repeat of a repeat can take very long");
	if (re.len && !has_meta(re))
		lint_tell(l, LINT_NOTE, "re_without_pattern", v, "plain text: contains will do");
	for (struct span rest = re; rest.len;) {
		struct span part = span_split(&rest, '(');

		if (span_starts(rest, SPAN("?=")) || span_starts(rest, SPAN("?!")) ||
		    span_starts(rest, SPAN("?<=")) || span_starts(rest, SPAN("?<!"))) {
			lint_tell(l, LINT_WARNING, "re_lookaround", v,
				  "the specification's regular expressions have no lookaround");
			return;
		}
		(void)part;
	}
}

/* A backslash before a wildcard makes it a plain character: seldom meant at the end of a path. */
static bool escapes_wildcard(struct span text)
{
	size_t slashes = 0;

	if (!text.len || (text.at[text.len - 1] != '*' && text.at[text.len - 1] != '?'))
		return false;
	while (slashes + 1 < text.len && text.at[text.len - 2 - slashes] == '\\')
		slashes++;
	return slashes == 1 && text.len > 3;
}

static void lint_wildcards(struct sigma_linter *l, const struct yaml_node *v, unsigned m)
{
	struct span text = v->text;
	bool leads = text.len && text.at[0] == '*', trails;

	trails = text.len && text.at[text.len - 1] == '*' &&
		 (text.len < 2 || text.at[text.len - 2] != '\\');
	if (escapes_wildcard(text))
		lint_tell(l, LINT_WARNING, "wildcard_escaped", v,
			  "\\%c at the end is the character itself; for a wildcard behind a backslash write \\\\%c",
			  text.at[text.len - 1], text.at[text.len - 1]);
	if (text.len == 1 && leads) {
		lint_tell(l, LINT_NOTE, "wildcard_alone", v, "for any value write exists: true");
		return;
	}
	if (m & (M_CONTAINS | M_STARTS | M_ENDS)) {
		if ((leads && !(m & M_STARTS)) || (trails && !(m & M_ENDS)))
			lint_tell(l, LINT_NOTE, "wildcard_superfluous", v,
				  "the modifier says already what * does here");
		return;
	}
	if (leads || trails)
		lint_tell(l, LINT_NOTE, leads ? "wildcard_leading" : "wildcard_trailing", v, "write %s",
			  leads && trails ? "contains" : leads ? "endswith" : "startswith");
}

static void lint_plain(struct sigma_linter *l, const struct yaml_node *item, const struct yaml_node *v,
		       unsigned m)
{
	if ((m & M_CONTAINS) && v->text.len && v->text.len < 3 && !(m & M_ALL))
		lint_tell(l, LINT_NOTE, "contains_short", v, "'%.*s' is in nearly every value",
			  SPAN_ARG(v->text));
	if ((m & (M_CONTAINS | M_STARTS | M_ENDS)) && !v->text.len)
		lint_tell(l, LINT_WARNING, "contains_nothing", v, "every value contains the empty text");
	if (span_eq(item->key, SPAN("EventID")) && !v->plain && is_number(v->text))
		lint_tell(l, LINT_NOTE, "number_as_text", v, "an event id is a number: no quotes");
	lint_wildcards(l, v, m);
}

static void lint_value(struct sigma_linter *l, const struct yaml_node *item, const struct yaml_node *v,
		       unsigned m)
{
	if (v->kind != YAML_SCALAR) {
		lint_tell(l, LINT_ERROR, "value_nested", v, "a value is text, number, truth or null");
		return;
	}
	if (m & M_RE)
		lint_regex(l, v, m);
	else if (m & M_CIDR && !is_cidr(v->text))
		lint_tell(l, LINT_ERROR, "cidr_form", v, "'%.*s' is no network like 10.0.0.0/8",
			  SPAN_ARG(v->text));
	else if ((m & M_COMPARE) && !is_number(v->text) && span_find_byte(v->text, 0, '.') == SIZE_MAX)
		lint_tell(l, LINT_ERROR, "compare_no_number", v, "'%.*s' is no number", SPAN_ARG(v->text));
	else if ((m & M_EXISTS) && yaml_scalar_kind(v) != YAML_BOOL)
		lint_tell(l, LINT_ERROR, "exists_no_truth", v, "exists is true or false");
	else if ((m & M_EXPAND) && span_find_byte(v->text, 0, '%') == SIZE_MAX)
		lint_tell(l, LINT_WARNING, "expand_nothing", v, "no %%placeholder%% in the value");
	else if ((m & M_WINDASH) && span_find_byte(v->text, 0, '-') == SIZE_MAX &&
		 span_find_byte(v->text, 0, '/') == SIZE_MAX)
		lint_tell(l, LINT_NOTE, "windash_nothing", v, "neither - nor / in the value");
	else if (!(m & (M_CIDR | M_COMPARE | M_EXISTS | M_EXPAND | M_REF | M_TIME)))
		lint_plain(l, item, v, m);
}

static void lint_list_values(struct sigma_linter *l, const struct yaml_node *item, unsigned m)
{
	struct map seen = map_new(l->arena);

	if (item->count == 0)
		lint_tell(l, LINT_WARNING, "list_empty", item, "a list without values is null");
	if (item->count == 1)
		lint_tell(l, LINT_NOTE, "list_of_one", item, "a list of one value: the value alone will do");
	for (const struct yaml_node *v = item->first; v; v = v->next) {
		void **slot = v->kind == YAML_SCALAR ? map_slot(&seen, v->text) : NULL;

		if (v->kind == YAML_SCALAR && v->plain && yaml_scalar_kind(v) == YAML_NULL)
			lint_tell(l, LINT_ERROR, "null_in_list", v, "null stands alone, not in a list");
		if (slot && *slot)
			lint_tell(l, LINT_WARNING, "value_twice", v, "'%.*s' is listed twice",
				  SPAN_ARG(span_sub(v->text, 0, 80)));
		if (slot)
			*slot = l;
		lint_value(l, item, v, m);
	}
}

void lint_item(struct sigma_linter *l, const struct yaml_node *item)
{
	struct span rest = item->key, field = span_split(&rest, '|');
	unsigned m = read_modifiers(l, item, rest);

	if (!item->key.len)
		return;
	if (field.len != span_trim(field).len || span_find_byte(field, 0, ' ') != SIZE_MAX)
		lint_tell(l, LINT_WARNING, "field_space", item,
			  "names of fields are written without spaces");
	lint_modifiers(l, item, m);
	if (item->kind == YAML_LIST)
		lint_list_values(l, item, m);
	else
		lint_value(l, item, item, m);
}
