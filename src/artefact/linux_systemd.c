/* Unit files of systemd (systemd.syntax(7)) and Podman's quadlets, with their drop-ins. */
#include "artefact/linux.h"

#include "codec/json_write.h"

#define DETAIL_MOST ((size_t)16 << 10)

struct unit {
	struct linux_text text;
	struct span name, section, user, description, wanted_by;
	const char *what, *technique;
	bool is_drop_in;
	uint64_t told;
};

static bool is_drop_in(const struct artefact *a)
{
	return span_eq(span_after_last(a->name, '.'), SPAN("conf")) && span_ends(linux_part(a->path, 1), SPAN(".d"));
}

/* "ssh.service.d/override.conf" speaks of ssh.service. */
static struct span unit_name(const struct artefact *a)
{
	struct span folder = linux_part(a->path, 1);

	return is_drop_in(a) ? span_sub(folder, 0, folder.len - 2) : a->name;
}

static void set_kind(struct unit *u)
{
	static const struct {
		struct span suffix;
		const char *what, *technique;
	} kinds[] = {
		{ { (const uint8_t *)"timer", 5 }, "timer", "T1053.006" },
		{ { (const uint8_t *)"socket", 6 }, "socket unit", "T1543.002" },
		{ { (const uint8_t *)"path", 4 }, "path unit", "T1543.002" },
		{ { (const uint8_t *)"container", 9 }, "container", "T1543.005" },
		{ { (const uint8_t *)"kube", 4 }, "container", "T1543.005" },
	};
	struct span suffix = span_after_last(u->name, '.');

	u->what = "unit";
	u->technique = "T1543.002";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (span_eq(suffix, kinds[i].suffix)) {
			u->what = kinds[i].what;
			u->technique = kinds[i].technique;
		}
}

/* Keys by which a unit starts something, or says when. */
static bool starts(struct span key)
{
	static const char *const keys[] = { "ExecStart", "ExecStartPre", "ExecStartPost",
		"ExecCondition", "ExecReload", "ExecStop", "ExecStopPost", "ExecStopPre", "OnCalendar",
		"OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec", "OnActiveSec",
		"ListenStream", "ListenDatagram", "ListenFIFO", "ListenSequentialPacket", "PathExists",
		"PathChanged", "PathModified", "PathExistsGlob", "DirectoryNotEmpty", "Exec", "Image",
		"Yaml", "What", "RootImage", "RootDirectory", "ExtensionImages", "ExtensionDirectories",
		"MountImages", "EnvironmentFile" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (span_eq(key, span_text(keys[i])))
			return true;
	return false;
}

/* Keys by which a unit starts others. */
static bool starts_others(struct span key)
{
	return span_is_one_of(key, "Wants|Requires|Upholds|BindsTo|OnFailure|OnSuccess|Where");
}

/* "-@+!:/bin/x": marks before the path say how, not what. */
static struct span without_marks(struct span command)
{
	size_t at = 0;

	while (at < command.len && strchr("-@+!:|", command.at[at]))
		at++;
	return span_trim(span_from(command, at));
}

static struct span describe(struct unit *u, struct span key, struct buf *to)
{
	struct json_write w = json_write_to(to);
	const struct {
		const char *name;
		struct span value;
	} rows[] = { { "section", u->section }, { "key", key }, { "description", u->description },
		     { "wanted_by", u->wanted_by } };

	json_object(&w);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].value.len) {
			json_key(&w, rows[i].name);
			json_span(&w, span_sub(rows[i].value, 0, 512));
		}
	json_object_end(&w);
	return buf_span(to);
}

static void tell_start(struct unit *u, struct span key, struct span value)
{
	struct buf detail = buf_new(DETAIL_MOST);
	bool is_command = span_starts(key, SPAN("Exec"));
	struct linux_entry entry = { .what = u->what, .technique = u->technique, .name = u->name,
				     .command = value, .user = u->user };

	entry.detail = describe(u, key, &detail);
	if (is_command)
		entry.program = linux_program(without_marks(value));
	else
		/* A timer or socket starts another unit; which one, its own entry says. */
		entry.program = u->name;
	linux_autostart(&u->text, &entry);
	u->told++;
	buf_free(&detail);
}

/* What is no command, as it stands: "OnFailure=x.service", "User=root". */
static void tell_key(struct unit *u, struct span line)
{
	linux_autostart(&u->text, &(struct linux_entry){ .what = u->what, .technique = u->technique, .name = u->name,
		.command = line, .program = u->name, .user = u->user });
	u->told++;
}

/* User and installation may stand behind what they are about: looked for first. */
static void look_ahead(struct unit *u)
{
	struct span line, key, value;

	while (linux_next_joined(&u->text, &line)) {
		if (!linux_pair(line, &key, &value))
			continue;
		/* Joined lines live until the next one only. */
		if (value.at >= u->text.a->bytes.at &&
		    value.at < u->text.a->bytes.at + u->text.a->bytes.len) {
			if (span_eq(key, SPAN("User")))
				u->user = value;
			else if (span_eq(key, SPAN("Description")))
				u->description = value;
			else if (span_eq(key, SPAN("WantedBy")) || span_eq(key, SPAN("RequiredBy")))
				u->wanted_by = value;
		}
	}
}

static void read_unit(struct unit *u)
{
	struct span line, key, value;

	while (linux_next_joined(&u->text, &line)) {
		if (line.at[0] == '[' && line.at[line.len - 1] == ']') {
			u->section = span_sub(line, 1, line.len - 2);
			continue;
		}
		if (line.at[0] == ';' || !linux_pair(line, &key, &value) || !value.len)
			continue;
		if (starts(key))
			tell_start(u, key, value);
		else if (span_eq(key, SPAN("Environment")) && linux_tell_assignments(&u->text, u->name, value))
			u->told++;
		else if (span_eq(key, SPAN("Unit")) && !strcmp(u->what, "timer"))
			tell_start(u, key, value);
		else if (u->is_drop_in)
			tell_key(u, line);
	}
}

/* A target or a mount names no command: which units come with it. */
static void read_others(struct unit *u)
{
	struct span line, key, value;

	while (linux_next_joined(&u->text, &line))
		if (linux_pair(line, &key, &value) && value.len && starts_others(key))
			tell_key(u, line);
}

bool linux_unit(const struct artefact *a, struct err *err)
{
	struct unit u = { .text = linux_text_of(a), .name = unit_name(a), .is_drop_in = is_drop_in(a) };
	size_t bracket = span_find_byte(span_sub(a->bytes, 0, 1 << 16), 0, '[');

	if (bracket == SIZE_MAX) {
		linux_text_free(&u.text);
		return err_set(err, ERR_UNSUPPORTED, 0, "no unit of systemd");
	}
	set_kind(&u);
	look_ahead(&u);
	linux_text_rewind(&u.text);
	/* One that starts nothing by itself may still be what a link switches on. */
	linux_vouch(&u.text);
	read_unit(&u);
	if (!u.told) {
		linux_text_rewind(&u.text);
		read_others(&u);
	}
	linux_text_free(&u.text);
	return true;
}
