/*
 * analyse_theft: from gathering, sending and removing to episodes of theft.
 *
 * Who takes data gathers it, packs it, sends it, and often removes the package.
 * Each alone has harmless reasons; together, on one host and within the hours of
 * the thresholds, they are an episode. What counts as
 *
 *   gathering  an archive made or found where none belongs (temporary folders,
 *              recycle bin, Public, web root); an archiver started with a password,
 *              in volumes, or quietly over network
 *   sending    a transfer of more than THEFT_SEND_BYTES to a public address;
 *              a tool that copies elsewhere (rclone, curl -T, scp to outside);
 *              an upload; a storage device that was put in
 *   removing   a gathered archive that was deleted
 *
 * Of several sendings around one gathering, a stick or a tool that was called to send
 * is taken first, and a place that is sent to on other days too (a mail server) last;
 * a transfer that ended before the gathering began did not carry it.
 *
 * An episode tells what, how much, when, where to and by whom, and names what is
 * only inferred: that the transfer held the archive is certain nowhere, and likely
 * where the sizes agree. Gathering and sending together are high, with agreeing
 * sizes or a removal critical; gathering alone is medium.
 */
#include "assess/acts.h"
#include "assess/sharing.h"
#include "assess/thresholds.h"

#include "base/day_counts.h"
#include "base/deed.h"
#include "base/domain.h"
#include "base/map.h"
#include "case/case.h"
#include "case/machine.h"
#include "case/query.h"
#include "codec/json_write.h"

#include <stdlib.h>

#define HOUR (INT64_C(3600) * TIME_SECOND)
/* Two machines' clocks, or a log and a capture, differ by as much. */
#define CLOCK_SLACK (INT64_C(600) * TIME_SECOND)
/* Joining looks at every pair of these; evidence must not choose how long that takes. */
#define GATHERS_MOST 2000
#define SENDS_MOST 100000

enum part { PART_NONE, PART_GATHER, PART_SEND, PART_REMOVE };

struct step {
	const struct act *act;
	enum part part;
	bool is_used;
	bool is_job;			/* the same command day after day: see mark_jobs() */
	int rank;			/* of sendings: lower is taken first */
	size_t order;
};

#define ODD_PLACES \
	"/tmp/|/dev/shm/|/var/tmp/|\\temp\\|/temp/|$recycle.bin|\\recycler\\|/recycler/|" \
	"\\users\\public\\|/users/public/|\\perflogs\\|/perflogs/|\\programdata\\|/programdata/|" \
	"/var/www/|inetpub|/srv/www/"
#define ARCHIVE_ENDS ".rar|.7z|.zip|.tgz|.tar.gz|.tar.xz|.tar.zst|.tar.bz2|.cab|.r00|.001|.gpg"

static bool is_archive_name(struct span path)
{
	struct span name = act_file_name(path), rest = span_text(ARCHIVE_ENDS);

	while (rest.len) {
		struct span end = span_split(&rest, '|');

		if (name.len > end.len && span_eq_nocase(span_from(name, name.len - end.len), end))
			return true;
	}
	return false;
}

/* Of what a command names, the archive: what is packed may lie anywhere. */
static bool is_made_in_odd_place(struct span command)
{
	while (command.len) {
		struct span word = span_split(&command, ' ');

		while (word.len && strchr("\"';", word.at[word.len - 1]))
			word.len--;
		if (is_archive_name(word) && span_has_any(word, ODD_PLACES))
			return true;
	}
	return false;
}

/* "rar a -hpSecret", "7z a -p", "tar czf", "zip -e": what packs, and how. */
static bool is_packing(const struct act *act)
{
	struct span c = act->command;

	if (span_has_any(c, "rar|7z|7za|winzip") && span_has_any(c, " a "))
		return span_has_any(c, " -hp| -p| -v") || span_has_any(c, ODD_PLACES);
	if (span_has_any(c, "zip ") && span_has_any(c, " -e| -P | --password"))
		return true;
	if (span_has_any(c, "compress-archive"))
		return is_made_in_odd_place(c);
	if (span_has_any(c, "makecab|tar c|tar -c|tar -z|tar --create|certutil -encode"))
		return span_has_any(c, ODD_PLACES) || span_has_any(c, "ssh |nc |openssl enc|gpg ");
	return false;
}

