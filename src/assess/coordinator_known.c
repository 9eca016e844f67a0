#include "assess/coordinator_job.h"

#include "case/query.h"
#include "os/channel.h"

/* Claims of jobs that were written are dead; above this many the table is made anew. */
#define CLAIMS_MAX 200000

bool known_is_reusable(enum fate fate, bool is_bounded)
{
	return !is_bounded && (fate == FATE_EXAMINED || fate == FATE_FAILED || fate == FATE_LOCKED);
}

bool known_is_own(const struct job *job, const uint8_t sha256[32])
{
	for (size_t i = 0; i < job->own_count; i++)
		if (!memcmp(job->own[i], sha256, sizeof job->own[i]))
			return true;
	return false;
}

static enum fate fate_of_text(struct span text)
{
	for (enum fate fate = FATE_NONE; fate < FATE_COUNT; fate++)
		if (span_eq(text, span_text(fate_name(fate))))
			return fate;
	return FATE_NONE;
}

bool known_original(struct coordinator *c, const uint8_t sha256[32], uint64_t *item,
		    enum fate *fate, struct err *err)
{
	bool row, ok;

	sqlite3_bind_blob(c->find_original, 1, sha256, 32, SQLITE_STATIC);
	ok = query_step(c->find_original, &row, err);
	*item = ok && row ? query_u64(c->find_original, 0, 0) : 0;
	*fate = *item ? fate_of_text(query_span(c->find_original, 1)) : FATE_NONE;
	sqlite3_reset(c->find_original);
	sqlite3_clear_bindings(c->find_original);
	return ok;
}

static bool add_claim(struct coordinator *c, struct job *job, uint32_t item)
{
	struct span digest = span_of(job->tree.items[item].sha256, 32);
	struct claim *claim = map_get(&c->claims, digest);
	bool is_alone = !claim && !seen_has(c->seen, digest.at);
	void **slot;

	seen_add(c->seen, digest.at);
	if (job->tree.items[item].size > EXAMINER_READ_MOST)
		seen_add_size(c->seen, job->tree.items[item].size);
	if (!claim) {
		digest = arena_copy(&c->claim_arena, digest);
		slot = digest.at ? map_slot(&c->claims, digest) : NULL;
		claim = slot ? *slot = ARENA_NEW(&c->claim_arena, struct claim) : NULL;
	}
	if (!claim)
		return false;
	/* The earliest in the order of the walk is the one that others are compared with. */
	if (!claim->job || claim->job->number > job->number)
		*claim = (struct claim){ job, item, is_alone };
	claim->is_alone = claim->is_alone && is_alone;
	return true;
}

bool known_is_alone(struct coordinator *c, const struct job *job, uint32_t item)
{
	const struct claim *claim = map_get(&c->claims, span_of(job->tree.items[item].sha256, 32));

	return claim && claim->job == job && claim->item == item && claim->is_alone;
}

static void renew_claims(struct coordinator *c)
{
	arena_free(&c->claim_arena);
	c->claims = map_new(&c->claim_arena);
	for (struct job *job = c->head; job; job = job->next)
		for (uint32_t i = 0; i < job->tree.count; i++)
			if (job->tree.items[i].has_content)
				add_claim(c, job, i);
}

void known_forget(struct coordinator *c, struct job *job)
{
	for (uint32_t i = 0; i < job->tree.count; i++) {
		struct claim *claim = map_get(&c->claims, span_of(job->tree.items[i].sha256, 32));

		if (claim && claim->job == job)
			claim->job = NULL;
	}
}

static bool is_around(const struct tree *t, uint32_t item)
{
	for (unsigned i = 0; i + 1 < t->depth; i++)
		if (t->items[t->open[i]].has_content &&
		    !memcmp(t->items[t->open[i]].sha256, t->items[item].sha256, 32))
			return true;
	return false;
}

static bool is_known(struct coordinator *c, struct job *job, uint32_t number, bool *known,
		     struct err *err)
{
	const struct tree_item *item = &job->tree.items[number];
	const struct claim *claim = map_get(&c->claims, span_of(item->sha256, 32));
	const struct tree_item *seen;
	uint64_t original;
	enum fate fate;

	*known = false;
	/* What is in an image is told by its shares, whatever else has the same content. */
	if (job->shares || known_is_own(job, item->sha256))
		return true;
	if (claim && claim->job && claim->job->number <= job->number) {
		seen = &claim->job->tree.items[claim->item];
		*known = !seen->fate || known_is_reusable(seen->fate, seen->is_bounded);
		return true;
	}
	if (!known_original(c, item->sha256, &original, &fate, err))
		return false;
	*known = original;
	return true;
}

bool known_ask(void *context, struct tree *t, uint32_t number, struct err *err)
{
	struct slot_ask *ask = context;
	struct coordinator *c = ask->c;
	struct tree_item *item = &t->items[number];
	uint8_t answer;
	bool known;

	if (!item->size)
		return true;
	if (item->is_told) {
		if (c->claims.count > CLAIMS_MAX)
			renew_claims(c);
		return add_claim(c, ask->slot->job, number) ||
		       err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for digests");
	}
	if (!is_known(c, ask->slot->job, number, &known, err)) {
		ask->has_failed = true;
		return false;
	}
	item->answer = is_around(t, number) ? ANSWER_LOOP : known ? ANSWER_KNOWN : ANSWER_EXAMINE;
	if (c->claims.count > CLAIMS_MAX)
		renew_claims(c);
	if (!add_claim(c, ask->slot->job, number))
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for digests");
	answer = (uint8_t)item->answer;
	return channel_send(ask->slot->worker.commands, span_of(&answer, 1), NULL, 0, err);
}
