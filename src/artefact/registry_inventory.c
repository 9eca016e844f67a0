/*
 * What Windows keeps of programs and devices that it has.
 *
 * Programs: the list that "Apps and features" shows, of the machine and of each user.
 *
 * Devices as Amcache.hve keeps them: those that somebody may plug in or pair, with the
 * container (the thing as a whole) that they are a part of. Windows takes stock once a day
 * or so, and a key's last writing is no time of a connection: it stands in the detail, and
 * the trace has no time.
 */
#include "artefact/registry.h"

#define UNINSTALL "Microsoft\\Windows\\CurrentVersion\\Uninstall\\*"

/* What an instance is: by how its key begins. */
static const char *kind_of(struct span instance)
{
	static const struct { const char *start, *what; } kinds[] = {
		{ "usbstor/", "usb storage" }, { "swd/wpdbusenum/", "portable device" }, { "wpdbusenum", "portable device" },
		{ "usb/vid_", "usb" }, { "scsi/disk", "disk" }, { "bthenum/", "bluetooth" }, { "bthledevice/", "bluetooth" },
		{ "bthle/", "bluetooth" }, { "swd/printenum/{", "printer" }, { "usbprint/", "printer" }, { "sd/", "memory card" },
		{ "1394/", "firewire" },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (span_eq_nocase(span_sub(instance, 0, strlen(kinds[i].start)), span_text(kinds[i].start)))
			return kinds[i].what;
	return NULL;
}

/* Hubs are no devices that carry anything. */
static bool is_hub(struct span service)
{
	return span_eq_nocase(span_sub(service, 0, 6), SPAN("usbhub"));
}

static void add_container(struct registry *r, const struct regf_key *key, struct tell_detail *d)
{
	struct span id = registry_text(r, key, "ContainerId");
	struct regf_key container;

	tell_detail_text(d, "container", id);
	if (!id.len || !regf_find(&r->root, REGISTRY_TEXT(r, "Root\\InventoryDeviceContainer\\%.*s", SPAN_ARG(id)), &container))
		return;
	tell_detail_text(d, "name", registry_text(r, &container, "FriendlyName"));
	tell_detail_text(d, "model", registry_text(r, &container, "ModelName"));
	tell_detail_text(d, "categories", registry_text(r, &container, "Categories"));
}

/* The last part of the instance; of a stick without the number of its part, "serial&0", as the devices decoder tells it. */
static struct span serial_of(struct span instance, const char *what)
{
	struct span serial = tell_base(instance);
	size_t end = serial.len;

	while (end && serial.at[end - 1] != '&')
		end--;
	return end > 1 && !strcmp(what, "usb storage") ? span_sub(serial, 0, end - 1) : serial;
}

static void take_device(struct registry *r, const struct regf_key *key, struct span instance, const void *context)
{
	const char *what = kind_of(instance);
	struct tell_detail d;
	struct trace t;

	if (!what || is_hub(registry_text(r, key, "Service")))
		return;
	t = trace_new(TRACE_DEVICE, what);
	t.path = registry_path(r, key);
	t.name = registry_text(r, key, "Model");
	t.digest = serial_of(instance, what);
	t.source = SPAN("amcache device");
	tell_detail_begin(&d);
	tell_detail_time(&d, "entered", key->written);
	tell_detail_text(&d, "first_installed", registry_text(r, key, "FirstInstallDate"));
	tell_detail_text(&d, "installed", registry_text(r, key, "InstallDate"));
	tell_detail_text(&d, "manufacturer", registry_text(r, key, "Manufacturer"));
	tell_detail_text(&d, "reported", registry_text(r, key, "BusReportedDescription"));
	tell_detail_text(&d, "service", registry_text(r, key, "Service"));
	tell_detail_text(&d, "parent", registry_text(r, key, "ParentId"));
	add_container(r, key, &d);
	t.detail = tell_detail_end(&d, &r->scratch);
	t.summary = REGISTRY_TEXT(r, "%s %.*s %.*s", what, SPAN_ARG(t.name), SPAN_ARG(t.digest));
	registry_tell(r, &t);
}

/* A thing as a whole, where none of its parts may tell it: the machine itself is no device. */
static void take_container(struct registry *r, const struct regf_key *key, struct span id, const void *context)
{
	struct trace t = trace_new(TRACE_DEVICE, "device");
	struct span model = registry_text(r, key, "ModelName"), friendly = registry_text(r, key, "FriendlyName");
	struct tell_detail d;

	if (!(friendly.len + model.len) || span_eq(registry_text(r, key, "IsMachineContainer"), SPAN("1")))
		return;
	t.path = registry_path(r, key);
	t.name = friendly.len ? friendly : model;
	t.digest = id;
	t.source = SPAN("amcache device container");
	tell_detail_begin(&d);
	tell_detail_time(&d, "entered", key->written);
	tell_detail_text(&d, "model", model);
	tell_detail_text(&d, "manufacturer", registry_text(r, key, "Manufacturer"));
	tell_detail_text(&d, "categories", registry_text(r, key, "Categories"));
	t.detail = tell_detail_end(&d, &r->scratch);
	t.summary = REGISTRY_TEXT(r, "device %.*s", SPAN_ARG(t.name));
	registry_tell(r, &t);
}

bool registry_inventory(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_AMCACHE, err))
		return false;
	registry_each(&r, "Root\\InventoryDevicePnp\\*", take_device, NULL);
	registry_each(&r, "Root\\InventoryDeviceContainer\\*", take_container, NULL);
	registry_close(&r);
	return true;
}

