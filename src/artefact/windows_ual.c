/*
 * User access logging of Windows Server: SystemIdentity.mdb (who the machine is, and what
 * its roles are called) and the databases beside it (which user used which role from which
 * address, by day; which name an address had). Roles of Windows are the same everywhere.
 */
#include "artefact/windows.h"
#include "base/map.h"
#include "formats/ese/ese.h"

#include <stdio.h>

#define DAYS 366
#define MOST_DAYS 40			/* told of a year's */

static const struct { const char *guid, *name; } usual_roles[] = {
	{ "\x83\xcc\x0f\xc5\x8d\xbc\xf5\x4d\x8a\x3d\x89\xd7\xf8\x0f\x07\x4b", "Active Directory Certificate Services" },
	{ "\x39\xd7\xcd\xb4\x9c\x08\x7e\x41\x87\x8d\x85\x5f\x90\x08\x1b\xe7", "Active Directory Rights Management Services" },
	{ "\xb2\xd6\xee\x48\xdc\x9c\x58\x43\xb5\xa5\x8d\xea\x3b\x2f\x3f\x6a", "DHCP Server" },
	{ "\x71\xb0\xc4\x7c\x2c\x29\x32\x47\x97\xa1\xcf\x9a\x73\x01\x19\x5d", "FAX Server" },
	{ "\x6f\x22\xa9\x10\xee\x50\xd8\x49\xa3\x93\x9a\x50\x1d\x47\xce\x04", "File Server" },
	{ "\x29\x5b\xd8\xbb\xcc\x9d\xd9\x4f\x86\x5d\x38\x46\xdc\xba\x75\xc7", "Network Policy and Access Services" },
	{ "\xd3\x9b\xb0\x7f\xe6\x7f\x5e\x43\x83\x48\x7d\x8a\xef\xb6\xce\xa3", "Print and Document Services" },
	{ "\xf7\x6c\x25\xd6\xfb\x98\xb4\x4e\xaa\x18\x30\x3f\x1d\xa1\xf7\x70", "Web Server" },
	{ "\x4d\xa1\x16\x41\x40\x38\x42\x4f\xa6\x7f\xf2\xf9\xff\x46\xeb\x4c", "Windows Deployment Services" },
	{ "\x8e\x1c\xdc\xd8\x13\xea\xce\x49\x9a\x68\xc9\xdc\xa8\xdb\x8b\x33", "Windows Server Update Services" },
	{ "\x6a\x1c\x3f\xc2\xa8\x30\xb6\x41\xbb\xf7\xf2\x66\x56\x3d\xfc\xd6", "FTP Server" },
	{ "\xf9\xba\x0c\x91\x12\xb6\x82\x47\xa2\x1f\xf7\xc7\x51\x05\x43\x4a", "BranchCache" },
	{ "\xd9\x85\x22\x95\xb7\xed\x6b\x4b\x9d\x85\x0c\x09\xe3\xda\x0b\xbd", "Remote Access" },
	{ "\xc3\x5f\x49\xad\xaa\x0e\x3d\x41\xba\x7d\x8b\x13\xfa\x7e\xc5\x98", "Active Directory Domain Services" },
};

struct ual {
	const struct artefact *a;
	struct ese db;
	struct arena rows;
	struct map roles;		/* GUID -> struct span * of a name */
	struct span host, system;	/* of the newest identity */
	timestamp since;
	size_t days[DAYS];		/* columns */
};

static struct span text(const struct ese_row *row, const char *column)
{
	return ese_text(row, ese_column_named(row->table, column));
}

static bool take_identity(void *context, const struct ese_row *row)
{
	struct ual *u = context;
	timestamp time = ese_time(row, ese_column_named(row->table, "CreationTime"));
	uint64_t major = 0, build = 0;

	if (u->host.len && time < u->since)
		return true;
	ese_number(row, ese_column_named(row->table, "OSMajor"), &major);
	ese_number(row, ese_column_named(row->table, "OSBuildNumber"), &build);
	u->since = time;
	u->host = arena_copy(u->a->arena, text(row, "SystemDNSHostName"));
	u->system = arena_printf(u->a->arena, "Windows %llu build %llu", (unsigned long long)major,
				 (unsigned long long)build);
	return true;
}

static bool tell_host(const struct ual *u, const char *what, struct span value)
{
	struct trace t = trace_new(TRACE_HOST, what);

	t.name = value;
	t.time = u->since;
	t.source = SPAN("user access logging, system identity");
	t.summary = tell_summary(u->a->arena, "the machine's %s is %.*s", what, SPAN_ARG(value));
	return !value.len || u->a->trace(u->a->context, &t);
}

static bool take_role(void *context, const struct ese_row *row)
{
	struct ual *u = context;
	struct span guid = ese_bytes(row, ese_column_named(row->table, "RoleGuid"));
	struct span *name = ARENA_NEW(u->a->arena, struct span);
	void **slot = name ? map_slot(&u->roles, arena_copy(u->a->arena, guid)) : NULL;

	if (!slot)
		return false;
	*name = arena_copy(u->a->arena, text(row, "RoleName"));
	*slot = name;
	return true;
}

/* Addresses are 4 or 16 bytes. */
static struct span address(struct arena *arena, struct span bytes)
{
	struct buf b = buf_new(64);
	struct span kept;

