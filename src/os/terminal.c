#include "os/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct terminal terminal_of(FILE *stream)
{
	struct terminal terminal = { .columns = 80 };
	const char *kind = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	struct winsize size;
	int fd = fileno(stream);

	if (fd < 0 || !isatty(fd))
		return terminal;
	terminal.interactive = kind && strcmp(kind, "dumb") != 0;
	terminal.colour = terminal.interactive && !(no_colour && *no_colour);
	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col >= 20)
		terminal.columns = size.ws_col;
	return terminal;
}
