/*
 * analyse_starts: from the ledger of executables to signs of an implant.
 *
 * An implant that is still installed must run, and run again after a restart. So
 * either something starts it, or it took the place of a program that is started
 * anyway. The ledger knows who vouches for what; this says what of it weighs:
 *
 *   what starts is what a rule accuses                             critical
 *   a program or an entry differs from what its package installed   high
 *   more than STARTS_FOLDER_ALTERED files of one folder of npm's or
 *   Python's modules do: it brought itself up to date; told once     medium
 *   a library is loaded into every program (ld.so.preload)          high
 *   a setuid program that no package brought                        high
 *   a program of a package that was made setuid or setgid, or given medium
 *   capabilities that rule the machine, as no package installs it
 *   a local entry of PAM lets in whoever comes                      medium
 *   a local entry starts an unknown program: by that one's rank     high or medium
 *   a local entry starts a harmless tool with a telling command     medium
 *   a right or a source of code that no package brought (package    low: told
 *   keys and sources, shares, lingering users, …)
 *   settings that no package brought name a file outside of the     low: told
 *   system's folders, whatever reads them
 *   a shell without a logon is switched on (debug-shell.service)    medium
 *   any other entry that no package brought; a start file of a      low: told, not accused
 *   shell that is not as its package had it: most people change theirs
 *   an unknown program of high rank that nothing starts             medium
 *
 * "Local" means something only on machines whose package database was read; on
 * others an unknown program weighs by its rank alone, for there nothing could
 * have vouched for it.
 */
#include "assess/analyser.h"
#include "assess/thresholds.h"
#include "assess/usual_rights.h"

#include "base/map.h"
#include "case/case.h"
#include "case/query.h"
#include "codec/json_write.h"

struct deed {
	const char *rule, *title, *techniques;
	enum level level;
};

static const struct deed
	started_bad = { "kanshiki.starts-implant", "Something starts a program that a rule accuses",
			"T1547", LEVEL_CRITICAL },
	altered_program = { "kanshiki.altered-program",
			    "A program differs from what its package installed", "T1554", LEVEL_HIGH },
	altered_folder = { "kanshiki.altered-module-folder",
			   "A module of npm or Python differs from what its package installed", "T1554",
			   LEVEL_MEDIUM },
	altered_entry = { "kanshiki.altered-start",
			  "An autostart entry differs from what its package installed", "T1543",
			  LEVEL_HIGH },
	preload = { "kanshiki.preload", "A library is loaded into every program", "T1574.006",
		    LEVEL_HIGH },
	setuid = { "kanshiki.setuid", "A program that no package brought runs with another's rights",
		   "T1548.001", LEVEL_HIGH },
	unknown_high = { "kanshiki.starts-unknown-strong",
			 "A local entry starts an unknown program that looks like an implant", "T1547",
			 LEVEL_HIGH },
	unknown_start = { "kanshiki.starts-unknown", "A local entry starts an unknown program", "T1547",
			  LEVEL_MEDIUM },
	telling = { "kanshiki.telling-start", "An autostart entry has a telling command", "T1059",
		    LEVEL_MEDIUM },
	given_rights = { "kanshiki.rights-given", "A program of a package was given rights that no package gives it",
			 "T1548.001", LEVEL_MEDIUM },
	lets_in = { "kanshiki.lets-anybody-in", "A line of PAM lets in whoever comes", "T1556.003", LEVEL_MEDIUM },
	local = { "kanshiki.local-start", "An autostart entry that no package brought", "T1547",
		  LEVEL_LOW },
	named = { "kanshiki.local-setting", "Settings that no package brought name a file that no package owns", "T1574",
		  LEVEL_LOW },
	open_shell = { "kanshiki.open-shell", "A shell without a logon is switched on", "T1543.002", LEVEL_MEDIUM },
	grant = { "kanshiki.local-grant", "A right, or a source of code, that no package brought", "T1098", LEVEL_LOW },
	unknown = { "kanshiki.unknown-program", "An unknown program that looks like an implant",
		    "T1204", LEVEL_MEDIUM };

