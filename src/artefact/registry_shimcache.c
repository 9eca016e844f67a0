/* Programs that the application-compatibility cache of a SYSTEM hive has seen. */
#include "artefact/registry.h"
#include "artefact/windows_path.h"
#include "formats/shimcache/shimcache.h"

/* Packages of Windows 10 stand as fields between tabs: flags, version, …, name, publisher. */
static struct span package_name(struct span text)
{
	struct span part = { 0 };

	for (int i = 0; i < 5; i++)
		part = span_split(&text, '\t');
	return part;
}

/* "SYSVOL\x" stands for the system's volume. */
static struct span program_of(struct registry *r, struct span path)
{
	if (span_starts(path, SPAN("SYSVOL\\")))
		return REGISTRY_TEXT(r, "C:%.*s", SPAN_ARG(span_from(path, 6)));
	return windows_path_expand(path, r->user, &r->scratch);
}

static void tell(struct registry *r, const struct shimcache_entry *e, uint64_t position, struct span place)
{
	struct trace t = trace_new(TRACE_EXECUTION, e->is_flagged ? "ran" : "present");
	struct span path = tell_utf16(&r->scratch, e->path);
	struct tell_detail d;

	if (!path.len)
		return;
	if (span_find_byte(path, 0, '\t') != SIZE_MAX)
		t.name = package_name(path);
	else
		t.program = program_of(r, path);
	t.path = place;
	t.time = e->modified;
	t.bytes_in = e->size == UINT64_MAX ? TRACE_NO_NUMBER : e->size;
	t.source = SPAN("shimcache, file last modified");
	tell_detail_begin(&d);
	tell_detail_number(&d, "position", position);
	tell_detail_time(&d, "updated", e->updated);
	t.detail = tell_detail_end(&d, &r->scratch);
	t.summary = REGISTRY_TEXT(r, "%.*s was %s", SPAN_ARG(t.program.len ? t.program : t.name),
				  e->is_flagged ? "started at some time" : "seen by the machine");
	registry_tell(r, &t);
}

static void take_value(struct registry *r, const struct regf_key *key)
{
	struct span value = registry_data(key, "AppCompatCache");
	struct span place = arena_copy(r->a->arena, registry_value_path(r, key, SPAN("AppCompatCache")));
	struct shimcache cache;
	struct shimcache_entry entry;
	struct err err;
	uint64_t position = 0;

	if (!value.len)
		return;
	if (!shimcache_open(&cache, value, &err)) {
		r->a->short_of(r->a->context, "AppCompatCache: %s", err.text);
		return;
	}
	while (!r->is_over && shimcache_next(&cache, &entry)) {
		tell(r, &entry, position++, place);
		arena_reset(&r->scratch);
	}
	if (!r->is_over && cache.left)
		r->a->lost(r->a->context, cache.left);
}

bool registry_shimcache(const struct artefact *a, struct err *err)
{
	struct registry r;
	struct regf_key key;

	if (!registry_open(&r, a, HIVE_SYSTEM, err))
		return false;
	if (regf_find(&r.root, SPAN("Control\\Session Manager\\AppCompatCache"), &key))
		take_value(&r, &key);
	if (regf_find(&r.root, SPAN("Control\\Session Manager\\AppCompatibility"), &key))
		take_value(&r, &key);
	registry_close(&r);
	return true;
}
