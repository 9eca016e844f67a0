/* What a user or a service has run, as counters and caches of the shell and the kernel say. */
#include "artefact/registry.h"
#include "artefact/windows_path.h"

#define EXPLORER "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\"

static const struct { const char *id, *place; } folders[] = {
	{ "{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}", "C:\\Windows\\System32" },
	{ "{D65231B0-B2F1-4857-A4CE-A8E7C6EA7D27}", "C:\\Windows\\SysWOW64" },
	{ "{F38BF404-1D43-42F2-9305-67DE0B28FC23}", "C:\\Windows" },
	{ "{6D809377-6AF0-444B-8957-A3773F02200E}", "C:\\Program Files" },
	{ "{905E63B6-C1BF-494E-B29C-65B732D3D21A}", "C:\\Program Files" },
	{ "{7C5A40EF-A0FB-4BFC-874A-C0F2E0B9FA8E}", "C:\\Program Files (x86)" },
	{ "{62AB5D82-FDC1-4DC3-A9DD-070D1D495D97}", "C:\\ProgramData" },
	{ "{0139D44E-6AFE-49F2-8690-3DAFCAE6FFB8}", "C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs" },
	{ "{A77F5D77-2E2B-44C3-A6A2-ABA601054A51}", "%APPDATA%\\Microsoft\\Windows\\Start Menu\\Programs" },
	{ "{9E3995AB-1F9C-4F13-B827-48B24B6C7174}", "%APPDATA%\\Microsoft\\Internet Explorer\\Quick Launch\\User Pinned" },
	{ "{3EB685DB-65F9-4CF6-A03A-E3EF65729F3D}", "%APPDATA%" },
	{ "{F1B32785-6FBA-4FCF-9D55-7B8E7F157091}", "%LOCALAPPDATA%" },
	{ "{B4BFCC3A-DB2C-424C-B029-7FE99A87C641}", "%USERPROFILE%\\Desktop" },
	{ "{374DE290-123F-4565-9164-39C4925E467B}", "%USERPROFILE%\\Downloads" },
	{ "{FDD39AD0-238F-46AF-ADB4-6C85480369C7}", "%USERPROFILE%\\Documents" },
	{ "{B97D20BB-F46A-4C97-BA10-5E3608430854}", "%APPDATA%\\Microsoft\\Windows\\Start Menu\\Programs\\Startup" },
	{ "{82A5EA35-D9CD-47C5-9629-E15D2F714E6E}", "C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\Startup" },
	{ "{625B53C3-AB48-4EC1-BA1F-A1EF4146FC19}", "%APPDATA%\\Microsoft\\Windows\\Start Menu" },
	{ "{A4115719-D62E-491D-AA7C-E74B8BE3B067}", "C:\\ProgramData\\Microsoft\\Windows\\Start Menu" },
	{ "{DFDF76A2-C82A-4D63-906A-5644AC457385}", "C:\\Users\\Public" },
	{ "{C4AA340D-F20F-4863-AFEF-F87EF2E6BA25}", "C:\\Users\\Public\\Desktop" },
	{ "{3D644C9B-1FB8-4F30-9B45-F670235F79C0}", "C:\\Users\\Public\\Downloads" },
	{ "{ED4824AF-DCE4-45A8-81E2-FC7965083634}", "C:\\Users\\Public\\Documents" },
	{ "{A520A1A4-1780-4FF6-BD18-167343C5AF16}", "%USERPROFILE%\\AppData\\LocalLow" },
	{ "{5E6C858F-0E22-4760-9AFE-EA3317B67173}", "%USERPROFILE%" },
	{ "{5CD7AEE2-2219-4A67-B85D-6C9CE15660CB}", "%LOCALAPPDATA%\\Programs" },
	{ "{F7F1ED05-9F6D-47A2-AAAE-29D317C6F066}", "C:\\Program Files\\Common Files" },
	{ "{6365D5A7-0F0D-45E5-87F6-0DA56B6A4F7D}", "C:\\Program Files\\Common Files" },
	{ "{DE974D24-D9C6-4D3E-BF91-F4455120B917}", "C:\\Program Files (x86)\\Common Files" },
};

/* "{known folder}\x.exe" as a path. */
static struct span program_of(struct registry *r, struct span name)
{
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		struct span id = span_text(folders[i].id);

		if (span_eq_nocase(span_sub(name, 0, id.len), id)) {
			struct span rest = span_from(name, id.len);

			name = REGISTRY_TEXT(r, "%s%.*s", folders[i].place, SPAN_ARG(rest));
			break;
		}
	}
	return windows_path_expand(name, r->user, &r->scratch);
}

static void tell(struct registry *r, struct trace *t, struct span program, const char *source)
{
	t->program = program;
	t->source = span_text(source);
	t->summary = REGISTRY_TEXT(r, "%.*s %s (%s)", SPAN_ARG(program),
				   span_eq(t->what, SPAN("ran")) ? "was run" : "was on the machine", source);
	if (program.len)
		registry_tell(r, t);
}

static struct span rot13(struct registry *r, struct span name)
{
	uint8_t *to = arena_alloc(&r->scratch, name.len + 1);

	for (size_t i = 0; to && i < name.len; i++) {
		uint8_t c = name.at[i], base = c >= 'a' ? 'a' : 'A';

		to[i] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? (uint8_t)((c - base + 13) % 26 + base) : c;
	}
	return span_of(to, to ? name.len : 0);
}

/*
 * 72 bytes since Windows 7; 16 before, whose count begins at 5. A program that something
 * else started was never counted and has no time, but its window was used (focus).
 */