/* "rm /var/tmp/.cache.tgz": a package that lay where none belongs, taken away again. */
static bool is_removing(const struct act *act)
{
	struct span c = act->command, rest = span_text(ARCHIVE_ENDS);

	if (!span_has_any(c, "rm |del |erase |shred |sdelete|remove-item") || !span_has_any(c, ODD_PLACES))
		return false;
	while (rest.len) {
		struct span end = span_split(&rest, '|');

		for (size_t at = 0; at + end.len <= c.len; at++)
			if (span_eq_nocase(span_sub(c, at, end.len), end))
				return true;
	}
	return false;
}

/* "\\Program Files\\X\\x.exe" that writes below "\\ProgramData\\X\\": where its own data belong. */
static bool is_own_folder(const struct act *act)
{
	static const char *const roots[] = { "\\Program Files\\", "\\Program Files (x86)\\" };
	struct span vendor = { 0 }, rest;

	for (size_t i = 0; i < 2; i++) {
		size_t at = span_find(act->program, 0, span_text(roots[i]));

		if (at != SIZE_MAX) {
			rest = span_from(act->program, at + strlen(roots[i]));
			vendor = span_split(&rest, '\\');
		}
	}
	rest = span_from(act->path, 2);
	if (!vendor.len || !span_eq_nocase(span_sub(rest, 0, 13), SPAN("\\ProgramData\\")))
		return false;
	rest = span_from(rest, 13);
	return span_eq_nocase(span_split(&rest, '\\'), vendor);
}

/*
 * Archives that come with honest work: cabinets of Windows' own servicing below Windows'
 * own temporary folders, and what package managers fetch into folders with their names.
 */
static bool is_of_packages(const struct act *act)
{
	static const struct {
		const char *folders, *programs, *paths, *ends;
	} rows[] = {
		{ "\\windows\\system32\\|\\windows\\winsxs\\|\\windows\\servicing\\",
		  "svchost.exe|tiworker.exe|trustedinstaller.exe|msiexec.exe|wuauclt.exe|dism.exe|dismhost.exe",
		  "\\windows\\temp\\|\\windows\\softwaredistribution\\|\\programdata\\microsoft\\", ".cab" },
		{ "\\program files|/usr/|\\appdata\\",
		  "node.exe|npm.exe|yarn.exe|pnpm.exe|pip.exe|pip3.exe|python.exe|cargo.exe|nuget.exe|dotnet.exe|choco.exe|"
		  "winget.exe|docker.exe|node|npm|yarn|pnpm|pip|pip3|cargo",
		  "npm-|npm_|\\npm\\|yarn|pnpm|pip-|\\pip\\|cargo|nuget|chocolatey|winget|docker", ".tgz|.zip|.tar.gz|.crate" },
	};
	struct span program = act_file_name(act->program);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (span_is_one_of_nocase(program, rows[i].programs) && span_has_any(act->program, rows[i].folders) &&
		    span_has_any(act->path, rows[i].paths) && span_has_any(act_file_name(act->path), rows[i].ends))
			return true;
	return false;
}

/* Where a command sends to: the host of its URL, or what follows '@' up to ':' (scp, rsync). */
static struct span destination_of(struct span command)
{
	size_t at = span_find(command, 0, SPAN("://")), from, end;

	from = at != SIZE_MAX ? at + 3 : span_find_byte(command, 0, '@');
	if (from == SIZE_MAX || from >= command.len)
		return (struct span){ 0 };
	from += at == SIZE_MAX;
	for (end = from; end < command.len; end++)
		if (command.at[end] == '/' || command.at[end] <= ' ' || command.at[end] == '"' ||
		    (at == SIZE_MAX && command.at[end] == ':'))
			break;
	return span_sub(command, from, end - from);
}

/* Another machine of the same house: a private address, or a name without a dot. */
static bool is_to_inside(struct span command)
{
	struct span to = destination_of(command);
	struct span host = span_sub(to, 0, span_find_byte(to, 0, ':'));

	return host.len && !act_is_public(host) &&
	       (span_find_byte(host, 0, '.') == SIZE_MAX || domain_is_address(host));
}

static enum part part_of(const struct act *act)
{
	uint64_t least = (uint64_t)THRESHOLD(THEFT_SEND_BYTES);

