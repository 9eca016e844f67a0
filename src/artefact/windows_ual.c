/*
 * User access logging of Windows Server: SystemIdentity.mdb (who the machine is) and
 * the databases beside it (which user used which role from which address, by day).
 */
#include "artefact/windows.h"
#include "base/map.h"
#include "formats/ese/ese.h"

struct ual {
	const struct artefact *a;
	struct ese db;
	struct arena rows;
	struct map roles;		/* GUID -> struct span * of a name */
	struct span host, system;	/* of the newest identity */
	timestamp since;
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

static bool tell_client(void *context, const struct ese_row *row)
{
	struct ual *u = context;
	struct trace t = trace_new(TRACE_SESSION, "logon");
	const struct span *role = map_get(&u->roles, ese_bytes(row, ese_column_named(row->table, "RoleGuid")));

	t.time = ese_time(row, ese_column_named(row->table, "InsertDate"));
	t.last = ese_time(row, ese_column_named(row->table, "LastAccess"));
	t.user = text(row, "AuthenticatedUserName");
	t.peer = address(row->arena, ese_bytes(row, ese_column_named(row->table, "Address")));
	t.name = text(row, "ClientName");
	ese_number(row, ese_column_named(row->table, "TotalAccesses"), &t.count);
	if (role)
		t.protocol = *role;
	t.source = SPAN("user access logging, first and last access of the year; count is of accesses");
	t.summary = tell_summary(row->arena, "%.*s used %.*s from %.*s", SPAN_ARG(t.user),
				 SPAN_ARG(role ? *role : SPAN("a role")), SPAN_ARG(t.peer));
	return u->a->trace(u->a->context, &t);
}

bool windows_ual(const struct artefact *a, struct err *err)
{
	struct ual u = { .a = a, .roles = map_new(a->arena) };
	const struct ese_table *identity, *roles, *clients;

	if (!windows_ese_open(a, &u.db, err))
		return false;
	identity = ese_table_named(&u.db, "SYSTEM_IDENTITY");
	roles = ese_table_named(&u.db, "ROLE_IDS");
	clients = ese_table_named(&u.db, "CLIENTS");
	if (!identity && !clients)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no user access logging");
	u.rows = arena_new((size_t)16 << 20);
	if (roles)
		ese_rows(&u.db, roles, &u.rows, take_role, &u);
	if (identity)
		ese_rows(&u.db, identity, &u.rows, take_identity, &u);
	if (tell_host(&u, "name", u.host) && tell_host(&u, "system", u.system) && clients)
		ese_rows(&u.db, clients, &u.rows, tell_client, &u);
	arena_free(&u.rows);
	windows_ese_end(a, &u.db);
	return true;
}
