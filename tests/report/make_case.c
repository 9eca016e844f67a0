/* make_case: writes a sample case. usage: make_case FILE story|empty|huge|hostile [COUNT] */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sample_case.h"

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: make_case FILE story|empty|huge|hostile [COUNT]\n");
		return 2;
	}
	unlink(argv[1]);
	sqlite3_close(sample_case(argv[1], argv[2],
				  argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 100000));
	return 0;
}
