#include "assess/acts.h"

#include "assess/sharing.h"
#include "base/deed.h"
#include "base/map.h"
#include "case/case.h"
#include "case/machine.h"
#include "case/query.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

struct span act_file_name(struct span path)
{
	size_t at = path.len;

	while (at && path.at[at - 1] != '/' && path.at[at - 1] != '\\')
		at--;
	return span_from(path, at);
}

struct span act_address(struct span endpoint)
{
	size_t colons = 0, last = endpoint.len;

	if (endpoint.len && endpoint.at[0] == '[')
		return span_sub(endpoint, 1, span_find_byte(endpoint, 1, ']') - 1);
	for (size_t i = 0; i < endpoint.len; i++)
		if (endpoint.at[i] == ':') {
			colons++;
			last = i;
		}
	return colons == 1 ? span_sub(endpoint, 0, last) : endpoint;
}

static bool is_public_v4(const uint8_t a[4])
{
	return !(a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224 ||
		 (a[0] == 100 && (a[1] & 0xc0) == 64) || (a[0] == 169 && a[1] == 254) ||
		 (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168));
}

bool act_is_public(struct span address)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	char text[64];
	uint8_t a[16];

	snprintf(text, sizeof text, "%.*s", SPAN_ARG(span_sub(address, 0, 60)));
	if (inet_pton(AF_INET, text, a) == 1)
		return is_public_v4(a);
	if (inet_pton(AF_INET6, text, a) != 1)
		return false;
	if (!memcmp(a, mapped, sizeof mapped))
		return is_public_v4(a + 12);
	/* Global unicast is 2000::/3. */
	return (a[0] & 0xe0) == 0x20;
}

/* Words of both columns; the second may be empty. */
static bool has_row(struct span command, const char *const rows[][2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_has_any(command, rows[i][0]) && (!*rows[i][1] || span_has_any(command, rows[i][1])))
			return true;
	return false;
}

/* What is uploaded by hand every day goes to a place of one's own: not to a sharing place, or a bare address. */
static bool is_upload_to_stranger(const struct act *act)
{
	static const char *const rows[][2] = {
		{ "curl", " -T | -T| --upload-file| -F | --form | --data-binary @| -d @" },
		{ "wget", "--post-file|--body-file" },
		{ "invoke-restmethod|invoke-webrequest|iwr |irm ", "-method post|-method put|-method \"post|-method 'post" },
		{ "uploadstring(|uploaddata(|uploadvalues(|postasync(", "" },
		{ "nc ", "termbin.com" },
	};

	return has_row(act->command, rows, sizeof rows / sizeof *rows) &&
	       (sharing_is_named(act->command) || deed_names_public_address(act->command));
}

bool act_is_sending_tool(const struct act *act)
{
	static const char *const rows[][2] = {
		{ "rclone", " copy | sync | move | copyto " },
		{ "pscp |megacmd|mega-put|megaput|megatools put|megacopy|winscp.com|azcopy |s3 cp |gsutil cp|"
		  "uploadfile(|gdrive upload|dbxcli put|croc send|wormhole send|onionshare", "" },
		{ "api.telegram.org/bot", "senddocument|sendvideo|sendaudio|sendphoto" },
		{ "ftp -|ftp.exe -|ftp.exe\" -", "-s:" },
		{ "bitsadmin", " /upload" },
		{ "start-bitstransfer", " upload" },
		{ "invoke-restmethod|invoke-webrequest|iwr |irm ", " -infile" },
		{ "send-mailmessage", " -attachment" },
		{ "robocopy|xcopy|copy |copy-item|move ", "\\\\tsclient\\" },
	};

	return has_row(act->command, rows, sizeof rows / sizeof *rows) || is_upload_to_stranger(act);
}

bool act_is_sending(const struct act *act)
{
	static const char *const rows[][2] = {
		{ "curl", " -T | --upload-file | -F | --data-binary @| -d @" },
		{ "wget", "--post-file|--body-file" },
		{ "scp |rsync |sftp ", "@" },
		{ "dig |nslookup |host ", "base64|base32|xxd|od -" },
	};

	return act_is_sending_tool(act) || has_row(act->command, rows, sizeof rows / sizeof *rows);
}

