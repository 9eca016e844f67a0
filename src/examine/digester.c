#include "examine/digester.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PIECE ((size_t)4 << 20)
#define ZEROS ((size_t)64 << 10)
#define STACK ((size_t)256 << 10)

enum state { STARTING, REFUSED, IDLE, WORKING, DONE };

struct digester {
	const struct sandbox_options *box;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum state state;		/* under the lock */
	atomic_bool is_unwanted;
	struct digest *digest;
	struct digest_work work;
	uint8_t sha256[SHA256_SIZE];
};

/* ---- one piece ---- */

/*
 * How much of a mapped file from `at` on is a hole: its pages would be made to be
 * read, and cost more than the digest of as many zeros.
 */
static size_t hole_at(const struct digest_work *w, size_t most)
{
	off_t data = w->file < 0 ? (off_t)w->at : lseek(w->file, (off_t)w->at, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? most : 0;
	return (size_t)data - w->at < most ? (size_t)data - w->at : most;
}

static void digest_zeros(struct digest *d, size_t len)
{
	static const uint8_t zeros[ZEROS];

	for (; len; len -= len < ZEROS ? len : ZEROS)
		digest_add(d, span_of(zeros, len < ZEROS ? len : ZEROS));
}

bool digest_work_step(struct digest_work *w, struct digest *d)
{
	struct span piece = span_sub(w->bytes, w->at, PIECE);
	size_t hole = hole_at(w, piece.len);

	if (!piece.len)
		return false;
	w->at += piece.len;
	digest_zeros(d, hole);
	piece = span_from(piece, hole);
	digest_add(d, piece);
	if (w->gives_back && piece.len)
		madvise((void *)(uintptr_t)piece.at, piece.len, MADV_DONTNEED);
	return true;
}

/* ---- the thread ---- */

static void change(struct digester *d, enum state to)
{
	pthread_mutex_lock(&d->lock);
	d->state = to;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
}

static void wait_while(struct digester *d, enum state here)
{
	pthread_mutex_lock(&d->lock);
	while (d->state == here)
		pthread_cond_wait(&d->changed, &d->lock);
	pthread_mutex_unlock(&d->lock);
}

static void *run(void *context)
{
	struct digester *d = context;
	struct err err;

	if (d->box && !sandbox_enter(d->box, &err)) {
		change(d, REFUSED);
		return NULL;
	}
	for (enum state next = IDLE;; next = DONE) {
		change(d, next);
		wait_while(d, next);
		while (!atomic_load_explicit(&d->is_unwanted, memory_order_relaxed) &&
		       digest_work_step(&d->work, d->digest))
			;
		digest_done(d->digest, d->sha256);
	}
}

static bool start_thread(struct digester *d)
{
	pthread_attr_t attr;
	pthread_t thread;
	bool ok = !pthread_attr_init(&attr);

	ok = ok && !pthread_attr_setstacksize(&attr, STACK) &&
	     !pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) &&
	     !pthread_create(&thread, &attr, run, d);
	pthread_attr_destroy(&attr);
	return ok;
}

struct digester *digester_new(const struct sandbox_options *box)
{
	struct digester *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	/* A heap for the thread would be asked for later, with calls that the sandbox forbids. */
	mallopt(M_ARENA_MAX, 1);
	*d = (struct digester){ .box = box, .state = STARTING, .lock = PTHREAD_MUTEX_INITIALIZER,
				.changed = PTHREAD_COND_INITIALIZER, .digest = digest_new(DIGEST_SHA256) };
	if (d->digest && start_thread(d)) {
		wait_while(d, STARTING);
		if (d->state == IDLE)
			return d;
	}
	digest_free(d->digest);
	free(d);
	return NULL;
}

void digester_start(struct digester *d, const struct digest_work *work)
{
	d->work = *work;
	atomic_store(&d->is_unwanted, false);
	change(d, WORKING);
}

void digester_wait(struct digester *d, unsigned ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&d->lock);
	while (d->state == WORKING && pthread_cond_timedwait(&d->changed, &d->lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&d->lock);
}

bool digester_done(struct digester *d, uint8_t out[SHA256_SIZE])
{
	bool is_done;

	pthread_mutex_lock(&d->lock);
	is_done = d->state == DONE;
	if (is_done)
		memcpy(out, d->sha256, SHA256_SIZE);
	pthread_mutex_unlock(&d->lock);
	return is_done;
}

void digester_stop(struct digester *d)
{
	atomic_store(&d->is_unwanted, true);
	wait_while(d, WORKING);
}
