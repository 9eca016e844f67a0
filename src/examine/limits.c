#include "examine/limits.h"

struct examine_limits examine_limits_default(void)
{
	return (struct examine_limits){
		.item_seconds = 120,
		.tree_seconds = 900,
		.memory_bytes = UINT64_C(640) << 20,
		.file_bytes = UINT64_C(64) << 30,
		.member_bytes = UINT64_C(256) << 20,
		.tree_bytes = UINT64_C(16) << 30,
		.tree_entries = 200000,
		.depth = 8,
		.folder_depth = 200,
		.findings = 50000,
		.output_bytes = UINT64_C(128) << 20,
	};
}
