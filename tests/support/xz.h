/* xz: files of corpora that are kept compressed, for tests: unpacked by the program `xz`. */
#ifndef KANSHIKI_TESTS_XZ_H
#define KANSHIKI_TESTS_XZ_H

#include "test.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The content of `folder`/`name`, on the heap; fails the test where it cannot be unpacked. */
static inline struct span read_xz(const char *folder, const char *name)
{
	char from[4096], to[512];
	char *argv[] = { (char[]){ "xz" }, (char[]){ "-dc" }, from, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status = 1;

	snprintf(from, sizeof from, "%s/%s", folder, name);
	snprintf(to, sizeof to, "%s/%s", scratch_dir(), name);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(posix_spawnp(&pid, "xz", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return read_whole(to);
}

#endif
