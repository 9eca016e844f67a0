#include "rules/sigma/lint_rule.h"

#include "base/timestamp.h"

#define TITLE_MAX 256
#define DESCRIPTION_LEAST 16

static bool is_uuid(struct span text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (text.len != sizeof form - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');

		if (form[i] == '-' ? c != '-' : !hex)
			return false;
	}
	return true;
}

/* A scalar that is text; told otherwise. */
static const struct yaml_node *text_of(struct sigma_linter *l, const char *key, const char *missing,
				       enum lint_severity severity)
{
	const struct yaml_node *node = yaml_get(l->doc, key);

	if (!node && missing)
		lint_tell(l, severity, missing, NULL, "no %s", key);
	if (node && node->kind != YAML_SCALAR) {
		lint_tell(l, LINT_ERROR, "not_a_text", node, "%s is no text", key);
		return NULL;
	}
	return node;
}

/* YYYY-MM-DD; with slashes as before Sigma 2. Of a date that is none, an empty span. */
static struct span lint_date(struct sigma_linter *l, const char *key)
{
	const struct yaml_node *node = text_of(l, key, NULL, LINT_NOTE);
	timestamp t;

	if (!node)
		return SPAN("");
	if (node->text.len == 10 && node->text.at[4] == '/' && node->text.at[7] == '/') {
		lint_tell(l, LINT_WARNING, "date_old_form", node, "%s: write YYYY-MM-DD", key);
		return node->text;
	}
	if (node->text.len != 10 || !timestamp_parse(node->text, &t)) {
		lint_tell(l, LINT_ERROR, "date_form", node, "%s is no date like 2026-11-22", key);
		return SPAN("");
	}
	return node->text;
}

static void lint_dates(struct sigma_linter *l)
{
	struct span date = lint_date(l, "date"), modified = lint_date(l, "modified");

	if (date.len && modified.len && date.at[4] == modified.at[4] && span_cmp(modified, date) < 0)
		lint_tell(l, LINT_WARNING, "modified_before_date", yaml_get(l->doc, "modified"),
			  "modified before it was made");
	if (!date.len && !yaml_get(l->doc, "date"))
		lint_tell(l, LINT_NOTE, "date_missing", NULL, "no date");
}

static void lint_words(struct sigma_linter *l)
{
	static const char *const statuses[] = { "stable", "test", "experimental", "deprecated",
						"unsupported", NULL };
	static const char *const levels[] = { "informational", "low", "medium", "high", "critical",
					      NULL };
	const struct yaml_node *status = text_of(l, "status", "status_missing", LINT_NOTE);
	const struct yaml_node *level = text_of(l, "level", "level_missing", LINT_WARNING);

	if (status && !lint_one_of(status->text, statuses))
		lint_tell(l, LINT_ERROR, "status_unknown", status, "'%.*s' is no status",
			  SPAN_ARG(status->text));
	if (level && !lint_one_of(level->text, levels))
		lint_tell(l, LINT_ERROR, "level_unknown", level, "'%.*s' is no level",
			  SPAN_ARG(level->text));
}

/* A list of texts, told where it is not; doubles are told, too. */
static void lint_list(struct sigma_linter *l, const char *key)
{
	const struct yaml_node *list = yaml_get(l->doc, key);
	struct map seen = map_new(l->arena);

	if (!list)
		return;
	if (list->kind != YAML_LIST) {
		lint_tell(l, LINT_ERROR, "not_a_list", list, "%s is no list", key);
		return;
	}
	if (!list->count)
		lint_tell(l, LINT_WARNING, "empty_list", list, "%s is empty", key);
	for (const struct yaml_node *n = list->first; n; n = n->next) {
		void **slot = n->kind == YAML_SCALAR ? map_slot(&seen, n->text) : NULL;

		if (n->kind != YAML_SCALAR || !n->text.len)
			lint_tell(l, LINT_ERROR, "not_a_text", n, "an entry of %s is no text", key);
		else if (slot && *slot)
			lint_tell(l, LINT_WARNING, "listed_twice", n, "%s has '%.*s' twice", key,
				  SPAN_ARG(span_sub(n->text, 0, 80)));
		if (slot)
			*slot = l;
	}
}