	switch (act->kind) {
	case TRACE_FILE:
		if (!is_archive_name(act->path) || is_of_packages(act))
			return PART_NONE;
		if (span_eq(act->what, SPAN("deleted")) || span_eq(act->what, SPAN("recycled")))
			return span_has_any(act->path, ODD_PLACES) ? PART_REMOVE : PART_NONE;
		return span_has_any(act->path, ODD_PLACES) && !is_own_folder(act) &&
		       !span_eq(act->what, SPAN("downloaded")) ? PART_GATHER : PART_NONE;
	case TRACE_EXECUTION:
		return is_packing(act) ? PART_GATHER : act_is_sending(act) && !is_to_inside(act->command) ? PART_SEND
		       : is_removing(act) ? PART_REMOVE : PART_NONE;
	case TRACE_DEVICE:
		/* A stick that was put in may have carried it: how much, nothing tells. */
		return span_has_any(act->what, "usb storage") ? PART_SEND : PART_NONE;
	case TRACE_TRANSFER:
		if (act->bytes_out == UINT64_MAX || act->bytes_out < least ||
		    (act->bytes_in != UINT64_MAX && act->bytes_in > act->bytes_out))
			return PART_NONE;
		/* What is written to a share within is everyday work. */
		if (span_starts(act->path, SPAN("\\\\")) && !act_is_public(act_address(act->peer)))
			return PART_NONE;
		return act_is_public(act_address(act->peer)) || act->name.len ||
		       span_eq(act->what, SPAN("upload")) ? PART_SEND : PART_NONE;
	default:
		return PART_NONE;
	}
}

/* ---- archives that still lie about ---- */

static bool tell_archive(struct analysis *a, sqlite3_stmt *q, struct err *err)
{
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	struct conclusion c = { .item = query_u64(q, 0, 0), .harm = HARM_THEFT, .level = LEVEL_MEDIUM,
		.rule = SPAN("kanshiki.staged-archive"),
		.title = SPAN("An archive lies where archives do not belong"),
		.techniques = SPAN("T1074.001 T1560"), .first = query_time(q, 3),
		.last = query_time(q, 3) };
	bool ok;

	json_object(&w);
	json_key(&w, "path");
	json_span(&w, query_span(q, 1));
	json_key(&w, "bytes");
	json_u64(&w, query_u64(q, 2, 0));
	json_key(&w, "encrypted");
	json_bool(&w, query_u64(q, 4, 0));
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = analysis_tell(a, &c, err);
	buf_free(&text);
	return ok;
}

/* "/usr/share/fonts/.d/x.tgz": nobody's own folder, and hidden. */
static bool is_hidden_in_system(struct span path)
{
	static const char *const folders[] = { "/usr/", "/etc/", "/lib/", "/opt/", "/var/lib/", "/var/cache/", "/var/log/",
					       "/boot/", "/run/", "/dev/" };

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (span_starts(path, span_text(folders[i])))
			return span_find(path, 0, SPAN("/.")) != SIZE_MAX;
	return false;
}

/* Where the evidence itself is kept says nothing: only a machine's own folders count. */
static bool is_staged(struct analysis *a, const struct machines *machines, sqlite3_stmt *q)
{
	struct span path = query_span(q, 1), own;

	if (!is_archive_name(path))
		return false;
	own = machine_path(machines, a->arena, query_u64(q, 5, 0), path);
	return span_has_any(own, ODD_PLACES) || is_hidden_in_system(own);
}

static bool weigh_archives(struct analysis *a, struct err *err)
{
	struct machines machines;
	sqlite3_stmt *q = NULL;
	bool row, ok = machines_load(a->file, a->arena, &machines, err) &&
		       query_prepare(a->db, "SELECT item.id, item.path, item.size, item.modified, "
				     "item.fate = 'locked' OR EXISTS (SELECT 1 FROM item m WHERE m.parent = "
				     "item.id AND m.fate = 'locked'), item.source FROM item JOIN source ON source.id = "
				     "item.source WHERE item.class = 'archive' AND item.fate <> 'skipped' "
				     "AND length(item.path) > length(source.path) AND "
				     /* A collection that is evidence itself, as --live makes one, lies nowhere. */
				     "NOT EXISTS (SELECT 1 FROM source s WHERE s.path = item.path) ORDER BY item.path",
				     &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row)
		if (is_staged(a, &machines, q))
			ok = tell_archive(a, q, err);
	sqlite3_finalize(q);
	return ok;
}

