/*
 * Shortcuts, jump lists and what lies in start-up folders: files that somebody
 * opened, on which drive or share; and what a logon starts.
 */
#include "artefact/windows.h"
#include "formats/lnk/lnk.h"
#include "formats/ole/ole.h"

#include <stdio.h>

#define DESTLIST_HEAD 32
#define MAX_LISTED 20000
#define MAX_LINKS 5000

enum { DRIVE_REMOVABLE = 2, DRIVE_FIXED, DRIVE_REMOTE };

static const char *drive_name(uint32_t type)
{
	static const char *const names[] = { "unknown", "no root", "removable", "fixed", "remote", "cd-rom", "ram disk" };

	return type < sizeof names / sizeof *names ? names[type] : "unknown";
}

/* The node of a version 1 GUID is a network card's address. */
static void add_card(struct tell_detail *d, struct span guid)
{
	char text[20];

	if (guid.len != 16 || guid.at[7] >> 4 != 1)
		return;
	snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", guid.at[10], guid.at[11], guid.at[12],
		 guid.at[13], guid.at[14], guid.at[15]);
	tell_detail_text(d, "card", span_text(text));
}

static void add_link(struct tell_detail *d, const struct lnk *l)
{
	char serial[12];

	if (l->has_volume) {
		snprintf(serial, sizeof serial, "%08x", l->drive_serial);
		tell_detail_text(d, "drive", span_text(drive_name(l->drive_type)));
		tell_detail_text(d, "serial", span_text(serial));
		tell_detail_text(d, "label", l->volume_label);
	}
	tell_detail_text(d, "share", l->share);
	tell_detail_text(d, "share_as", l->device);
	if (l->has_tracker) {
		tell_detail_text(d, "machine", l->tracker.machine);
		add_card(d, l->tracker.droid_file);
	}
	tell_detail_time(d, "target_created", l->created);
	tell_detail_time(d, "target_written", l->written);
	tell_detail_text(d, "arguments", l->arguments);
	tell_detail_text(d, "folder", l->working_directory);
}

/* A removable drive or a share that a link speaks of. */
static bool tell_drive(const struct artefact *a, const struct lnk *l, timestamp time)
{
	bool is_share = l->share.len;
	struct trace t = trace_new(TRACE_DEVICE, is_share ? "network share" : "volume");

	if (!is_share && (!l->has_volume || l->drive_type != DRIVE_REMOVABLE))
		return true;
	t.time = time;
	t.source = SPAN("shortcut, when its target was opened");
	t.user = tell_user_of_path(a->path);
	t.name = is_share ? l->share : l->volume_label;
	t.path = is_share ? l->device : span_sub(l->base_path, 0, 3);
	if (!is_share)
		t.digest = arena_printf(a->arena, "%08x", l->drive_serial);
	t.summary = is_share ? tell_summary(a->arena, "share %.*s was used", SPAN_ARG(l->share))
			     : tell_summary(a->arena, "removable drive %.*s was used", SPAN_ARG(l->volume_label));
	return a->trace(a->context, &t);
}

/* Folders of links that somebody made to start things, not because a file was opened. */
static bool is_opened(struct span path)
{
	static const char *const others[] = { "start menu", "/desktop/", "quick launch", "sendto", "/winx/", "/links/" };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (tell_find_nocase(path, others[i]) != SIZE_MAX)
			return false;
	return true;
}

static struct span command_of(const struct artefact *a, const struct lnk *l, struct span target)
{
	return l->arguments.len ? arena_printf(a->arena, "%.*s %.*s", SPAN_ARG(target), SPAN_ARG(l->arguments)) : target;
}

bool windows_lnk(const struct artefact *a, struct err *err)
{
	bool opened = is_opened(a->path);
	struct trace t = trace_new(TRACE_FILE, opened ? "opened" : "linked");
	struct tell_detail d;
	struct lnk l;

	if (!lnk_parse(a->bytes, a->arena, &l, err))
		return false;
	if (!l.whole)
		a->short_of(a->context, "shortcut is cut short");
	t.path = lnk_target(&l, a->arena);
	t.name = a->name;
	t.user = tell_user_of_path(a->path);
	if (l.arguments.len)
		t.command = command_of(a, &l, t.path);
	t.bytes_in = l.file_size ? l.file_size : TRACE_NO_NUMBER;
	if (opened && tell_find_nocase(a->path, "recent") != SIZE_MAX && a->modified != TIME_NONE) {
		t.time = a->modified;
		t.source = SPAN("shortcut, last written: when its target was last opened");
	} else {
		t.time = l.accessed != TIME_NONE ? l.accessed : l.written;
		t.source = SPAN("shortcut, its target's last access when it was written");
	}
	tell_detail_begin(&d);
	add_link(&d, &l);
	t.detail = tell_detail_end(&d, a->arena);
	t.summary = tell_summary(a->arena, "%.*s %s", SPAN_ARG(t.path), opened ? "was opened" : "has a shortcut");
	if (a->trace(a->context, &t))
		tell_drive(a, &l, t.time);
	return true;
}

