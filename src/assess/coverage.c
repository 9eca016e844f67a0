#include "assess/coverage.h"

#include "assess/analyser.h"
#include "assess/coverage_days.h"
#include "assess/hidden_names.h"
#include "assess/spoken_code.h"
#include "base/buf.h"
#include "case/case.h"
#include "case/query.h"

#include <inttypes.h>
#include <stdio.h>

#define BIT(class) (1u << (class))
#define NETWORK (BIT(CLASS_CAPTURE) | BIT(CLASS_NETWORK_LOG))
#define PROGRAMS (BIT(CLASS_EXECUTABLE) | BIT(CLASS_SCRIPT))
#define LOG BIT(CLASS_EVENT_LOG)
#define FILES (BIT(CLASS_DISK_IMAGE) | BIT(CLASS_FILE_SYSTEM))
#define SETTINGS BIT(CLASS_CONFIGURATION)
#define TEXTS (BIT(CLASS_TEXT_LOG) | BIT(CLASS_EVENT_LOG))
#define SYSMON "Microsoft-Windows-Sysmon/Operational"
#define REMOTE_DESKTOP "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"
#define POWERSHELL "Microsoft-Windows-PowerShell/Operational"
#define DEFENDER "Microsoft-Windows-Windows Defender/Operational"
#define TASKS "Microsoft-Windows-TaskScheduler/Operational"
/* No decoder: what the ledger says of all autostart entries. */
#define STARTS "ledger of starts"
/* Decoders whose facts speak for a whole file system, and not for one file of it. */
#define VOLUMES "file names|file table|change journal"

