#include "match/match.h"

#include <hs/hs.h>
#include <stdlib.h>

/* What one call of Vectorscan takes is an unsigned int; parts overlap by this. */
#define PART ((size_t)1 << 30)
#define OVERLAP ((size_t)1 << 16)

struct match_expressions {
	size_t count;
	hs_database_t **databases;	/* [count]; NULL: refused */
};

struct match_scratch {
	hs_scratch_t *vectorscan;
};

/*
 * Vectorscan 5.4.9 misses matches behind the 64th byte where all that it looks
 * for is one literal of a single byte (its "noodle" engine; seen with [\x31] over
 * 'B' and '1'). A second expression, which never counts, makes it take another
 * engine.
 */
#define COMPANION "\\xf7\\x13\\x99kanshiki\\xa1\\x07"
#define COMPANION_NUMBER 1

static hs_database_t *compile(const struct match_expression *e)
{
	const char *sources[2] = { e->source, COMPANION };
	const unsigned numbers[2] = { 0, COMPANION_NUMBER };
	const unsigned flags[2] = { HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY |
				    (e->nocase ? HS_FLAG_CASELESS : 0) |
				    (e->dotall ? HS_FLAG_DOTALL : 0), HS_FLAG_SINGLEMATCH };
	hs_compile_error_t *why = NULL;
	hs_database_t *database = NULL;

	if (hs_compile_multi(sources, flags, numbers, 2, HS_MODE_BLOCK, NULL, &database, &why) ==
	    HS_SUCCESS)
		return database;
	hs_free_compile_error(why);
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

bool match_expressions_build(struct arena *arena, const struct match_expression *expressions,
			     size_t count, bool *refused, struct match_expressions **out,
			     struct err *err)
{
	struct match_expressions *set = ARENA_NEW(arena, struct match_expressions);
	bool done = true;

	if (set)
		set->databases = ARENA_ARRAY(arena, count, hs_database_t *);
	if (!set || !set->databases)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for expressions");
	set->count = count;
	for (size_t i = 0; i < count && done; i++) {
		hs_database_t *database = compile(&expressions[i]);

		refused[i] = !database;
		if (database)
			done = place(arena, database, &set->databases[i], err);
		hs_free_database(database);
	}
	*out = set;
	return done;
}

struct match_scratch *match_scratch_new(const struct match_expressions *expressions,
					struct err *err)
{
	struct match_scratch *scratch = calloc(1, sizeof *scratch);
	bool done = scratch != NULL;

	for (size_t i = 0; i < expressions->count && done; i++)
		done = !expressions->databases[i] ||
		       hs_alloc_scratch(expressions->databases[i], &scratch->vectorscan) ==
			       HS_SUCCESS;
	if (done)
		return scratch;
	match_scratch_free(scratch);
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

static int on_match(unsigned number, unsigned long long from, unsigned long long to,
		    unsigned flags, void *context)
{
	bool *occurs = context;

	(void)from;
	(void)to;
	(void)flags;
	*occurs = *occurs || number != COMPANION_NUMBER;
	return *occurs;
}

bool match_expression_occurs(const struct match_expressions *expressions, size_t number,
			     struct match_scratch *scratch, struct span data)
{
	const hs_database_t *database = expressions->databases[number];
	bool occurs = !database;
	size_t base = 0;

	while (!occurs) {
		struct span part = span_sub(data, base, PART);
		hs_error_t got = hs_scan(database, part.len ? (const char *)part.at : "",
					 (unsigned)part.len, 0, scratch->vectorscan, on_match,
					 &occurs);

		/* What Vectorscan cannot tell, the exact engine must. */
		if (got != HS_SUCCESS && got != HS_SCAN_TERMINATED)
			return true;
		if (base + part.len >= data.len)
			break;
		base += PART - OVERLAP;
	}
	return occurs;
}
