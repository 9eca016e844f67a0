#include "artefact/registry.h"

#define SCRATCH ((size_t)64 << 20)
#define MOST_DEPTH 12			/* parts of a pattern */

static bool has(const struct regf_key *key, const char *path)
{
	struct regf_key found;

	return regf_find(key, span_text(path), &found);
}

/* By the keys below the root: file names differ between collections. */
static unsigned kind_of(const struct regf_key *top)
{
	if (has(top, "Select") && (has(top, "ControlSet001") || has(top, "ControlSet002") || has(top, "Setup")))
		return HIVE_SYSTEM;
	if (has(top, "Root\\InventoryApplicationFile") || has(top, "Root\\File") || has(top, "Root\\Programs") ||
	    has(top, "Root\\InventoryApplication") || has(top, "Root\\InventoryDevicePnp"))
		return HIVE_AMCACHE;
	if (has(top, "SAM\\Domains"))
		return HIVE_SAM;
	if (has(top, "Software") && (has(top, "Control Panel") || has(top, "Environment") ||
				     has(top, "Software\\Microsoft")))
		return HIVE_USER;
	if (has(top, "Microsoft\\Windows NT") || has(top, "Microsoft\\Windows"))
		return HIVE_SOFTWARE;
	if (has(top, "Policy\\PolAdtEv") || has(top, "Policy\\Accounts"))
		return HIVE_SECURITY;
	if (has(top, "Objects") && has(top, "Description"))
		return HIVE_BOOT;
	if (has(top, "Local Settings") || has(top, "CLSID") || has(top, "VirtualStore"))
		return HIVE_CLASSES;
	return HIVE_OTHER;
}

static const char *prefix_of(unsigned kind)
{
	return kind == HIVE_SYSTEM ? "HKLM\\SYSTEM" : kind == HIVE_SOFTWARE ? "HKLM\\SOFTWARE"
	       : kind == HIVE_USER ? "HKCU" : kind == HIVE_CLASSES ? "HKCU\\Software\\Classes"
	       : kind == HIVE_SAM ? "HKLM\\SAM" : kind == HIVE_SECURITY ? "HKLM\\SECURITY"
	       : kind == HIVE_AMCACHE ? "Amcache" : kind == HIVE_BOOT ? "BCD" : "hive";
}

static bool find_set(struct registry *r, uint64_t number, struct regf_key *out)
{
	return regf_find(&r->top, REGISTRY_TEXT(r, "ControlSet%03u", (unsigned)(number % 1000)), out);
}

/* The set in use; without Select the first there is. */
static void choose_set(struct registry *r)
{
	struct regf_key select;

	r->set = 1;
	if (regf_find(&r->top, SPAN("Select"), &select))
		registry_number(&select, "Current", &r->set);
	if (!find_set(r, r->set, &r->root) && !find_set(r, 1, &r->root))
		find_set(r, 2, &r->root);
	arena_reset(&r->scratch);
}

bool registry_next_set(struct registry *r)
{
	struct regf_key select;
	uint64_t next;

	if (r->is_over || r->kind != HIVE_SYSTEM || !regf_find(&r->top, SPAN("Select"), &select) ||
	    !registry_number(&select, "Default", &next) || next == r->set || !find_set(r, next, &r->root))
		return false;
	r->set = next;
	return true;
}

/* By place; else by where the profile says that its desktop is. */
static void find_user(struct registry *r)
{
	static const char folders[] = "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\Shell Folders";
	struct regf_key key;

	r->user = tell_user_of_path(r->a->path);
	if (!r->user.len && regf_find(&r->top, span_text(folders), &key))
		r->user = arena_copy(r->a->arena, tell_user_of_path(registry_text(r, &key, "Desktop")));
	if (!r->user.len && span_eq_nocase(r->a->name, SPAN("DEFAULT")))
		r->user = SPAN("SYSTEM");
	arena_reset(&r->scratch);
}

/* The spelling of near files does not matter. */
static size_t find_logs(const struct artefact *a, struct span *logs)
{
	static const char *const ends[] = { ".LOG", ".LOG1", ".LOG2" };
	size_t count = 0;

	for (size_t i = 0; i < 3; i++) {
		struct span name = arena_printf(a->arena, "%.*s%s", SPAN_ARG(a->name), ends[i]);

		count += a->near->find(a->near->context, name, &logs[count]);
	}
	return count;
}

static void tell_state(struct registry *r)
{
	if (r->hive.is_dirty && !r->hive.replayed_entries)
		r->a->short_of(r->a->context, "the hive was not written back and no transaction log that fits "
			       "is beside it: its newest changes are missing");
}