static bool tell(struct analysis *a, const struct deed *deed, struct span technique,
		 struct conclusion *c, struct err *err)
{
	c->harm = HARM_IMPLANT;
	c->level = deed->level;
	c->rule = span_text(deed->rule);
	c->title = span_text(deed->title);
	c->techniques = technique.len ? technique : span_text(deed->techniques);
	return analysis_tell(a, c, err);
}

/* ---- programs ---- */

static const char programs_sql[] =
	"SELECT program.item, program.machine, program.path, program.standing, program.source, "
	"program.rank, program.reasons, item.mode, item.modified FROM program "
	"JOIN item ON item.id = program.item "
	"WHERE program.standing <> 'good' OR (item.mode & 3072 AND program.source LIKE 'copy of %') "
	"ORDER BY program.rank DESC, program.path, program.item";

static const struct deed *deed_of_program(struct span standing, struct span source, uint64_t rank,
					  uint32_t mode)
{
	if (span_ends(source, SPAN("has another content")))
		return &altered_program;
	/* What a rule accuses is a finding already. */
	if (span_eq(standing, SPAN("bad")))
		return NULL;
	if (mode & 06000 && (mode & 0111))
		return &setuid;
	return rank >= (uint64_t)THRESHOLD(STARTS_RANK_UNKNOWN) ? &unknown : NULL;
}

/* "/usr/lib/node_modules/npm" of what lies below; empty elsewhere. */
static struct span module_folder(struct span path)
{
	static const char *const parents[] = { "/node_modules/", "/dist-packages/", "/site-packages/" };

	for (size_t i = 0; i < sizeof parents / sizeof *parents; i++) {
		size_t at = span_find(path, 0, span_text(parents[i])), end;

		if (at == SIZE_MAX)
			continue;
		end = span_find_byte(path, at + strlen(parents[i]), '/');
		return end == SIZE_MAX ? (struct span){ 0 } : span_sub(path, 0, end);
	}
	return (struct span){ 0 };
}

/* How many altered files a folder of modules has, and whether that was told. */
struct folder {
	uint64_t altered;
	bool is_told;
};

static struct folder *folder_of(struct analysis *a, struct map *folders, struct span machine, struct span path)
{
	struct span folder = module_folder(path);
	void **slot;

	if (!folder.len)
		return NULL;
	buf_clear(&a->key);
	buf_add(&a->key, machine);
	buf_add_u8(&a->key, 0);
	buf_add(&a->key, folder);
	slot = map_slot(folders, arena_copy(a->arena, buf_span(&a->key)));
	if (slot && !*slot)
		*slot = ARENA_NEW(a->arena, struct folder);
	return slot ? *slot : NULL;
}

static bool count_altered(struct analysis *a, struct map *folders, struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(a->db, "SELECT machine, path FROM program WHERE source LIKE '%has another content'",
				     &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct folder *f = folder_of(a, folders, query_span(q, 0), query_span(q, 1));

		if (f)
			f->altered++;
	}
	sqlite3_finalize(q);
	return ok;
}

/* NULL: it was told with others of its folder. */
static const struct deed *once_a_folder(struct analysis *a, struct map *folders, sqlite3_stmt *q, uint64_t *count)
{
	struct folder *f = folder_of(a, folders, query_span(q, 1), query_span(q, 2));

	*count = 1;
	if (!f || (double)f->altered <= THRESHOLD(STARTS_FOLDER_ALTERED))
		return &altered_program;
	if (f->is_told)
		return NULL;
	f->is_told = true;
	*count = f->altered;
	return &altered_folder;
}

static bool tell_program(struct analysis *a, sqlite3_stmt *q, const struct deed *deed, uint64_t count, struct err *err)
{
	struct conclusion c = { .item = query_u64(q, 0, 0), .host = query_span(q, 1), .count = count,
				.first = query_time(q, 8), .last = query_time(q, 8) };
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	bool ok;

	json_object(&w);
	json_pair(&w, "path", query_span(q, 2));
	if (count > 1) {
		json_key(&w, "altered_files_of_its_folder");
		json_u64(&w, count);
	}
	json_pair(&w, "standing", query_span(q, 3));
	json_pair(&w, "source", query_span(q, 4));
	json_key(&w, "rank");
	json_u64(&w, query_u64(q, 5, 0));
	/* Of our own making: the ledger wrote it. */
	if (query_span(q, 6).len) {
		json_key(&w, "reasons");
		json_raw(&w, query_span(q, 6));
	}
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = tell(a, deed, (struct span){ 0 }, &c, err);
	buf_free(&text);
	return ok;
}

