/* What was plugged in or mounted: USB, volumes, shares. First and last connection where they are kept. */
#include "artefact/registry.h"

#define EXPLORER "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\"
#define DATES "Properties\\{83da6326-97a6-4088-9453-a1923f573b29}\\"

/* A property of Windows 8 and later, or in the form of Windows 7. */
static timestamp property_time(struct registry *r, const struct regf_key *key, const char *number)
{
	struct regf_key found;

	if (regf_find(key, REGISTRY_TEXT(r, DATES "%s", number), &found))
		return registry_filetime(registry_data(&found, ""), 0);
	if (regf_find(key, REGISTRY_TEXT(r, DATES "0000%s\\00000000", number), &found))
		return registry_filetime(registry_data(&found, "Data"), 0);
	return TIME_NONE;
}

static void tell(struct registry *r, struct trace *t, struct span name, struct span serial)
{
	t->name = name;
	t->digest = serial;
	t->summary = REGISTRY_TEXT(r, "%.*s %.*s %.*s", SPAN_ARG(t->what), SPAN_ARG(name), SPAN_ARG(serial));
	registry_tell(r, t);
}

/* The serial number; where its second character is '&' Windows made it up. */
static struct span serial_of(struct span instance)
{
	size_t last = instance.len;

	while (last && instance.at[last - 1] != '&')
		last--;
	return last > 1 ? span_sub(instance, 0, last - 1) : instance;
}

static struct span name_of(struct registry *r, const struct regf_key *key)
{
	struct span name = registry_text(r, key, "FriendlyName");
	struct regf_key parent;

	if (!name.len) {
		struct span text = registry_text(r, key, "DeviceDesc");

		while (text.len)
			name = span_split(&text, ';');
	}
	if (!name.len && regf_key_at(key->hive, key->parent, &parent))
		name = regf_name_text(parent.name, &r->scratch);
	return name;
}

static void take_usb(struct registry *r, const struct regf_key *key, struct span instance, const void *context)
{
	struct trace t = trace_new(TRACE_DEVICE, context);
	struct regf_key parent;
	struct tell_detail d;

	if (!regf_key_at(key->hive, key->parent, &parent))
		return;
	t.time = property_time(r, key, "0064");
	t.last = property_time(r, key, "0066");
	t.source = SPAN("registry, first connected; last: last connected");
	if (t.time == TIME_NONE) {
		t.time = key->written;
		t.source = SPAN("registry, key last written; last: last connected");
	}
	tell_detail_begin(&d);
	tell_detail_text(&d, "device", regf_name_text(parent.name, &r->scratch));
	tell_detail_text(&d, "service", registry_text(r, key, "Service"));
	tell_detail_time(&d, "removed", property_time(r, key, "0067"));
	t.detail = tell_detail_end(&d, &r->scratch);
	t.path = registry_path(r, key);
	tell(r, &t, name_of(r, key), span_eq_nocase(t.what, SPAN("usb storage")) ? serial_of(instance) : instance);
}

/* Hubs and controllers are no devices that somebody plugs in. */
static void take_usb_other(struct registry *r, const struct regf_key *key, struct span instance, const void *context)
{
	struct regf_key parent;

	if (regf_key_at(key->hive, key->parent, &parent) &&
	    span_eq_nocase(span_sub(regf_name_text(parent.name, &r->scratch), 0, 4), SPAN("VID_")) &&
	    !span_starts(registry_text(r, key, "Service"), SPAN("usbhub")))
		take_usb(r, key, instance, "usb");
}

/* "_??_USBSTOR#Disk&Ven_X&Prod_Y#SERIAL&0#{…}": the third part is the serial. */
static struct span device_serial(struct span text)
{
	span_split(&text, '#');
	span_split(&text, '#');
	return serial_of(span_split(&text, '#'));
}