/* ---- episodes ---- */

struct episode {
	const struct act *send;
	uint64_t gathered, sent;	/* bytes; 0: unknown */
	size_t gather_count, remove_count;
	const struct act *first_gather, *removal;
	timestamp first, last;
	bool sizes_agree;
	bool is_job;			/* all of it */
};

static void stretch(struct episode *e, const struct act *act)
{
	timestamp end = act->last == TIME_NONE ? act->time : act->last;

	if (e->first == TIME_NONE || act->time < e->first)
		e->first = act->time;
	if (e->last == TIME_NONE || end > e->last)
		e->last = end;
}

static void add_bytes(uint64_t *sum, uint64_t more)
{
	if (more != UINT64_MAX && *sum + more >= *sum)
		*sum += more;
}

static bool is_near(const struct act *send, const struct act *other)
{
	int64_t before = (int64_t)(THRESHOLD(THEFT_HOURS_BEFORE)) * HOUR;
	int64_t after = (int64_t)(THRESHOLD(THEFT_HOURS_AFTER)) * HOUR;

	return other->time >= send->time - before && other->time <= send->time + after;
}

/* Everything of the same host around one sending; what was used makes no second episode. */
static void gather_episode(const struct acts *acts, struct step *steps, size_t count, size_t at,
			   struct episode *e)
{
	*e = (struct episode){ .send = steps[at].act, .first = TIME_NONE, .last = TIME_NONE, .is_job = true };
	for (size_t i = 0; i < count; i++) {
		struct step *s = &steps[i];

		if (s->is_used || !acts_same_host(acts, e->send, s->act) || !is_near(e->send, s->act))
			continue;
		if (s->part == PART_SEND && s->act != e->send && !span_eq(s->act->peer, e->send->peer))
			continue;
		s->is_used = true;
		e->is_job &= s->is_job || s->part == PART_REMOVE;
		stretch(e, s->act);
		if (s->part == PART_SEND)
			add_bytes(&e->sent, s->act->bytes_out);
		if (s->part == PART_GATHER) {
			e->gather_count++;
			e->first_gather = e->first_gather ? e->first_gather : s->act;
			if (s->act->kind == TRACE_FILE)
				add_bytes(&e->gathered, s->act->bytes_in);
		}
		if (s->part == PART_REMOVE) {
			e->remove_count++;
			e->removal = s->act;
		}
	}
	e->sizes_agree = e->gathered && e->sent &&
			 (double)e->sent >= (double)e->gathered * THRESHOLD(THEFT_SIZE_LOW) &&
			 (double)e->sent <= (double)e->gathered * THRESHOLD(THEFT_SIZE_HIGH);
}

static void describe(struct json_write *w, const struct episode *e)
{
	const struct act *g = e->first_gather, *s = e->send;

	json_object(w);
	json_pair(w, "what", g ? (g->path.len ? g->path : g->command) : (struct span){ 0 });
	if (e->gathered) {
		json_key(w, "bytes_gathered");
		json_u64(w, e->gathered);
	}
	if (e->sent) {
		json_key(w, "bytes_sent");
		json_u64(w, e->sent);
	}
	json_pair(w, "to", s->kind == TRACE_EXECUTION ? destination_of(s->command) : s->peer);
	json_pair(w, "to_name", s->name);
	json_pair(w, "program", s->program);
	json_pair(w, "command", s->command);
	json_pair(w, "user", s->user.len ? s->user : g ? g->user : (struct span){ 0 });
	json_pair(w, "device", s->kind == TRACE_DEVICE ? s->name : (struct span){ 0 });
	if (e->removal)
		json_pair(w, "removed", e->removal->path.len ? e->removal->path : e->removal->command);
	json_key(w, "gathering");
	json_u64(w, e->gather_count);
	json_key(w, "removing");
	json_u64(w, e->remove_count);
	json_key(w, "inferred");
	json_array(w);
	json_text(w, e->sizes_agree ? "what was gathered is what was sent (host, time and sizes agree)"
				    : "what was gathered is what was sent (host and time agree)");
	if (s->is_network_host)
		json_text(w, "the address is this machine's (the only one of the case)");
	if (!e->sent)
		json_text(w, "how much was sent (no record says)");
	json_array_end(w);
	json_object_end(w);
}

