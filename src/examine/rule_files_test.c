#include "examine/rule_files.h"
#include "test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *name, const char *text)
{
	char path[512];
	FILE *to;

	snprintf(path, sizeof path, "%s/%s", scratch_dir(), name);
	to = fopen(path, "wb");
	assert_non_null(to);
	fputs(text, to);
	fclose(to);
}

TEST(rule_files_sort_out_languages_and_keep_an_order)
{
	struct rule_files files = rule_files_new();
	struct err err = { 0 };
	char path[512];

	snprintf(path, sizeof path, "%s/below", scratch_dir());
	assert_int_equal(mkdir(path, 0700), 0);
	put("b.yar", "rule b");
	put("a.yml", "title: a");
	put("note.txt", "no rule");
	put("logsources.yml", "# which\n\n---\nsources:\n  - logsource: {product: windows}\n");
	put(".hidden.yar", "no rule");
	put("below/c.yara", "rule c");
	snprintf(path, sizeof path, "%s/link.yar", scratch_dir());
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_true(rule_files_add(&files, scratch_dir(), &err));
	assert_int_equal(files.count, 3);
	assert_span(files.files[0].text, "title: a");
	assert_int_equal(files.files[0].language, RULE_SIGMA);
	assert_span(files.files[1].text, "rule b");
	assert_span(files.files[2].text, "rule c");
	rule_files_free(&files);
}

TEST(rule_files_refuse_devices_and_what_is_not_there)
{
	struct rule_files files = rule_files_new();
	struct err err = { 0 };

	assert_false(rule_files_add(&files, "/dev/zero", &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_false(rule_files_add(&files, "/nowhere/x.yar", &err));
	assert_int_equal(err.code, ERR_IO);
	rule_files_free(&files);
}

TEST(rule_files_follow_no_folder_that_is_a_link_below_a_named_one)
{
	struct rule_files files = rule_files_new();
	struct err err = { 0 };
	char there[512], link[512];

	snprintf(there, sizeof there, "%s/there", scratch_dir());
	assert_int_equal(mkdir(there, 0700), 0);
	put("there/a.yar", "rule a");
	snprintf(there, sizeof there, "%s/top", scratch_dir());
	assert_int_equal(mkdir(there, 0700), 0);
	snprintf(link, sizeof link, "%s/top/link", scratch_dir());
	assert_int_equal(symlink("../there", link), 0);
	assert_true(rule_files_add(&files, there, &err));
	assert_int_equal(files.count, 0);
	assert_true(rule_files_add(&files, link, &err));
	assert_int_equal(files.count, 1);
	assert_non_null(strstr(files.files[0].path, "/top/link/a.yar"));
	rule_files_free(&files);
}
