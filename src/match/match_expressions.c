#include "match/match.h"

#include <hs/hs.h>
#include <stdlib.h>

/* What one call of Vectorscan takes is an unsigned int; parts overlap by this. */
#define PART ((size_t)1 << 30)
#define OVERLAP ((size_t)1 << 16)

struct match_expressions {
	uint32_t count;
	uint32_t *ids;			/* of the caller, by our own number */
	hs_database_t *database;	/* NULL: none compiled */
};

struct match_scratch {
	hs_scratch_t *vectorscan;
};

struct sources {
	const char **text;
	unsigned *flags, *numbers;
	unsigned count;
};

static unsigned flags_of(const struct match_expression *e)
{
	return HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY | (e->nocase ? HS_FLAG_CASELESS : 0) |
	       (e->dotall ? HS_FLAG_DOTALL : 0);
}

static unsigned hex_at(const char *at)
{
	unsigned value = 0;

	for (int i = 0; i < 2; i++)
		value = value << 4 | (unsigned)(at[i] <= '9' ? at[i] - '0' : (at[i] | 32) - 'a' + 10);
	return value;
}

/* a, [\x61] or [\x41\x61]: one letter, as pattern_expression writes it. Its length, or 0. */
static size_t letter_at(const char *at)
{
	if (*at >= 'a' && *at <= 'z')
		return 1;
	if (at[0] != '[' || at[1] != '\\' || at[2] != 'x' || !at[3] || !at[4])
		return 0;
	if (at[5] == ']')
		return 6;
	if (at[5] == '\\' && at[6] == 'x' && at[7] && at[8] && at[9] == ']' &&
	    hex_at(at + 7) - hex_at(at + 3) == 32 && hex_at(at + 3) >= 'A' && hex_at(at + 3) <= 'Z')
		return 10;
	return 0;
}

/*
 * Vectorscan 5.4.9 misses matches behind the 64th byte where all that it can look
 * for is a single byte (its "noodle" engine; seen with [\x31] over 'B' and '1').
 * Two letters next to each other that every match has keep it off that path; what
 * has no such pair is not given to it.
 */
static bool has_pair(const char *source)
{
	int depth = 0;
	size_t len;

	for (const char *at = source; *at; at += len ? len : 1) {
		len = depth ? 0 : letter_at(at);
		if (len && letter_at(at + len))
			return true;
		depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
	}
	return false;
}

/* Drops what Vectorscan names as bad until the rest compiles. */
static hs_database_t *compile(struct sources *s, bool *refused)
{
	hs_database_t *database = NULL;
	hs_compile_error_t *why = NULL;

	while (s->count) {
		unsigned bad;

		if (hs_compile_multi(s->text, s->flags, s->numbers, s->count, HS_MODE_BLOCK, NULL,
				     &database, &why) == HS_SUCCESS)
			return database;
		bad = why && why->expression >= 0 ? (unsigned)why->expression : UINT32_MAX;
		hs_free_compile_error(why);
		if (bad >= s->count) {
			for (unsigned i = 0; i < s->count; i++)
				refused[s->numbers[i]] = true;
			return NULL;
		}
		refused[s->numbers[bad]] = true;
		s->count--;
		memmove(s->text + bad, s->text + bad + 1, (s->count - bad) * sizeof *s->text);
		memmove(s->flags + bad, s->flags + bad + 1, (s->count - bad) * sizeof *s->flags);
		memmove(s->numbers + bad, s->numbers + bad + 1,
			(s->count - bad) * sizeof *s->numbers);
	}
	return NULL;
}

/* Into the arena, where its address and so its content stay as they are. */
static bool place(struct arena *arena, hs_database_t *database, hs_database_t **out,
		  struct err *err)
{
	size_t packed_len, len;
	char *packed = NULL;
	uint8_t *at;

