/*
 * What Windows writes into its security log (SECURITY hive, Policy\PolAdtEv, Vista and
 * later): a head with the number of categories and the offset of a list behind the values,
 * which says how many kinds of event each category has; then a number of two bytes for each
 * kind: 1 of successes, 2 of failures, 3 of both.
 */
#include "artefact/registry.h"

#define MOST_CATEGORIES 32

/* Those that Windows audits unless somebody has asked it not to, and what of the others is worth knowing. */
static const struct kind {
	unsigned category, place;
	const char *name;
	bool is_usual;
} kinds[] = {
	{ 0, 0, "Security State Change", true },
	{ 0, 2, "System Integrity", true },
	{ 1, 0, "Logon", true },
	{ 1, 1, "Logoff", true },
	{ 1, 4, "Special Logon", true },
	{ 2, 0, "File System", false },
	{ 2, 8, "File Share", false },
	{ 4, 0, "Process Creation", false },
	{ 5, 0, "Audit Policy Change", true },
	{ 6, 0, "User Account Management", true },
	{ 6, 2, "Security Group Management", true },
	{ 8, 0, "Credential Validation", false },
};

struct policy {
	struct span values;		/* two bytes each, all categories one behind the other */
	size_t first[MOST_CATEGORIES], count[MOST_CATEGORIES];
	unsigned categories;
};

static bool read_policy(struct span data, struct policy *out)
{
	struct cursor c = cursor_of(data);
	size_t footer, total = 0;

	cursor_skip(&c, 4);
	out->categories = cursor_u16le(&c);
	cursor_skip(&c, 2);
	footer = cursor_u32le(&c);
	if (c.short_read || !out->categories || out->categories > MOST_CATEGORIES || footer < 12)
		return false;
	out->values = span_sub(data, 12, footer - 12);
	cursor_seek(&c, footer);
	for (unsigned i = 0; i < out->categories; i++) {
		out->first[i] = total;
		out->count[i] = cursor_u16le(&c);
		total += out->count[i];
	}
	return !c.short_read && total * 2 <= out->values.len;
}

/* False: this version of Windows does not know it. */
static bool value_of(const struct policy *p, unsigned category, unsigned place, uint16_t *out)
{
	if (category >= p->categories || place >= p->count[category])
		return false;
	*out = load_u16le(p->values.at + 2 * (p->first[category] + place));
	return true;
}

static void tell(struct registry *r, const struct regf_key *key, const char *name, const char *value, bool is_weak)
{
	struct trace t = trace_new(TRACE_SETTING, "audit policy");

	t.name = span_text(name);
	t.command = span_text(value);
	t.path = registry_path(r, key);
	t.time = key->written;
	t.source = SPAN("audit policy, key last written");
	t.technique = is_weak ? SPAN("T1562.002") : (struct span){ 0 };
	t.summary = REGISTRY_TEXT(r, "audit policy: of %s Windows logs %s", name, value);
	registry_tell(r, &t);
}

static void take_policy(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	static const char *const names[] = { "nothing", "successes", "failures", "successes and failures" };
	struct policy p;
	bool any = false;
	uint16_t value;

	if (!read_policy(registry_data(key, ""), &p)) {
		r->a->lost(r->a->context, 1);
		r->a->short_of(r->a->context, "the audit policy is cut short or of a form that is not known");
		return;
	}
	for (size_t i = 0; i < p.values.len; i++)
		any |= p.values.at[i] > 0;
	if (!any) {
		tell(r, key, "everything", names[0], true);
		return;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !r->is_over; i++)
		if (value_of(&p, kinds[i].category, kinds[i].place, &value))
			tell(r, key, kinds[i].name, value < 4 ? names[value] : "what is not known", kinds[i].is_usual && !value);
}

bool registry_audit(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_SECURITY, err))
		return false;
	registry_each(&r, "Policy\\PolAdtEv", take_policy, NULL);
	registry_close(&r);
	return true;
}
