#include "test.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_TESTS 1024

static struct CMUnitTest all[MOST_TESTS];
static size_t count;
static char scratch[256];

void test_register(const char *name, void (*run)(void **state))
{
	if (count == MOST_TESTS)
		abort();
	all[count++] = (struct CMUnitTest){ .name = name, .test_func = run };
}

const char *corpus(const char *name)
{
	static char path[4096];
	struct stat st;
	const char *root = getenv("KANSHIKI_CORPORA");

	snprintf(path, sizeof path, "%s/%s", root ? root : "../shared/corpora", name);
	return stat(path, &st) ? NULL : path;
}

struct span read_whole(const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t *at = NULL;
	size_t len = 0, room = 0, got;

	if (!in)
		fail_msg("cannot open %s", path);
	do {
		if (len == room) {
			room = room ? room * 2 : 65536;
			at = realloc(at, room);
			assert_non_null(at);
		}
		got = fread(at + len, 1, room - len, in);
		len += got;
	} while (got);
	fclose(in);
	return (struct span){ at, len };
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	(void)st;
	(void)flag;
	(void)where;
	return remove(path);
}

static pid_t owner;

static void remove_scratch(void)
{
	if (*scratch && getpid() == owner)
		nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	if (!*scratch) {
		snprintf(scratch, sizeof scratch, "%s/kanshiki-test-XXXXXX", tmp ? tmp : "/tmp");
		if (!mkdtemp(scratch))
			fail_msg("cannot make a scratch directory");
		owner = getpid();
		atexit(remove_scratch);
	}
	return scratch;
}

/* cmocka 1.1.5 writes "not ok 3 # SKIP name" where TAP wants "ok 3 - name # SKIP". */
static bool write_skip(const char *line, size_t len)
{
	static const char mark[] = " # SKIP ";
	const char *found = memmem(line, len, mark, sizeof mark - 1);
	int number;

	if (!found || strncmp(line, "not ok ", 7))
		return false;
	number = (int)strtol(line + 7, NULL, 10);
	found += sizeof mark - 1;
	dprintf(STDOUT_FILENO, "ok %d - %.*s # SKIP\n", number,
		(int)(line + len - found - 1), found);
	return true;
}

/* Standard output is line-buffered, so what comes is lines, or parts of long ones. */
static ssize_t mend_line(void *context, const char *bytes, size_t len)
{
	(void)context;
	for (size_t at = 0; at < len;) {
		const char *end = memchr(bytes + at, '\n', len - at);
		size_t line = end ? (size_t)(end - bytes) + 1 - at : len - at;

		if (!write_skip(bytes + at, line) &&
		    write(STDOUT_FILENO, bytes + at, line) != (ssize_t)line)
			return -1;
		at += line;
	}
	return (ssize_t)len;
}

int main(void)
{
	FILE *mended = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = mend_line });

	if (!mended || setvbuf(mended, NULL, _IOLBF, BUFSIZ))
		return 2;
	stdout = mended;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return _cmocka_run_group_tests("tests", all, count, NULL, NULL) ? 1 : 0;
}
