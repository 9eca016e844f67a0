/*
 * make_case: writes a sample case. usage: make_case FILE story|empty|huge|hostile [COUNT]
 *            make_case - unsafe    prints the code points that no form shows raw
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/escape.h"
#include "sample_case.h"

static int print_unsafe(void)
{
	for (uint32_t code = 0; code < 0x110000; code++)
		if (escape_is_unsafe(code))
			printf("%x\n", (unsigned)code);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: make_case FILE story|empty|huge|hostile [COUNT]\n");
		return 2;
	}
	if (!strcmp(argv[2], "unsafe"))
		return print_unsafe();
	unlink(argv[1]);
	sqlite3_close(sample_case(argv[1], argv[2],
				  argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 100000));
	return 0;
}
