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

int main(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return _cmocka_run_group_tests("tests", all, count, NULL, NULL) ? 1 : 0;
}