static bool read_counter(struct registry *r, struct span data, struct trace *t)
{
	bool is_new = data.len >= 68;
	struct cursor c = cursor_of(data);
	uint32_t count, focus, milliseconds;
	struct tell_detail d;

	if (data.len != 16 && !is_new)
		return false;
	cursor_seek(&c, 4);
	count = cursor_u32le(&c);
	focus = is_new ? cursor_u32le(&c) : 0;
	milliseconds = is_new ? cursor_u32le(&c) : 0;
	t->count = is_new ? count : count >= 5 ? count - 5 : count;
	t->time = registry_filetime(data, is_new ? 60 : 8);
	if (is_new) {
		tell_detail_begin(&d);
		tell_detail_number(&d, "focus", focus);
		tell_detail_number(&d, "focus_milliseconds", milliseconds);
		t->detail = tell_detail_end(&d, &r->scratch);
	}
	if (!t->count && t->time == TIME_NONE && !focus && !milliseconds)
		t->what = SPAN("present");
	return true;
}

static void take_user_assist(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct span place = registry_path(r, key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct trace t = trace_new(TRACE_EXECUTION, "ran");
		struct span name = rot13(r, regf_name_text(v.name, &r->scratch));

		/* Of what was run through a menu, the shortcut. */
		if (span_starts(name, SPAN("UEME_RUNPATH:")) || span_starts(name, SPAN("UEME_RUNPIDL:")))
			name = span_from(name, 13);
		else if (span_starts(name, SPAN("UEME_")))
			continue;
		t.path = place;
		if (read_counter(r, v.data, &t))
			tell(r, &t, program_of(r, name), "UserAssist, last run");
	}
}

/* The background activity moderator: a device path and when it last ran, by SID. */
static void take_bam(struct registry *r, const struct regf_key *key, struct span sid, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct span place = registry_path(r, key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct trace t = trace_new(TRACE_EXECUTION, "ran");

		if (v.type != REGF_BINARY || v.data.len < 8)
			continue;
		t.time = registry_filetime(v.data, 0);
		t.user = sid;
		t.path = place;
		tell(r, &t, regf_name_text(v.name, &r->scratch), context);
	}
}

/* Names of values are paths, perhaps with an ending that says what the value is. */
static void take_names(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	static const char *const endings[] = { ".FriendlyAppName", ".ApplicationCompany" };
	struct regf_values it = regf_values_of(key);
	struct span place = registry_path(r, key), last = { 0 };
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct trace t = trace_new(TRACE_EXECUTION, "present");
		struct span name = regf_name_text(v.name, &r->scratch);

		for (size_t i = 0; i < 2; i++)
			if (span_ends(name, span_text(endings[i])))
				name = span_sub(name, 0, name.len - strlen(endings[i]));
		if (name.len < 4 || name.at[1] != ':' || span_eq(name, last))
			continue;
		t.path = place;
		tell(r, &t, last = name, context);
	}
}

static void take_counts(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct span place = registry_path(r, key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct trace t = trace_new(TRACE_EXECUTION, "ran");
		uint64_t count;

		if (!regf_number(&v, &count))
			continue;
		t.count = count;
		t.path = place;
		tell(r, &t, program_of(r, regf_name_text(v.name, &r->scratch)), context);
	}
}

static void take_recent_app(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct trace t = trace_new(TRACE_EXECUTION, "ran");
	struct span program = registry_text(r, key, "AppPath");
	uint64_t number;

	if (!program.len)
		program = registry_text(r, key, "AppId");
	if (registry_number(key, "LaunchCount", &number))
		t.count = number;
	if (registry_number(key, "LastAccessedTime", &number))
		t.time = timestamp_of_filetime(number);
	t.path = registry_path(r, key);
	tell(r, &t, program_of(r, program), "RecentApps, last run");
}

bool registry_user_assist(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_USER, err))
		return false;
	registry_each(&r, EXPLORER "UserAssist\\*\\Count", take_user_assist, NULL);
	registry_close(&r);
	return true;
}

bool registry_bam(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_SYSTEM, err))
		return false;
	registry_each(&r, "Services\\bam\\State\\UserSettings\\*", take_bam, "BAM, last run");
	registry_each(&r, "Services\\bam\\UserSettings\\*", take_bam, "BAM, last run");
	registry_each(&r, "Services\\dam\\State\\UserSettings\\*", take_bam, "DAM, last run");
	registry_each(&r, "Services\\dam\\UserSettings\\*", take_bam, "DAM, last run");
	registry_close(&r);
	return true;
}

bool registry_shell_caches(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_USER | HIVE_CLASSES, err))
		return false;
	registry_each(&r, "Local Settings\\Software\\Microsoft\\Windows\\Shell\\MuiCache", take_names, "MUICache");
	registry_each(&r, "Software\\Microsoft\\Windows\\ShellNoRoam\\MUICache", take_names, "MUICache");
	registry_each(&r, "Software\\Microsoft\\Windows NT\\CurrentVersion\\AppCompatFlags\\Compatibility Assistant\\Store",
		      take_names, "compatibility assistant");
	registry_each(&r, "Software\\Microsoft\\Windows NT\\CurrentVersion\\AppCompatFlags\\Layers", take_names,
		      "compatibility layers");
	registry_each(&r, EXPLORER "FeatureUsage\\AppSwitched", take_counts, "FeatureUsage, switched to");
	registry_each(&r, EXPLORER "FeatureUsage\\AppLaunch", take_counts, "FeatureUsage, launched");
	registry_each(&r, "Software\\Microsoft\\Windows\\CurrentVersion\\Search\\RecentApps\\*", take_recent_app, NULL);
	registry_close(&r);
	return true;
}
