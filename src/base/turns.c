#include "base/turns.h"

bool turns_can_look(const struct turns *t, size_t count)
{
	return t->early_count < TURNS_EARLY && t->seen < count;
}

void turns_look(struct turns *t, uint64_t size)
{
	if (size >= TURNS_LARGE) {
		t->early[t->early_count++] = (struct turns_early){ .number = t->seen, .size = size };
		t->waiting++;
	}
	t->seen++;
}

static struct turns_early *largest(struct turns *t)
{
	struct turns_early *best = NULL;

	for (size_t i = t->passed; t->waiting && i < t->early_count; i++) {
		struct turns_early *e = &t->early[i];

		if (!e->given && (!best || e->size > best->size))
			best = e;
	}
	return best;
}

bool turns_left(struct turns *t, size_t count)
{
	for (; t->passed < t->early_count && t->early[t->passed].given &&
	       t->early[t->passed].number == t->next; t->passed++)
		t->next++;
	return t->waiting || t->next < count;
}

bool turns_next(struct turns *t, size_t count, size_t *number)
{
	struct turns_early *early;

	if (!turns_left(t, count))
		return false;
	early = largest(t);
	if (early) {
		early->given = true;
		t->waiting--;
		*number = early->number;
		return true;
	}
	*number = t->next++;
	if (t->seen < t->next)
		t->seen = t->next;
	return true;
}
