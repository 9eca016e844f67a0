#include "assess/ledger_job.h"

#include "assess/build_support.h"

/* A dpkg database that knows /bin/ls and /usr/bin/cp, and a host name. */
static void add_packages(struct building *b)
{
	struct trace ls = trace_new(TRACE_KNOWN, "package file"), cp = ls;
	struct trace name = trace_new(TRACE_HOST, "name");

	open_item(b, "/mnt/disk/var/lib/dpkg/info/coreutils.md5sums", 0100644);
	ls.path = SPAN("bin/ls");
	ls.digest = SPAN("md5:11111111111111111111111111111111");
	cp.path = SPAN("usr/bin/cp");
	cp.digest = SPAN("md5:22222222222222222222222222222222");
	ls.name = cp.name = SPAN("coreutils 9.1-1");
	ls.protocol = cp.protocol = SPAN("deb");
	add_trace(b, ls);
	add_trace(b, cp);
	close_item(b, "md5sums", CLASS_OTHER);
	open_item(b, "/mnt/disk/etc/hostname", 0100644);
	name.name = SPAN("ws01");
	add_trace(b, name);
	close_item(b, "hostname", CLASS_OTHER);
}

static struct ledger_totals draw(struct building *b, const char *set)
{
	struct ledger_options options = { .known_good = &set, .known_good_count = set != NULL };
	struct ledger_totals totals;
	struct err err = { 0 };

	if (!ledger_write(b->file, &options, &totals, &err))
		fail_msg("%s", err.text);
	return totals;
}

TEST(ledger_takes_the_word_of_package_databases)
{
	struct building b = new_case("packages");
	struct ledger_totals t;

	add_packages(&b);
	add_program(&b, "/mnt/disk/usr/bin/ls", "md5:11111111111111111111111111111111");
	add_program(&b, "/mnt/disk/usr/bin/cp", "md5:33333333333333333333333333333333");
	add_program(&b, "/mnt/disk/opt/.x/ls2", "md5:11111111111111111111111111111111");
	add_program(&b, "/mnt/disk/tmp/new", "md5:44444444444444444444444444444444");
	t = draw(&b, NULL);
	assert_int_equal(t.programs, 4);
	assert_int_equal(t.good, 2);
	assert_int_equal(t.unknown, 2);
	assert_int_equal(t.altered, 1);
	assert_string_equal(ask(&b, "SELECT source FROM program WHERE path = '/usr/bin/ls'"),
			    "deb coreutils 9.1-1");
	assert_string_equal(ask(&b, "SELECT standing || rank FROM program WHERE path = '/usr/bin/cp'"),
			    "unknown60");
	assert_string_equal(ask(&b, "SELECT machine FROM program WHERE path = '/tmp/new'"), "ws01");
	assert_string_equal(ask(&b, "SELECT source FROM program WHERE path = '/opt/.x/ls2'"),
			    "copy of /bin/ls of deb coreutils 9.1-1");
	draw(&b, NULL);
	assert_string_equal(ask(&b, "SELECT count(*) FROM program"), "4");
	case_close(b.file);
}

/* A database that knows one file by one digest, and that file with its SHA-1. */
/* A script of coreutils beside its list, changed then; the list is said to be of that time, too. */
static uint64_t good_scripts(const char *name, timestamp unpacked, timestamp written)
{
	struct building b = new_case(name);
	struct ledger_totals t;

	add_packages(&b);
	b.modified = b.changed = unpacked;
	add_program(&b, "/mnt/disk/usr/bin/cp", "md5:22222222222222222222222222222222");
	b.changed = written;
	open_item(&b, "/mnt/disk/var/lib/dpkg/info/coreutils.list", 0100644);
	close_item(&b, "list", CLASS_OTHER);
	add_program(&b, "/mnt/disk/var/lib/dpkg/info/coreutils.postinst", "md5:55555555555555555555555555555555");
	t = draw(&b, NULL);
	case_close(b.file);
	return t.good - 1;
}

TEST(ledger_believes_scripts_that_are_as_old_as_what_their_package_unpacked)
{
	const timestamp then = INT64_C(1700000000) * TIME_SECOND;

	assert_int_equal(good_scripts("scripts", then, then + 60 * TIME_SECOND), 1);
	/* Whoever touches the list, too, does not touch what was unpacked with it. */
	assert_int_equal(good_scripts("touched", then, then + 86400 * TIME_SECOND), 0);
}

