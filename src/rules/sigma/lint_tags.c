#include "rules/sigma/lint_rule.h"

/* Tags: namespace.name; of ATT&CK, tactics, techniques, groups and software. */

static const char *const namespaces[] = { "attack", "car", "cve", "d3fend", "detection", "stp", "tlp",
					  NULL };
static const char *const tactics[] = {
	"reconnaissance", "resource-development", "initial-access", "execution", "persistence",
	"privilege-escalation", "defense-evasion", "stealth", "defense-impairment", "credential-access",
	"discovery", "lateral-movement", "collection", "command-and-control", "exfiltration",
	"impact", NULL };
static const char *const detections[] = { "dfir", "emerging-threats", "threat-hunting", NULL };
static const char *const lights[] = { "red", "amber", "amber-strict", "green", "clear", NULL };

static bool digits(struct span s, size_t from, size_t count)
{
	for (size_t i = from; i < from + count; i++)
		if (i >= s.len || s.at[i] < '0' || s.at[i] > '9')
			return false;
	return true;
}

/* t1059, t1059.001, g0016, s0002. */
static bool is_attack_id(struct span name)
{
	if (name.len < 5 || !strchr("tgsc", name.at[0]) || !digits(name, 1, 4))
		return false;
	if (name.len == 5)
		return true;
	return name.at[0] == 't' && name.len == 9 && name.at[5] == '.' && digits(name, 6, 3);
}

static bool has_underscore(struct span name)
{
	return span_find_byte(name, 0, '_') != SIZE_MAX;
}

static void lint_attack(struct sigma_linter *l, const struct yaml_node *tag, struct span name)
{
	if (is_attack_id(name) || lint_one_of(name, tactics))
		return;
	if (has_underscore(name))
		lint_tell(l, LINT_WARNING, "tag_underscore", tag,
			  "'%.*s': since Sigma 2, tactics are written with -", SPAN_ARG(tag->text));
	else
		lint_tell(l, LINT_WARNING, "tag_attack_unknown", tag,
			  "'%.*s' is no tactic, technique, group or software", SPAN_ARG(tag->text));
}

/* cve.2021-44228 */
static bool is_cve(struct span name)
{
	return name.len >= 9 && digits(name, 0, 4) && name.at[4] == '-' && digits(name, 5, name.len - 5);
}

static bool is_form(struct span tag)
{
	for (size_t i = 0; i < tag.len; i++) {
		uint8_t c = tag.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'))
			return false;
	}
	return tag.len > 2;
}

static void lint_tag(struct sigma_linter *l, const struct yaml_node *tag)
{
	struct span name = tag->text, space = span_split(&name, '.');

	if (!is_form(tag->text) || !name.len || !space.len) {
		lint_tell(l, LINT_ERROR, "tag_form", tag,
			  "'%.*s': a tag is namespace.name in lower case", SPAN_ARG(tag->text));
		return;
	}
	if (!lint_one_of(space, namespaces))
		lint_tell(l, LINT_NOTE, "tag_namespace_unknown", tag,
			  "the specification has no namespace '%.*s'", SPAN_ARG(space));
	else if (span_eq(space, SPAN("attack")))
		lint_attack(l, tag, name);
	else if (span_eq(space, SPAN("cve")) && !is_cve(name))
		lint_tell(l, LINT_WARNING, "tag_cve_form", tag, "write cve.2021-44228");
	else if (span_eq(space, SPAN("detection")) && !lint_one_of(name, detections))
		lint_tell(l, LINT_WARNING, "tag_detection_unknown", tag,
			  "detection has dfir, emerging-threats and threat-hunting");
	else if (span_eq(space, SPAN("tlp")) && !lint_one_of(name, lights))
		lint_tell(l, LINT_WARNING, "tag_tlp_unknown", tag,
			  "tlp has red, amber, amber-strict, green and clear");
}

void lint_tags(struct sigma_linter *l, const struct yaml_node *tags)
{
	bool attack = false;

	for (const struct yaml_node *n = tags ? tags->first : NULL; n; n = n->next)
		if (n->kind == YAML_SCALAR) {
			lint_tag(l, n);
			attack |= span_starts(n->text, SPAN("attack."));
		}
	if (!attack)
		lint_tell(l, LINT_NOTE, "tag_attack_missing", tags, "no tag names a tactic or technique");
}