/* ---- hosts ---- */

struct act_hosts {
	struct machines machines;
	struct map addresses;		/* address → name (struct span *) */
	struct span only;		/* of all named machines, where there is exactly one */
};

static bool load_names(struct analysis *a, struct arena *arena, struct act_hosts *h, struct err *err)
{
	sqlite3_stmt *q = NULL;
	size_t named = 0;
	bool row, ok;

	h->addresses = map_new(arena);
	ok = machines_load(a->file, arena, &h->machines, err) &&
	     query_prepare(a->db, "SELECT item.source, item.path, trace.name, trace.what FROM trace "
			   "JOIN item ON item.id = trace.item WHERE trace.kind = 'host' AND trace.what IN "
			   "('address', 'name') AND trace.name IS NOT NULL ORDER BY trace.id", &q, err);
	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct span host = machine_name(&h->machines, query_u64(q, 0, 0), query_span(q, 1));
		bool is_address = span_eq(query_span(q, 3), SPAN("address"));
		struct span *kept = ARENA_NEW(arena, struct span);
		void **slot = is_address ? map_slot(&h->addresses,
						    arena_copy(arena, act_address(query_span(q, 2))))
					 : NULL;

		if (!kept)
			continue;
		*kept = arena_copy(arena, host);
		if (slot && !*slot)
			*slot = kept;
		if (host.len && !span_eq_nocase(host, h->only)) {
			h->only = *kept;
			named++;
		}
	}
	sqlite3_finalize(q);
	if (named != 1)
		h->only = (struct span){ 0 };
	return ok;
}

/* A host's own log of connections tells which addresses are its own. */
static bool load_own_addresses(struct analysis *a, struct arena *arena, struct act_hosts *h,
			       struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(a->db, "SELECT local, host FROM trace WHERE kind = 'transfer' AND "
				     "host IS NOT NULL AND local IS NOT NULL AND program IS NOT NULL "
				     "GROUP BY local, host ORDER BY local, host LIMIT 100000", &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct span address = act_address(query_span(q, 0));
		struct span *kept;
		void **slot;

		if (!address.len || map_get(&h->addresses, address))
			continue;
		slot = map_slot(&h->addresses, arena_copy(arena, address));
		kept = ARENA_NEW(arena, struct span);
		if (!slot || !kept)
			break;
		*kept = arena_copy(arena, query_span(q, 1));
		*slot = kept;
	}
	sqlite3_finalize(q);
	return ok;
}

/* Loaded once for all analysers. */
static bool hosts_of(struct analysis *a, const struct act_hosts **out, struct err *err)
{
	struct arena *arena = &a->shared->arena;
	struct act_hosts *h;

	if (!a->shared->hosts) {
		h = ARENA_NEW(arena, struct act_hosts);
		if (!h)
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for hosts");
		if (!load_names(a, arena, h, err) || !load_own_addresses(a, arena, h, err))
			return false;
		a->shared->hosts = h;
	}
	*out = a->shared->hosts;
	return true;
}

static void find_host(const struct act_hosts *h, struct act *act, uint64_t source, struct span path)
{
	struct span *named;

	if (act->host.len)
		return;
	act->host = machine_name(&h->machines, source, path);
	if (act->host.len || !act->local.len)
		return;
	named = map_get(&h->addresses, act_address(act->local));
	act->is_network_host = !named;
	act->host = named ? *named : act_address(act->local);
}

bool acts_same_host(const struct acts *acts, const struct act *x, const struct act *y)
{
	if (span_eq_nocase(x->host, y->host))
		return true;
	return acts->only_host.len && (x->is_network_host || y->is_network_host) &&
	       (span_eq_nocase(x->host, acts->only_host) || span_eq_nocase(y->host, acts->only_host));
}

/* ---- loading ---- */

#define COLUMNS \
	"trace.id, trace.item, item.source, item.path, trace.kind, time, last, bytes_out, bytes_in, count, " \
	"what, host, user, program, trace.path, name, command, local, peer, trace.source, technique"

