#include "examine/pages.h"

#include "examine/examiner.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* Written by the handler, which may run in the thread that digests. */
static struct {
	atomic_uintptr_t from, to;
	atomic_uintptr_t page;
	atomic_uint_least64_t lost, first;
} watched;

static void on_bus_error(int number, siginfo_t *info, void *context)
{
	uintptr_t size = atomic_load(&watched.page), at = (uintptr_t)info->si_addr & ~(size - 1);
	uintptr_t from = atomic_load(&watched.from);
	uint64_t offset = at - from, first = atomic_load(&watched.first);

	(void)number;
	(void)context;
	if (at < from || at >= atomic_load(&watched.to) ||
	    mmap((void *)at, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		_exit(EXAMINER_EXIT_NO_PAGE);
	atomic_fetch_add(&watched.lost, size);
	while (offset < first && !atomic_compare_exchange_weak(&watched.first, &first, offset))
		;
}

void pages_prepare(void)
{
	struct sigaction how = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };

	atomic_store(&watched.page, (uintptr_t)sysconf(_SC_PAGESIZE));
	sigaction(SIGBUS, &how, NULL);
}

void pages_watch(struct span bytes)
{
	uintptr_t size = atomic_load(&watched.page);

	atomic_store(&watched.lost, 0);
	atomic_store(&watched.first, UINT64_MAX);
	atomic_store(&watched.from, (uintptr_t)bytes.at);
	atomic_store(&watched.to, ((uintptr_t)bytes.at + bytes.len + size - 1) & ~(size - 1));
}

uint64_t pages_lost(uint64_t *first)
{
	*first = atomic_load(&watched.first);
	return atomic_load(&watched.lost);
}
