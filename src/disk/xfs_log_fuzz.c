/* Superblocks of XFS that lead to a log, and logs of any rounds and records. */
#include "disk/xfs_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *volume = blocks_of_span(span_of(data, size), NULL);

	if (volume)
		xfs_log_state(volume);
	blocks_close(volume);
	return 0;
}