	for (size_t i = 0; i + 1 < bytes.len && bytes.len == 16; i += 2)
		buf_printf(&b, "%s%x", i ? ":" : "", load_u16be(bytes.at + i));
	if (bytes.len == 4)
		buf_printf(&b, "%u.%u.%u.%u", bytes.at[0], bytes.at[1], bytes.at[2], bytes.at[3]);
	kept = b.len ? arena_copy(arena, buf_span(&b)) : (struct span){ 0 };
	buf_free(&b);
	return kept;
}

static struct span role_of(const struct ual *u, struct span guid)
{
	const struct span *name = map_get(&u->roles, guid);

	for (size_t i = 0; !name && i < sizeof usual_roles / sizeof *usual_roles; i++)
		if (span_eq(guid, span_of(usual_roles[i].guid, 16)))
			return span_text(usual_roles[i].name);
	return name ? *name : (struct span){ 0 };
}

/* Column DayN counts what came on the Nth day of the year of the last access: "2026-05-01: 3, …". */
static struct span days_of(const struct ual *u, const struct ese_row *row, timestamp last)
{
	struct buf text = buf_new(2048), day = buf_new(64);
	uint64_t year = 0, count;
	size_t told = 0;
	struct span kept;

	if (last != TIME_NONE)
		timestamp_format(&day, last, 0);
	if (!span_to_u64(span_sub(buf_span(&day), 0, 4), &year))
		last = TIME_NONE;
	for (size_t i = 0; last != TIME_NONE && i < DAYS && told < MOST_DAYS; i++) {
		if (!ese_number(row, u->days[i], &count) || !count)
			continue;
		buf_clear(&day);
		timestamp_format(&day, timestamp_of_civil((int)year, 1, 1, 0, 0, 0, 0) + (timestamp)i * 86400 * TIME_SECOND, 0);
		buf_printf(&text, "%s%.10s: %llu", told++ ? ", " : "", (const char *)day.at, (unsigned long long)count);
	}
	kept = text.len ? arena_copy(row->arena, buf_span(&text)) : (struct span){ 0 };
	buf_free(&text);
	buf_free(&day);
	return kept;
}

/* The names that the server found for addresses of its clients. */
static bool tell_name(void *context, const struct ese_row *row)
{
	struct ual *u = context;
	struct trace t = trace_new(TRACE_DNS, "answer");

	t.time = ese_time(row, ese_column_named(row->table, "LastSeen"));
	t.name = text(row, "HostName");
	t.peer = text(row, "Address");
	t.source = SPAN("user access logging, last seen");
	t.summary = tell_summary(row->arena, "%.*s was %.*s", SPAN_ARG(t.peer), SPAN_ARG(t.name));
	return !t.name.len || u->a->trace(u->a->context, &t);
}

static bool tell_client(void *context, const struct ese_row *row)
{
	struct ual *u = context;
	struct trace t = trace_new(TRACE_SESSION, "logon");
	struct tell_detail d;

	t.time = ese_time(row, ese_column_named(row->table, "InsertDate"));
	t.last = ese_time(row, ese_column_named(row->table, "LastAccess"));
	t.user = text(row, "AuthenticatedUserName");
	t.peer = address(row->arena, ese_bytes(row, ese_column_named(row->table, "Address")));
	t.name = text(row, "ClientName");
	ese_number(row, ese_column_named(row->table, "TotalAccesses"), &t.count);
	t.protocol = role_of(u, ese_bytes(row, ese_column_named(row->table, "RoleGuid")));
	tell_detail_begin(&d);
	tell_detail_text(&d, "days", days_of(u, row, t.last));
	t.detail = tell_detail_end(&d, row->arena);
	t.source = SPAN("user access logging, first and last access of the year; count is of accesses");
	t.summary = tell_summary(row->arena, "%.*s used %.*s from %.*s", SPAN_ARG(t.user),
				 SPAN_ARG(t.protocol.len ? t.protocol : SPAN("a role")), SPAN_ARG(t.peer));
	return u->a->trace(u->a->context, &t);
}

static void find_days(struct ual *u, const struct ese_table *clients)
{
	char name[16];

	for (unsigned i = 0; i < DAYS; i++) {
		snprintf(name, sizeof name, "Day%u", i + 1);
		u->days[i] = ese_column_named(clients, name);
	}
}

bool windows_ual(const struct artefact *a, struct err *err)
{
	struct ual u = { .a = a, .roles = map_new(a->arena) };
	const struct ese_table *identity, *roles, *clients, *names;

	if (!windows_ese_open(a, &u.db, err))
		return false;
	identity = ese_table_named(&u.db, "SYSTEM_IDENTITY");
	roles = ese_table_named(&u.db, "ROLE_IDS");
	clients = ese_table_named(&u.db, "CLIENTS");
	names = ese_table_named(&u.db, "DNS");
	if (!identity && !clients)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no user access logging");
	if (clients)
		find_days(&u, clients);
	u.rows = arena_new((size_t)16 << 20);
	if (roles)
		ese_rows(&u.db, roles, &u.rows, take_role, &u);
	if (identity)
		ese_rows(&u.db, identity, &u.rows, take_identity, &u);
	if (tell_host(&u, "name", u.host) && tell_host(&u, "system", u.system) && clients)
		if (ese_rows(&u.db, clients, &u.rows, tell_client, &u) && names)
			ese_rows(&u.db, names, &u.rows, tell_name, &u);
	arena_free(&u.rows);
	windows_ese_end(a, &u.db);
	return true;
}
