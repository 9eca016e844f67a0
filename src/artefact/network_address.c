#include "artefact/network_flow.h"

#define ADDRESSES (FLOWS_MOST / 2)		/* a power of two; a newer one takes the place of an older */
#define NAME_ROOM 100

struct address_name {
	uint8_t address[16];
	uint8_t len;
	const char *from;
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

static bool is_of(const struct address_name *place, const uint8_t address[16])
{
	return place->len && !memcmp(place->address, address, 16);
}

static int trust_in(const char *from)
{
	return !strcmp(from, "dns") ? 2 : !strcmp(from, "capture");
}

void addresses_learn(struct network_flows *f, const uint8_t address[16], struct span name, const char *from)
{
	struct address_name *place = place_of(f, address);

	if (name.len > NAME_ROOM || (is_of(place, address) && trust_in(place->from) > trust_in(from)))
		return;
	place->from = from;
	memcpy(place->address, address, 16);
	memcpy(place->name, name.at, name.len);
	place->len = (uint8_t)name.len;
}

struct span addresses_name(const struct network_flows *f, const uint8_t address[16], const char **from)
{
	const struct address_name *place = place_of(f, address);

	if (!is_of(place, address))
		return (struct span){ 0 };
	*from = place->from;
	return span_of(place->name, place->len);
}
