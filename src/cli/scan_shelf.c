#include "cli/scan_shelf.h"

#include <sys/mman.h>

#define ALIGNED(len) (((len) + 15) & ~(size_t)15)

bool scan_shelf_open(struct scan_shelf *shelf)
{
	void *at = mmap(NULL, SCAN_SHELF_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*shelf = (struct scan_shelf){ .at = at == MAP_FAILED ? NULL : at };
	return shelf->at;
}

void scan_shelf_close(struct scan_shelf *shelf)
{
	if (shelf->at)
		munmap(shelf->at, SCAN_SHELF_SIZE);
	*shelf = (struct scan_shelf){ 0 };
}

bool scan_shelf_read_only(const struct scan_shelf *shelf)
{
	return !mprotect(shelf->at, SCAN_SHELF_SIZE, PROT_READ);
}

/* Never so full that first and next meet: then nothing is there. */
uint8_t *scan_shelf_room(struct scan_shelf *shelf, size_t len)
{
	len = ALIGNED(len);
	if (shelf->next >= shelf->first && SCAN_SHELF_SIZE - shelf->next < len) {
		if (shelf->first <= len)
			return NULL;
		shelf->next = 0;
	}
	if (shelf->next < shelf->first && shelf->first - shelf->next <= len)
		return NULL;
	return shelf->at + shelf->next;
}

size_t scan_shelf_put(struct scan_shelf *shelf, size_t len)
{
	size_t place = shelf->next;

	shelf->next += ALIGNED(len);
	shelf->count++;
	return place;
}

void scan_shelf_drop(struct scan_shelf *shelf, size_t place, size_t len)
{
	shelf->first = place + ALIGNED(len);
	if (!--shelf->count)
		shelf->first = shelf->next = 0;
}
