/* Amcache.hve: files that the inventory has hashed, in the old form (8 to 10 1607) and the new. */
#include "artefact/registry.h"
#include "artefact/windows_path.h"

/* "0000" and a SHA-1 of the file's first 30 MiB. */
static struct span digest_of(struct registry *r, struct span id)
{
	uint8_t hex[40];

	if (id.len != 44 || !span_starts(id, SPAN("0000")))
		return (struct span){ 0 };
	for (size_t i = 0; i < sizeof hex; i++) {
		uint8_t c = id.at[i + 4];

		hex[i] = c >= 'A' && c <= 'F' ? (uint8_t)(c + 32) : c;
		if (!((hex[i] >= '0' && hex[i] <= '9') || (hex[i] >= 'a' && hex[i] <= 'f')))
			return (struct span){ 0 };
	}
	return REGISTRY_TEXT(r, "sha1:%.40s", (const char *)hex);
}

static void tell(struct registry *r, const struct regf_key *key, struct trace *t, struct tell_detail *d)
{
	t->path = registry_path(r, key);
	t->time = key->written;
	t->detail = tell_detail_end(d, &r->scratch);
	t->summary = REGISTRY_TEXT(r, "%.*s was on the machine", SPAN_ARG(t->program));
	if (t->program.len)
		registry_tell(r, t);
}

static void take_file(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct trace t = trace_new(TRACE_EXECUTION, "present");
	struct tell_detail d;
	uint64_t size;

	t.program = registry_text(r, key, "LowerCaseLongPath");
	t.digest = digest_of(r, registry_text(r, key, "FileId"));
	t.name = registry_text(r, key, "Name");
	t.source = SPAN("amcache, entered");
	if (registry_number(key, "Size", &size))
		t.bytes_in = size;
	tell_detail_begin(&d);
	tell_detail_text(&d, "publisher", registry_text(r, key, "Publisher"));
	tell_detail_text(&d, "product", registry_text(r, key, "ProductName"));
	tell_detail_text(&d, "version", registry_text(r, key, "Version"));
	tell_detail_text(&d, "linked", registry_text(r, key, "LinkDate"));
	tell(r, key, &t, &d);
}

static void take_driver(struct registry *r, const struct regf_key *key, struct span path, const void *context)
{
	struct trace t = trace_new(TRACE_EXECUTION, "present");
	struct tell_detail d;
	uint8_t *copy = arena_alloc(&r->scratch, path.len);

	for (size_t i = 0; copy && i < path.len; i++)
		copy[i] = path.at[i] == '/' ? '\\' : path.at[i];
	t.program = windows_path_expand(span_of(copy, copy ? path.len : 0), r->user, &r->scratch);
	t.digest = digest_of(r, registry_text(r, key, "DriverId"));
	t.name = registry_text(r, key, "DriverName");
	t.source = SPAN("amcache driver, entered");
	tell_detail_begin(&d);
	tell_detail_text(&d, "publisher", registry_text(r, key, "DriverCompany"));
	tell_detail_text(&d, "service", registry_text(r, key, "Service"));
	tell_detail_text(&d, "last_write", registry_text(r, key, "DriverLastWriteTime"));
	tell(r, key, &t, &d);
}

/* Values of the old form have numbers for names. */
static void take_old_file(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct trace t = trace_new(TRACE_EXECUTION, "present");
	struct tell_detail d;
	uint64_t number;

	t.program = registry_text(r, key, "15");
	t.digest = digest_of(r, registry_text(r, key, "101"));
	t.name = registry_text(r, key, "0");
	t.source = SPAN("amcache, entered");
	if (registry_number(key, "6", &number))
		t.bytes_in = number;
	tell_detail_begin(&d);
	tell_detail_text(&d, "publisher", registry_text(r, key, "1"));
	tell_detail_text(&d, "version", registry_text(r, key, "5"));
	if (registry_number(key, "f", &number))
		tell_detail_time(&d, "linked", timestamp_of_unix((int64_t)number, 0));
	if (registry_number(key, "12", &number))
		tell_detail_time(&d, "created", timestamp_of_filetime(number));
	if (registry_number(key, "11", &number))
		tell_detail_time(&d, "modified", timestamp_of_filetime(number));
	tell(r, key, &t, &d);
}

bool registry_amcache(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_AMCACHE, err))
		return false;
	registry_each(&r, "Root\\InventoryApplicationFile\\*", take_file, NULL);
	registry_each(&r, "Root\\InventoryDriverBinary\\*", take_driver, NULL);
	registry_each(&r, "Root\\File\\*\\*", take_old_file, NULL);
	registry_close(&r);
	return true;
}
