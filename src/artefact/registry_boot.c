/*
 * The boot configuration (BCD, a hive of its own): what is loaded before Windows, and what
 * of its protection is switched off there. Objects are named by GUID, their elements by the
 * eight digits of a number; values are texts, a byte, or eight bytes.
 */
#include "artefact/registry.h"

enum form { PATH, FILE_NAME, FLAG, NUMBER };

struct element {
	const char *id, *name;
	enum form form;
	const char *what;		/* of a setting */
	uint64_t weak;			/* the value that weakens */
	const char *technique;
};

#define NEVER UINT64_MAX
#define LOADER SPAN("T1542.003")

static const struct element elements[] = {
	{ "12000002", "path", PATH, "", NEVER, "" },
	{ "22000011", "kernel", FILE_NAME, "", NEVER, "" },
	{ "22000012", "hal", FILE_NAME, "", NEVER, "" },
	{ "22000013", "dbgtransport", FILE_NAME, "", NEVER, "" },
	{ "16000009", "recoveryenabled", FLAG, "restore off", 0, "T1490" },
	{ "250000e0", "bootstatuspolicy", NUMBER, "boot configuration", 1, "T1490" },
	{ "16000048", "nointegritychecks", FLAG, "defence off", 1, "T1553.006" },
	{ "16000049", "testsigning", FLAG, "defence off", 1, "T1553.006" },
	{ "16000010", "debug", FLAG, "boot configuration", NEVER, "" },
	{ "260000a0", "debug", FLAG, "boot configuration", NEVER, "" },
	{ "26000022", "winpe", FLAG, "boot configuration", NEVER, "" },
	{ "25000080", "safeboot", NUMBER, "safe mode", NEVER, "T1562.009" },
	{ "26000081", "safebootalternateshell", FLAG, "safe mode", 1, "T1562.009" },
	{ "250000f0", "hypervisorlaunchtype", NUMBER, "boot configuration", NEVER, "" },
	{ "25000020", "nx", NUMBER, "boot configuration", 2, "T1562.001" },
};

struct object {
	struct span id, description;
};

static struct trace trace_of(struct registry *r, enum trace_kind kind, const char *what, const struct regf_key *key)
{
	struct trace t = trace_new(kind, what);

	t.path = registry_path(r, key);
	t.time = key->written;
	t.source = SPAN("boot configuration, key last written");
	return t;
}

/* "\Windows\system32\winload.efi" is on the system's own volume; other paths are on that of the loader. */
static struct span program_of(struct registry *r, const struct element *e, struct span text)
{
	if (e->form == FILE_NAME)
		return REGISTRY_TEXT(r, "C:\\Windows\\System32\\%.*s", SPAN_ARG(text));
	return span_eq_nocase(span_sub(text, 0, 9), SPAN("\\Windows\\")) ? REGISTRY_TEXT(r, "C:%.*s", SPAN_ARG(text)) : text;
}

static void tell_loader(struct registry *r, const struct object *o, const struct element *e, const struct regf_key *key,
			struct span text)
{
	struct trace t = trace_of(r, TRACE_AUTOSTART, "boot loader", key);

	t.name = REGISTRY_TEXT(r, "%.*s (%s)", SPAN_ARG(o->description.len ? o->description : o->id), e->name);
	t.command = text;
	t.program = program_of(r, e, text);
	t.technique = LOADER;
	t.summary = REGISTRY_TEXT(r, "boot loader %.*s: %.*s", SPAN_ARG(t.name), SPAN_ARG(text));
	if (text.len)
		registry_tell(r, &t);
}

/* Safe mode is told as weak whatever its number: it is there only while it is asked for. */
static void tell_number(struct registry *r, const struct object *o, const struct element *e, const struct regf_key *key,
			uint64_t number)
{
	struct trace t = trace_of(r, TRACE_SETTING, e->what, key);
	bool is_weak = number == e->weak || (e->weak == NEVER && *e->technique);

	t.name = span_text(e->name);
	t.command = REGISTRY_TEXT(r, "%llu", (unsigned long long)number);
	t.technique = is_weak ? span_text(e->technique) : (struct span){ 0 };
	t.summary = REGISTRY_TEXT(r, "%s: %s of %.*s is %llu", e->what, e->name,
				  SPAN_ARG(o->description.len ? o->description : o->id), (unsigned long long)number);
	if (is_weak || !span_ends(t.what, SPAN(" off")))
		registry_tell(r, &t);
}

static bool number_of(struct span data, uint64_t *out)
{
	if (data.len != 1 && data.len != 4 && data.len != 8)
		return false;
	*out = data.len == 1 ? data.at[0] : data.len == 4 ? load_u32le(data.at) : load_u64le(data.at);
	return true;
}

static void take_object(struct registry *r, const struct regf_key *key, struct span id, const void *context)
{
	struct object o = { .id = id };
	struct regf_key found;
	uint64_t number;

	if (regf_find(key, SPAN("Elements\\12000004"), &found))
		o.description = registry_text(r, &found, "Element");
	for (size_t i = 0; i < sizeof elements / sizeof *elements && !r->is_over; i++) {
		const struct element *e = &elements[i];

		if (!regf_find(key, REGISTRY_TEXT(r, "Elements\\%s", e->id), &found))
			continue;
		if (e->form == PATH || e->form == FILE_NAME)
			tell_loader(r, &o, e, &found, registry_text(r, &found, "Element"));
		else if (number_of(registry_data(&found, "Element"), &number))
			tell_number(r, &o, e, &found, number);
	}
}

bool registry_boot(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_BOOT, err))
		return false;
	registry_each(&r, "Objects\\*", take_object, NULL);
	registry_close(&r);
	return true;
}