const struct need needs[] = {
	{ OF_ANY, HARM_IMPLANT, PROGRAMS, "ledger", true, "programs and scripts of the machine",
	  "the malicious program itself" },
	{ OF_ANY, HARM_IMPLANT, FILES, VOLUMES, true, "file system",
	  "whether all programs of the machine were seen" },
	{ OF_WINDOWS, HARM_IMPLANT, BIT(CLASS_REGISTRY), "registry autostart|services", true,
	  "registry", "what starts by itself: run keys, services, COM" },
	{ OF_WINDOWS, HARM_IMPLANT, LOG, "System", true, "log System", "installed services" },
	{ OF_WINDOWS, HARM_IMPLANT, LOG, "Security|" TASKS, true, "log Security or TaskScheduler",
	  "created scheduled tasks" },
	{ OF_WINDOWS, HARM_IMPLANT, SETTINGS, "scheduled tasks", false, "files of scheduled tasks",
	  "tasks that start programs" },
	{ OF_WINDOWS, HARM_IMPLANT, LOG, SYSMON, false, "log Sysmon",
	  "started programs, loaded libraries" },
	{ OF_WINDOWS, HARM_IMPLANT, LOG, POWERSHELL, false, "log PowerShell",
	  "scripts that left no file" },
	{ OF_WINDOWS, HARM_IMPLANT, FILES, "prefetch", false, "prefetch", "programs that ran" },
	{ OF_LINUX, HARM_IMPLANT, SETTINGS, STARTS, true, "entries that start something",
	  "code that stands in an entry itself, or in a file that is gone" },
	{ OF_LINUX, HARM_IMPLANT, SETTINGS, "systemd units", true, "systemd units",
	  "services and timers that start programs" },
	{ OF_LINUX, HARM_IMPLANT, SETTINGS, "crontab|user crontab|at job", true, "cron and at",
	  "jobs that start programs" },
	{ OF_LINUX, HARM_IMPLANT, SETTINGS, "dpkg files|rpm|apk files", true, "package database",
	  "which programs the system itself brought" },

	{ OF_ANY, HARM_THEFT, NETWORK, NULL, true, "network records",
	  "how much left, when and where to" },
	{ OF_ANY, HARM_THEFT, FILES, VOLUMES, true, "file system",
	  "archives made ready, and files since deleted" },
	{ OF_WINDOWS, HARM_THEFT, LOG, SYSMON "|Security", true, "records of started programs",
	  "archivers, copying and sending tools" },
	{ OF_WINDOWS, HARM_THEFT, BIT(CLASS_DATABASE), "srum|browser history|webcache", false,
	  "databases (SRUM, browsers)", "bytes sent by each program, uploads" },
	{ OF_WINDOWS, HARM_THEFT, LOG, POWERSHELL, false, "log PowerShell",
	  "scripts that collect and send" },
	{ OF_LINUX, HARM_THEFT, TEXTS, "shell history|auditd", false, "shell histories, audit log",
	  "commands that pack and send" },

	{ OF_ANY, HARM_CONTROL, NETWORK, NULL, true, "network records",
	  "connections to a controller" },
	{ OF_WINDOWS, HARM_CONTROL, LOG, "Security", true, "log Security", "logons: who, from where" },
	{ OF_WINDOWS, HARM_CONTROL, LOG, "System", true, "log System", "services of remote execution" },
	{ OF_WINDOWS, HARM_CONTROL, LOG, REMOTE_DESKTOP, true, "log of remote desktop sessions",
	  "interactive sessions from elsewhere" },
	{ OF_WINDOWS, HARM_CONTROL, LOG, SYSMON, false, "log Sysmon", "commands, connections, pipes" },
	{ OF_LINUX, HARM_CONTROL, TEXTS, "wtmp", true, "record of logons (wtmp)",
	  "logons: who, from where" },
	{ OF_LINUX, HARM_CONTROL, TEXTS, "journal|syslog", true, "system log",
	  "remote sessions, services of remote execution" },

	{ OF_ANY, HARM_DESTRUCTION, FILES, VOLUMES, true, "file system",
	  "files deleted, renamed or overwritten in masses" },
	{ OF_WINDOWS, HARM_DESTRUCTION, LOG, "System", true, "log System",
	  "failures, restarts, stopped services" },
	{ OF_WINDOWS, HARM_DESTRUCTION, LOG, SYSMON "|Security", true, "records of started programs",
	  "commands that delete, overwrite or encrypt" },
	{ OF_LINUX, HARM_DESTRUCTION, TEXTS, "journal|syslog", true, "system log",
	  "failures, restarts, stopped services" },

	{ OF_WINDOWS, HARM_OBSTRUCTION, LOG, "Security", true, "log Security",
	  "clearing, gaps, audit policy, clock" },
	{ OF_WINDOWS, HARM_OBSTRUCTION, LOG, "System", true, "log System",
	  "clearing of other logs, stopped services" },
	{ OF_WINDOWS, HARM_OBSTRUCTION, LOG, DEFENDER, false, "log Windows Defender",
	  "protection switched off" },
	{ OF_WINDOWS, HARM_OBSTRUCTION, LOG, SYSMON, false, "log Sysmon",
	  "commands against logs and defences" },
	{ OF_WINDOWS, HARM_OBSTRUCTION, BIT(CLASS_REGISTRY), "settings", false, "registry settings",
	  "defences, firewall and logging switched off" },
	{ OF_LINUX, HARM_OBSTRUCTION, TEXTS, "journal|syslog", true, "system log",
	  "stopped logging, changes of the clock" },
	{ OF_LINUX, HARM_OBSTRUCTION, TEXTS, "wtmp", true, "record of logons (wtmp)",
	  "whether it was emptied" },
};

const size_t need_count = sizeof needs / sizeof *needs;

const char *need_state_name(enum need_state state)
{
	static const char *const names[] = { "examined", "partly", "damaged", "missing" };

	return names[state];
}

/* One row of what the case knows of a class and channel, summed over hosts. */
struct tally {
	uint64_t items, records, lost, hosts;
	timestamp first, last;
};

static void widen(struct tally *t, timestamp first, timestamp last)
{
	if (first != TIME_NONE && (t->first == TIME_NONE || first < t->first))
		t->first = first;
	if (last != TIME_NONE && (t->last == TIME_NONE || last > t->last))
		t->last = last;
}

static uint32_t class_bit(struct span name)
{
	for (int i = 0; i < CLASS_COUNT; i++)
		if (span_eq(name, span_text(evidence_class_name((enum evidence_class)i))))
			return 1u << i;
	return 0;
}

bool need_takes(const struct need *need, struct span class_name, struct span channel)
{
	return class_bit(class_name) & need->classes &&
	       (!need->channels || span_is_one_of_nocase(channel, need->channels));
}

