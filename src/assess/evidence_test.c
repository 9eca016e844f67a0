/* Evidence is the same after a run as before: content, mode, times, attributes. */
#include "assess/run_support.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "codec/digest.h"

#define PATHS_MOST 256

static char *paths[PATHS_MOST];
static size_t path_count;

static int note_path(const char *path, const struct stat *st, int type, struct FTW *where)
{
	assert_true(path_count < PATHS_MOST);
	paths[path_count++] = strdup(path);
	return 0;
}

static void draw_attributes(struct buf *to, const char *path)
{
	char names[4096], value[4096];
	ssize_t len = llistxattr(path, names, sizeof names);

	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t got = lgetxattr(path, names + at, value, sizeof value);

		buf_printf(to, " %s=", names + at);
		buf_hex(to, span_of(value, got > 0 ? (size_t)got : 0));
	}
}

/* All that stat and attributes say of the paths, without opening one. */
static char *portrait(void)
{
	struct buf to = buf_new((size_t)1 << 20);
	struct stat st;

	for (size_t i = 0; i < path_count; i++) {
		assert_int_equal(lstat(paths[i], &st), 0);
		buf_printf(&to, "%s %o %u %u %lld %lld.%09ld %lld.%09ld %lld.%09ld", paths[i],
			   st.st_mode, st.st_uid, st.st_gid, (long long)st.st_size,
			   (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec,
			   (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
			   (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
		draw_attributes(&to, paths[i]);
		buf_text(&to, "\n");
	}
	assert_false(to.overflow);
	return (char *)to.at;
}

static void digest_all(const char *folder, uint8_t out[32])
{
	char line[600];
	FILE *in;
	size_t len;
	static char text[1 << 20];

	snprintf(line, sizeof line, "cd '%s' && find . -type f -print0 | sort -z | xargs -0 cat",
		 folder);
	in = popen(line, "r");
	assert_non_null(in);
	len = fread(text, 1, sizeof text, in);
	pclose(in);
	sha256_of(span_of(text, len), out);
}

TEST(evidence_is_untouched_by_a_run)
{
	struct run r;
	char *before, *after;
	uint8_t digest_before[32], digest_after[32];

	set_up(&r, "untouched");
	shell(r.folder, "mkdir -p a/b && for i in 1 2 3 4 5 6 7 8; do echo $i > a/b/f$i; done && "
			"tar czf a/x.tgz a/b && zip -q -r a/y.zip a/b && ln -s f1 a/b/l && "
			"mkfifo a/p && chmod 4751 a/b/f2 && chmod 0 a/b/f3 && "
			"touch -a -d '2020-01-01' a/b/f* a/*.* a a/b && "
			"touch -m -d '2019-01-01' a/b/f4 a/b && "
			"{ setfattr -n user.mark -v 1 a/b/f5 2>/dev/null || true; }");
	digest_all(r.folder, digest_before);
	assert_int_equal(nftw(r.folder, note_path, 16, FTW_PHYS), 0);
	/* Reading for the digest moved access times: they are set once more. */
	shell(r.folder, "touch -h -a -d '2020-01-01' . a/b/* a/* a a/b");
	before = portrait();
	run_with(&r, (struct coordinator_options){ .jobs = 2 });
	after = portrait();
	assert_string_equal(before, after);
	digest_all(r.folder, digest_after);
	assert_memory_equal(digest_before, digest_after, 32);
	assert_false(r.totals.atime_may_move);
	assert_true(r.totals.items > 20);
	free(before);
	free(after);
	tear_down(&r);
}

/* Only who is not root meets a file that cannot be read. */
TEST(evidence_that_cannot_be_read_is_denied)
{
	struct run r;
	int status;
	pid_t child;

	set_up(&r, "denied");
	shell(r.folder, "echo secret > no && mkdir closed && echo x > closed/inside && echo y > yes && "
			"chmod 0 no closed && chmod 777 . .. && chmod 644 yes");
	child = fork();
	if (child == 0) {
		if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(9);
		run_with(&r, (struct coordinator_options){ .jobs = 1 });
		assert_item(&r, "/no", "denied|other||Permission denied");
		assert_item(&r, "/closed", "denied|other||Permission denied");
		assert_item(&r, "/yes", "examined|other|text|");
		assert_int_equal(r.totals.items, 3);
		tear_down(&r);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	shell(r.folder, "chmod 700 closed");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void assert_fails_usefully(const char *source)
{
	struct coordinator_options options = { .sources = &source, .source_count = 1,
					       .limits = examine_limits_default() };
	struct err err = { 0 };

	assert_null(coordinator_new(&options, &err));
	assert_int_equal(err.code, ERR_IO);
	assert_non_null(strstr(err.text, source));
}

TEST(evidence_that_is_not_there_is_an_error)
{
	assert_fails_usefully("/nowhere/at/all");
}

/* Bombs and names that reach out, within limits small enough for a test. */
TEST(evidence_bombs_end_within_limits)
{
	struct coordinator_options options = { .jobs = 2, .limits = examine_limits_default() };
	struct run r;
	char command[400];

	set_up(&r, "bombs");
	options.limits.member_bytes = (uint64_t)16 << 20;
	options.limits.tree_bytes = (uint64_t)128 << 20;
	options.limits.tree_entries = 5000;
	options.limits.file_bytes = (uint64_t)64 << 20;
	snprintf(command, sizeof command, "tests/hostile/make-bombs '%s' 24", r.folder);
	assert_int_equal(system(command), 0);
	run_with(&r, options);
	assert_true(number(&r, "SELECT count(*) FROM item WHERE parent IS NULL") >= 20);
	assert_int_equal(number(&r, "SELECT count(*) FROM item WHERE fate = 'failed'"), 0);
	assert_int_equal(r.totals.replaced, 0);
	/* Each of these is cut short, or has a member that is. */
	assert_int_equal(number(&r, "SELECT count(DISTINCT unit) FROM item WHERE fate = 'partly' OR "
				    "reason LIKE '%limit%' OR reason LIKE '%contains itself%'"),
			 number(&r, "SELECT count(*) FROM item WHERE parent IS NULL AND path NOT LIKE "
				    "'%escapes%' AND path NOT LIKE '%06-overlap%'"));
	assert_int_equal(number(&r, "SELECT count(*) FROM finding_view WHERE rule = "
				    "'archive-path-escape'"), 2);
	assert_int_not_equal(access("/tmp/kanshiki-escaped", F_OK), 0);
	tear_down(&r);
}

/* Sources and notes have commas, too. */
TEST(evidence_table_without_times_is_no_damaged_log)
{
	struct run r;

	set_up(&r, "table");
	put(&r, "notes.txt", SPAN("alpha, beta, gamma\none, two, three\n\"four\nfive, six\n"));
	put(&r, "log.csv", SPAN("time,user,program\n2024-03-01T10:00:00Z,alice,cmd.exe\n\"2024-03\nbob,x\n"));
	run_with(&r, (struct coordinator_options){ .jobs = 1 });
	assert_item(&r, "/notes.txt", "examined|other|text|");
	assert_item(&r, "/log.csv", "partly|other|text|lines that are not csv: 1, the first is line 3");
	tear_down(&r);
}