static void lint_related(struct sigma_linter *l)
{
	static const char *const types[] = { "derived", "obsolete", "merged", "renamed", "similar",
					     NULL };
	const struct yaml_node *related = yaml_get(l->doc, "related");

	if (related && related->kind != YAML_LIST)
		lint_tell(l, LINT_ERROR, "not_a_list", related, "related is no list");
	for (const struct yaml_node *n = related ? related->first : NULL; n; n = n->next) {
		struct span id = yaml_get_text(n, "id"), type = yaml_get_text(n, "type");

		if (!is_uuid(id))
			lint_tell(l, LINT_ERROR, "related_id", n, "a related rule without a UUID");
		else if (span_eq_nocase(id, yaml_get_text(l->doc, "id")))
			lint_tell(l, LINT_WARNING, "related_to_itself", n, "the rule is related to itself");
		if (!lint_one_of(type, types))
			lint_tell(l, LINT_ERROR, "related_type", n, "'%.*s' is no kind of relation",
				  SPAN_ARG(type));
	}
}

static void lint_keys(struct sigma_linter *l)
{
	static const char *const known[] = {
		"title", "id", "related", "name", "taxonomy", "status", "description", "license",
		"author", "references", "date", "modified", "logsource", "detection", "fields",
		"falsepositives", "level", "tags", "scope", "correlation", "filter", "action",
		"custom", "generate", "harm", "simulation", "regression_tests_path", NULL };

	for (const struct yaml_node *n = l->doc->first; n; n = n->next)
		if (!lint_one_of(n->key, known))
			lint_tell(l, LINT_NOTE, "key_unknown", n, "the specification has no '%.*s'",
				  SPAN_ARG(n->key));
}

static void lint_title(struct sigma_linter *l)
{
	const struct yaml_node *title = text_of(l, "title", "title_missing", LINT_ERROR);

	if (title && title->text.len > TITLE_MAX)
		lint_tell(l, LINT_ERROR, "title_too_long", title, "the title has more than 256 letters");
	if (title && !title->text.len)
		lint_tell(l, LINT_ERROR, "title_missing", title, "the title is empty");
	if (title && title->text.len && title->text.at[title->text.len - 1] == '.')
		lint_tell(l, LINT_NOTE, "title_full_stop", title, "a title ends without a full stop");
}

void lint_info(struct sigma_linter *l)
{
	const struct yaml_node *id = text_of(l, "id", "id_missing", LINT_WARNING);
	const struct yaml_node *about;

	lint_title(l);
	if (id && !is_uuid(id->text))
		lint_tell(l, LINT_ERROR, "id_form", id, "the id is no UUID");
	about = text_of(l, "description", "description_missing", LINT_NOTE);
	if (about && about->text.len < DESCRIPTION_LEAST)
		lint_tell(l, LINT_NOTE, "description_short", about, "the description says next to nothing");
	text_of(l, "author", NULL, LINT_NOTE);
	text_of(l, "license", NULL, LINT_NOTE);
	text_of(l, "taxonomy", NULL, LINT_NOTE);
	lint_words(l);
	lint_dates(l);
	lint_list(l, "references");
	lint_list(l, "falsepositives");
	lint_list(l, "fields");
	lint_list(l, "scope");
	lint_list(l, "tags");
	lint_related(l);
	lint_tags(l, yaml_get(l->doc, "tags"));
	lint_keys(l);
}

void lint_logsource(struct sigma_linter *l, const struct yaml_node *logsource)
{
	static const char *const known[] = { "category", "product", "service", "definition", NULL };
	bool says = false;

	if (!logsource || logsource->kind != YAML_MAP) {
		lint_tell(l, LINT_ERROR, "logsource_missing", logsource, "no logsource");
		return;
	}
	for (const struct yaml_node *n = logsource->first; n; n = n->next) {
		if (!lint_one_of(n->key, known)) {
			lint_tell(l, LINT_NOTE, "logsource_key_unknown", n,
				  "a logsource has category, product, service and definition");
			continue;
		}
		if (span_eq(n->key, SPAN("definition")))
			continue;
		says |= n->text.len > 0;
		for (size_t i = 0; i < n->text.len; i++)
			if ((n->text.at[i] >= 'A' && n->text.at[i] <= 'Z') || n->text.at[i] == ' ') {
				lint_tell(l, LINT_WARNING, "logsource_form", n,
					  "log sources are lower-case and without spaces");
				break;
			}
	}
	if (!says)
		lint_tell(l, LINT_ERROR, "logsource_empty", logsource,
			  "neither category, product nor service");
}