/* Facts that fit the need; hosts that have any of its logs. */
static bool sum_facts(sqlite3 *db, const struct need *need, struct tally *t, struct err *err)
{
	static const char sql[] =
		"SELECT class, channel, host, items, records, lost, first, last FROM temp.covered_facts "
		"ORDER BY class, host";
	sqlite3_stmt *q;
	bool row, ok;
	char last_host[256] = "";

	if (!query_prepare(db, sql, &q, err))
		return false;
	while ((ok = query_step(q, &row, err)) && row) {
		struct span host = query_span(q, 2);

		if (!need_takes(need, query_span(q, 0), query_span(q, 1)))
			continue;
		t->items += query_u64(q, 3, 0);
		t->records += query_u64(q, 4, 0);
		t->lost += query_u64(q, 5, 0);
		widen(t, query_time(q, 6), query_time(q, 7));
		if (!span_eq(span_sub(host, 0, sizeof last_host - 1), span_text(last_host))) {
			snprintf(last_host, sizeof last_host, "%.*s", SPAN_ARG(host));
			t->hosts++;
		}
	}
	sqlite3_finalize(q);
	return ok;
}

static bool count_hosts(sqlite3 *db, uint64_t *hosts, struct err *err)
{
	int64_t n;

	if (!query_int(db, "SELECT count(DISTINCT host) FROM fact WHERE class = 'event log'", 0, &n,
		       err))
		return false;
	*hosts = (uint64_t)n;
	return true;
}

static bool count_items(sqlite3 *db, const struct need *need, uint64_t *items, struct err *err)
{
	sqlite3_stmt *q;
	bool row, ok;

	*items = 0;
	if (!query_prepare(db, "SELECT class, items FROM temp.covered_items", &q, err))
		return false;
	while ((ok = query_step(q, &row, err)) && row)
		*items += class_bit(query_span(q, 0)) & need->classes ? query_u64(q, 1, 0) : 0;
	sqlite3_finalize(q);
	return ok;
}

#define DAY (INT64_C(86400) * TIME_SECOND)
/* Items that are whole up to a day after the period's end, for databases are written late. */
#define WHOLE_IN_PERIOD "(SELECT item FROM temp.covered_whole WHERE until >= ?1)"

static void bind_end(sqlite3_stmt *q, const struct period *period)
{
	if (period && period->until != TIME_NONE && period->until < INT64_MAX - DAY)
		sqlite3_bind_int64(q, 1, period->until + DAY);	/* else NULL, which nothing reaches */
}

/*
 * Items that were not wholly examined: those of which the need's decoder told something,
 * and those of its classes of which nobody did, for they could be its, too (`untold`).
 */
static bool count_faulty(sqlite3 *db, const struct need *need, const struct period *period, uint64_t *faulty,
			 uint64_t *untold, struct err *err)
{
	sqlite3_stmt *q;
	uint64_t last = 0;
	bool row, ok;

	*faulty = *untold = 0;
	if (!query_prepare(db, "SELECT item, class, channel, told FROM temp.covered_faulty WHERE item NOT IN "
			   WHOLE_IN_PERIOD " ORDER BY item", &q, err))
		return false;
	bind_end(q, period);
	while ((ok = query_step(q, &row, err)) && row) {
		bool is_told = query_u64(q, 3, 0);
		uint64_t item = query_u64(q, 0, 0);

		if (item == last || !(is_told ? need_takes(need, query_span(q, 1), query_span(q, 2))
					      : (class_bit(query_span(q, 1)) & need->classes) != 0))
			continue;
		last = item;
		++*faulty;
		*untold += !is_told;
	}
	sqlite3_finalize(q);
	return ok;
}

