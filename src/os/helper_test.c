#include "os/helper.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "test.h"

static bool say(void *context, struct buf *answer, struct err *err)
{
	(void)err;
	return buf_text(answer, context);
}

static bool refuse(void *context, struct buf *answer, struct err *err)
{
	(void)context;
	(void)answer;
	return err_set(err, ERR_DENIED, 7, "not today");
}

static bool crash(void *context, struct buf *answer, struct err *err)
{
	(void)context;
	(void)answer;
	(void)err;
	_exit(0);
}

static bool hang(void *context, struct buf *answer, struct err *err)
{
	(void)context;
	(void)answer;
	(void)err;
	pause();
	return true;
}

static bool look(void *context, struct buf *answer, struct err *err)
{
	(void)err;
	buf_printf(answer, "%d %d", fcntl(*(int *)context, F_GETFD), prctl(PR_GET_DUMPABLE));
	return true;
}

TEST(helper_gives_its_answer)
{
	struct buf answer = buf_new(100);
	struct err err = { 0 };

	assert_true(helper_ask(say, (char[]){ "hello" }, 10, &answer, &err));
	assert_span(buf_span(&answer), "hello");
	buf_free(&answer);
}

TEST(helper_gives_its_error)
{
	struct buf answer = buf_new(100);
	struct err err = { 0 };

	assert_false(helper_ask(refuse, NULL, 10, &answer, &err));
	assert_int_equal(err.code, ERR_DENIED);
	assert_string_equal(err.text, "not today");
}

TEST(helper_that_crashes_or_hangs_is_an_error)
{
	struct buf answer = buf_new(100);
	struct err err = { 0 };

	assert_false(helper_ask(crash, NULL, 10, &answer, &err));
	assert_int_equal(err.code, ERR_IO);
	assert_false(helper_ask(hang, NULL, 1, &answer, &err));
	assert_int_equal(err.code, ERR_LIMIT);
}

TEST(helper_has_no_descriptors_of_its_parent_and_leaves_no_core)
{
	struct buf answer = buf_new(100);
	struct err err = { 0 };
	int fd = open("/dev/null", O_RDONLY);

	assert_true(fd >= 0);
	assert_true(helper_ask(look, &fd, 10, &answer, &err));
	assert_span(buf_span(&answer), "-1 0");
	close(fd);
	buf_free(&answer);
}

TEST(helper_works_while_its_parent_does_something_else)
{
	struct buf answer = buf_new(100);
	struct err err = { 0 };
	struct helper *first = helper_start(say, (char[]){ "one " }, &err);
	struct helper *second = helper_start(say, (char[]){ "two" }, &err);

	assert_true(helper_finish(first, 10, &answer, &err));
	assert_true(helper_finish(second, 10, &answer, &err));
	assert_span(buf_span(&answer), "one two");
	assert_false(helper_finish(helper_start(hang, NULL, &err), 0, &answer, &err));
	buf_free(&answer);
}
