/* What was deleted from a hive and still stands in its free cells. */
#include "artefact/registry.h"
#include "artefact/tell.h"
#include "base/map.h"
#include "formats/regf/regf_recover.h"

#define KEYS_MOST 20000
#define VALUES_MOST 20000
#define SHOWN 8			/* values of a key */

struct recovery {
	struct registry *r;
	struct map told;		/* offsets of values that stand with their key */
	size_t count;
};

static struct span offset_key(struct registry *r, uint32_t at)
{
	return arena_copy(r->a->arena, span_of(&at, sizeof at));
}

/* Texts as they are; numbers; of other data only how much. */
static struct span shown(struct registry *r, const struct regf_value *v)
{
	struct span text = regf_text(v, &r->scratch);
	uint64_t number;

	if (text.len)
		return span_sub(text, 0, 1000);
	if (regf_number(v, &number))
		return REGISTRY_TEXT(r, "%llu", (unsigned long long)number);
	return REGISTRY_TEXT(r, "%u bytes", v->size);
}

static struct span values_of(struct recovery *rec, const struct regf_key *key, struct span *first)
{
	struct registry *r = rec->r;
	struct regf_values it = regf_values_of(key);
	struct regf_value v;
	struct tell_detail d;
	int count = 0;

	tell_detail_begin(&d);
	while (regf_values_next(&it, &v)) {
		void **slot = map_slot(&rec->told, offset_key(r, v.at));
		struct span name = regf_name_text(v.name, &r->scratch);
		char *spelled = arena_text(&r->scratch, name.len ? name : SPAN("(default)"));

		if (slot)
			*slot = rec;
		if (count++ >= SHOWN || !spelled)
			continue;
		tell_detail_text(&d, spelled, shown(r, &v));
		if (!first->len)
			*first = regf_text(&v, &r->scratch);
	}
	return tell_detail_end(&d, &r->scratch);
}

static void tell_key(struct recovery *rec, const struct regf_key *key)
{
	struct registry *r = rec->r;
	struct trace t = trace_new(TRACE_SETTING, "deleted key");

	t.path = registry_path(r, key);
	t.name = regf_name_text(key->name, &r->scratch);
	t.time = key->written;
	t.offset = key->at;
	t.source = SPAN("registry, recovered from free space, key last written");
	t.detail = values_of(rec, key, &t.command);
	t.summary = REGISTRY_TEXT(r, "deleted key %.*s%s%.*s", SPAN_ARG(t.path), t.command.len ? ": " : "",
				  SPAN_ARG(span_sub(t.command, 0, 200)));
	registry_tell(r, &t);
}

/* A value alone has no time and no place: only what names a program or a place elsewhere is told. */
static bool is_telling(struct span text)
{
	static const char *const words[] = { ".exe", ".dll", ".sys", ".ps1", ".bat", ".cmd", ".vbs", ".js",
					     ".hta", ".scr", ".lnk", "://", "\\\\" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (tell_find_nocase(text, words[i]) != SIZE_MAX)
			return true;
	return false;
}

static void tell_value(struct recovery *rec, const struct regf_value *v)
{
	struct registry *r = rec->r;
	struct trace t = trace_new(TRACE_SETTING, "deleted value");

	t.command = span_sub(regf_text(v, &r->scratch), 0, 4000);
	if (!is_telling(t.command) || map_get(&rec->told, span_of(&v->at, sizeof v->at)))
		return;
	rec->count++;
	t.name = regf_name_text(v->name, &r->scratch);
	t.path = REGISTRY_TEXT(r, "%s\\?\\%.*s", r->prefix, SPAN_ARG(t.name));
	t.offset = v->at;
	t.source = SPAN("registry, recovered from free space");
	t.summary = REGISTRY_TEXT(r, "deleted value %.*s: %.*s", SPAN_ARG(t.name),
				  SPAN_ARG(span_sub(t.command, 0, 200)));
	registry_tell(r, &t);
}

/* Keys first: values that still stand with theirs need not be told again. */
static void go_through(struct recovery *rec, enum regf_found wanted, size_t most)
{
	struct regf_free it = regf_free_of(&rec->r->hive);
	enum regf_found found;
	struct regf_key key;
	struct regf_value value;

	rec->count = 0;
	while (!rec->r->is_over && (found = regf_free_next(&it, &key, &value))) {
		if (found != wanted)
			continue;
		if (rec->count >= most) {
			rec->r->a->short_of(rec->r->a->context, "over %zu deleted %s", most,
					    wanted == REGF_FOUND_KEY ? "keys" : "values");
			return;
		}
		if (wanted == REGF_FOUND_KEY) {
			rec->count++;
			tell_key(rec, &key);
		} else {
			tell_value(rec, &value);
		}
		arena_reset(&rec->r->scratch);
	}
}

bool registry_deleted(const struct artefact *a, struct err *err)
{
	struct registry r;
	struct recovery rec = { .r = &r };

	if (!registry_open(&r, a, ~0u, err))
		return false;
	rec.told = map_new(a->arena);
	go_through(&rec, REGF_FOUND_KEY, KEYS_MOST);
	go_through(&rec, REGF_FOUND_VALUE, VALUES_MOST);
	registry_close(&r);
	return true;
}