static void judge_log(const struct need *need, const struct tally *t, uint64_t hosts,
		      struct arena *arena, struct need_result *r)
{
	if (!t->items) {
		r->state = NEED_MISSING;
		r->note = arena_printf(arena, "not in the evidence; it would have shown %s",
				       need->shows);
	} else if (t->lost) {
		r->state = NEED_DAMAGED;
		r->note = arena_printf(arena, "%" PRIu64 " records are missing or unreadable beside "
				       "%" PRIu64 " read; they might have shown %s", t->lost,
				       t->records, need->shows);
	} else if (t->hosts < hosts) {
		r->state = NEED_PARTLY;
		r->note = arena_printf(arena, "there for %" PRIu64 " of %" PRIu64 " computers; for "
				       "the others it would have shown %s", t->hosts, hosts,
				       need->shows);
	}
}

static struct span damage_of(const struct tally *t, uint64_t faulty, uint64_t all, struct arena *arena)
{
	struct buf text = buf_new(256);
	struct span kept;

	if (faulty)
		buf_printf(&text, "%" PRIu64 " of %" PRIu64 " %s read in part only", faulty, all,
			   faulty == 1 ? "was" : "were");
	if (t->lost)
		buf_printf(&text, "%s%" PRIu64 " %s known to be missing", faulty ? "; " : "", t->lost,
			   t->lost == 1 ? "record is" : "records are");
	kept = arena_copy(arena, buf_span(&text));
	buf_free(&text);
	return kept;
}

/* What decoders read: hives, databases, configuration, captures, volumes. */
static bool judge_decoded(sqlite3 *db, const struct need *need, const struct period *period, const struct tally *t,
			  struct arena *arena, struct need_result *r, struct err *err)
{
	uint64_t items, faulty, untold;

	if (!count_items(db, need, &items, err) || !count_faulty(db, need, period, &faulty, &untold, err))
		return false;
	if (t->items && (t->lost || faulty)) {
		r->state = NEED_DAMAGED;
		r->note = damage_of(t, faulty, t->items + untold, arena);
	} else if (!t->items && items && !(need->classes & (SETTINGS | TEXTS | FILES))) {
		r->state = NEED_PARTLY;
		r->items = items;
		r->note = arena_printf(arena, "matched against rules only: nothing here decodes what "
				       "there is; it would have shown %s", need->shows);
	} else if (!t->items) {
		r->state = NEED_MISSING;
		r->note = arena_printf(arena, "not in the evidence; it would have shown %s",
				       need->shows);
	}
	return true;
}

/* A folder holds what its file system showed to whoever copied or mounted it. */
static bool judge_files(sqlite3 *db, const struct need *need, struct arena *arena,
			struct need_result *r, struct err *err)
{
	int64_t roots;

	if (r->state != NEED_MISSING)
		return true;
	if (!query_int(db, "SELECT count(DISTINCT item.source) FROM trace JOIN item ON item.id = "
		       "trace.item WHERE trace.kind = 'host' AND trace.what = 'name'", 0, &roots, err))
		return false;
	if (!roots)
		return true;
	r->state = NEED_PARTLY;
	r->items = (uint64_t)roots;
	r->note = arena_printf(arena, "given as files, not as an image: what was deleted, hidden or not "
			       "copied is not seen; it would have shown %s", need->shows);
	return true;
}

/* Complete where every executable is good or bad: the unknown could be anything. */
static bool judge_ledger(sqlite3 *db, struct arena *arena, struct need_result *r, struct err *err)
{
	int64_t all, unknown;

	if (!query_int(db, "SELECT count(*) FROM program", 0, &all, err) ||
	    !query_int(db, "SELECT count(*) FROM program WHERE standing = 'unknown'", 0, &unknown, err))
		return false;
	r->items = (uint64_t)all;
	if (!all) {
		r->state = NEED_MISSING;
		r->note = SPAN("no program is in the evidence: the malicious one may be elsewhere");
	} else if (unknown) {
		r->state = NEED_PARTLY;
		r->note = arena_printf(arena, "%" PRId64 " of %" PRId64 " are unknown: no package, hash set "
				       "or signature vouches for them, and no rule accuses them", unknown,
				       all);
	}
	return true;
}

static struct span joined(struct arena *arena, struct span note, struct span more)
{
	return note.len ? arena_printf(arena, "%.*s; %.*s", SPAN_ARG(note), SPAN_ARG(more)) : more;
}

