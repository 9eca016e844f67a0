#include "os/terminal.h"

#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The program's end of a pseudo terminal of that width; *master keeps it alive. */
static FILE *terminal_of_width(unsigned short columns, int *master)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };

	*master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(*master >= 0 && !grantpt(*master) && !unlockpt(*master));
	assert_int_equal(ioctl(*master, TIOCSWINSZ, &size), 0);
	return fopen(ptsname(*master), "w");
}

static struct terminal seen(unsigned short columns)
{
	int master;
	FILE *end = terminal_of_width(columns, &master);
	struct terminal terminal;

	assert_non_null(end);
	terminal = terminal_of(end);
	fclose(end);
	close(master);
	return terminal;
}

TEST(terminal_tells_width_and_colour)
{
	struct terminal terminal;

	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	terminal = seen(132);
	assert_true(terminal.interactive && terminal.colour);
	assert_int_equal(terminal.columns, 132);
	assert_int_equal(seen(0).columns, 80);
	assert_int_equal(seen(5).columns, 80);
}

TEST(terminal_obeys_no_color)
{
	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	assert_false(seen(80).colour);
	assert_true(seen(80).interactive);
	setenv("NO_COLOR", "", 1);
	assert_true(seen(80).colour);
	unsetenv("NO_COLOR");
}

TEST(terminal_that_is_dumb_cannot_go_back)
{
	setenv("TERM", "dumb", 1);
	assert_false(seen(80).interactive || seen(80).colour);
	unsetenv("TERM");
	assert_false(seen(80).interactive);
}

TEST(terminal_is_not_a_file)
{
	FILE *file = tmpfile();
	struct terminal terminal;

	setenv("TERM", "xterm", 1);
	terminal = terminal_of(file);
	assert_false(terminal.interactive || terminal.colour);
	assert_int_equal(terminal.columns, 80);
	fclose(file);
}
