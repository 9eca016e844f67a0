#include "examine/pages.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

TEST(zeros_stand_for_pages_that_cannot_be_read)
{
	char name[] = "/tmp/pages-XXXXXX";
	int fd = mkstemp(name);
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 8 * page - 100, sum = 0;
	uint64_t first;
	uint8_t *at;

	assert_true(fd >= 0);
	unlink(name);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(write(fd, "x", 1), 1);
	at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(at != MAP_FAILED);
	pages_prepare();
	pages_watch(span_of(at, size));
	assert_int_equal(at[7 * page], 'x');
	assert_int_equal(pages_lost(&first), 0);
	/* It becomes shorter while it is read: the same as a sector that cannot be. */
	assert_int_equal(ftruncate(fd, (off_t)(3 * page)), 0);
	for (size_t i = size; i-- > 0;)
		sum += at[i] == 'x';
	assert_int_equal(sum, 3 * page);
	assert_int_equal(pages_lost(&first), 5 * page);
	assert_int_equal(first, 3 * page);
	pages_watch((struct span){ 0 });
	assert_int_equal(pages_lost(&first), 0);
	munmap(at, size);
	close(fd);
}