/* Rights and keys start nothing; of a link to a unit the unit is told itself. */
static bool starts_nothing(struct span what)
{
	return span_is_one_of_nocase(what, "sudoers|ssh key|unit link|rc link|polkit|library path|tcp wrapper|"
				     "package key|package source|root certificate|network share|lingering user|bus policy|"
				     "account record|credential|device mode|unit preset|named file");
}

/* A bare name is another unit, a module of the kernel, or a program that is in the ledger if it is there. */
static bool names_a_file(struct span program)
{
	return span_find_byte(program, 0, '/') != SIZE_MAX || span_find(program, 0, SPAN(".so")) != SIZE_MAX;
}

/*
 * What no package brought must start a file that somebody vouches for, and nothing else.
 * (What starts an unknown program is counted with the programs.)
 */
static bool is_unaccounted(struct span what, struct span command, struct span program, struct span standing)
{
	return !starts_nothing(what) &&
	       ((span_eq(standing, SPAN("missing")) && names_a_file(program)) || spoken_code(command));
}

/*
 * Reading where a link leads moves its access time, where that was not read lately: then it is
 * left alone, and what it starts, or puts in a program's place, is told by its name only.
 */
static bool judge_unread_links(sqlite3 *db, struct arena *arena, struct need_result *r, struct err *err)
{
	static const char sql[] =
		"SELECT count(*) FROM item WHERE fate = 'skipped' AND reason = 'symbolic link' AND (path LIKE '%.wants/%' OR "
		"path LIKE '%.requires/%' OR path LIKE '%/etc/rc_.d/%' OR path LIKE '%/etc/alternatives/%' OR "
		"path LIKE '%/etc/cron%' OR path LIKE '%/systemd/system/%' OR path LIKE '%/usr/bin/%' OR "
		"path LIKE '%/usr/sbin/%')";
	int64_t unread = 0;

	if (!query_int(db, sql, 0, &unread, err))
		return false;
	if (unread) {
		r->state = NEED_PARTLY;
		r->note = joined(arena, r->note, arena_printf(arena, "where %" PRId64 " symbolic link%s lead%s was not read, to "
				 "leave access times alone: what starts through them is told by name only", unread,
				 unread == 1 ? "" : "s", unread == 1 ? "s" : ""));
	}
	return true;
}

static bool judge_starts(sqlite3 *db, struct arena *arena, struct need_result *r, struct err *err)
{
	static const char sql[] =
		"SELECT trace.what, trace.command, coalesce(trace.program, ''), start.standing, trace.path FROM start JOIN "
		"trace ON trace.id = start.trace WHERE start.entry IN ('local', 'altered') ORDER BY start.id";
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(db, sql, &q, err);
	struct span first = { 0 };
	uint64_t open = 0;

	while (ok && (ok = query_step(q, &row, err)) && row) {
		r->items++;
		if (!is_unaccounted(query_span(q, 0), query_span(q, 1), query_span(q, 2), query_span(q, 3)))
			continue;
		if (!open++)
			first = arena_copy(arena, span_sub(query_span(q, 4), 0, 200));
	}
	sqlite3_finalize(q);
	if (ok && open) {
		r->state = NEED_PARTLY;
		r->note = arena_printf(arena, "%" PRIu64 " that no package brought hold%s code of their own, or start "
				       "what is not in the evidence: %.*s%s", open, open == 1 ? "s" : "",
				       SPAN_ARG(first), open > 1 ? " and others" : "");
	}
	return ok && judge_unread_links(db, arena, r, err);
}

/* Of logs and captures the times are those of what happened. */
static bool is_dated(const struct need *need)
{
	return !(need->classes & ~(TEXTS | NETWORK));
}

/* "records from 2017-03-05 to 2017-03-10" */
static void write_reach(const struct need_days *days, struct buf *to)
{
	const struct day_count *last = &days->all.list[days->all.count - 1];

	buf_text(to, "records from ");
	day_write(to, days->all.list[0].day);
	buf_text(to, " to ");
	day_write(to, last->day + days->all.width - 1);
}

/* A hole that nothing explains, or one in the period's ends, makes it partly. */
static bool judge_days(sqlite3 *db, const struct need *need, const struct period *period,
		       struct arena *arena, struct need_result *r, struct err *err)
{
	struct buf text = buf_new(DAY_COUNTS_TEXT);
	struct need_days days;

