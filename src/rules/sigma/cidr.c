#include "rules/sigma/cidr.h"

#include <arpa/inet.h>

bool sigma_address_parse(struct span text, uint8_t address[16])
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	char copy[64];

	if (text.len < 2 || text.len >= sizeof copy)
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = 0;
	copy[strcspn(copy, "%")] = 0;	/* fe80::1%eth0 */
	if (inet_pton(AF_INET, copy, address + 12) == 1) {
		memcpy(address, mapped, sizeof mapped);
		return true;
	}
	return inet_pton(AF_INET6, copy, address) == 1;
}

bool sigma_cidr_parse(struct span text, uint8_t net[16], uint8_t *bits)
{
	struct span length = text, host = span_split(&length, '/');
	bool v4 = span_find_byte(host, 0, ':') == SIZE_MAX;
	uint64_t n = v4 ? 32 : 128;

	if (!sigma_address_parse(host, net) || (length.len && !span_to_u64(length, &n)) ||
	    n > (v4 ? 32 : 128))
		return false;
	*bits = (uint8_t)(v4 ? n + 96 : n);
	return true;
}

bool sigma_cidr_holds(const uint8_t net[16], uint8_t bits, const uint8_t address[16])
{
	size_t whole = bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> (bits % 8));

	return memcmp(net, address, whole) == 0 &&
	       (bits % 8 == 0 || ((net[whole] ^ address[whole]) & mask) == 0);
}
