#include "assess/run_support.h"
#include "examine/rule_pack.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* That the case has for it what sha256sum said. */
static void assert_digest(const struct run *r, char file)
{
	char path[600], sql[200], hex[65] = "";
	FILE *in;

	snprintf(path, sizeof path, "%s/%c.sha", scratch_dir(), file);
	in = fopen(path, "rb");
	assert_non_null(in);
	assert_int_equal(fread(hex, 1, 64, in), 64);
	fclose(in);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM item WHERE path LIKE '%%/%c' AND lower(hex(sha256)) = '%s'",
		 file, hex);
	assert_int_equal(number(r, sql), 1);
}

TEST(coordinator_takes_every_file_of_a_folder_into_the_case)
{
	struct run r;

	set_up(&r, "plain");
	put(&r, "empty", SPAN(""));
	put(&r, "a.txt", SPAN("hello\n"));
	put(&r, "script", SPAN("#!/bin/sh\necho\n"));
	put(&r, "program", SPAN("\x7f" "ELF\2\1\1"));
	run_with(&r, (struct coordinator_options){ .jobs = 2 });
	assert_int_equal(r.totals.items, 4);
	assert_int_equal(r.totals.fates[FATE_EXAMINED], 4);
	assert_int_equal(r.totals.folders, 1);
	assert_item(&r, "/a.txt", "examined|other|text|");
	assert_item(&r, "/script", "examined|script|script|");
	assert_item(&r, "/program", "examined|executable|elf|");
	assert_item(&r, "/empty", "examined|other|empty|");
	tear_down(&r);
}

TEST(coordinator_examines_content_seen_twice_once)
{
	struct run r;

	set_up(&r, "twice");
	put(&r, "b", SPAN("the same"));
	put(&r, "a", SPAN("the same"));
	put(&r, "c", SPAN("the same"));
	run_with(&r, (struct coordinator_options){ .jobs = 3 });
	assert_item(&r, "/a", "examined|other|text|");
	assert_item(&r, "/b", "duplicate|other|text|");
	assert_item(&r, "/c", "duplicate|other|text|");
	assert_int_equal(number(&r, "SELECT count(*) FROM item WHERE same_as = "
				    "(SELECT id FROM item WHERE path LIKE '%/a')"), 2);
	tear_down(&r);
}

/* Large ones are looked into while they are digested: the digest is as right, and equal ones are found. */
TEST(coordinator_knows_large_files_by_their_content)
{
	static const char make[] =
		"yes 'a line of a large log' | head -c 34000000 > a && cp a b && "
		"yes 'a line of another large' | head -c 34000000 > c && "
		"yes 'alone with its size in here' | head -c 35000000 > d && "
		"truncate -s 36000000 e && cp --sparse=never e f && for n in a b c d e f; do "
		"sha256sum $n | cut -c 1-64 | tr -d '\n' > ../$n.sha; done";
	struct run r;

	set_up(&r, "large");
	shell(r.folder, make);
	for (unsigned jobs = 1; jobs <= 3; jobs += 2) {
		snprintf(r.path, sizeof r.path, "%s/large-%u.case", scratch_dir(), jobs);
		run_with(&r, (struct coordinator_options){ .jobs = jobs });
		assert_item(&r, "/a", "examined|other|text|");
		assert_item(&r, "/b", "duplicate|other|text|");
		assert_item(&r, "/c", "examined|other|text|");
		assert_item(&r, "/d", "examined|other|text|");
		assert_item(&r, "/f", "duplicate|other|data|");
		for (char one = 'a'; one <= 'f'; one++)
			assert_digest(&r, one);
		tear_down(&r);
	}
}

TEST(coordinator_lists_what_is_inside_a_duplicated_archive_below_each_place)
{
	struct run r;

	set_up(&r, "archives");
	shell(r.folder, "mkdir in && echo one > in/one && echo two > in/two && ln -s one in/link && "
	      "tar czf inner.tgz in && zip -q -r -y first.zip in inner.tgz && "
	      "cp first.zip second.zip && rm -r in inner.tgz");
	run_with(&r, (struct coordinator_options){ .jobs = 2 });
	assert_item(&r, "/first.zip!/in/one", "examined|other|text|");
	assert_item(&r, "/first.zip!/inner.tgz!/in/two", "duplicate|other|text|");
	assert_item(&r, "/first.zip!/inner.tgz!/in/link", "skipped|other||link to one");
	assert_item(&r, "/second.zip", "duplicate|archive|zip|");
	assert_item(&r, "/second.zip!/in/one", "duplicate|other|text|");
	assert_item(&r, "/second.zip!/inner.tgz!/in/two", "duplicate|other|text|");
	assert_item(&r, "/second.zip!/inner.tgz!/in/link", "skipped|other||link to one");
	assert_int_equal(number(&r, "SELECT count(*) FROM item WHERE path LIKE '%/first.zip%'"),
			 number(&r, "SELECT count(*) FROM item WHERE path LIKE '%/second.zip%'"));
	tear_down(&r);
}