	if (!coverage_days(db, need, period, arena, &days, err))
		return false;
	if (days.all.count) {
		day_counts_write(&days.all, &text);
		r->days = arena_copy(arena, buf_span(&text));
	}
	if (days.hole_count) {
		buf_clear(&text);
		write_reach(&days, &text);
		buf_text(&text, ", ");
		coverage_holes_write(&days, &text);
		r->note = joined(arena, r->note, buf_span(&text));
		r->note = arena_copy(arena, r->note);
		r->state = days.alive_count && r->state == NEED_EXAMINED ? NEED_PARTLY : r->state;
	}
	buf_free(&text);
	return true;
}

/* The last time that the case knows of: nobody can ask for more. */
static bool last_of_all(sqlite3 *db, timestamp *out, struct err *err)
{
	return query_int(db, "SELECT max(last) FROM fact WHERE class IN ('event log', 'text log', 'capture', "
			 "'network log')", TIME_NONE, out, err);
}

static bool judge_period(sqlite3 *db, const struct need *need, const struct period *period,
			 struct arena *arena, struct need_result *r, struct err *err)
{
	const timestamp slack = DAY;
	timestamp until = period->until, end;
	bool is_late, is_early;

	if (r->first == TIME_NONE || r->last == TIME_NONE)
		return true;
	if (!last_of_all(db, &end, err))
		return false;
	until = end != TIME_NONE && (until == TIME_NONE || until > end) ? end : until;
	is_late = period->since != TIME_NONE && r->first > period->since &&
		  r->first - period->since > slack;
	is_early = until != TIME_NONE && r->last < until && until - r->last > slack;
	if (!period_meets(period, r->first, r->last)) {
		r->state = NEED_MISSING;
		r->note = arena_printf(arena, "no record of it is of the period that was asked for; it would "
				       "have shown %s", need->shows);
	} else if (is_late || is_early) {
		r->state = r->state == NEED_EXAMINED ? NEED_PARTLY : r->state;
		r->note = joined(arena, r->note, is_late && is_early
				 ? SPAN("its records neither reach back to the period's begin nor to its end")
				 : is_late ? SPAN("its records do not reach back to the period's begin")
					   : SPAN("its records end before the period does"));
	}
	return true;
}

/* What one machine has says nothing of another. What passes on the network is of no machine. */
static void judge_machines(const struct coverage *all, const struct need *need, struct arena *arena,
			   struct need_result *r)
{
	struct covered_lacking l = covered_machines_lack(&all->machines, need);

	if (!l.lacking || need->classes == NETWORK || need->classes == PROGRAMS ||
	    (r->state != NEED_EXAMINED && r->state != NEED_DAMAGED))
		return;
	r->state = r->state == NEED_EXAMINED ? NEED_PARTLY : r->state;
	r->note = joined(arena, r->note, arena_printf(arena, "there for %zu of %zu machines, not for %.*s%s; it "
						      "would have shown %s", l.asked - l.lacking, l.asked,
						      SPAN_ARG(span_sub(l.first, 0, 80)),
						      l.lacking > 1 ? " and others" : "", need->shows));
}

/* Amounts and ends are seen all the same: what is there is examined, and the rest is said. */
static bool note_hidden_names(sqlite3 *db, const struct need *need, const struct period *period,
			      struct arena *arena, struct need_result *r, struct err *err)
{
	struct span hidden = { 0 };

	if (need->classes == NETWORK && r->state != NEED_MISSING &&
	    !hidden_names_note(db, period, arena, &hidden, err))
		return false;
	if (hidden.len)
		r->note = joined(arena, r->note, hidden);
	return true;
}

static bool judge(const struct coverage *all, const struct need *need, const struct period *period,
		  struct arena *arena, struct need_result *r, struct err *err)
{
	sqlite3 *db = case_db(all->file);
	struct tally t = { .first = TIME_NONE, .last = TIME_NONE };

