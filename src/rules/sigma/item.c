#include "rules/sigma/item.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/real.h"
#include "codec/yaml.h"
#include "rules/sigma/cidr.h"
#include "rules/sigma/regex.h"
#include "rules/sigma/value.h"

#define TRANSFORMS_MAX 4
#define VALUES_MAX 200000
#define EXPANSIONS_MAX 20000
#define PLAIN_PERCENT 0xfd	/* stands in no UTF-8, nor for a wildcard */
#define FORMS_MAX 4		/* texts that one number or truth may be */

/* What a value is to be. */
enum item_type { ITEM_TEXT, ITEM_REGEX, ITEM_CIDR, ITEM_COMPARE, ITEM_EXISTS, ITEM_FIELD, ITEM_TIME };

struct item {
	struct sigma_doc *doc;
	struct span field;
	bool keyword;
	uint32_t number;
	enum item_type type;
	bool starts, ends, contains, all, cased, negate, expand;
	uint32_t regex_options;
	uint8_t compare;		/* pred_kind */
	uint8_t part;			/* time_part */
	enum sigma_transform transforms[TRANSFORMS_MAX];
	size_t transform_count;
};

enum modifier_action { ACT_FLAG, ACT_TYPE, ACT_COMPARE, ACT_TIME, ACT_TRANSFORM, ACT_REGEX };

struct modifier {
	const char *name;
	enum modifier_action action;
	size_t flag;			/* offset of a bool */
	uint32_t value;
};

#define FLAG(name) ACT_FLAG, offsetof(struct item, name), 0

static const struct modifier modifiers[] = {
	{ "contains", FLAG(contains) },
	{ "startswith", FLAG(starts) },
	{ "endswith", FLAG(ends) },
	{ "all", FLAG(all) },
	{ "cased", FLAG(cased) },
	{ "neq", FLAG(negate) },
	{ "expand", FLAG(expand) },
	{ "re", ACT_TYPE, 0, ITEM_REGEX },
	{ "cidr", ACT_TYPE, 0, ITEM_CIDR },
	{ "exists", ACT_TYPE, 0, ITEM_EXISTS },
	{ "fieldref", ACT_TYPE, 0, ITEM_FIELD },
	{ "i", ACT_REGEX, 0, PCRE2_CASELESS },
	{ "ignorecase", ACT_REGEX, 0, PCRE2_CASELESS },
	{ "m", ACT_REGEX, 0, PCRE2_MULTILINE },
	{ "multiline", ACT_REGEX, 0, PCRE2_MULTILINE },
	{ "s", ACT_REGEX, 0, PCRE2_DOTALL },
	{ "dotall", ACT_REGEX, 0, PCRE2_DOTALL },
	{ "lt", ACT_COMPARE, 0, PRED_LESS },
	{ "lte", ACT_COMPARE, 0, PRED_LESS_EQ },
	{ "gt", ACT_COMPARE, 0, PRED_MORE },
	{ "gte", ACT_COMPARE, 0, PRED_MORE_EQ },
	{ "minute", ACT_TIME, 0, TIME_MINUTE },
	{ "hour", ACT_TIME, 0, TIME_HOUR },
	{ "day", ACT_TIME, 0, TIME_DAY },
	{ "week", ACT_TIME, 0, TIME_WEEK },
	{ "month", ACT_TIME, 0, TIME_MONTH },
	{ "year", ACT_TIME, 0, TIME_YEAR },
	{ "windash", ACT_TRANSFORM, 0, SIGMA_WINDASH },
	{ "wide", ACT_TRANSFORM, 0, SIGMA_UTF16LE },
	{ "utf16le", ACT_TRANSFORM, 0, SIGMA_UTF16LE },
	{ "utf16be", ACT_TRANSFORM, 0, SIGMA_UTF16BE },
	{ "utf16", ACT_TRANSFORM, 0, SIGMA_UTF16 },
	{ "base64", ACT_TRANSFORM, 0, SIGMA_BASE64 },
	{ "base64offset", ACT_TRANSFORM, 0, SIGMA_BASE64_OFFSET },
};

