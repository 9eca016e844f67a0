#include "rules/sigma/logsource.h"

#include "match/fold.h"

static const char *const part_names[SOURCE_PARTS] = { "category", "product", "service" };

static struct span folded(struct arena *arena, struct span text)
{
	uint8_t *to = arena_alloc(arena, text.len + 1);

	if (!to)
		return (struct span){ 0 };
	fold_utf8(to, text);
	return span_of(to, text.len);
}

bool logsource_same(const struct logsource *a, const struct logsource *b)
{
	for (int i = 0; i < SOURCE_PARTS; i++)
		if (!span_eq(a->part[i], b->part[i]))
			return false;
	return true;
}

bool logsource_covers(const struct logsource *wanted, const struct logsource *have)
{
	for (int i = 0; i < SOURCE_PARTS; i++)
		if (wanted->part[i].len && !span_eq(wanted->part[i], have->part[i]))
			return false;
	return true;
}

/* Where the table names the very source of the rule, only that counts. */
bool logsource_wants(const struct logsource_table *table, const struct logsource *rule,
		     const struct logsource_entry *entry)
{
	for (size_t i = 0; i < table->entry_count; i++)
		if (logsource_same(rule, &table->entries[i].source))
			return logsource_same(rule, &entry->source);
	return logsource_covers(rule, &entry->source);
}

static void read_parts(struct arena *arena, const struct yaml_node *node, struct logsource *out)
{
	for (int i = 0; i < SOURCE_PARTS; i++)
		out->part[i] = folded(arena, yaml_get_text(node, part_names[i]));
}

bool logsource_read(struct sigma_doc *doc, const struct yaml_node *node, struct logsource *out)
{
	if (!node || node->kind != YAML_MAP)
		return sigma_refuse(doc, node, "no logsource");
	read_parts(doc->build->scratch, node, out);
	for (int i = 0; i < SOURCE_PARTS; i++)
		if (out->part[i].len)
			return true;
	return sigma_refuse(doc, node, "a logsource without category, product or service");
}

static bool key_number(struct sigma_build *b, struct logsource_table *t, struct span name,
		       uint32_t *number)
{
	struct span *added;

	for (size_t i = 0; i < t->key_count; i++) {
		if (span_eq(t->keys[i], name)) {
			*number = (uint32_t)i;
			return true;
		}
	}
	added = arena_push(b->scratch, (void **)&t->keys, &t->key_count, &t->key_room,
			   sizeof *t->keys);
	if (!added)
		return false;
	*added = arena_copy(b->image, name);
	*number = (uint32_t)t->key_count - 1;
	return added->at != NULL;
}

static uint32_t text_count(const struct yaml_node *node)
{
	return node->kind == YAML_LIST ? node->count : 1;
}

/* A scalar or a list of scalars into the image. */
static struct span *texts(struct sigma_build *b, const struct yaml_node *node, bool fold)
{
	uint32_t count = text_count(node), i = 0;
	struct span *out = ARENA_ARRAY(b->image, count ? count : 1, struct span);
	const struct yaml_node *n = node->kind == YAML_LIST ? node->first : node;

	for (; out && i < count; i++, n = n->next) {
		out[i] = fold ? folded(b->image, n->text) : arena_copy(b->image, n->text);
		if (!out[i].at)
			return NULL;
	}
	return out;
}

static bool read_tests(struct sigma_build *b, struct logsource_table *t,
		       const struct yaml_node *when, struct route *route)
{
	struct route_test *tests = ARENA_ARRAY(b->image, when->count, struct route_test);
	uint32_t i = 0;

	if (!tests)
		return false;
	for (const struct yaml_node *n = when->first; n; n = n->next, i++) {
		tests[i].values = texts(b, n, true);
		tests[i].count = text_count(n);
		tests[i].any = n->kind == YAML_SCALAR && span_eq(n->text, SPAN("*"));
		if (!tests[i].values || !key_number(b, t, n->key, &tests[i].key))
			return false;
	}
	route->tests = tests;
	route->test_count = i;
	return true;
}