	*r = (struct need_result){ .need = need, .state = NEED_EXAMINED };
	if (!sum_facts(db, need, &t, err))
		return false;
	r->items = t.items;
	r->first = t.first;
	r->last = t.last;
	if (need->classes == PROGRAMS)
		return judge_ledger(db, arena, r, err);
	if (need->channels && !strcmp(need->channels, STARTS))
		return judge_starts(db, arena, r, err);
	if (need->classes == LOG)
		judge_log(need, &t, all->hosts, arena, r);
	else if (!judge_decoded(db, need, period, &t, arena, r, err))
		return false;
	if (is_dated(need) && r->state == NEED_EXAMINED && !t.records) {
		r->state = NEED_PARTLY;
		r->note = arena_printf(arena, "there, but without a single record; it would have shown %s", need->shows);
	}
	if (is_dated(need) && (!judge_days(db, need, period, arena, r, err) ||
			       (period && !judge_period(db, need, period, arena, r, err))))
		return false;
	judge_machines(all, need, arena, r);
	if (!note_hidden_names(db, need, period, arena, r, err))
		return false;
	return need->classes != FILES || judge_files(db, need, arena, r, err);
}

/* Bits of enum need_of that are asked for; where nothing is recognised, as for Windows. */
static unsigned kinds_asked(unsigned kinds)
{
	unsigned windows = 1u << OF_WINDOWS;

	return 1u << OF_ANY | (kinds ? kinds : windows);
}

/* Whatever was left unexamined may have held the sign. */
static bool judge_unexamined(sqlite3 *db, const struct period *period, struct arena *arena, struct need_result *r,
			     struct err *err)
{
	static const char sql[] =
		"SELECT fate, items - (fate IS 'partly') * (SELECT count(*) FROM " WHOLE_IN_PERIOD ") AS left "
		"FROM temp.covered_fates WHERE (fate IN ('partly', 'failed', 'locked', 'denied') OR fate IS NULL) "
		"AND left > 0 ORDER BY left DESC";
	struct buf text = buf_new(1024);
	sqlite3_stmt *q;
	bool row, ok;

	*r = (struct need_result){ .state = NEED_EXAMINED, .first = TIME_NONE, .last = TIME_NONE };
	if (!query_prepare(db, sql, &q, err))
		return false;
	bind_end(q, period);
	while ((ok = query_step(q, &row, err)) && row) {
		struct span fate = query_span(q, 0);
		uint64_t n = query_u64(q, 1, 0);

		r->items += n;
		buf_printf(&text, "%s%" PRIu64 " %.*s", text.len ? ", " : "", n, SPAN_ARG(fate));
	}
	sqlite3_finalize(q);
	if (r->items) {
		r->state = NEED_PARTLY;
		r->note = arena_printf(arena, "items not wholly examined (%.*s); each is listed with "
				       "its reason, and any may hold a sign", SPAN_ARG(buf_span(&text)));
	}
	buf_free(&text);
	return ok;
}

/* An image has many items: what all needs ask is summed up once, and then small. */
static bool sum_up(sqlite3 *db, struct err *err)
{
	return query_exec(db, "DROP TABLE IF EXISTS temp.covered_facts; DROP TABLE IF EXISTS temp.covered_items; "
		"DROP TABLE IF EXISTS temp.covered_faulty; DROP TABLE IF EXISTS temp.covered_days; "
		"DROP TABLE IF EXISTS temp.covered_fates; DROP TABLE IF EXISTS temp.covered_sums; "
		"DROP TABLE IF EXISTS temp.covered_whole; "
		"CREATE TEMP TABLE covered_facts AS SELECT class, channel, host, count(DISTINCT item) AS items, "
		QUERY_SUM("count") " AS records, " QUERY_SUM("lost") " AS lost, min(first) AS first, max(last) AS last "
		"FROM main.fact GROUP BY class, host, channel; "
		"CREATE TEMP TABLE covered_days AS SELECT host, class, channel, days, CASE class WHEN 'text log' THEN "
		"(SELECT path FROM main.item WHERE id = item) END AS path FROM main.fact "
		"WHERE days IS NOT NULL AND class IN ('event log', 'text log', 'capture', 'network log') "
		"ORDER BY host, class; "
		"CREATE TEMP TABLE covered_sums AS SELECT class, fate, count(*) AS items FROM main.item "
		"GROUP BY class, fate; "
		"CREATE TEMP TABLE covered_items AS SELECT class, sum(items) AS items FROM covered_sums "
		"WHERE coalesce(fate, '') <> 'skipped' GROUP BY class; "
		"CREATE TEMP TABLE covered_fates AS SELECT fate, sum(items) AS items FROM covered_sums GROUP BY fate; "
		"CREATE TEMP TABLE covered_whole AS SELECT id AS item, "
		"unixepoch(substr(reason, -20)) * 1000000000 AS until FROM main.item WHERE fate = 'partly' AND reason "
		"LIKE '%" REASON_WHOLE_UNTIL "____-__-__T__:__:__Z'; "
		"CREATE TEMP TABLE covered_faulty AS WITH faulty AS (SELECT id, class FROM main.item WHERE "
		"coalesce(fate, '') NOT IN ('examined', 'duplicate', 'skipped')) "
		"SELECT item, fact.class AS class, channel, 1 AS told FROM faulty JOIN main.fact ON item = faulty.id "
		"UNION ALL SELECT id, class, NULL, 0 FROM faulty WHERE id NOT IN (SELECT item FROM main.fact)", err);
}

