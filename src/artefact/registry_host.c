/* Which machine this is: name, version, zone, addresses, when it was installed and shut down. */
#include "artefact/registry.h"

#define NT "Microsoft\\Windows NT\\CurrentVersion"

static void tell(struct registry *r, const struct regf_key *key, struct trace *t, struct span name)
{
	t->name = name;
	t->path = registry_path(r, key);
	if (!t->source.len)
		t->source = SPAN("registry, key last written");
	t->summary = REGISTRY_TEXT(r, "%.*s: %.*s", SPAN_ARG(t->what), SPAN_ARG(name));
	if (name.len)
		registry_tell(r, t);
}

static void take_name(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct trace t = trace_new(TRACE_HOST, "name");

	t.host = registry_text(r, key, "ComputerName");
	t.time = key->written;
	tell(r, key, &t, t.host);
}

static void take_zone(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct trace t = trace_new(TRACE_HOST, "zone");
	struct span name = registry_text(r, key, "TimeZoneKeyName");
	struct tell_detail d;
	uint64_t bias;

	if (!name.len)
		name = registry_text(r, key, "StandardName");
	tell_detail_begin(&d);
	if (registry_number(key, "ActiveTimeBias", &bias))
		tell_detail_text(&d, "minutes_west", REGISTRY_TEXT(r, "%d", (int32_t)(uint32_t)bias));
	t.detail = tell_detail_end(&d, &r->scratch);
	t.time = key->written;
	tell(r, key, &t, name);
}

static void take_shutdown(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct trace t = trace_new(TRACE_SESSION, "shutdown");

	t.time = registry_filetime(registry_data(key, "ShutdownTime"), 0);
	t.source = SPAN("registry, ShutdownTime");
	if (t.time != TIME_NONE)
		tell(r, key, &t, SPAN("shutdown"));
}

/* "Windows 10 Pro 1803, build 17134.1": from build 22000 on the name still says 10. */
static struct span system_name(struct registry *r, const struct regf_key *key)
{
	struct span product = registry_text(r, key, "ProductName"), build = registry_text(r, key, "CurrentBuild");
	struct span version = registry_text(r, key, "DisplayVersion"), pack = registry_text(r, key, "CSDVersion");
	uint64_t number = 0, update = 0;

	if (!version.len)
		version = registry_text(r, key, "ReleaseId");
	registry_number(key, "UBR", &update);
	if (span_to_u64(build, &number) && number >= 22000 && span_starts(product, SPAN("Windows 10")))
		product = REGISTRY_TEXT(r, "Windows 11%.*s", SPAN_ARG(span_from(product, 10)));
	if (!product.len)
		return product;
	return REGISTRY_TEXT(r, "%.*s%s%.*s%s%.*s, build %.*s.%llu", SPAN_ARG(product), version.len ? " " : "",
			     SPAN_ARG(version), pack.len ? " " : "", SPAN_ARG(pack), SPAN_ARG(build),
			     (unsigned long long)update);
}

static void take_system(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct trace t = trace_new(TRACE_HOST, "system");
	struct tell_detail d;
	uint64_t seconds;

	tell_detail_begin(&d);
	tell_detail_text(&d, "owner", registry_text(r, key, "RegisteredOwner"));
	tell_detail_text(&d, "organisation", registry_text(r, key, "RegisteredOrganization"));
	t.detail = tell_detail_end(&d, &r->scratch);
	t.time = key->written;
	tell(r, key, &t, system_name(r, key));
	if (!registry_number(key, "InstallDate", &seconds) || !seconds)
		return;
	t = trace_new(TRACE_HOST, "install");
	t.time = timestamp_of_unix((int64_t)seconds, 0);
	t.source = SPAN("registry, InstallDate");
	tell(r, key, &t, system_name(r, key));
}

static void tell_address(struct registry *r, const struct regf_key *key, struct span address, struct span id,
			 const char *lease)
{
	struct trace t = trace_new(TRACE_HOST, "address");
	struct tell_detail d;
	uint64_t seconds;

	if (!address.len || span_eq(address, SPAN("0.0.0.0")))
		return;
	tell_detail_begin(&d);
	tell_detail_text(&d, "interface", id);
	tell_detail_text(&d, "domain", registry_text(r, key, "DhcpDomain"));
	tell_detail_text(&d, "server", registry_text(r, key, "DhcpServer"));
	t.detail = tell_detail_end(&d, &r->scratch);
	t.local = address;
	t.time = key->written;
	if (*lease && registry_number(key, lease, &seconds)) {
		t.time = timestamp_of_unix((int64_t)seconds, 0);
		t.source = SPAN("registry, lease obtained");
	}
	tell(r, key, &t, address);
}

static void take_interface(struct registry *r, const struct regf_key *key, struct span id, const void *context)
{
	struct regf_value v;
	struct span address;

	tell_address(r, key, registry_text(r, key, "DhcpIPAddress"), id, "LeaseObtainedTime");
	if (regf_value(key, SPAN("IPAddress"), &v))
		for (struct span rest = v.data; regf_next_text(&rest, &r->scratch, &address);)
			tell_address(r, key, address, id, "");
}

/* SYSTEMTIME, in the machine's own zone: told as it is, and said so. */
static timestamp system_time(struct span data)
{
	struct cursor c = cursor_of(data);
	uint16_t part[8];

	for (int i = 0; i < 8; i++)
		part[i] = cursor_u16le(&c);
	return c.short_read ? TIME_NONE
			    : timestamp_of_civil(part[0], part[1], part[3], part[4], part[5], part[6],
						 part[7] * UINT32_C(1000000));
}

static void take_network(struct registry *r, const struct regf_key *key, struct span id, const void *context)
{
	struct trace t = trace_new(TRACE_DEVICE, "network");
	struct tell_detail d;

	tell_detail_begin(&d);
	tell_detail_text(&d, "description", registry_text(r, key, "Description"));
	tell_detail_text(&d, "profile", id);
	t.detail = tell_detail_end(&d, &r->scratch);
	t.time = system_time(registry_data(key, "DateCreated"));
	t.last = system_time(registry_data(key, "DateLastConnected"));
	t.source = SPAN("network profile, first and last connected, in the machine's zone");
	tell(r, key, &t, registry_text(r, key, "ProfileName"));
}

bool registry_host(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_SYSTEM | HIVE_SOFTWARE, err))
		return false;
	if (r.kind == HIVE_SYSTEM) {
		registry_each(&r, "Control\\ComputerName\\ComputerName", take_name, NULL);
		registry_each(&r, "Control\\TimeZoneInformation", take_zone, NULL);
		registry_each(&r, "Control\\Windows", take_shutdown, NULL);
		registry_each(&r, "Services\\Tcpip\\Parameters\\Interfaces\\*", take_interface, NULL);
		registry_each(&r, "Services\\Tcpip\\Parameters\\Interfaces\\*\\*", take_interface, NULL);
	} else {
		registry_each(&r, NT, take_system, NULL);
		registry_each(&r, NT "\\NetworkList\\Profiles\\*", take_network, NULL);
	}
	registry_close(&r);
	return true;
}
