#include "formats/ntlm/ntlm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ntlm n;

	if (ntlm_read(span_of(data, size), &n) && strlen(n.user) + strlen(n.domain) + strlen(n.machine) > 3 * 127)
		__builtin_trap();
	return 0;
}