/* What joins records came to a limit of its own: the evidence was read, and not wholly weighed. */
static bool judge_analysers(sqlite3 *db, enum harm harm, struct arena *arena, struct need_result *r, struct err *err)
{
	static const struct need joining = { .classes = 1u << CLASS_OTHER, .essential = true,
					     .name = "joining of what was found" };
	struct buf text = buf_new(1024);
	sqlite3_stmt *q;
	bool row, ok;

	*r = (struct need_result){ .need = &joining, .state = NEED_EXAMINED, .first = TIME_NONE, .last = TIME_NONE };
	if (!query_prepare(db, "SELECT rule, reason FROM problem WHERE engine = 'analyser' ORDER BY id", &q, err))
		return false;
	while ((ok = query_step(q, &row, err)) && row)
		if (analyser_harms(query_span(q, 0)) & 1u << harm)
			buf_printf(&text, "%sanalyser %.*s: %.*s", text.len ? "; " : "", SPAN_ARG(query_span(q, 0)),
				   SPAN_ARG(query_span(q, 1)));
	sqlite3_finalize(q);
	if (text.len) {
		r->state = NEED_PARTLY;
		r->note = arena_copy(arena, buf_span(&text));
	}
	buf_free(&text);
	return ok;
}

/* A row that is told only where something is amiss. */
static void count_if_amiss(const struct need_result *r, size_t *count, bool *covered)
{
	if (r->state == NEED_EXAMINED)
		return;
	*covered = false;
	++*count;
}

bool coverage_count(struct case_file *file, struct arena *arena, struct coverage *out, struct err *err)
{
	sqlite3 *db = case_db(file);

	*out = (struct coverage){ .file = file };
	return sum_up(db, err) && count_hosts(db, &out->hosts, err) &&
	       covered_machines_load(file, arena, &out->machines, err);
}

bool coverage_of(const struct coverage *all, enum harm harm, const struct period *period,
		 struct arena *arena, const struct need_result **out, size_t *count, bool *covered,
		 struct err *err)
{
	struct need_result *results = ARENA_ARRAY(arena, need_count + 2, struct need_result);
	unsigned kinds = kinds_asked(all->machines.kinds);
	sqlite3 *db = case_db(all->file);

	*count = 0;
	*covered = true;
	if (!results)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for coverage");
	for (size_t i = 0; i < need_count; i++) {
		struct need_result *r = &results[*count];

		if (needs[i].harm != harm || !(kinds & 1u << needs[i].of))
			continue;
		if (!judge(all, &needs[i], period, arena, r, err))
			return false;
		if (needs[i].essential && r->state != NEED_EXAMINED)
			*covered = false;
		++*count;
	}
	if (!judge_analysers(db, harm, arena, &results[*count], err))
		return false;
	count_if_amiss(&results[*count], count, covered);
	if (!judge_unexamined(db, period, arena, &results[*count], err))
		return false;
	count_if_amiss(&results[*count], count, covered);
	*out = results;
	return true;
}
