#include "assess/allow_list.h"

#include "base/map.h"

#include <arpa/inet.h>

#define NAME_MOST 253
#define ADDRESS_BYTES 16
#define ADDRESS_BITS 128

struct network {
	uint8_t address[ADDRESS_BYTES];	/* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;
	struct span why;
};

struct allow_list {
	const struct allow_list *before;
	struct map names;		/* domain, lower case -> struct span: why */
	struct network *networks;
	size_t count, room;
};

static bool address_of(struct span text, uint8_t out[ADDRESS_BYTES])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char copy[INET6_ADDRSTRLEN];

	if (!text.len || text.len >= sizeof copy)
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = 0;
	memcpy(out, mapped, sizeof mapped);
	return inet_pton(AF_INET, copy, out + sizeof mapped) == 1 ||
	       inet_pton(AF_INET6, copy, out) == 1;
}

static bool network_of(struct span text, struct network *out)
{
	struct span address = span_split(&text, '/');
	bool is_v4 = span_find_byte(address, 0, ':') == SIZE_MAX;
	uint64_t bits = is_v4 ? 32 : ADDRESS_BITS;

	if (!address_of(address, out->address) || (text.len && !span_to_u64(text, &bits)) ||
	    bits > (is_v4 ? 32 : ADDRESS_BITS))
		return false;
	out->bits = (unsigned)bits + (is_v4 ? ADDRESS_BITS - 32 : 0);
	return true;
}

static bool is_within(const struct network *n, const uint8_t address[ADDRESS_BYTES])
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	return !memcmp(n->address, address, whole) &&
	       (!rest || !((n->address[whole] ^ address[whole]) >> (8 - rest)));
}

/* Lower case, without a last dot; empty where it cannot be a name. */
static struct span fold_name(struct span name, uint8_t room[NAME_MOST])
{
	if (name.len && name.at[name.len - 1] == '.')
		name.len--;
	if (name.len > NAME_MOST)
		return (struct span){ 0 };
	for (size_t i = 0; i < name.len; i++)
		room[i] = name.at[i] >= 'A' && name.at[i] <= 'Z' ? (uint8_t)(name.at[i] + 32) : name.at[i];
	return span_of(room, name.len);
}

static bool add(struct allow_list *list, struct arena *arena, struct span entry, struct span why)
{
	struct network network = { .why = arena_copy(arena, why) };
	uint8_t room[NAME_MOST];
	struct span *kept;
	void **slot;

	if (network_of(entry, &network)) {
		struct network *n = arena_push(arena, (void **)&list->networks, &list->count,
					       &list->room, sizeof *n);
		if (n)
			*n = network;
		return n;
	}
	if (span_starts(entry, SPAN("*.")))
		entry = span_from(entry, 2);
	entry = arena_copy(arena, fold_name(entry, room));
	kept = ARENA_NEW(arena, struct span);
	slot = entry.len && kept ? map_slot(&list->names, entry) : NULL;
	if (!slot)
		return false;
	*kept = network.why;
	*slot = kept;
	return true;
}

bool allow_list_parse(struct span text, const struct allow_list *before, struct arena *arena,
		      const struct allow_list **out, struct err *err)
{
	struct allow_list *list = ARENA_NEW(arena, struct allow_list);
	unsigned number = 0;

	if (!list)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for the allow list");
	list->before = before;
	list->names = map_new(arena);
	while (text.len) {
		struct span line = span_split(&text, '\n'), entry;
		size_t end = 0;

		number++;
		line = span_trim(span_split(&line, '#'));
		while (end < line.len && line.at[end] != ' ' && line.at[end] != '\t')
			end++;
		entry = span_sub(line, 0, end);
		line = span_trim(span_from(line, end));
		if (entry.len && !add(list, arena, entry, line.len ? line : SPAN("allow list")))
			return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
				       "allow list, line %u: neither a domain nor an address", number);
	}
	*out = list;
	return true;
}

const struct allow_list *allow_list_empty(void)
{
	static const struct allow_list empty;

	return &empty;
}

static struct span why_of_name(const struct allow_list *list, struct span name)
{
	uint8_t room[NAME_MOST];

	name = fold_name(name, room);
	while (name.len) {
		const struct span *why = map_get(&list->names, name);

		if (why)
			return *why;
		span_split(&name, '.');
	}
	return (struct span){ 0 };
}

struct span allow_list_why(const struct allow_list *list, struct span name)
{
	uint8_t address[ADDRESS_BYTES];
	bool is_address = address_of(name, address);

	for (; list; list = list->before) {
		struct span why = { 0 };

		if (!is_address)
			why = why_of_name(list, name);
		for (size_t i = 0; is_address && !why.len && i < list->count; i++)
			if (is_within(&list->networks[i], address))
				why = list->networks[i].why;
		if (why.len)
			return why;
	}
	return (struct span){ 0 };
}