static bool set_type(struct item *item, enum item_type type, const struct yaml_node *at)
{
	if (item->type != ITEM_TEXT)
		return sigma_refuse(item->doc, at, "modifiers that exclude each other");
	item->type = type;
	return true;
}

static bool apply_modifier(struct item *item, const struct modifier *m, const struct yaml_node *at)
{
	switch (m->action) {
	case ACT_FLAG:
		*((bool *)((char *)item + m->flag)) = true;
		return true;
	case ACT_TYPE:
		return set_type(item, (enum item_type)m->value, at);
	case ACT_COMPARE:
		/* A part of a time may be compared, too. */
		if (item->type == ITEM_TIME && item->compare == PRED_EQ) {
			item->compare = (uint8_t)m->value;
			return true;
		}
		item->compare = (uint8_t)m->value;
		return set_type(item, ITEM_COMPARE, at);
	case ACT_TIME:
		item->part = (uint8_t)m->value;
		return set_type(item, ITEM_TIME, at);
	case ACT_REGEX:
		if (item->type != ITEM_REGEX)
			return sigma_refuse(item->doc, at, "modifier '%s' without 're'", m->name);
		item->regex_options |= m->value;
		return true;
	case ACT_TRANSFORM:
		if (item->transform_count == TRANSFORMS_MAX)
			return sigma_refuse(item->doc, at, "too many modifiers");
		if (m->value != SIGMA_WINDASH && (item->contains || item->starts || item->ends))
			return sigma_refuse(item->doc, at, "modifier '%s' after one that adds wildcards",
					    m->name);
		item->transforms[item->transform_count++] = (enum sigma_transform)m->value;
		return true;
	}
	return false;
}

static bool read_modifiers(struct item *item, struct span rest, const struct yaml_node *at)
{
	while (rest.len) {
		struct span name = span_split(&rest, '|');
		const struct modifier *found = NULL;

		for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++)
			if (span_eq(span_text(modifiers[i].name), name))
				found = &modifiers[i];
		if (!found)
			return sigma_refuse(item->doc, at, "unknown modifier '%.*s'", SPAN_ARG(name));
		if (!apply_modifier(item, found, at))
			return false;
	}
	if (item->type != ITEM_TEXT && item->transform_count)
		return sigma_refuse(item->doc, at, "modifiers that exclude each other");
	if (item->keyword && item->type != ITEM_TEXT && item->type != ITEM_REGEX)
		return sigma_refuse(item->doc, at, "this modifier needs a field");
	return true;
}

static struct pred new_pred(const struct item *item, enum pred_kind kind)
{
	return (struct pred){ .kind = (uint8_t)kind, .cased = item->cased,
			      .field = item->keyword ? SIGMA_FIELD_ANY : item->number };
}

