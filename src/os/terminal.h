/* terminal: what the other end of a stream can show. */
#ifndef KANSHIKI_OS_TERMINAL_H
#define KANSHIKI_OS_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

struct terminal {
	bool interactive;	/* a terminal that can go back on its line */
	bool colour;		/* interactive, and neither NO_COLOR nor TERM=dumb is set */
	unsigned columns;	/* 80 where it cannot be told; at least 20 */
};

struct terminal terminal_of(FILE *stream);

#endif
