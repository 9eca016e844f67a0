/* Shellbags: every folder that a user has looked into, also on drives that are gone. */
#include "artefact/registry.h"
#include "formats/shell_item/shell_item.h"

#define MOST_DEPTH 64

struct bags {
	struct registry *r;
	struct arena paths;		/* of the folders above the one at hand */
};

static void tell(struct bags *b, const struct regf_key *child, const struct shell_item *item, struct span path,
		 timestamp last)
{
	struct registry *r = b->r;
	struct trace t = trace_new(TRACE_FILE, "opened");
	struct tell_detail d;

	t.path = path;
	t.time = child->written;
	t.last = last;
	t.source = SPAN("shellbag, key last written; last: last opened");
	tell_detail_begin(&d);
	tell_detail_time(&d, "modified", item->modified);
	tell_detail_time(&d, "created", item->created);
	tell_detail_time(&d, "accessed", item->accessed);
	if (item->mft_reference)
		tell_detail_number(&d, "mft_record", item->mft_reference & UINT64_C(0xffffffffffff));
	t.detail = tell_detail_end(&d, &r->scratch);
	t.summary = REGISTRY_TEXT(r, "folder %.*s was opened", SPAN_ARG(path));
	if (path.len && !item->is_folder_of_shell)
		registry_tell(r, &t);
	arena_reset(&r->scratch);
}

static bool is_number(struct span name)
{
	uint64_t n;

	return name.len && name.at[0] >= '0' && name.at[0] <= '9' && span_to_u64(name, &n);
}

/* Values and subkeys of the same number belong together. */
static void walk(struct bags *b, const struct regf_key *key, struct span path, int depth)
{
	struct regf_values it = regf_values_of(key);
	struct span order = registry_data(key, "MRUListEx");
	uint64_t first = order.len >= 4 ? load_u32le(order.at) : UINT64_MAX, number;
	struct regf_value v;
	struct regf_key child;

	while (!b->r->is_over && depth < MOST_DEPTH && regf_values_next(&it, &v)) {
		struct span name = regf_name_text(v.name, &b->paths), items = v.data, at;
		struct shell_item item;

		if (!is_number(name) || !shell_item_next(&items, &b->paths, &item) || !regf_find(key, name, &child))
			continue;
		at = shell_item_join(path, &item, &b->paths);
		span_to_u64(name, &number);
		tell(b, &child, &item, at, number == first ? key->written : TIME_NONE);
		walk(b, &child, at, depth + 1);
	}
}

static void take_bags(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct bags b = { .r = r, .paths = arena_new((size_t)64 << 20) };

	walk(&b, key, (struct span){ 0 }, 0);
	if (b.paths.exhausted)
		r->a->short_of(r->a->context, "shellbags: more folders than there is memory for");
	arena_free(&b.paths);
}

bool registry_shellbags(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_USER | HIVE_CLASSES, err))
		return false;
	registry_each(&r, "Software\\Microsoft\\Windows\\Shell\\BagMRU", take_bags, NULL);
	registry_each(&r, "Software\\Microsoft\\Windows\\ShellNoRoam\\BagMRU", take_bags, NULL);
	registry_each(&r, "Local Settings\\Software\\Microsoft\\Windows\\Shell\\BagMRU", take_bags, NULL);
	registry_each(&r, "Local Settings\\Software\\Microsoft\\Windows\\ShellNoRoam\\BagMRU", take_bags, NULL);
	registry_each(&r, "Wow6432Node\\Local Settings\\Software\\Microsoft\\Windows\\Shell\\BagMRU", take_bags, NULL);
	registry_close(&r);
	return true;
}