static const struct node *no_memory(struct item *item)
{
	err_set(item->doc->err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for rules");
	return NULL;
}

static const struct node *add_pred(struct item *item, const struct pred *pred)
{
	const struct node *node = sigma_node_pred(item->doc->build, pred);

	return node ? node : no_memory(item);
}

static const struct node *text_node(struct item *item, struct sigma_text text)
{
	struct pred pred = new_pred(item, PRED_EQ);
	bool open = item->contains || item->keyword;

	if (!sigma_text_pred(item->doc->build->image, text, open || item->ends, open || item->starts,
			     &pred))
		return no_memory(item);
	if (pred.kind == PRED_EXISTS)
		pred.how = 1;
	return add_pred(item, &pred);
}

static const struct node *regex_node(struct item *item, struct span pattern,
				     const struct yaml_node *at)
{
	struct pred pred = new_pred(item, PRED_REGEX);
	struct sigma_build *b = item->doc->build;

	if (!sigma_regex_check(pattern, item->regex_options, item->doc->err)) {
		item->doc->at = at;
		return NULL;
	}
	pred.options = item->regex_options;
	pred.other = b->regex_count++;
	pred.text = item->starts ? arena_printf(b->image, "^(?:%.*s)", SPAN_ARG(pattern))
		  : item->ends	 ? arena_printf(b->image, "(?:%.*s)$", SPAN_ARG(pattern))
				 : arena_copy(b->image, pattern);
	pred.skeleton = sigma_regex_skeleton(b->image, pattern);
	return pred.text.at ? add_pred(item, &pred) : no_memory(item);
}

static const struct node *refused(struct item *item, const struct yaml_node *at, const char *what)
{
	sigma_refuse(item->doc, at, "%s", what);
	return NULL;
}

/* A value equals any of these texts. */
static const struct node *or_of_forms(struct item *item, const struct span *forms, uint32_t count)
{
	const struct node *kids[FORMS_MAX];

	for (uint32_t i = 0; i < count; i++) {
		kids[i] = text_node(item, (struct sigma_text){ forms[i], false });
		if (!kids[i])
			return NULL;
	}
	return count == 1 ? kids[0] : sigma_node(item->doc->build, NODE_OR, kids, count);
}

static void add_form(struct span *forms, uint32_t *count, struct span form)
{
	for (uint32_t i = 0; i < *count; i++)
		if (span_eq_nocase(forms[i], form))
			return;
	forms[(*count)++] = form;
}

/*
 * A number stands for its decimal and its hex form, for event values come as both, and for
 * what is written: who means a time by 10:30 or a mode by 0644 finds that.
 */
static const struct node *number_node(struct item *item, const struct yaml_node *value)
{
	struct arena *scratch = item->doc->build->scratch;
	struct span forms[FORMS_MAX];
	struct yaml_number number;
	char shortest[REAL_TEXT_MAX];
	uint32_t count = 0;

	yaml_number_of(value, &number);
	add_form(forms, &count, span_from(value->text, value->text.at[0] == '+'));
	if (number.whole)
		add_form(forms, &count, arena_printf(scratch, "%s%llu", number.negative && number.n ? "-" : "",
						     (unsigned long long)number.n));
	if (number.whole && !number.negative)
		add_form(forms, &count, arena_printf(scratch, "0x%llx", (unsigned long long)number.n));
	if (span_find_byte(value->text, 0, '.') != SIZE_MAX)
		add_form(forms, &count, arena_copy(scratch, span_of(shortest, real_text(shortest, number.real, false))));
	return or_of_forms(item, forms, count);
}

/* yes is true (YAML 1.1), and what is written. */
static const struct node *bool_node(struct item *item, const struct yaml_node *value)
{
	struct span forms[FORMS_MAX] = { value->text };
	uint32_t count = 1;

	add_form(forms, &count, yaml_is_true(value) ? SPAN("true") : SPAN("false"));
	return or_of_forms(item, forms, count);
}

static const struct node *compare_node(struct item *item, const struct yaml_node *value)
{
	bool time = item->type == ITEM_TIME;
	struct pred pred = new_pred(item, time ? PRED_TIME : item->compare);
	struct yaml_number number;
	char *end;

	pred.how = item->part;
	if (time)
		pred.compare = item->compare;
	pred.number = strtod((const char *)value->text.at, &end);
	if (yaml_number_of(value, &number))
		pred.number = number.real;
	else if (value->text.len == 0 || *end)
		return refused(item, value, "this modifier needs a number");
	return add_pred(item, &pred);
}

static const struct node *exists_node(struct item *item, const struct yaml_node *value)
{
	struct pred pred = new_pred(item, PRED_EXISTS);
	const struct node *node;

	if (yaml_scalar_kind(value) != YAML_BOOL)
		return refused(item, value, "exists needs true or false");
	node = add_pred(item, &pred);
	return !node || yaml_is_true(value) ? node : sigma_node_not(item->doc->build, node);
}

static const struct node *field_node(struct item *item, const struct yaml_node *value)
{
	struct pred pred = new_pred(item, PRED_FIELD);

	if (value->text.len == 0)
		return refused(item, value, "fieldref without a field");
	pred.how = item->contains ? PRED_CONTAINS : item->starts ? PRED_STARTS
						  : item->ends   ? PRED_ENDS
								 : PRED_EQ;
	if (!sigma_field(item->doc->build, value->text, &pred.other))
		return no_memory(item);
	return add_pred(item, &pred);
}

static const struct node *cidr_node(struct item *item, const struct yaml_node *value)
{
	struct pred pred = new_pred(item, PRED_CIDR);

	if (!sigma_cidr_parse(value->text, pred.net, &pred.bits))
		return refused(item, value, "not a network in CIDR notation");
	return add_pred(item, &pred);
}

static const struct node *or_of_texts(struct item *item, struct sigma_texts *texts)
{
	struct sigma_build *b = item->doc->build;
	const struct node **kids;

	for (size_t i = 0; i < item->transform_count; i++)
		if (!sigma_transform(b->scratch, texts, item->transforms[i], item->doc->err))
			return NULL;
	kids = ARENA_ARRAY(b->scratch, texts->count + 1, const struct node *);
	for (size_t i = 0; kids && i < texts->count; i++) {
		kids[i] = text_node(item, texts->at[i]);
		if (!kids[i])
			return NULL;
	}
	if (!kids || texts->count == 0)
		return no_memory(item);
	return texts->count == 1 ? kids[0] : sigma_node(b, NODE_OR, kids, (uint32_t)texts->count);
}

/* The placeholder %name% at or after `from`, or false. */
static bool find_placeholder(struct span text, size_t from, size_t *at, struct span *name)
{
	while ((*at = span_find_byte(text, from, '%')) != SIZE_MAX) {
		size_t end = span_find_byte(text, *at + 1, '%');

		if (end == SIZE_MAX)
			return false;
		*name = span_sub(text, *at + 1, end - *at - 1);
		if (name->len && span_find_byte(*name, 0, ' ') == SIZE_MAX)
			return true;
		from = end;
	}
	return false;
}

static const struct yaml_node *values_of(struct sigma_build *b, struct span name)
{
	return yaml_get(b->placeholders, (const char *)arena_copy(b->scratch, name).at);
}

/*
 * A percent sign behind a backslash is a plain one, as the specification says; but where
 * there are values of the name it begins, that is meant and the backslash is one of a path,
 * as in pySigma.
 */
static struct span mark_plain(struct sigma_build *b, struct span text)
{
	uint8_t *out = arena_alloc(b->scratch, text.len + 1);
	size_t len = 0, at;
	struct span name;

	for (size_t i = 0; out && i < text.len; i++) {
		bool escaped = span_starts(span_from(text, i), SPAN("\\%"));

		if (escaped && !(find_placeholder(text, i + 1, &at, &name) && at == i + 1 && values_of(b, name))) {
			out[len++] = PLAIN_PERCENT;
			i++;
		} else {
			out[len++] = text.at[i];
		}
	}
	return span_of(out, len);
}

static void unmark_plain(struct span text)
{
	uint8_t *at = (uint8_t *)(uintptr_t)text.at;

	for (size_t i = 0; i < text.len; i++)
		if (at[i] == PLAIN_PERCENT)
			at[i] = '%';
}

/* Replaces the first placeholder of each text until none is left. */
static bool expand(struct item *item, struct sigma_texts *texts, const struct yaml_node *at)
{
	struct sigma_build *b = item->doc->build;
	size_t done = 0;

	while (done < texts->count) {
		struct span text = texts->at[done].bytes, name;
		const struct yaml_node *values;
		size_t start;

		if (!find_placeholder(text, 0, &start, &name)) {
			done++;
			continue;
		}
		values = values_of(b, name);
		if (!values || (values->kind == YAML_LIST && !values->count) ||
		    values->kind == YAML_MAP)
			return sigma_refuse(item->doc, at, "no values for placeholder %%%.*s%%",
					    SPAN_ARG(name));
		texts->at[done] = texts->at[--texts->count];
		for (const struct yaml_node *v = values->kind == YAML_LIST ? values->first : values; v;
		     v = values->kind == YAML_LIST ? v->next : NULL) {
			struct span value = item->type == ITEM_TEXT ? sigma_unescape(b->scratch, v->text) : v->text;
			struct span made = arena_printf(b->scratch, "%.*s%.*s%.*s",
							SPAN_ARG(span_sub(text, 0, start)),
							SPAN_ARG(value),
							SPAN_ARG(span_from(text, start + name.len + 2)));

			if (texts->count >= EXPANSIONS_MAX)
				return sigma_refuse(item->doc, at, "too many values for placeholders");
			if (!sigma_texts_add(b->scratch, texts, made, false))
				return no_memory(item) != NULL;
		}
	}
	return true;
}

/* What a value with placeholders stands for. */
static bool expanded(struct item *item, const struct yaml_node *value, struct span text, struct sigma_texts *texts)
{
	if (!sigma_texts_add(item->doc->build->scratch, texts, mark_plain(item->doc->build, text), false))
		return no_memory(item) != NULL;
	if (!expand(item, texts, value))
		return false;
	for (size_t i = 0; i < texts->count; i++)
		unmark_plain(texts->at[i].bytes);
	return true;
}

static const struct node *string_node(struct item *item, const struct yaml_node *value)
{
	struct sigma_texts texts = { 0 };
	struct arena *scratch = item->doc->build->scratch;
	struct span text = sigma_unescape(scratch, value->text);

	if (item->expand)
		return expanded(item, value, text, &texts) ? or_of_texts(item, &texts) : NULL;
	return sigma_texts_add(scratch, &texts, text, false) ? or_of_texts(item, &texts) : no_memory(item);
}

/* A field's whole value is meant, not a part or an encoding of it. */
static bool is_whole_text(const struct item *item)
{
	return !item->transform_count && !item->keyword && !item->contains && !item->starts && !item->ends;
}

static const struct node *null_node(struct item *item, const struct yaml_node *value)
{
	struct pred pred = new_pred(item, PRED_NULL);

	if (!is_whole_text(item))
		return refused(item, value, "null takes no modifier and needs a field");
	return add_pred(item, &pred);
}

/* A value that is no text: a regular expression, a network, a number ... */
static const struct node *typed_node(struct item *item, const struct yaml_node *value)
{
	switch (item->type) {
	case ITEM_REGEX:
		return regex_node(item, value->text, value);
	case ITEM_CIDR:
		return cidr_node(item, value);
	case ITEM_COMPARE:
	case ITEM_TIME:
		return compare_node(item, value);
	case ITEM_EXISTS:
		return exists_node(item, value);
	case ITEM_FIELD:
		return field_node(item, value);
	case ITEM_TEXT:
		break;
	}
	return NULL;
}

/* The same with placeholders, each value of which is one alternative. */
static const struct node *typed_expanded(struct item *item, const struct yaml_node *value)
{
	struct sigma_build *b = item->doc->build;
	struct sigma_texts texts = { 0 };
	const struct node **kids;

	if (!expanded(item, value, value->text, &texts))
		return NULL;
	kids = ARENA_ARRAY(b->scratch, texts.count + 1, const struct node *);
	for (size_t i = 0; kids && i < texts.count; i++) {
		struct yaml_node one = *value;

		one.text = arena_copy(b->scratch, texts.at[i].bytes);
		kids[i] = typed_node(item, &one);
		if (!kids[i])
			return NULL;
	}
	return kids ? sigma_node(b, NODE_OR, kids, (uint32_t)texts.count) : no_memory(item);
}

static const struct node *value_node(struct item *item, const struct yaml_node *value)
{
	if (value->kind != YAML_SCALAR)
		return refused(item, value, "a list or map where a value should stand");
	if (item->type != ITEM_TEXT)
		return item->expand ? typed_expanded(item, value) : typed_node(item, value);
	switch (yaml_scalar_kind(value)) {
	case YAML_NULL:
		return null_node(item, value);
	case YAML_NUMBER:
		return is_whole_text(item) ? number_node(item, value) : string_node(item, value);
	case YAML_BOOL:
		return is_whole_text(item) ? bool_node(item, value) : string_node(item, value);
	case YAML_STRING:
		break;
	}
	return string_node(item, value);
}

static const struct node *all_values(struct item *item, const struct yaml_node *values)
{
	struct sigma_build *b = item->doc->build;
	const struct node **kids = ARENA_ARRAY(b->scratch, values->count + 1, const struct node *);
	uint32_t count = 0;

	if (values->kind == YAML_SCALAR)
		return value_node(item, values);
	if (values->count == 0)
		return item->keyword ? refused(item, values, "a list without values") : null_node(item, values);
	if (values->count > VALUES_MAX || !kids)
		return refused(item, values, "too many values");
	for (const struct yaml_node *v = values->first; v; v = v->next) {
		kids[count] = value_node(item, v);
		if (!kids[count++])
			return NULL;
	}
	if (count == 1)
		return kids[0];
	return sigma_node(b, item->all ? NODE_AND : NODE_OR, kids, count);
}

const struct node *sigma_item(struct sigma_doc *doc, struct span key, const struct yaml_node *values)
{
	struct item item = { .doc = doc };
	const struct node *node;

	item.field = span_split(&key, '|');
	item.keyword = item.field.len == 0;
	if (values->kind == YAML_MAP)
		return refused(&item, values, "a map where values should stand");
	if (!read_modifiers(&item, key, values))
		return NULL;
	if (!item.keyword && !sigma_field(doc->build, item.field, &item.number))
		return no_memory(&item);
	node = all_values(&item, values);
	if (!node)
		return doc->err->code ? NULL : no_memory(&item);
	return item.negate ? sigma_node_not(doc->build, node) : node;
}

static const struct node *search_map(struct sigma_doc *doc, const struct yaml_node *map)
{
	const struct node **kids = ARENA_ARRAY(doc->build->scratch, map->count + 1,
					       const struct node *);
	uint32_t count = 0;

	if (!kids || map->count == 0) {
		sigma_refuse(doc, map, "an empty search");
		return NULL;
	}
	for (const struct yaml_node *n = map->first; n; n = n->next) {
		kids[count] = sigma_item(doc, n->key, n);
		if (!kids[count++])
			return NULL;
	}
	return count == 1 ? kids[0] : sigma_node(doc->build, NODE_AND, kids, count);
}

/* Members of a list are maps, keywords or such lists, linked by OR. */
static const struct node *search_list(struct sigma_doc *doc, const struct yaml_node *list)
{
	const struct node **kids = ARENA_ARRAY(doc->build->scratch, list->count + 1, const struct node *);
	uint32_t count = 0;

	if (!kids || list->count == 0) {
		sigma_refuse(doc, list, "an empty search");
		return NULL;
	}
	for (const struct yaml_node *n = list->first; n; n = n->next) {
		kids[count] = sigma_search(doc, n);
		if (!kids[count++])
			return NULL;
	}
	return count == 1 ? kids[0] : sigma_node(doc->build, NODE_OR, kids, count);
}

const struct node *sigma_search(struct sigma_doc *doc, const struct yaml_node *search)
{
	if (search->kind == YAML_MAP)
		return search_map(doc, search);
	if (search->kind == YAML_SCALAR)
		return sigma_item(doc, (struct span){ 0 }, search);
	return search_list(doc, search);
}
