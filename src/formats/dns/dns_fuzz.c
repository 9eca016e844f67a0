#include "formats/dns/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_message m;

	if (dns_read(span_of(data, size), &m) && m.name.len > DNS_NAME_MAX)
		__builtin_trap();
	return 0;
}