static bool tell_episode(struct analysis *a, const struct acts *acts, const struct episode *e,
			 struct err *err)
{
	struct buf text = buf_new((size_t)256 << 10);
	struct json_write w = json_write_to(&text);
	bool is_strong = e->sizes_agree || e->remove_count;
	struct conclusion c = { .item = e->send->item, .harm = HARM_THEFT,
		.level = e->is_job ? LEVEL_LOW : is_strong ? LEVEL_CRITICAL : LEVEL_HIGH,
		.rule = e->is_job ? SPAN("kanshiki.delivery-routine")
			: is_strong ? SPAN("kanshiki.theft-episode-strong") : SPAN("kanshiki.theft-episode"),
		.title = e->is_job ? SPAN("Data was packed and sent as on every day, to a place with a name")
			 : is_strong ? SPAN("Data was gathered and sent, and sizes or traces removed agree")
				   : SPAN("Data was gathered, and data was sent"),
		.techniques = SPAN("T1560 T1074 T1048"), .first = e->first, .last = e->last,
		.host = e->send->is_network_host && acts->only_host.len ? acts->only_host : e->send->host,
		.user = e->send->user };
	bool ok;

	describe(&w, e);
	c.matched = buf_span(&text);
	ok = analysis_tell(a, &c, err);
	buf_free(&text);
	return ok;
}

static bool tell_gathering(struct analysis *a, const struct act *act, bool is_job, struct err *err)
{
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	struct conclusion c = { .item = act->item, .harm = HARM_THEFT,
		.level = is_job ? LEVEL_LOW : LEVEL_MEDIUM,
		.rule = act->kind == TRACE_FILE ? SPAN("kanshiki.archive-made")
			: is_job ? SPAN("kanshiki.packing-routine") : SPAN("kanshiki.packing"),
		.title = is_job ? SPAN("Files were packed by the same command day after day")
			 : act->kind == TRACE_FILE ? SPAN("An archive was made where archives do not belong")
						 : SPAN("Files were packed in a way that hides or carries them off"),
		.techniques = SPAN("T1560.001 T1074.001"), .first = act->time, .last = act->last,
		.host = act->host, .user = act->user };
	bool ok;

	json_object(&w);
	json_pair(&w, "path", act->path);
	json_pair(&w, "command", act->command);
	json_pair(&w, "program", act->program);
	json_pair(&w, "source", act->source);
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = analysis_tell(a, &c, err);
	buf_free(&text);
	return ok;
}

/* What is sent was there before the sending ended; a stick may have been put in first. */
static bool may_carry(const struct act *send, const struct act *gathering)
{
	timestamp end = send->last == TIME_NONE ? send->time : send->last;

	return send->kind == TRACE_DEVICE || gathering->time <= end + CLOCK_SLACK;
}

/* The gathering stands first in `steps`, then the sending. */
static bool has_gathering(const struct acts *acts, const struct step *steps, size_t gathers,
			  const struct act *send)
{
	for (size_t i = 0; i < gathers; i++)
		if (steps[i].part == PART_GATHER && !steps[i].is_used &&
		    acts_same_host(acts, send, steps[i].act) && is_near(send, steps[i].act) &&
		    may_carry(send, steps[i].act))
			return true;
	return false;
}

static bool weigh_steps(struct analysis *a, const struct acts *acts, struct step *steps, size_t count,
			size_t gathers, struct err *err)
{
	struct episode e;

	for (size_t i = gathers; i < count && a->told < ANALYSER_FINDINGS; i++) {
		if (steps[i].is_used || steps[i].act->time == TIME_NONE ||
		    !has_gathering(acts, steps, gathers, steps[i].act))
			continue;
		gather_episode(acts, steps, count, i, &e);
		if (e.gather_count && !tell_episode(a, acts, &e, err))
			return false;
	}
	for (size_t i = 0; i < count; i++)
		if (steps[i].part == PART_GATHER && !tell_gathering(a, steps[i].act, steps[i].is_job, err))
			return false;
	return true;
}