bool windows_startup(const struct artefact *a, struct err *err)
{
	struct trace t = trace_new(TRACE_AUTOSTART, "startup folder");
	struct err ignored;
	struct lnk l;

	if (span_eq_nocase(a->name, SPAN("desktop.ini")))
		return true;
	t.path = a->path;
	t.name = a->name;
	t.user = tell_user_of_path(a->path);
	t.time = a->modified;
	t.source = SPAN("file in a start-up folder, last written");
	t.technique = SPAN("T1547.001");
	t.command = t.program = a->path;
	if (lnk_parse(a->bytes, a->arena, &l, &ignored)) {
		t.program = lnk_target(&l, a->arena);
		t.command = command_of(a, &l, t.program);
		t.technique = SPAN("T1547.001 T1547.009");
	}
	t.summary = tell_summary(a->arena, "a logon starts %.*s", SPAN_ARG(t.command));
	a->trace(a->context, &t);
	return true;
}

/* Jump lists are named by their application's identifier: those that tell most. */
static const struct application {
	const char *id, *name;
} applications[] = {
	{ "1bc392b8e104a00e", "Remote Desktop" }, { "f01b4d95cf55d32a", "Windows Explorer" },
	{ "5f7b5f1e01b83767", "Quick Access" }, { "1b4dd67f29cb1962", "Windows Explorer" },
	{ "9b9cdc69c1c24e2b", "Notepad" }, { "290532160612e071", "WinRAR" }, { "a7bd71699cd38d1c", "Word 2010" },
	{ "fb3b0dbfee58fac8", "Word" }, { "b8ab77100df80ab2", "Excel" }, { "d00655d2aa12ff6d", "PowerPoint" },
	{ "9d1f905ce5044aee", "Edge" }, { "5d696d521de238c3", "Chrome" }, { "28c8b86deab549a1", "Internet Explorer" },
	{ "7e4dca80246863e3", "Control Panel" }, { "590aee7bdd69b59b", "PowerShell" },
	{ "ccba5a5986c77e43", "Edge" },
};

#define REMOTE_DESKTOP 0

static const struct application *application_of(struct span name)
{
	for (size_t i = 0; i < sizeof applications / sizeof *applications; i++)
		if (span_eq_nocase(span_sub(name, 0, 16), span_text(applications[i].id)))
			return &applications[i];
	return NULL;
}

struct listed {
	struct span machine, path, droid;
	uint32_t number;
	uint64_t count;
	timestamp last;
	bool is_pinned, is_custom;
};

/* An entry of the list; false where the list ends or is cut short. */
static bool next_listed(struct cursor *c, uint32_t version, struct arena *arena, struct listed *out)
{
	size_t chars;
	float count;
	uint32_t bits;

	cursor_skip(c, 24);
	out->droid = cursor_take(c, 16);
	cursor_skip(c, 32);
	out->machine = cursor_take(c, 16);
	out->machine = span_sub(out->machine, 0, span_find_byte(out->machine, 0, 0));
	out->number = cursor_u32le(c);
	cursor_skip(c, 4);
	bits = cursor_u32le(c);
	memcpy(&count, &bits, sizeof count);
	out->count = count >= 0 && count < 1e9f ? (uint64_t)count : TRACE_NO_NUMBER;
	out->last = timestamp_of_filetime(cursor_u64le(c));
	out->is_pinned = cursor_u32le(c) != UINT32_MAX;
	if (version >= 3) {
		cursor_skip(c, 4);
		out->count = cursor_u32le(c);
		cursor_skip(c, 8);
	}
	chars = cursor_u16le(c);
	out->path = tell_utf16(arena, cursor_take(c, chars * 2));
	if (version >= 3)
		cursor_skip(c, 4);
	return !c->short_read;
}

/* "/v:host" of the remote desktop client. */
static struct span remote_host(struct span arguments)
{
	size_t at = tell_find_nocase(arguments, "/v:");
	struct span host = span_from(arguments, at == SIZE_MAX ? arguments.len : at + 3);

	host = span_split(&host, ' ');
	if (host.len > 1 && host.at[0] == '"')
		host = span_sub(host, 1, host.len - 2);
	return host;
}

