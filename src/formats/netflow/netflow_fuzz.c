#include "formats/netflow/netflow.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *context, const struct netflow_record *record)
{
	return true;
}

/* Datagrams with their lengths in front, as an exporter sends them one after another. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct netflow *n = calloc(1, sizeof *n);
	struct cursor c = cursor_of(span_of(data, size));

	while (n && cursor_left(&c) > 2)
		netflow_read(n, cursor_take(&c, cursor_u16be(&c)), 1, take, NULL);
	free(n);
	return 0;
}
