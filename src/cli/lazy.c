#include "cli/lazy.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/options.h"

#define PAGE 4096
#define SLOTS_A_PAGE (PAGE / 8)

#define LAZY_LIBRARY(number, name) name,
#define LAZY_CALL(number, name)
static const char *const libraries[] = {
#include "lazy_calls.h"
};
#undef LAZY_LIBRARY
#undef LAZY_CALL

#define LAZY_LIBRARY(number, name)
#define LAZY_CALL(number, name) { number, #name },
static const struct {
	unsigned library;
	const char *name;
} calls[] = {
#include "lazy_calls.h"
};
#undef LAZY_CALL

#define CALL_COUNT (sizeof calls / sizeof *calls)

typedef void function(void);

function lazy_first;			/* lazy_x86_64.S: loads, and goes on to what was called */
void lazy_bind(function **slot);
extern function *lazy_slots[];

/* Whole pages, of what the linker makes read-only before main begins. */
#define LAZY_CALL(number, name) lazy_first,
__attribute__((section(".data.rel.ro.lazy"), aligned(PAGE)))
function *lazy_slots[(CALL_COUNT + SLOTS_A_PAGE - 1) / SLOTS_A_PAGE * SLOTS_A_PAGE] = {
#include "lazy_calls.h"
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool loaded[sizeof libraries / sizeof *libraries];

static _Noreturn void give_up(void)
{
	fprintf(stderr, "kanshiki: %s\n", dlerror());
	_exit(EXIT_COULD_NOT);
}

static void load(unsigned library)
{
	void *handle = dlopen(libraries[library], RTLD_LAZY | RTLD_LOCAL);

	if (!handle)
		give_up();
	for (size_t i = 0; i < CALL_COUNT; i++) {
		if (calls[i].library != library)
			continue;
		*(void **)&lazy_slots[i] = dlsym(handle, calls[i].name);
		if (!lazy_slots[i])
			give_up();
	}
	loaded[library] = true;
}

static void load_some(unsigned first, unsigned end)
{
	pthread_mutex_lock(&lock);
	if (mprotect(lazy_slots, sizeof lazy_slots, PROT_READ | PROT_WRITE))
		give_up();
	for (unsigned i = first; i < end; i++)
		if (!loaded[i])
			load(i);
	mprotect(lazy_slots, sizeof lazy_slots, PROT_READ);
	pthread_mutex_unlock(&lock);
}

void lazy_bind(function **slot)
{
	unsigned library = calls[slot - lazy_slots].library;

	load_some(library, library + 1);
}

void lazy_load_all(void)
{
	load_some(0, sizeof libraries / sizeof *libraries);
}