TEST(ledger_takes_compiled_python_beside_its_source)
{
	struct trace t = trace_new(TRACE_PROGRAM, "compiled python");
	struct building b = new_case("compiled");

	open_item(&b, "/mnt/disk/opt/a.pyc", 0100644);
	t.digest = SPAN("md5:11111111111111111111111111111111");
	add_trace(&b, t);
	close_item(&b, "a", CLASS_OTHER);
	open_item(&b, "/mnt/disk/opt/b.pyc", 0100644);
	t.digest = SPAN("md5:22222222222222222222222222222222");
	add_trace(&b, t);
	close_item(&b, "b", CLASS_OTHER);
	add_program(&b, "/mnt/disk/opt/b.py", "md5:33333333333333333333333333333333");
	draw(&b, NULL);
	assert_string_equal(ask(&b, "SELECT group_concat(path) FROM program WHERE standing = 'good'"), "/opt/b.pyc");
	assert_string_equal(ask(&b, "SELECT standing FROM program WHERE path = '/opt/a.pyc'"), "unknown");
	case_close(b.file);
}

static struct ledger_totals known_by(struct building *b, const char *manager, const char *digest)
{
	struct trace known = trace_new(TRACE_KNOWN, "package file"), t = trace_new(TRACE_PROGRAM, "elf");

	open_item(b, "/mnt/disk/lib/db/installed", 0100644);
	known.path = SPAN("/usr/bin/tool");
	known.digest = span_text(digest);
	known.name = SPAN("tool 1");
	known.protocol = span_text(manager);
	add_trace(b, known);
	close_item(b, "database", CLASS_OTHER);
	open_item(b, "/mnt/disk/usr/bin/tool", 0100755);
	t.digest = SPAN("md5:11111111111111111111111111111111");
	t.detail = SPAN("{\"sha1\":\"2222222222222222222222222222222222222222\",\"entropy\":5}");
	add_trace(b, t);
	close_item(b, "content", CLASS_EXECUTABLE);
	return draw(b, NULL);
}

TEST(ledger_compares_whatever_digest_a_database_has)
{
	/* SHA-256 of "content", which is what the item holds. */
	static const char sha256[] = "sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73";
	struct building b = new_case("sha1");

	assert_int_equal(known_by(&b, "apk", "sha1:2222222222222222222222222222222222222222").good, 1);
	case_close(b.file);
	b = new_case("sha1_altered");
	assert_int_equal(known_by(&b, "apk", "sha1:3333333333333333333333333333333333333333").altered, 1);
	case_close(b.file);
	b = new_case("sha256");
	assert_int_equal(known_by(&b, "rpm", sha256).good, 1);
	case_close(b.file);
	b = new_case("sha512");
	/* Nobody took that digest: neither good nor altered. */
	assert_int_equal(known_by(&b, "rpm", "sha512:00").unknown, 1);
	assert_string_equal(ask(&b, "SELECT coalesce(source, 'none') FROM program"), "none");
	case_close(b.file);
}

/* A program without a package, listed by a catalogue under one of its digests. */
static struct ledger_totals listed_as(struct building *b, const char *digest, const char *trust)
{
	struct trace listed = trace_new(TRACE_KNOWN, "catalogue"), t = trace_new(TRACE_PROGRAM, "pe");

	open_item(b, "/mnt/disk/Windows/System32/CatRoot/x.cat", 0100644);
	listed.path = SPAN("-");
	listed.digest = span_text(digest);
	listed.name = SPAN("Microsoft Windows");
	listed.command = span_text(trust);
	listed.protocol = SPAN("catalogue");
	add_trace(b, listed);
	close_item(b, "catalogue", CLASS_OTHER);
	open_item(b, "/mnt/disk/Windows/System32/x.dll", 0100755);
	t.digest = SPAN("md5:11111111111111111111111111111111");
	t.protocol = SPAN("unsigned");
	t.detail = SPAN("{\"sha1\":\"2222222222222222222222222222222222222222\",\"entropy\":5,"
			"\"authentihash_sha1\":\"5555555555555555555555555555555555555555\","
			"\"authentihash_sha256\":\"66\"}");
	add_trace(b, t);
	close_item(b, "content", CLASS_EXECUTABLE);
	return draw(b, NULL);
}