/* What is in it is written in pieces, between which others are heard: nothing is lost or doubled. */
TEST(coordinator_writes_archives_of_many_members_whole)
{
	static const char make[] =
		"mkdir in && for i in $(seq 1500); do echo $i > in/$i; echo $i > in/copy$i; done && "
		"zip -q -D -r a.zip in && cp a.zip b.zip && cp in/7 c && rm -r in";
	static const char inside[] = "SELECT count(*) FROM item WHERE path LIKE '%/a.zip!%' AND fate = ";
	struct run r;
	char sql[200];

	set_up(&r, "pieces");
	shell(r.folder, make);
	for (unsigned jobs = 1; jobs <= 3; jobs += 2) {
		snprintf(r.path, sizeof r.path, "%s/pieces-%u.case", scratch_dir(), jobs);
		run_with(&r, (struct coordinator_options){ .jobs = jobs });
		for (int i = 0; i < 2; i++) {
			snprintf(sql, sizeof sql, "%s'%s'", inside, i ? "duplicate" : "examined");
			assert_int_equal(number(&r, sql), 1500);
		}
		assert_item(&r, "/b.zip", "duplicate|archive|zip|");
		assert_item(&r, "/c", "duplicate|other|text|");
		assert_int_equal(r.totals.items, 2 * 3001 + 1);
		assert_int_equal(number(&r, "SELECT count(DISTINCT path) FROM item WHERE fate IS NOT NULL"), 2 * 3001 + 1);
		assert_int_equal(number(&r, "SELECT count(*) FROM unit WHERE NOT done"), 0);
		tear_down(&r);
	}
}

TEST(coordinator_gives_odd_things_a_fate_and_touches_none)
{
	struct run r;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	set_up(&r, "odd");
	shell(r.folder, "mkfifo pipe && ln -s loop loop && ln -s .. up && ln -s /etc/passwd out && "
	      "mkdir d && ln -s ../d d/d && echo x > \"$(printf 'b\\377d')\"");
	snprintf(address.sun_path, sizeof address.sun_path, "%.99s/socket", r.folder);
	assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof address), 0);
	close(s);
	run_with(&r, (struct coordinator_options){ .jobs = 1 });
	assert_item(&r, "/pipe", "skipped|other||named pipe");
	assert_item(&r, "/loop", "skipped|other||symbolic link");
	assert_item(&r, "/out", "skipped|other||symbolic link");
	assert_item(&r, "/d/d", "skipped|other||symbolic link");
	assert_item(&r, "/socket", "skipped|other||socket");
	assert_int_equal(number(&r, "SELECT count(*) FROM item WHERE path_raw IS NOT NULL AND "
				    "fate = 'examined' AND hex(path_raw) LIKE '%62FF64'"), 1);
	assert_int_equal(r.totals.folders, 2);
	tear_down(&r);
}

/* Where a rule asks for the name, equal bytes under another name are another matter. */
TEST(coordinator_keeps_places_apart_whose_names_matter_to_a_rule)
{
	static const char text[] =
		"rule named { strings: $a = \"payload\" condition: $a and filename == \"evil.txt\" }"
		"rule plain { strings: $a = \"payload\" condition: $a }";
	struct rule_file file = { RULE_YARA, "rules.yar", { (const uint8_t *)text, sizeof text - 1 } };
	struct rule_files files = { .files = &file, .count = 1 };
	struct rule_pack_options how = { .no_cache = true };
	struct image yara;
	struct err err = { 0 };
	struct run r;

	if (!rule_pack_yara(&files, &how, &yara, NULL, &err))
		fail_msg("%s", err.text);
	set_up(&r, "names");
	shell(r.folder, "mkdir a b c && echo payload > a/evil.txt && cp a/evil.txt b/good.txt && "
			"cp a/evil.txt c/evil.txt && cp a/evil.txt c/good.txt && "
			"zip -q -r z.zip a b");
	run_with(&r, (struct coordinator_options){ .jobs = 3, .yara = &yara });
	assert_item(&r, "/a/evil.txt", "examined|other|text|");
	assert_item(&r, "/b/good.txt", "examined|other|text|");
	assert_item(&r, "/c/evil.txt", "duplicate|other|text|");
	assert_int_equal(number(&r, "SELECT count(*) FROM finding_view WHERE rule = 'named' AND "
				    "path NOT LIKE '%/evil.txt'"), 0);
	assert_true(number(&r, "SELECT count(*) FROM finding_view WHERE path LIKE '%/b/good.txt' AND "
			       "path NOT LIKE '%!%' AND rule = 'plain'") == 1);
	image_free(&yara);
	tear_down(&r);
}

TEST(coordinator_leaves_the_case_itself_alone)
{
	struct run r;

	set_up(&r, "self");
	snprintf(r.path, sizeof r.path, "%.200s/own.case", r.folder);
	put(&r, "file", SPAN("text"));
	run_with(&r, (struct coordinator_options){ .jobs = 1 });
	assert_item(&r, "/own.case", "skipped|other||this case itself");
	assert_item(&r, "/file", "examined|other|text|");
	tear_down(&r);
}

TEST(coordinator_tells_of_files_longer_than_they_say)
{
	struct run r;

	set_up(&r, "longer");
	snprintf(r.folder, sizeof r.folder, "/proc/self/status");
	run_with(&r, (struct coordinator_options){ .jobs = 1 });
	assert_item(&r, "status", "partly|other|empty|longer than its stated size");
	tear_down(&r);
}
