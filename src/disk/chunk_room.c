#include "disk/chunk_room.h"

/* First the numbers of the chunks that are there, plus one; the chunks stand at the end. */
struct place {
	uint64_t *number;
	uint8_t *bytes;			/* NULL: there is no room at all */
};

static struct place place_of(const struct chunk_room *room, uint64_t number, uint32_t size)
{
	size_t count = room->at && size ? room->len / (size + sizeof(uint64_t)) : 0;
	struct place p = { 0 };

	if (!count)
		return p;
	p.number = (uint64_t *)(void *)room->at + number % count;
	p.bytes = room->at + (room->len - count * size) + number % count * size;
	return p;
}

uint8_t *chunk_room_take(const struct chunk_room *room, uint64_t number, uint32_t size)
{
	struct place p = place_of(room, number, size);

	if (!p.bytes || !room->is_ours)
		return NULL;
	__atomic_store_n(p.number, 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	return p.bytes;
}

void chunk_room_fill(const struct chunk_room *room, uint64_t number, uint32_t size)
{
	__atomic_store_n(place_of(room, number, size).number, number + 1, __ATOMIC_RELEASE);
}

bool chunk_room_find(const struct chunk_room *room, uint64_t number, uint32_t size, uint8_t *to)
{
	struct place p = place_of(room, number, size);

	if (!p.bytes || __atomic_load_n(p.number, __ATOMIC_ACQUIRE) != number + 1)
		return false;
	memcpy(to, p.bytes, size);
	return true;
}