static bool read_aliases(struct sigma_build *b, const struct yaml_node *fields,
			 const struct field_alias **out, uint32_t *count)
{
	struct field_alias *aliases;
	uint32_t i = 0;

	if (!fields)
		return true;
	aliases = ARENA_ARRAY(b->image, fields->count ? fields->count : 1, struct field_alias);
	if (!aliases)
		return false;
	for (const struct yaml_node *n = fields->first; n; n = n->next, i++) {
		aliases[i].names = texts(b, n, false);
		aliases[i].count = text_count(n);
		if (!aliases[i].names || !sigma_field(b, n->key, &aliases[i].field))
			return false;
	}
	*out = aliases;
	*count = i;
	return true;
}

static bool bad(const struct yaml_node *at, const char *what, struct err *err)
{
	return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "log-source data, line %u: %s", at->line, what);
}

static bool read_entry(struct sigma_build *b, struct logsource_table *t,
		       const struct yaml_node *node, struct err *err)
{
	const struct yaml_node *when = yaml_get(node, "when"), *fields = yaml_get(node, "fields");
	struct logsource_entry *entry;

	if (!yaml_get(node, "logsource"))
		return bad(node, "an entry without logsource", err);
	if (!when || when->kind != YAML_MAP || when->count == 0)
		return bad(node, "an entry without when", err);
	if (fields && fields->kind != YAML_MAP)
		return bad(fields, "fields is not a map", err);
	for (const struct yaml_node *n = when->first; n; n = n->next)
		if (n->kind == YAML_MAP || (n->kind == YAML_LIST && n->count == 0))
			return bad(n, "neither a value nor a list of values", err);
	entry = arena_push(b->scratch, (void **)&t->entries, &t->entry_count, &t->entry_room,
			   sizeof *entry);
	if (!entry)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for log sources");
	read_parts(b->scratch, yaml_get(node, "logsource"), &entry->source);
	if (!read_tests(b, t, when, &entry->route) ||
	    !read_aliases(b, fields, &entry->route.aliases, &entry->route.alias_count))
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for log sources");
	return true;
}

static bool read_joins(struct sigma_build *b, const struct yaml_node *joined,
		       struct logsource_table *t)
{
	struct field_join *joins;
	uint32_t i = 0;

	if (!joined || joined->kind != YAML_MAP || !joined->count)
		return true;
	joins = ARENA_ARRAY(b->image, joined->count, struct field_join);
	if (!joins)
		return false;
	for (const struct yaml_node *n = joined->first; n; n = n->next, i++) {
		joins[i].name = arena_copy(b->image, n->key);
		joins[i].parts = texts(b, n, false);
		joins[i].count = text_count(n);
		if (!joins[i].name.at || !joins[i].parts)
			return false;
	}
	t->joins = joins;
	t->join_count = i;
	return true;
}

bool logsource_table_read(struct sigma_build *b, struct span text, struct logsource_table *out,
			  struct err *err)
{
	const struct yaml_limits once = { .keys_once = true };
	const struct yaml_node *doc;
	struct yaml_place place;

	*out = (struct logsource_table){ 0 };
	if (!yaml_parse(b->scratch, text, &once, &doc, &place, err))
		return err_prefix(err, "log-source data, line %u", place.line);
	/* Documents add up, so that users' own file may follow ours. */
	for (; doc; doc = doc->next) {
		const struct yaml_node *sources = yaml_get(doc, "sources");
		const struct yaml_node *fields = yaml_get(doc, "fields");

		for (const struct yaml_node *n = sources ? sources->first : NULL; n; n = n->next)
			if (!read_entry(b, out, n, err))
				return false;
		if (!read_joins(b, yaml_get(doc, "joined"), out))
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for log sources");
		if (fields && fields->kind == YAML_MAP &&
		    !read_aliases(b, fields, &out->aliases, &out->alias_count))
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for log sources");
	}
	return true;
}