/* ---- bytes by program ---- */

static bool weigh_srum(struct analysis *a, struct err *err)
{
	static const char sql[] =
		"SELECT min(trace.item), coalesce(host, ''), coalesce(program, name, ''), coalesce(user, ''), "
		"min(time), max(time), " QUERY_SUM("bytes_out") " AS sent, "
		QUERY_SUM("bytes_in") " AS came FROM trace WHERE kind = 'transfer' AND "
		"what = 'srum' AND bytes_out IS NOT NULL GROUP BY host, program, name, user, "
		"time / 86400000000000 HAVING sent >= ?1 AND sent > 2 * came "
		"ORDER BY 7 DESC, 3, 5";
	static const char usual[] = "svchost|onedrive|msedge|chrome|firefox|outlook|teams|system|dropbox|"
				    "googledrive|zoom|windowsupdate|msmpeng|skype|searchapp|backgroundtask";
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(a->db, sql, &q, err);

	if (ok)
		sqlite3_bind_int64(q, 1, (int64_t)THRESHOLD(THEFT_SRUM_BYTES));
	while (ok && (ok = query_step(q, &row, err)) && row) {
		bool is_usual = span_has_any(query_span(q, 2), usual);
		struct buf text = buf_new((size_t)64 << 10);
		struct json_write w = json_write_to(&text);
		struct conclusion c = { .item = query_u64(q, 0, 0), .harm = HARM_THEFT,
			.level = is_usual ? LEVEL_LOW : LEVEL_MEDIUM,
			.rule = is_usual ? SPAN("kanshiki.srum-usual") : SPAN("kanshiki.srum"),
			.title = is_usual ? SPAN("A usual program sent much in a day (SRUM)")
					  : SPAN("A program sent much more than it received in a day (SRUM)"),
			.techniques = SPAN("T1041"), .first = query_time(q, 4), .last = query_time(q, 5),
			.host = query_span(q, 1), .user = query_span(q, 3) };

		json_object(&w);
		json_pair(&w, "program", query_span(q, 2));
		json_key(&w, "bytes_out");
		json_u64(&w, query_u64(q, 6, 0));
		json_key(&w, "bytes_in");
		json_u64(&w, query_u64(q, 7, 0));
		json_key(&w, "where_to");
		json_text(&w, "SRUM does not say");
		json_object_end(&w);
		c.matched = buf_span(&text);
		ok = analysis_tell(a, &c, err);
		buf_free(&text);
	}
	sqlite3_finalize(q);
	return ok;
}

/* The days on which a host sends to a place. */
struct habit {
	int64_t first_day, last_day;
};

static struct habit *habit_of(struct analysis *a, struct map *habits, struct buf *key, const struct act *act)
{
	void **slot;

	buf_clear(key);
	buf_add(key, act->host);
	buf_add_u8(key, 0);
	buf_add(key, act_address(act->peer));
	slot = map_slot(habits, arena_copy(a->arena, buf_span(key)));
	if (slot && !*slot && (*slot = arena_alloc(a->arena, sizeof(struct habit))))
		*(struct habit *)*slot = (struct habit){ INT64_MAX, INT64_MIN };
	return slot ? *slot : NULL;
}

/*
 * Which of several sendings around one gathering is taken first: a stick or a tool that
 * was called to send, then a place that is not sent to on other days too (a mail server).
 */
static bool rank_sends(struct analysis *a, struct step *sends, size_t count, struct err *err)
{
	struct map habits = map_new(a->arena);
	struct buf key = buf_new(1 << 16);
	int64_t days = (int64_t)(THRESHOLD(THEFT_HABIT_DAYS));
	bool ok = true;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; ok && i < count; i++) {
			const struct act *act = sends[i].act;
			struct habit *habit = act->kind == TRACE_TRANSFER ? habit_of(a, &habits, &key, act) : NULL;

			sends[i].order = i;
			if (act->kind != TRACE_TRANSFER || act->time == TIME_NONE)
				continue;
			ok = habit;
			if (ok && pass == 0) {
				habit->first_day = day_of(act->time) < habit->first_day ? day_of(act->time)
											: habit->first_day;
				habit->last_day = day_of(act->time) > habit->last_day ? day_of(act->time)
										      : habit->last_day;
			}
			if (ok)
				sends[i].rank = habit->last_day - habit->first_day >= days ? 2 : 1;
		}
	buf_free(&key);
	return ok || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
}