bool registry_open(struct registry *r, const struct artefact *a, unsigned kinds, struct err *err)
{
	struct span logs[3] = { 0 };
	size_t count = find_logs(a, logs);

	*r = (struct registry){ .a = a, .scratch = arena_new(SCRATCH) };
	if (!regf_open(&r->hive, a->bytes, logs, count, a->arena, err) || !regf_root(&r->hive, &r->top))
		goto no;
	r->root = r->top;
	r->kind = kind_of(&r->top);
	r->prefix = prefix_of(r->kind);
	if (!(r->kind & kinds)) {
		err_set(err, ERR_UNSUPPORTED, 0, "another hive");
		goto no;
	}
	if (r->kind == HIVE_SYSTEM)
		choose_set(r);
	if (r->kind & (HIVE_USER | HIVE_CLASSES))
		find_user(r);
	tell_state(r);
	return true;
no:
	arena_free(&r->scratch);
	return false;
}

void registry_close(struct registry *r)
{
	if (r->hive.damaged)
		r->a->lost(r->a->context, r->hive.damaged);
	if (r->hive.is_exhausted)
		r->a->short_of(r->a->context, "the hive's lists are longer than the hive: given up");
	else if (r->hive.damaged)
		r->a->short_of(r->a->context, "%llu damaged cells", (unsigned long long)r->hive.damaged);
	arena_free(&r->scratch);
}

struct span registry_path(struct registry *r, const struct regf_key *key)
{
	struct span path = regf_path(key, &r->scratch);

	return REGF_JOIN(&r->scratch, span_text(r->prefix), path);
}

struct span registry_value_path(struct registry *r, const struct regf_key *key, struct span name)
{
	struct span path = registry_path(r, key);

	return REGF_JOIN(&r->scratch, path, SPAN("\\"), name);
}

struct span registry_text(struct registry *r, const struct regf_key *key, const char *name)
{
	struct regf_value v;

	return regf_value(key, span_text(name), &v) ? regf_text(&v, &r->scratch) : (struct span){ 0 };
}

bool registry_number(const struct regf_key *key, const char *name, uint64_t *out)
{
	struct regf_value v;

	return regf_value(key, span_text(name), &v) && regf_number(&v, out);
}

struct span registry_data(const struct regf_key *key, const char *name)
{
	struct regf_value v;

	return regf_value(key, span_text(name), &v) ? v.data : (struct span){ 0 };
}

struct pattern {
	registry_key_fn *take;
	const void *context;
	struct arena names;		/* of wild keys: outlive the scratch */
};

static void each(struct registry *r, const struct regf_key *key, struct span rest, struct span wild,
		 struct pattern *p, int depth)
{
	struct regf_keys it = regf_keys_of(key);
	struct regf_key child;
	size_t star = span_find_byte(rest, 0, '*');

	if (star == SIZE_MAX) {
		if (regf_find(key, rest, &child)) {
			p->take(r, &child, wild, p->context);
			arena_reset(&r->scratch);
		}
		return;
	}
	if (star) {
		if (regf_find(key, span_sub(rest, 0, star - 1), &child) && depth < MOST_DEPTH)
			each(r, &child, span_from(rest, star), wild, p, depth + 1);
		return;
	}
	while (!r->is_over && depth < MOST_DEPTH && regf_keys_next(&it, &child))
		each(r, &child, span_from(rest, 2), regf_name_text(child.name, &p->names), p, depth + 1);
}

void registry_each(struct registry *r, const char *pattern, registry_key_fn *take, const void *context)
{
	struct pattern p = { .take = take, .context = context, .names = arena_new(SCRATCH) };

	each(r, &r->root, span_text(pattern), (struct span){ 0 }, &p, 0);
	arena_free(&p.names);
}

/* No name needs a NUL; regedit does not show one that has it. */
static struct span hidden_too(struct registry *r, struct span technique)
{
	return REGISTRY_TEXT(r, "%.*s%sT1564", SPAN_ARG(technique), technique.len ? " " : "");
}

void registry_tell(struct registry *r, struct trace *t)
{
	if (t->kind == TRACE_AUTOSTART && span_find_byte(t->path, 0, 0) != SIZE_MAX)
		t->technique = hidden_too(r, t->technique);
	if (!t->user.len)
		t->user = r->user;
	if (t->offset == TRACE_NO_NUMBER)
		t->offset = 0;
	if (!r->is_over && !r->a->trace(r->a->context, t))
		r->is_over = true;
}

timestamp registry_filetime(struct span data, size_t at)
{
	struct cursor c = cursor_of(data);

	cursor_seek(&c, at);
	return timestamp_of_filetime(cursor_u64le(&c));
}

struct span registry_guid(struct registry *r, struct span data)
{
	struct cursor c = cursor_of(data);
	uint32_t a = cursor_u32le(&c);
	uint16_t b = cursor_u16le(&c), d = cursor_u16le(&c);
	struct span rest = cursor_take(&c, 8);

	if (c.short_read)
		return (struct span){ 0 };
	return REGISTRY_TEXT(r, "{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", a, b, d, rest.at[0],
			     rest.at[1], rest.at[2], rest.at[3], rest.at[4], rest.at[5], rest.at[6], rest.at[7]);
}