static bool weigh_programs(struct analysis *a, struct err *err)
{
	struct map folders = map_new(a->arena);
	sqlite3_stmt *q = NULL;
	bool row, ok = count_altered(a, &folders, err) && query_prepare(a->db, programs_sql, &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		const struct deed *deed = deed_of_program(query_span(q, 3), query_span(q, 4),
							  query_u64(q, 5, 0), (uint32_t)query_u64(q, 7, 0));
		uint64_t count = 1;

		if (deed == &altered_program)
			deed = once_a_folder(a, &folders, q, &count);
		if (deed)
			ok = tell_program(a, q, deed, count, err);
	}
	sqlite3_finalize(q);
	return ok;
}

/* ---- entries ---- */

static const char starts_sql[] =
	"SELECT trace.item, start.machine, trace.what, trace.path, trace.name, trace.command, "
	"trace.program, trace.user, trace.time, trace.technique, start.standing, start.entry, "
	"start.rank, (SELECT max(program.rank) FROM program WHERE program.item = start.target), "
	"item.path, trace.detail FROM start "
	"JOIN trace ON trace.id = start.trace JOIN item ON item.id = trace.item ORDER BY start.id";

/* Words of commands that fetch, decode or connect: what an entry of the system rarely needs. */
static bool is_telling(struct span command)
{
	static const char *const words[] = {
		"curl ", "wget ", "/dev/tcp/", "base64 -d", "base64 --decode", "nc -e", "ncat ", "socat ",
		"bash -i", "mkfifo", "python -c", "python3 -c", "perl -e", "ruby -e", "php -r", "/tmp/",
		"/dev/shm/", "/var/tmp/", "chattr ", "openssl s_client", " -enc", "-encodedcommand",
		"downloadstring", "invoke-expression", "iex(", "iex (", "frombase64string", "mshta",
		"http://", "https://", "regsvr32 /s /u /i", "scrobj.dll", "certutil", "bitsadmin",
		"javascript:", "vbscript:", "\\users\\public\\", "\\appdata\\local\\temp\\", "\\$recycle.bin\\",
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t len = strlen(words[i]);

		for (size_t at = 0; at + len <= command.len; at++)
			if (span_eq_nocase(span_sub(command, at, len), span_text(words[i])))
				return true;
	}
	return false;
}

/*
 * /etc/pam.d/common-* are written by pam-auth-update from what packages bring, so no
 * package has their digest. A line of theirs is as it writes them where a package brought
 * the module, the module decides nothing for others and pam_permit only ends the stack.
 */
static bool is_generated_pam(struct span what, struct span name, struct span command, struct span standing)
{
	static const char modules[] = "pam_unix.so|pam_deny.so|pam_cap.so|pam_systemd.so|pam_umask.so|pam_mkhomedir.so|"
		"pam_sss.so|pam_ldap.so|pam_krb5.so|pam_winbind.so|pam_pwquality.so|pam_cracklib.so|pam_fprintd.so|"
		"pam_gnome_keyring.so|pam_kwallet5.so|pam_ecryptfs.so";

	if (!span_eq(what, SPAN("pam")) || !span_starts(name, SPAN("common-")) || !span_eq(standing, SPAN("good")))
		return false;
	if (span_has_any(command, "pam_permit.so"))
		return span_has_any(command, "required|[default=1]");
	return span_has_any(command, modules);
}

/* "auth sufficient pam_permit.so": no password is asked for. */
static bool lets_anybody_in(struct span what, struct span command)
{
	return span_eq(what, SPAN("pam")) && span_starts(command, SPAN("auth")) &&
	       span_has_any(command, "sufficient|success=done") && span_has_any(command, "pam_permit.so");
}

/* What the ledger says of an entry and of what it starts. */
struct entry {
	struct span what, name, command, standing, entry, path, program, detail;
	uint64_t rank_of_target;
};