static int compare_sends(const void *x, const void *y)
{
	const struct step *a = x, *b = y;

	return a->rank != b->rank ? a->rank - b->rank : (a->order > b->order) - (a->order < b->order);
}

/* ---- jobs ---- */

#define JOB_DAYS 8			/* distinct ones that are kept */

struct job {
	int64_t days[JOB_DAYS];
	size_t count;
};

/* "tar czf /tmp/build-7/x.tgz" and "… build-8 …" are one job's. */
static struct span without_numbers(struct analysis *a, const struct act *act)
{
	struct buf key = buf_new((size_t)64 << 10);
	struct span kept;

	buf_add(&key, act->host);
	buf_add_u8(&key, 0);
	for (size_t i = 0; i < act->command.len; i++)
		if (act->command.at[i] < '0' || act->command.at[i] > '9')
			buf_add_u8(&key, act->command.at[i]);
	kept = arena_copy(a->arena, buf_span(&key));
	buf_free(&key);
	return kept;
}

static void add_job_day(struct job *job, int64_t day)
{
	for (size_t i = 0; i < job->count; i++)
		if (job->days[i] == day)
			return;
	if (job->count < JOB_DAYS)
		job->days[job->count++] = day;
}

/*
 * What runs on as many days as a routine of the network does (VOLUME_ROUTINE_DAYS) is a job:
 * a build, a backup. Not where it sends to a sharing place or a bare address: no firm's job does.
 */
static bool mark_jobs(struct analysis *a, struct step *steps, size_t count, struct err *err)
{
	struct map jobs = map_new(a->arena);

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < count; i++) {
			const struct act *act = steps[i].act;
			void **slot;

			if (act->kind != TRACE_EXECUTION || act->time == TIME_NONE || sharing_is_named(act->command) ||
			    deed_names_public_address(act->command))
				continue;
			slot = map_slot(&jobs, without_numbers(a, act));
			if (!slot || (!*slot && !(*slot = ARENA_NEW(a->arena, struct job))))
				return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
			if (pass == 0)
				add_job_day(*slot, day_of(act->time));
			else
				steps[i].is_job = ((struct job *)*slot)->count >= (size_t)THRESHOLD(VOLUME_ROUTINE_DAYS);
		}
	return true;
}

/* Gathering and removing first, each in the order of host and time; then sending, by its rank. */
static bool sort_steps(struct analysis *a, const struct acts *acts, struct step *steps, size_t *count,
		       size_t *gathers, struct err *err)
{
	*count = 0;
	for (size_t i = 0; i < acts->count && *count < GATHERS_MOST; i++) {
		enum part part = part_of(&acts->list[i]);

		if (part == PART_GATHER || part == PART_REMOVE)
			steps[(*count)++] = (struct step){ .act = &acts->list[i], .part = part };
	}
	*gathers = *count;
	for (size_t i = 0; i < acts->count && *count < *gathers + SENDS_MOST; i++)
		if (part_of(&acts->list[i]) == PART_SEND)
			steps[(*count)++] = (struct step){ .act = &acts->list[i], .part = PART_SEND };
	if (!mark_jobs(a, steps, *count, err) || !rank_sends(a, steps + *gathers, *count - *gathers, err))
		return false;
	qsort(steps + *gathers, *count - *gathers, sizeof *steps, compare_sends);
	return true;
}

bool analyse_theft(struct analysis *a, struct err *err)
{
	struct acts acts;
	struct step *steps;
	size_t count, gathers;

	if (!weigh_archives(a, err) || !weigh_srum(a, err) ||
	    !acts_load(a, "kind IN ('file', 'device') OR (kind = 'execution' AND command IS NOT NULL) OR "
			  "(kind = 'transfer' AND what <> 'srum' AND bytes_out >= 1048576)", &acts, err))
		return false;
	steps = ARENA_ARRAY(a->arena, GATHERS_MOST + SENDS_MOST, struct step);
	if (!steps)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	return sort_steps(a, &acts, steps, &count, &gathers, err) &&
	       weigh_steps(a, &acts, steps, count, gathers, err);
}
