#include "artefact/decode_support.h"
#include "artefact/filesystem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static artefact_fn *const decoders[] = { filesystem_index, filesystem_info2, filesystem_journal,
						 filesystem_recycled, filesystem_table };
	struct told told;

	for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) {
		told.most = 1000;
		told_run(&told, decoders[i], span_of(data, size), "$Recycle.Bin/S-1-5-21/$I1.txt", "data", NULL);
		told_free(&told);
	}
	return 0;
}
