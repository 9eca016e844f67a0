/*
 * Amcache.hve, in the old form (8 to 10 1607) and the new: files that the inventory has
 * hashed, programs that were installed (registry_inventory.c: devices).
 */
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

/* What the file belongs to, as the inventory of programs calls it. */
static struct span application_of(struct registry *r, const struct regf_key *key)
{
	struct span id = registry_text(r, key, "ProgramId");
	struct regf_key program;

	return id.len && regf_find(&r->root, REGISTRY_TEXT(r, "Root\\InventoryApplication\\%.*s", SPAN_ARG(id)), &program)
		       ? registry_text(r, &program, "Name") : (struct span){ 0 };
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
	tell_detail_text(&d, "application", application_of(r, key));
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

static void tell_program(struct registry *r, struct trace *t, struct tell_detail *d, struct span version)
{
	if (version.len)
		t->name = REGISTRY_TEXT(r, "%.*s %.*s", SPAN_ARG(t->name), SPAN_ARG(version));
	t->detail = tell_detail_end(d, &r->scratch);
	t->summary = REGISTRY_TEXT(r, "%.*s was %.*s", SPAN_ARG(t->name.len ? t->name : t->path), SPAN_ARG(t->what));
	if (t->name.len || t->path.len)
		registry_tell(r, t);
}

/* "HKEY_LOCAL_MACHINE\...\Uninstall\x" tells a program that brings its own removal. */
static void take_program(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct trace t = trace_new(TRACE_FILE, "installed");
	struct tell_detail d;

	t.name = registry_text(r, key, "Name");
	t.path = windows_path_expand(registry_text(r, key, "RootDirPath"), r->user, &r->scratch);
	t.time = key->written;
	t.source = SPAN("amcache program, entered");
	tell_detail_begin(&d);
	tell_detail_text(&d, "publisher", registry_text(r, key, "Publisher"));
	tell_detail_text(&d, "install_date", registry_text(r, key, "InstallDate"));
	tell_detail_text(&d, "from", registry_text(r, key, "Source"));
	tell_detail_text(&d, "uninstall", registry_text(r, key, "UninstallString"));
	tell_detail_text(&d, "key", registry_text(r, key, "RegistryKeyPath"));
	tell_detail_text(&d, "msi", registry_text(r, key, "MsiProductCode"));
	tell_program(r, &t, &d, registry_text(r, key, "Version"));
}

/* The shortest of the folders that a program's files lie in: the others are below it. */
static struct span folder_of(struct registry *r, const struct regf_key *key)
{
	struct span rest = registry_data(key, "d"), text, best = { 0 };

	while (regf_next_text(&rest, &r->scratch, &text))
		if (!best.len || text.len < best.len)
			best = text;
	return best;
}

/* The old form says when a program came and went. */
static void take_old_program(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	static const struct { const char *value, *what, *source; } acts[] = {
		{ "a", "installed", "amcache program, installed" }, { "b", "removed", "amcache program, removed" },
	};
	uint64_t seconds;

	for (size_t i = 0; i < 2; i++) {
		struct trace t = trace_new(TRACE_FILE, acts[i].what);
		struct tell_detail d;

		if (!registry_number(key, acts[i].value, &seconds) || (i && !seconds))
			continue;
		t.name = registry_text(r, key, "0");
		t.path = folder_of(r, key);
		t.time = seconds ? timestamp_of_unix((int64_t)seconds, 0) : key->written;
		t.source = span_text(seconds ? acts[i].source : "amcache program, entered");
		tell_detail_begin(&d);
		tell_detail_text(&d, "publisher", registry_text(r, key, "2"));
		tell_detail_text(&d, "from", registry_text(r, key, "6"));
		tell_detail_text(&d, "key", registry_text(r, key, "7"));
		tell_program(r, &t, &d, registry_text(r, key, "1"));
	}
}

/* A driver's package: where its parts lie, whoever uses it. */
static void take_package(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct trace t = trace_new(TRACE_FILE, "installed");
	struct tell_detail d;

	t.name = registry_text(r, key, "Inf");
	t.path = registry_text(r, key, "Directory");
	t.time = key->written;
	t.source = SPAN("amcache driver package, entered");
	tell_detail_begin(&d);
	tell_detail_text(&d, "publisher", registry_text(r, key, "Provider"));
	tell_detail_text(&d, "class", registry_text(r, key, "Class"));
	tell_detail_text(&d, "driver", registry_text(r, key, "SYSFILE"));
	tell_detail_text(&d, "date", registry_text(r, key, "Date"));
	tell_program(r, &t, &d, registry_text(r, key, "Version"));
}

/* Shortcuts of start menus: what they lead to was there to be started. */
static void take_shortcut(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct trace t = trace_new(TRACE_FILE, "linked");

	t.path = registry_text(r, key, "ShortcutTargetPath");
	t.name = registry_text(r, key, "ShortcutPath");
	t.time = key->written;
	t.source = SPAN("amcache shortcut, entered");
	t.summary = REGISTRY_TEXT(r, "%.*s leads to %.*s", SPAN_ARG(t.name), SPAN_ARG(t.path));
	if (t.path.len)
		registry_tell(r, &t);
}

bool registry_amcache(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_AMCACHE, err))
		return false;
	registry_each(&r, "Root\\InventoryApplicationFile\\*", take_file, NULL);
	registry_each(&r, "Root\\InventoryDriverBinary\\*", take_driver, NULL);
	registry_each(&r, "Root\\File\\*\\*", take_old_file, NULL);
	registry_each(&r, "Root\\InventoryApplication\\*", take_program, NULL);
	registry_each(&r, "Root\\Programs\\*", take_old_program, NULL);
	registry_each(&r, "Root\\InventoryDriverPackage\\*", take_package, NULL);
	registry_each(&r, "Root\\InventoryApplicationShortcut\\*", take_shortcut, NULL);
	registry_close(&r);
	return true;
}