/* Rows that follow each other say much alike. */
static struct span keep(struct arena *arena, struct span text, struct span before)
{
	if (!text.len)
		return (struct span){ 0 };
	return span_eq(text, before) ? before : arena_copy(arena, text);
}

static bool read_act(struct analysis *a, const struct act_hosts *h, sqlite3_stmt *q, const struct act *before,
		     struct act *act)
{
	struct span *const texts[] = { &act->what, &act->host, &act->user, &act->program, &act->path,
				       &act->name, &act->command, &act->local, &act->peer,
				       &act->source, &act->technique };
	const struct span olds[] = { before->what, before->host, before->user, before->program, before->path,
				     before->name, before->command, before->local, before->peer,
				     before->source, before->technique };

	act->trace = query_u64(q, 0, 0);
	act->item = query_u64(q, 1, 0);
	trace_kind_of_name(query_span(q, 4), &act->kind);
	act->time = query_time(q, 5);
	act->last = query_time(q, 6);
	act->bytes_out = query_u64(q, 7, UINT64_MAX);
	act->bytes_in = query_u64(q, 8, UINT64_MAX);
	act->count = query_u64(q, 9, UINT64_MAX);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = keep(a->arena, query_span(q, 10 + (int)i), olds[i]);
	find_host(h, act, query_u64(q, 2, 0), query_span(q, 3));
	act->host = keep(a->arena, act->host, before->host);
	return !a->arena->exhausted;
}

static int by_host_and_time(const void *left, const void *right)
{
	const struct act *x = left, *y = right;
	int hosts = span_cmp(x->host, y->host);

	if (hosts)
		return hosts;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->trace < y->trace ? -1 : x->trace > y->trace;
}

static bool count_rows(struct analysis *a, const char *where, size_t *out, struct err *err)
{
	char sql[1400];
	int64_t rows = 0;

	snprintf(sql, sizeof sql, "SELECT count(*) FROM trace WHERE %s", where);
	if (!query_int(a->db, sql, 0, &rows, err))
		return false;
	*out = rows > 0 ? (size_t)rows : 0;
	return true;
}

/* At most that many, as long as the arena has handed out less than `room`. */
static bool read_rows(struct analysis *a, const char *where, size_t most, size_t room, struct acts *out,
		      struct err *err)
{
	static const struct act none = { 0 };
	const struct act_hosts *hosts;
	char sql[1400];
	sqlite3_stmt *q = NULL;
	bool row, ok;

	if (!hosts_of(a, &hosts, err))
		return false;
	out->only_host = hosts->only;
	snprintf(sql, sizeof sql, "SELECT " COLUMNS " FROM (SELECT * FROM trace WHERE %s) AS trace "
		 "JOIN item ON item.id = trace.item ORDER BY trace.id", where);
	ok = query_prepare(a->db, sql, &q, err);
	while (ok && out->count < most && a->arena->used < room && (ok = query_step(q, &row, err)) && row) {
		const struct act *before = out->count ? &out->list[out->count - 1] : &none;

		/* A row that is too large for what is left is the first that is left out. */
		if (!read_act(a, hosts, q, before, &out->list[out->count]))
			break;
		out->count++;
	}
	sqlite3_finalize(q);
	return ok;
}

bool acts_load(struct analysis *a, const char *where, struct acts *out, struct err *err)
{
	/* What is left after this is for what the analyser makes of it, and loads next. */
	size_t used = a->arena->used, share = (a->arena->limit - used) / 4 * 3;
	size_t rows, most = share / 2 / sizeof *out->list;

	*out = (struct acts){ 0 };
	if (!count_rows(a, where, &rows, err))
		return false;
	if (most > ACTS_MOST)
		most = ACTS_MOST;
	if (most > rows)
		most = rows;
	out->list = ARENA_ARRAY(a->arena, most, struct act);
	if (!out->list)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for %zu traces", most);
	if (!read_rows(a, where, most, used + share, out, err))
		return false;
	if (out->count < rows)
		analysis_short(a, "%zu of %zu traces that it joins were left out", rows - out->count, rows);
	qsort(out->list, out->count, sizeof *out->list, by_host_and_time);
	return true;
}