/* Of what is as its package has it the digest says nothing of its rights. */
static bool is_given_rights(const struct entry *e)
{
	if (!span_eq(e->standing, SPAN("good")))
		return false;
	if (span_eq(e->what, SPAN("file capability")))
		return !usual_capabilities(e->program, e->detail);
	if (span_eq(e->what, SPAN("set group id")))
		return !usual_set_group_id(e->program);
	return span_eq(e->what, SPAN("set user id")) && !usual_set_user_id(e->program);
}

/*
 * The start file itself; what its lines do is told of each. Those who keep their
 * settings in one folder put links in their place.
 */
static bool is_start_file(const struct entry *e)
{
	if (span_eq(e->what, SPAN("start link")))
		return span_starts(e->name, SPAN("."));
	return span_eq(e->what, SPAN("profile")) && !e->command.len && span_eq(e->program, e->path);
}

/* What starts nothing and says who may do something, or where code is taken from. */
static bool is_grant(struct span what)
{
	return span_is_one_of(what, "package key|package source|root certificate|network share|lingering user|bus policy|"
			      "account record|credential|device mode|unit preset");
}

static const struct deed *deed_of_entry(const struct entry *e)
{
	bool is_local = span_eq(e->entry, SPAN("local"));
	bool is_unknown = span_eq(e->standing, SPAN("unknown"));
	bool is_strong = e->rank_of_target >= (uint64_t)THRESHOLD(STARTS_RANK_STRONG);

	if (span_eq(e->standing, SPAN("bad")))
		return &started_bad;
	/* The unit that a link leads to is told itself. */
	if (span_eq(e->entry, SPAN("altered")))
		return span_ends(e->what, SPAN(" link")) ? NULL : &altered_entry;
	if (is_given_rights(e))
		return &given_rights;
	if (span_eq(e->what, SPAN("unit link")) && span_eq(e->name, SPAN("debug-shell.service")))
		return &open_shell;
	if (span_eq(e->entry, SPAN("packaged")))
		return NULL;
	if (span_eq(e->what, SPAN("preload")))
		return &preload;
	if (lets_anybody_in(e->what, e->command))
		return &lets_in;
	if (is_local && is_start_file(e))
		return &local;
	if (is_local && is_grant(e->what))
		return &grant;
	if (is_unknown && is_strong)
		return &unknown_high;
	if (is_unknown && is_local)
		return &unknown_start;
	if (span_eq(e->what, SPAN("named file")))
		return is_local ? &named : NULL;
	if (is_telling(e->command))
		return &telling;
	if (is_generated_pam(e->what, e->name, e->command, e->standing))
		return NULL;
	return is_local ? &local : NULL;
}

static bool tell_entry(struct analysis *a, sqlite3_stmt *q, const struct deed *deed, struct err *err)
{
	struct conclusion c = { .item = query_u64(q, 0, 0), .host = query_span(q, 1),
				.user = query_span(q, 7), .first = query_time(q, 8),
				.last = query_time(q, 8) };
	struct buf text = buf_new((size_t)256 << 10);
	struct json_write w = json_write_to(&text);
	bool ok;

	json_object(&w);
	json_pair(&w, "what", query_span(q, 2));
	json_pair(&w, "entry", query_span(q, 3));
	json_pair(&w, "name", query_span(q, 4));
	json_pair(&w, "command", query_span(q, 5));
	json_pair(&w, "starts", query_span(q, 6));
	json_pair(&w, "standing", query_span(q, 10));
	json_pair(&w, "entry_is", query_span(q, 11));
	json_pair(&w, "written_in", query_span(q, 14));
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = tell(a, deed, query_span(q, 9), &c, err);
	buf_free(&text);
	return ok;
}

static bool weigh_entries(struct analysis *a, struct err *err)
{
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(a->db, starts_sql, &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row) {
		const struct entry e = { .what = query_span(q, 2), .name = query_span(q, 4), .command = query_span(q, 5),
					 .standing = query_span(q, 10), .entry = query_span(q, 11),
					 .path = query_span(q, 3), .program = query_span(q, 6),
					 .detail = query_span(q, 15),
					 .rank_of_target = query_u64(q, 13, 0) };
		const struct deed *deed = deed_of_entry(&e);

		if (deed)
			ok = tell_entry(a, q, deed, err);
	}
	sqlite3_finalize(q);
	return ok;
}

bool analyse_starts(struct analysis *a, struct err *err)
{
	return weigh_programs(a, err) && weigh_entries(a, err);
}
