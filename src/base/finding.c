#include "base/finding.h"

static const char *const harm_names[HARM_COUNT] = {
	"none", "implant", "theft", "control", "destruction", "obstruction",
};
static const char *const level_names[LEVEL_COUNT] = {
	"informational", "low", "medium", "high", "critical",
};
static const char *const engine_names[ENGINE_COUNT] = { "sigma", "yara", "indicator", "builtin",
						    "analyser" };
static const char *const fate_names[FATE_COUNT] = {
	"none", "examined", "partly", "failed", "locked", "denied", "duplicate", "skipped",
};
static const char *const class_names[CLASS_COUNT] = {
	"other", "event log", "text log", "executable", "script", "document", "archive",
	"disk image", "capture", "network log", "registry", "file system", "memory", "database",
	"configuration",
};

#define NAME_OF(names, n) ((size_t)(n) < sizeof(names) / sizeof *(names) ? (names)[n] : "")

const char *harm_name(enum harm harm)
{
	return NAME_OF(harm_names, harm);
}

const char *level_name(enum level level)
{
	return NAME_OF(level_names, level);
}

const char *engine_name(enum engine engine)
{
	return NAME_OF(engine_names, engine);
}

const char *fate_name(enum fate fate)
{
	return NAME_OF(fate_names, fate);
}

const char *evidence_class_name(enum evidence_class evidence_class)
{
	return NAME_OF(class_names, evidence_class);
}

static bool find_name(const char *const *names, size_t count, struct span name, size_t *out)
{
	for (size_t i = 0; i < count; i++)
		if (span_eq_nocase(name, span_text(names[i])))
			return *out = i, true;
	return false;
}

#define OF_NAME(function, type, names, most) \
	bool function(struct span name, type *out) \
	{ \
		size_t at; \
		if (!find_name(names, most, name, &at)) \
			return false; \
		*out = (type)at; \
		return true; \
	}

OF_NAME(level_of_name, enum level, level_names, LEVEL_COUNT)
OF_NAME(harm_of_name, enum harm, harm_names, HARM_COUNT)
OF_NAME(engine_of_name, enum engine, engine_names, ENGINE_COUNT)
OF_NAME(fate_of_name, enum fate, fate_names, FATE_COUNT)
OF_NAME(evidence_class_of_name, enum evidence_class, class_names, CLASS_COUNT)

/* Longest prefix first where one is part of another; techniques before tactics. */
static const struct {
	const char *tag;
	enum harm harm;
} tag_harms[] = {
	{ "t1070", HARM_OBSTRUCTION }, { "t1562", HARM_OBSTRUCTION },
	{ "t1685", HARM_OBSTRUCTION }, { "t1686", HARM_OBSTRUCTION },
	{ "t1565", HARM_DESTRUCTION }, { "t1485", HARM_DESTRUCTION },
	{ "t1486", HARM_DESTRUCTION }, { "t1489", HARM_DESTRUCTION },
	{ "t1490", HARM_DESTRUCTION }, { "t1491", HARM_DESTRUCTION },
	{ "t1561", HARM_DESTRUCTION }, { "t1529", HARM_DESTRUCTION },
	{ "t1003", HARM_THEFT },       { "t1555", HARM_THEFT },
	{ "t1552", HARM_THEFT },       { "t1560", HARM_THEFT },
	{ "t1074", HARM_THEFT },       { "t1114", HARM_THEFT },
	{ "t1005", HARM_THEFT },       { "t1039", HARM_THEFT },
	{ "t1048", HARM_THEFT },       { "t1041", HARM_THEFT },
	{ "t1567", HARM_THEFT },       { "t1547", HARM_IMPLANT },
	{ "t1543", HARM_IMPLANT },     { "t1053", HARM_IMPLANT },
	{ "t1546", HARM_IMPLANT },     { "t1505", HARM_IMPLANT },
	{ "t1219", HARM_CONTROL },     { "t1021", HARM_CONTROL },
	{ "t1071", HARM_CONTROL },     { "t1059", HARM_CONTROL },
	{ "exfiltration", HARM_THEFT }, { "collection", HARM_THEFT },
	{ "credential-access", HARM_THEFT }, { "credential_access", HARM_THEFT },
	{ "impact", HARM_DESTRUCTION },
	{ "defense-evasion", HARM_OBSTRUCTION }, { "defense_evasion", HARM_OBSTRUCTION },
	{ "defense-impairment", HARM_OBSTRUCTION }, { "stealth", HARM_IMPLANT },
	{ "persistence", HARM_IMPLANT }, { "privilege-escalation", HARM_CONTROL },
	{ "privilege_escalation", HARM_CONTROL },
	{ "command-and-control", HARM_CONTROL }, { "command_and_control", HARM_CONTROL },
	{ "lateral-movement", HARM_CONTROL }, { "lateral_movement", HARM_CONTROL },
	{ "execution", HARM_CONTROL }, { "initial-access", HARM_CONTROL },
	{ "initial_access", HARM_CONTROL }, { "discovery", HARM_CONTROL },
};

enum harm harm_of_tag(struct span tag)
{
	const struct span attack = SPAN("attack.");

	if (tag.len > attack.len && span_eq_nocase(span_sub(tag, 0, attack.len), attack))
		tag = span_from(tag, attack.len);
	for (size_t i = 0; i < sizeof tag_harms / sizeof *tag_harms; i++) {
		struct span known = span_text(tag_harms[i].tag);

		if (tag.len >= known.len && span_eq_nocase(span_sub(tag, 0, known.len), known))
			return tag_harms[i].harm;
	}
	return HARM_NONE;
}

bool reason_is_whole_until(struct span reason)
{
	size_t len = strlen("2026-11-21T21:26:59Z");

	return reason.len > len && span_ends(span_sub(reason, 0, reason.len - len), SPAN(REASON_WHOLE_UNTIL));
}
