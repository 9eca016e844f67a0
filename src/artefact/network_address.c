#include "artefact/network_flow.h"

#define ADDRESSES 16384		/* a power of two; a newer one takes the place of an older */
#define NAME_ROOM 108

struct address_name {
	uint8_t address[16];
	uint8_t len;
	char name[NAME_ROOM];
};

bool addresses_new(struct network_flows *f)
{
	f->addresses = ARENA_ARRAY(f->arena, ADDRESSES, struct address_name);
	return f->addresses;
}

/* The same place each time, so that the same capture gives the same names. */
static struct address_name *place_of(const struct network_flows *f, const uint8_t address[16])
{
	static const uint64_t seed[2] = { 3, 4 };

	return &f->addresses[map_hash(seed, span_of(address, 16)) % ADDRESSES];
}

void addresses_learn(struct network_flows *f, const uint8_t address[16], struct span name)
{
	struct address_name *place = place_of(f, address);

	if (name.len > NAME_ROOM)
		return;
	memcpy(place->address, address, 16);
	memcpy(place->name, name.at, name.len);
	place->len = (uint8_t)name.len;
}

struct span addresses_name(const struct network_flows *f, const uint8_t address[16])
{
	const struct address_name *place = place_of(f, address);

	if (!place->len || memcmp(place->address, address, 16) != 0)
		return (struct span){ 0 };
	return span_of(place->name, place->len);
}