/* Which letter or volume stood for which device: the disk's own signature, or a name. */
static void take_mounted(struct registry *r, const struct regf_key *key)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct trace t = trace_new(TRACE_DEVICE, "volume");
		struct span name = regf_name_text(v.name, &r->scratch), text;
		bool is_text = v.data.len > 24 && !v.data.at[1];

		t.path = span_starts(name, SPAN("\\DosDevices\\")) ? span_from(name, 12) : name;
		t.source = SPAN("MountedDevices");
		text = is_text ? regf_utf16(v.data, &r->scratch) : (struct span){ 0 };
		if (v.data.len == 12)
			text = REGISTRY_TEXT(r, "disk %08x at byte %llu", load_u32le(v.data.at),
					     (unsigned long long)load_u64le(v.data.at + 4));
		tell(r, &t, text.len ? text : name, is_text ? device_serial(text) : (struct span){ 0 });
		arena_reset(&r->scratch);
	}
}

/* "##server#share" is a share, "{…}" a volume that the user saw. */
static void take_mount_point(struct registry *r, const struct regf_key *key, struct span name, const void *context)
{
	bool is_share = span_starts(name, SPAN("##"));
	struct trace t = trace_new(TRACE_DEVICE, is_share ? "network share" : "volume");
	struct span copy = arena_copy(&r->scratch, name);

	for (size_t i = 0; is_share && i < copy.len; i++)
		if (copy.at[i] == '#')
			((uint8_t *)(uintptr_t)copy.at)[i] = '\\';
	t.time = key->written;
	t.source = SPAN("MountPoints2, key last written");
	t.path = registry_path(r, key);
	if (is_share || span_starts(name, SPAN("{")))
		tell(r, &t, copy, (struct span){ 0 });
}

static void take_drive(struct registry *r, const struct regf_key *key, struct span letter, const void *context)
{
	struct trace t = trace_new(TRACE_DEVICE, "network share");
	struct span remote = registry_text(r, key, "RemotePath");
	struct tell_detail d;

	tell_detail_begin(&d);
	tell_detail_text(&d, "as", registry_text(r, key, "UserName"));
	t.detail = tell_detail_end(&d, &r->scratch);
	t.path = REGISTRY_TEXT(r, "%.*s:", SPAN_ARG(letter));
	t.time = key->written;
	t.source = SPAN("mapped drive, key last written");
	if (remote.len)
		tell(r, &t, remote, (struct span){ 0 });
}

static void take_typed_share(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct trace t = trace_new(TRACE_DEVICE, "network share");
		struct span remote = regf_text(&v, &r->scratch);

		t.source = SPAN("Map Network Drive MRU");
		t.path = registry_path(r, key);
		if (span_starts(remote, SPAN("\\\\")))
			tell(r, &t, remote, (struct span){ 0 });
	}
}

static void take_portable(struct registry *r, const struct regf_key *key, struct span instance, const void *context)
{
	struct trace t = trace_new(TRACE_DEVICE, "volume");
	struct span name = registry_text(r, key, "FriendlyName");

	t.time = key->written;
	t.source = SPAN("portable devices, key last written");
	t.path = registry_path(r, key);
	if (name.len)
		tell(r, &t, name, instance);
}

bool registry_devices(const struct artefact *a, struct err *err)
{
	struct registry r;
	struct regf_key mounted;

	if (!registry_open(&r, a, HIVE_SYSTEM | HIVE_SOFTWARE | HIVE_USER, err))
		return false;
	if (r.kind == HIVE_SYSTEM) {
		registry_each(&r, "Enum\\USBSTOR\\*\\*", take_usb, "usb storage");
		registry_each(&r, "Enum\\USB\\*\\*", take_usb_other, NULL);
		if (regf_find(&r.top, SPAN("MountedDevices"), &mounted))
			take_mounted(&r, &mounted);
	} else if (r.kind == HIVE_SOFTWARE) {
		registry_each(&r, "Microsoft\\Windows Portable Devices\\Devices\\*", take_portable, NULL);
	} else {
		registry_each(&r, EXPLORER "MountPoints2\\*", take_mount_point, NULL);
		registry_each(&r, EXPLORER "Map Network Drive MRU", take_typed_share, NULL);
		registry_each(&r, "Network\\*", take_drive, NULL);
	}
	registry_close(&r);
	return true;
}
