#include "formats/quic/quic.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Datagrams of one client with their lengths in front. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct quic *q = calloc(1, sizeof *q);
	struct cursor c = cursor_of(span_of(data, size));
	struct tls tls;

	while (q && cursor_left(&c) > 2)
		quic_take(q, cursor_take(&c, cursor_u16be(&c)), &tls);
	free(q);
	return 0;
}