/* What updates and parts of other programs are is not shown, and told all the same. */
static void take_program(struct registry *r, const struct regf_key *key, struct span name, const void *context)
{
	struct trace t = trace_new(TRACE_FILE, "installed");
	struct span shown = registry_text(r, key, "DisplayName"), version = registry_text(r, key, "DisplayVersion");
	uint64_t hidden = 0;
	struct tell_detail d;

	registry_number(key, "SystemComponent", &hidden);
	t.name = REGISTRY_TEXT(r, "%.*s%s%.*s", SPAN_ARG(shown.len ? shown : name), version.len ? " " : "", SPAN_ARG(version));
	t.path = registry_text(r, key, "InstallLocation");
	t.time = key->written;
	t.source = SPAN("registry, list of installed programs, key last written");
	tell_detail_begin(&d);
	tell_detail_text(&d, "publisher", registry_text(r, key, "Publisher"));
	tell_detail_text(&d, "install_date", registry_text(r, key, "InstallDate"));
	tell_detail_text(&d, "from", registry_text(r, key, "InstallSource"));
	tell_detail_text(&d, "uninstall", registry_text(r, key, "UninstallString"));
	tell_detail_text(&d, "state", hidden ? SPAN("not shown") : (struct span){ 0 });
	tell_detail_text(&d, "key", registry_path(r, key));
	t.detail = tell_detail_end(&d, &r->scratch);
	t.summary = REGISTRY_TEXT(r, "%.*s was installed", SPAN_ARG(t.name));
	if (shown.len || t.path.len)
		registry_tell(r, &t);
}

bool registry_installed(const struct artefact *a, struct err *err)
{
	static const char *const lists[] = { UNINSTALL, "Wow6432Node\\" UNINSTALL, "Software\\" UNINSTALL,
					     "Software\\Wow6432Node\\" UNINSTALL };
	struct registry r;

	if (!registry_open(&r, a, HIVE_SOFTWARE | HIVE_USER, err))
		return false;
	for (size_t i = 0; i < 4; i++)
		if ((r.kind == HIVE_USER) == (i > 1))
			registry_each(&r, lists[i], take_program, NULL);
	registry_close(&r);
	return true;
}