TEST(ledger_takes_the_word_of_catalogues_with_a_known_issuer)
{
	static const struct { const char *digest, *trust; uint64_t good; } cases[] = {
		{ "sha1:5555555555555555555555555555555555555555", "signed", 1 },
		{ "sha256:66", "signed", 1 },
		{ "sha1:2222222222222222222222222222222222222222", "signed", 1 },
		{ "sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73", "signed", 1 },
		{ "sha1:5555555555555555555555555555555555555555", "issuer not known", 0 },
		{ "sha1:5555555555555555555555555555555555555556", "signed", 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char name[32];
		struct building b;

		snprintf(name, sizeof name, "catalogue%zu", i);
		b = new_case(name);
		assert_int_equal(listed_as(&b, cases[i].digest, cases[i].trust).good, cases[i].good);
		if (cases[i].good)
			assert_string_equal(ask(&b, "SELECT source FROM program"),
					    "catalogue signed by Microsoft Windows");
		case_close(b.file);
	}
}

TEST(ledger_takes_the_word_of_hash_sets)
{
	struct building b = new_case("sets");
	char path[512];
	FILE *file;

	add_program(&b, "/mnt/disk/usr/bin/one", "md5:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	add_program(&b, "/mnt/disk/usr/bin/two", "md5:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	snprintf(path, sizeof path, "%s/set.csv", scratch_dir());
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("\"SHA-1\",\"MD5\"\n\"0\",\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"\n", file);
	fclose(file);
	assert_int_equal(draw(&b, path).good, 1);
	assert_string_equal(ask(&b, "SELECT source FROM program WHERE standing = 'good'"),
			    "hash set set.csv");
	case_close(b.file);
}

TEST(ledger_accuses_what_a_rule_of_implants_holds_for)
{
	struct building b = new_case("bad");
	struct finding f = { .engine = ENGINE_YARA, .harm = HARM_IMPLANT, .level = LEVEL_HIGH,
			     .rule = SPAN("r"), .title = SPAN("Some implant"), .offset = UINT64_MAX,
			     .record_id = UINT64_MAX, .time = TIME_NONE };
	struct err err = { 0 };

	open_item(&b, "/mnt/disk/usr/bin/bad", 0100755);
	assert_true(case_add_finding(b.file, b.unit, b.item, &f, 1, TIME_NONE, &err));
	close_item(&b, "bad", CLASS_EXECUTABLE);
	assert_int_equal(draw(&b, NULL).bad, 1);
	assert_string_equal(ask(&b, "SELECT source FROM program"), "Some implant");
	case_close(b.file);
}

TEST(ledger_finds_what_autostart_entries_name)
{
	struct building b = new_case("starts");
	struct trace t = trace_new(TRACE_AUTOSTART, "cron");

	add_packages(&b);
	open_item(&b, "/mnt/disk/etc/crontab", 0100644);
	t.program = SPAN("/tmp/new");
	add_trace(&b, t);
	t.program = SPAN("ls");
	add_trace(&b, t);
	t.program = SPAN("/usr/bin/gone");
	add_trace(&b, t);
	t.program = (struct span){ 0 };
	add_trace(&b, t);
	close_item(&b, "crontab", CLASS_OTHER);
	add_program(&b, "/mnt/disk/tmp/new", "md5:44444444444444444444444444444444");
	add_program(&b, "/mnt/disk/usr/bin/ls", "md5:11111111111111111111111111111111");
	assert_int_equal(draw(&b, NULL).starts, 4);
	assert_string_equal(ask(&b, "SELECT group_concat(standing) FROM (SELECT standing FROM start "
				    "ORDER BY trace)"), "unknown,good,missing,none");
	assert_string_equal(ask(&b, "SELECT group_concat(DISTINCT entry) FROM start"), "local");
	/* Temporary files 25, started 30. */
	assert_string_equal(ask(&b, "SELECT rank FROM program WHERE path = '/tmp/new'"), "55");
	case_close(b.file);
}

static void add_link(struct building *b, const char *path, const char *reason)
{
	struct case_outcome outcome = { .fate = FATE_SKIPPED, .reason = span_text(reason), .size = CASE_SIZE_UNKNOWN };
	struct err err = { 0 };

	open_item(b, path, 0120777);
	if (!case_end_item(b->file, b->unit, b->item, &outcome, &err) || !case_unit_commit(b->file, b->unit, &err))
		fail_msg("%s", err.text);
}

TEST(ledger_goes_where_links_lead)
{
	struct building b = new_case("links");
	struct trace t = trace_new(TRACE_AUTOSTART, "udev");

	add_packages(&b);
	open_item(&b, "/mnt/disk/etc/udev/rules.d/1.rules", 0100644);
	t.program = SPAN("/sbin/probe");
	add_trace(&b, t);
	t.program = SPAN("/usr/bin/circle");
	add_trace(&b, t);
	t.program = SPAN("/opt/here");
	add_trace(&b, t);
	close_item(&b, "rules", CLASS_OTHER);
	/* The second is seen before the first leads to it. */
	add_link(&b, "/mnt/disk/etc/alternatives/probe", "symbolic link to ../../bin/ls");
	add_link(&b, "/mnt/disk/usr/sbin/probe", "symbolic link to /etc/alternatives/probe");
	add_link(&b, "/mnt/disk/usr/bin/circle", "symbolic link to square");
	add_link(&b, "/mnt/disk/usr/bin/square", "symbolic link to ./circle");
	add_link(&b, "/mnt/disk/opt/here", "symbolic link to /tmp/new");
	add_program(&b, "/mnt/disk/tmp/new", "md5:44444444444444444444444444444444");
	add_program(&b, "/mnt/disk/usr/bin/ls", "md5:11111111111111111111111111111111");
	draw(&b, NULL);
	assert_string_equal(ask(&b, "SELECT group_concat(standing) FROM (SELECT standing FROM start "
				    "ORDER BY trace)"), "good,missing,unknown");
	assert_string_equal(ask(&b, "SELECT rank FROM program WHERE path = '/tmp/new'"), "55");
	case_close(b.file);
}

/* Made when its package is set up, a link is in no database: its unit's package answers for it. */
TEST(ledger_asks_of_a_link_who_brought_its_unit)
{
	struct building b = new_case("wants");
	struct trace t = trace_new(TRACE_AUTOSTART, "unit link");

	add_packages(&b);
	open_item(&b, "/mnt/disk/etc/systemd/system/a.target.wants/ls", 0120777);
	t.program = SPAN("/usr/bin/ls");
	add_trace(&b, t);
	t.program = SPAN("/tmp/new");
	add_trace(&b, t);
	close_item(&b, "link", CLASS_OTHER);
	add_program(&b, "/mnt/disk/tmp/new", "md5:44444444444444444444444444444444");
	add_program(&b, "/mnt/disk/usr/bin/ls", "md5:11111111111111111111111111111111");
	draw(&b, NULL);
	assert_string_equal(ask(&b, "SELECT group_concat(entry) FROM (SELECT entry FROM start ORDER BY trace)"),
			    "packaged,local");
	case_close(b.file);
}

TEST(ledger_knows_windows_names_of_programs)
{
	struct building b = new_case("windows");
	struct trace t = trace_new(TRACE_AUTOSTART, "service");

	open_item(&b, "/mnt/disk/Windows/System32/config/SYSTEM", 0);
	t.program = SPAN("%SystemRoot%\\System32\\drivers\\x.sys");
	add_trace(&b, t);
	t.program = SPAN("\\??\\C:\\Users\\Ann\\y.exe");
	add_trace(&b, t);
	t.program = SPAN("system32\\z.dll");
	add_trace(&b, t);
	close_item(&b, "SYSTEM", CLASS_REGISTRY);
	add_program(&b, "/mnt/disk/Windows/System32/drivers/X.SYS", "md5:1");
	add_program(&b, "/mnt/disk/Users/Ann/y.exe", "md5:2");
	add_program(&b, "/mnt/disk/Windows/System32/z.dll", "md5:3");
	draw(&b, NULL);
	assert_string_equal(ask(&b, "SELECT count(*) FROM start WHERE target IS NOT NULL"), "3");
	case_close(b.file);
}

static void add_host(struct building *b, const char *root, const char *name)
{
	struct trace t = trace_new(TRACE_HOST, "name");
	char path[200];

	snprintf(path, sizeof path, "%s/etc/hostname", root);
	open_item(b, path, 0100644);
	t.name = span_text(name);
	add_trace(b, t);
	close_item(b, path, CLASS_OTHER);
}

/* A program of one content on a machine. */
static void add_content(struct building *b, const char *path, const char *content)
{
	open_item(b, path, 0100755);
	close_item(b, content, CLASS_EXECUTABLE);
}

TEST(ledger_wonders_at_what_one_machine_of_many_has)
{
	static const char sql[] = "SELECT group_concat(path) FROM (SELECT path FROM program WHERE reasons LIKE "
				  "'%no other machine%' ORDER BY path)";
	struct building b = new_case("rare");

	add_host(&b, "/mnt/disk/a", "a");
	add_host(&b, "/mnt/disk/b", "b");
	add_content(&b, "/mnt/disk/a/usr/bin/common", "common");
	add_content(&b, "/mnt/disk/b/usr/bin/common", "common");
	add_content(&b, "/mnt/disk/b/usr/bin/own", "own");
	draw(&b, NULL);
	/* Two machines say nothing about what is usual. */
	assert_string_equal(ask(&b, sql), "");
	add_host(&b, "/mnt/disk/c", "c");
	add_content(&b, "/mnt/disk/c/usr/bin/common", "common");
	draw(&b, NULL);
	assert_string_equal(ask(&b, sql), "/usr/bin/own");
	case_close(b.file);
}

/* A program that was last written then. */
static void add_aged(struct building *b, const char *path, timestamp modified)
{
	struct case_item item = { .source = b->source, .path = span_text(path), .size = 1, .mode = 0100755,
				  .modified = modified, .changed = TIME_NONE, .accessed = TIME_NONE,
				  .created = TIME_NONE };
	struct err err = { 0 };
	bool done;

	if (!case_unit_begin(b->file, b->source, item.path, &b->unit, &done, &err) ||
	    !case_add_item(b->file, b->unit, &item, &b->item, &err))
		fail_msg("%s", err.text);
	close_item(b, path, CLASS_EXECUTABLE);
}

TEST(ledger_wonders_at_the_youngest_of_many)
{
	struct building b = new_case("young");
	char path[64];

	add_host(&b, "/mnt/disk", "ws01");
	for (int i = 0; i < 119; i++) {
		snprintf(path, sizeof path, "/mnt/disk/usr/bin/p%d", i);
		add_aged(&b, path, (1000 + i % 7) * TIME_SECOND);
	}
	add_aged(&b, "/mnt/disk/usr/bin/new", 2000 * TIME_SECOND);
	draw(&b, NULL);
	assert_string_equal(ask(&b, "SELECT group_concat(path) FROM program WHERE reasons LIKE '%was written after%'"),
			    "/usr/bin/new");
	case_close(b.file);
}

/* A start file of a shell is hidden by its nature, and written when its owner likes. */
TEST(ledger_takes_no_empty_file_for_a_copy)
{
	struct building b = new_case("empty");
	struct trace known = trace_new(TRACE_KNOWN, "package file");

	add_packages(&b);
	open_item(&b, "/mnt/disk/var/lib/dpkg/info/other.md5sums", 0100644);
	known.path = SPAN("usr/share/empty");
	known.digest = SPAN("md5:d41d8cd98f00b204e9800998ecf8427e");
	known.name = SPAN("other 1");
	add_trace(&b, known);
	close_item(&b, "md5sums", CLASS_OTHER);
	add_program(&b, "/mnt/disk/var/lib/x", "md5:d41d8cd98f00b204e9800998ecf8427e");
	draw(&b, NULL);
	assert_string_equal(ask(&b, "SELECT standing FROM program WHERE path = '/var/lib/x'"), "unknown");
	case_close(b.file);
}

TEST(ledger_does_not_hold_a_dot_against_configuration)
{
	static const char *const paths[] = { "/root/.bashrc", "/root/.x/bashrc", "/root/.bin" };
	static const char *const kinds[] = { "configuration", "configuration", "elf" };
	struct building b = new_case("dot");

	for (size_t i = 0; i < 3; i++) {
		struct trace t = trace_new(TRACE_PROGRAM, kinds[i]);

		open_item(&b, paths[i], 0100644);
		t.digest = SPAN("md5:0123456789abcdef0123456789abcdef");
		add_trace(&b, t);
		close_item(&b, paths[i], CLASS_EXECUTABLE);
	}
	draw(&b, NULL);
	assert_string_equal(ask(&b, "SELECT group_concat(path) FROM (SELECT path FROM program WHERE reasons LIKE "
				    "'%hidden%' ORDER BY path)"), "/root/.bin,/root/.x/bashrc");
	case_close(b.file);
}

TEST(ledger_points_stand_in_docs_ledger_md)
{
	char page[16384], row[200];
	FILE *file = fopen("docs/ledger.md", "rb");
	size_t len;

	assert_non_null(file);
	len = fread(page, 1, sizeof page - 1, file);
	fclose(file);
	page[len] = 0;
	for (size_t i = 0; i < ledger_reason_count; i++) {
		snprintf(row, sizeof row, "| %d | %s", (int)ledger_reasons[i].points, ledger_reasons[i].why);
		if (!strstr(page, row))
			fail_msg("docs/ledger.md lacks: %s", row);
	}
}