	if (hs_serialize_database(database, &packed, &packed_len) != HS_SUCCESS)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "Vectorscan cannot write its database");
	if (hs_serialized_database_size(packed, packed_len, &len) != HS_SUCCESS)
		len = 0;
	/* Vectorscan wants its databases on a multiple of 64. */
	at = len ? arena_alloc(arena, len + 64) : NULL;
	*out = at ? (hs_database_t *)(((uintptr_t)at + 63) & ~(uintptr_t)63) : NULL;
	if (*out && hs_deserialize_database_at(packed, packed_len, *out) != HS_SUCCESS)
		*out = NULL;
	free(packed);
	return *out || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for expressions");
}

static bool prepare(struct arena *heap, const struct match_expression *expressions, size_t count,
		    bool *refused, struct sources *s)
{
	*s = (struct sources){ ARENA_ARRAY(heap, count, const char *),
			       ARENA_ARRAY(heap, count, unsigned),
			       ARENA_ARRAY(heap, count, unsigned), (unsigned)count };
	if (!s->text || !s->flags || !s->numbers)
		return false;
	s->count = 0;
	for (unsigned i = 0; i < count; i++) {
		if (!has_pair(expressions[i].source)) {
			refused[i] = true;
			continue;
		}
		s->text[s->count] = expressions[i].source;
		s->flags[s->count] = flags_of(&expressions[i]);
		s->numbers[s->count++] = i;
	}
	return true;
}

bool match_expressions_build(struct arena *arena, const struct match_expression *expressions,
			     size_t count, bool *refused, struct match_expressions **out,
			     struct err *err)
{
	struct match_expressions *set = ARENA_NEW(arena, struct match_expressions);
	struct arena heap = arena_new((size_t)1 << 28);
	hs_database_t *database = NULL;
	struct sources s;
	bool done;

	if (set)
		set->ids = ARENA_ARRAY(arena, count, uint32_t);
	memset(refused, 0, count * sizeof *refused);
	if (!set || !set->ids || count > UINT32_MAX / 2 ||
	    !prepare(&heap, expressions, count, refused, &s)) {
		arena_free(&heap);
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for expressions");
	}
	for (size_t i = 0; i < count; i++)
		set->ids[i] = expressions[i].id;
	set->count = (uint32_t)count;
	database = compile(&s, refused);
	done = !database || place(arena, database, &set->database, err);
	hs_free_database(database);
	arena_free(&heap);
	*out = set;
	return done;
}

struct match_scratch *match_scratch_new(const struct match_expressions *expressions,
					struct err *err)
{
	struct match_scratch *scratch = calloc(1, sizeof *scratch);

	if (scratch && (!expressions->database ||
			hs_alloc_scratch(expressions->database, &scratch->vectorscan) == HS_SUCCESS))
		return scratch;
	free(scratch);
	err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory to search expressions");
	return NULL;
}

void match_scratch_free(struct match_scratch *scratch)
{
	if (!scratch)
		return;
	hs_free_scratch(scratch->vectorscan);
	free(scratch);
}

struct hit {
	const struct match_expressions *set;
	match_fn *found;
	void *context;
	size_t base;
	bool stopped;
};

static int on_match(unsigned number, unsigned long long from, unsigned long long to,
		    unsigned flags, void *context)
{
	struct hit *hit = context;

	(void)from;
	(void)flags;
	hit->stopped = !hit->found(hit->context, hit->set->ids[number], 0, hit->base + (size_t)to);
	return hit->stopped;
}

bool match_expressions_scan(const struct match_expressions *expressions,
			    struct match_scratch *scratch, struct span data, match_fn *found,
			    void *context, struct err *err)
{
	struct hit hit = { expressions, found, context, 0, false };

	if (!expressions->database)
		return true;
	while (!hit.stopped) {
		struct span part = span_sub(data, hit.base, PART);
		hs_error_t got = hs_scan(expressions->database, (const char *)part.at,
					 (unsigned)part.len, 0, scratch->vectorscan, on_match, &hit);

		if (got != HS_SUCCESS && got != HS_SCAN_TERMINATED)
			return err_set(err, ERR_IO, ERR_NO_OFFSET, "Vectorscan failed (%d)", got);
		if (hit.base + part.len >= data.len)
			break;
		hit.base += PART - OVERLAP;
	}
	return true;
}