static bool tell_session(const struct artefact *a, const struct lnk *l, timestamp time, struct span detail)
{
	struct trace t = trace_new(TRACE_SESSION, "remote desktop");

	t.name = remote_host(l->arguments);
	if (!t.name.len)
		return true;
	t.time = time;
	t.source = SPAN("jump list of the remote desktop client: a connection made from here");
	t.user = tell_user_of_path(a->path);
	t.protocol = SPAN("rdp");
	t.program = SPAN("mstsc.exe");
	t.technique = SPAN("T1021.001");
	t.detail = detail;
	t.summary = tell_summary(a->arena, "remote desktop from here to %.*s", SPAN_ARG(t.name));
	return a->trace(a->context, &t);
}

static bool tell_listed(const struct artefact *a, const struct listed *e, const struct lnk *l)
{
	const struct application *application = application_of(a->name);
	/* A custom list is what the program put there, not what somebody opened. */
	struct trace t = trace_new(TRACE_FILE, e->is_custom ? "linked" : "opened");
	struct tell_detail d;
	struct span target = l ? lnk_target(l, a->arena) : (struct span){ 0 };

	/* "knownfolder:{…}" and the like say less than the link does. */
	t.path = e->path.len && (!target.len || span_find_byte(e->path, 0, '\\') != SIZE_MAX) ? e->path : target;
	t.time = e->last;
	t.source = e->is_custom ? SPAN("jump list of the program's own, its target's last access when it was written")
				: SPAN("jump list, last used");
	t.count = e->count;
	t.user = tell_user_of_path(a->path);
	if (application)
		t.program = span_text(application->name);
	tell_detail_begin(&d);
	tell_detail_text(&d, "list", a->name);
	if (e->is_pinned)
		tell_detail_text(&d, "pinned", SPAN("yes"));
	if (l)
		add_link(&d, l);
	else
		tell_detail_text(&d, "machine", e->machine);
	t.detail = tell_detail_end(&d, a->arena);
	if (application == &applications[REMOTE_DESKTOP] && l && remote_host(l->arguments).len)
		return tell_session(a, l, e->last, t.detail);
	t.summary = tell_summary(a->arena, e->is_custom ? "%.*s is in the jump list of %s" : "%.*s was opened with %s",
				 SPAN_ARG(t.path), application ? application->name : "a program");
	return a->trace(a->context, &t) && (!l || tell_drive(a, l, e->last));
}

static bool tell_entry(const struct artefact *a, const struct ole *ole, const struct listed *e)
{
	const struct ole_entry *stream;
	struct span bytes = { 0 };
	struct err ignored;
	struct lnk l;
	char name[12];
	bool has_link;

	snprintf(name, sizeof name, "%x", e->number);
	stream = ole_find(ole, name);
	if (stream)
		ole_read(ole, stream, &bytes);
	has_link = bytes.len && lnk_parse(bytes, a->arena, &l, &ignored);
	return tell_listed(a, e, has_link ? &l : NULL);
}

bool windows_jump_list(const struct artefact *a, struct err *err)
{
	struct ole ole;
	struct span list;
	struct cursor c;
	uint32_t version, count;
	const struct ole_entry *entry;

	if (!ole_open(a->bytes, a->arena, &ole, err))
		return false;
	entry = ole_find(&ole, "DestList");
	if (!entry)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no DestList");
	if (!ole_read(&ole, entry, &list))
		a->short_of(a->context, "DestList is cut short");
	c = cursor_of(list);
	version = cursor_u32le(&c);
	count = cursor_u32le(&c);
	cursor_seek(&c, DESTLIST_HEAD);
	if (version < 1 || version > 6) {
		if (list.len)
			a->short_of(a->context, "DestList of version %u", version);
		return true;
	}
	for (uint32_t i = 0; i < count && i < MAX_LISTED; i++) {
		struct listed e = { .is_custom = false };

		if (!next_listed(&c, version, a->arena, &e)) {
			a->short_of(a->context, "DestList ends after %u of %u entries", i, count);
			a->lost(a->context, count - i);
			break;
		}
		if (!tell_entry(a, &ole, &e))
			break;
	}
	return true;
}

bool windows_custom_list(const struct artefact *a, struct err *err)
{
	struct span magic = SPAN("L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F");
	size_t at = span_find(a->bytes, 0, magic);

	for (size_t n = 0; at != SIZE_MAX && n < MAX_LINKS; n++) {
		struct listed e = { .is_custom = true, .count = TRACE_NO_NUMBER };
		struct err ignored;
		struct lnk l;

		if (lnk_parse(span_from(a->bytes, at), a->arena, &l, &ignored)) {
			e.last = l.accessed;
			if (!tell_listed(a, &e, &l))
				break;
		}
		at = span_find(a->bytes, at + magic.len, magic);
	}
	return true;
}
