#include "base/buf.h"
#include "rules/yara/pattern_build.h"

#include <stdlib.h>

#define HEAP_MAX ((size_t)2 << 30)
#define WORK_MAX ((size_t)256 << 20)
#define TEXT_MAX ((size_t)1 << 20)

struct pattern_builder *pattern_builder_new(struct arena *image)
{
	struct pattern_builder *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->image = image;
	b->heap = arena_new(HEAP_MAX);
	b->work = arena_new(WORK_MAX);
	b->ids = map_new(&b->heap);
	return b;
}

void pattern_builder_free(struct pattern_builder *b)
{
	if (!b)
		return;
	arena_free(&b->heap);
	arena_free(&b->work);
	free(b);
}

struct pattern_form *pattern_add_form(struct pattern_builder *b, uint32_t pattern)
{
	struct pattern_form *form;

	if (b->patterns[pattern].pattern.form_count >= FORMS_MAX)
		return NULL;
	form = arena_push(&b->heap, (void **)&b->forms, &b->form_count, &b->form_room,
			  sizeof *form);
	if (!form)
		return NULL;
	*form = (struct pattern_form){ .pattern = pattern };
	b->patterns[pattern].pattern.form_count++;
	return form;
}

bool pattern_add_atom(struct pattern_builder *b, const struct atom_text *text, uint8_t key)
{
	struct pattern *pattern = &b->patterns[b->forms[b->form_count - 1].pattern].pattern;
	struct draft_atom *atom = arena_push(&b->heap, (void **)&b->atoms, &b->atom_count,
					     &b->atom_room, sizeof *atom);

	if (!atom)
		return false;
	*atom = (struct draft_atom){ .atom = { .form = (uint32_t)b->form_count - 1,
					       .back = text->back, .length = text->len,
					       .key = key } };
	memcpy(atom->bytes, text->bytes, sizeof atom->bytes);
	memcpy(atom->mask, text->mask, sizeof atom->mask);
	if (text->len > pattern->atom_length)
		pattern->atom_length = text->len;
	return true;
}

static bool excludes(const struct pattern_spec *spec, uint32_t one, uint32_t other,
		     const char *names, struct err *err)
{
	if (!(spec->flags & one) || !(spec->flags & other))
		return false;
	err_set(err, ERR_USAGE, 0, "invalid modifier combination: %s", names);
	return true;
}

static bool check_spec(const struct pattern_spec *spec, struct err *err)
{
	const uint32_t base64 = PATTERN_BASE64 | PATTERN_BASE64_WIDE;

	if (excludes(spec, PATTERN_XOR, PATTERN_NOCASE, "xor nocase", err) ||
	    excludes(spec, base64, PATTERN_NOCASE, "base64 nocase", err) ||
	    excludes(spec, base64, PATTERN_XOR, "base64 xor", err) ||
	    excludes(spec, base64, PATTERN_FULLWORD, "base64 fullword", err))
		return false;
	if (spec->kind != PATTERN_TEXT && (spec->flags & (PATTERN_XOR | base64)))
		return err_set(err, ERR_USAGE, 0, "modifier is for text strings only");
	if (spec->xor_min > spec->xor_max)
		return err_set(err, ERR_USAGE, 0, "xor lower bound exceeds upper bound");
	if (spec->alphabet.len && spec->alphabet.len != 64)
		return err_set(err, ERR_USAGE, 0, "length of base64 alphabet must be 64");
	if (!spec->text.len)
		return err_set(err, ERR_USAGE, 0, "empty string");
	if (spec->text.len > TEXT_MAX)
		return err_set(err, ERR_LIMIT, 0, "string is too large");
	return true;
}

/* All that tells two strings apart. */
static struct span key_of(struct arena *heap, const struct pattern_spec *spec)
{
	struct buf key = buf_new(2 * TEXT_MAX);
	struct span kept;

	buf_add_u8(&key, (uint8_t)spec->kind);
	buf_add_u32le(&key, spec->flags);
	buf_add_u8(&key, spec->flags & PATTERN_XOR ? spec->xor_min : 0);
	buf_add_u8(&key, spec->flags & PATTERN_XOR ? spec->xor_max : 0);
	buf_add_u8(&key, (uint8_t)spec->alphabet.len);
	buf_add(&key, spec->alphabet);
	buf_add(&key, spec->text);
	kept = arena_copy(heap, buf_span(&key));
	buf_free(&key);
	return kept;
}

static bool add_forms(struct pattern_builder *b, uint32_t id, const struct pattern_spec *spec,
		      struct err *err)
{
	struct regex_tree tree;
	uint32_t flags = (spec->flags & PATTERN_NOCASE ? REGEX_NOCASE : 0) |
			 (spec->flags & PATTERN_DOTALL ? REGEX_DOTALL : 0);

	if (spec->kind == PATTERN_TEXT) {
		if (!(spec->flags & (PATTERN_BASE64 | PATTERN_BASE64_WIDE)) &&
		    pattern_is_slow_text(spec->text, spec))
			b->patterns[id].notes |= PATTERN_NOTE_SLOW;
		return pattern_add_text(b, id, spec, err);
	}
	if (spec->kind == PATTERN_HEX ? !hex_parse(&b->work, spec->text, &tree, err)
				      : !regex_parse(&b->work, spec->text, flags, &tree, err))
		return false;
	if (spec->kind == PATTERN_REGEX)
		regex_tree_part(&tree);
	if (tree.unbounded)
		b->patterns[id].notes |= PATTERN_NOTE_UNBOUNDED;
	if (pattern_is_slow_tree(tree.root, spec, &b->work))
		b->patterns[id].notes |= PATTERN_NOTE_SLOW;
	regex_tree_settle(&tree);
	return pattern_add_tree(b, id, spec, &tree, err);
}

static bool add_new(struct pattern_builder *b, const struct pattern_spec *spec, uint32_t *id,
		    struct err *err)
{
	size_t forms = b->form_count, atoms = b->atom_count;
	struct draft_pattern *draft = arena_push(&b->heap, (void **)&b->patterns,
						 &b->pattern_count, &b->pattern_room,
						 sizeof *draft);

	if (!draft || forms > UINT32_MAX / 2 || atoms > MATCH_LITERALS_MAX)
		return pattern_no_memory(err);
	*draft = (struct draft_pattern){ .only_at = true };
	draft->pattern.flags = spec->flags;
	draft->pattern.first_form = (uint32_t)forms;
	*id = (uint32_t)b->pattern_count - 1;
	if (add_forms(b, *id, spec, err))
		return true;
	b->pattern_count--;
	b->form_count = forms;
	b->atom_count = atoms;
	return false;
}

bool pattern_add(struct pattern_builder *b, const struct pattern_spec *spec, uint32_t *id,
		 uint32_t *notes, struct err *err)
{
	struct span key;
	void **slot;

	*notes = 0;
	if (!check_spec(spec, err))
		return false;
	key = key_of(&b->heap, spec);
	slot = key.at ? map_slot(&b->ids, key) : NULL;
	if (!slot)
		return pattern_no_memory(err);
	if (*slot)
		*id = (uint32_t)(uintptr_t)*slot - 1;
	else if (!add_new(b, spec, id, err))
		return arena_reset(&b->work), false;
	arena_reset(&b->work);
	*slot = (void *)((uintptr_t)*id + 1);
	b->patterns[*id].only_at = b->patterns[*id].only_at && spec->only_at;
	*notes = b->patterns[*id].notes;
	return true;
}

static bool keep(struct pattern_builder *b, struct pattern_set *set, struct pattern_form *forms,
		 struct pattern *patterns, struct pattern_atom *atoms)
{
	if (!set || !forms || !patterns || !atoms)
		return false;
	for (size_t i = 0; i < b->form_count; i++) {
		forms[i] = b->forms[i];
		if (b->patterns[forms[i].pattern].only_at)
			forms[i].search = SEARCH_NEVER;
	}
	for (size_t i = 0; i < b->pattern_count; i++)
		patterns[i] = b->patterns[i].pattern;
	for (size_t i = 0; i < b->atom_count; i++) {
		atoms[i] = b->atoms[i].atom;
		atoms[i].pattern = forms[atoms[i].form].pattern;
	}
	set->count = (uint32_t)b->pattern_count;
	set->form_count = (uint32_t)b->form_count;
	set->atom_count = (uint32_t)b->atom_count;
	set->patterns = patterns;
	set->forms = forms;
	set->atoms = atoms;
	return true;
}

static bool build_literals(struct pattern_builder *b, struct pattern_set *set, struct err *err)
{
	struct match_literal *literals = ARENA_ARRAY(&b->work, b->atom_count,
						     struct match_literal);
	struct match_db *db;
	size_t count = 0;

	if (!literals)
		return pattern_no_memory(err);
	for (size_t i = 0; i < b->atom_count; i++) {
		const struct draft_atom *atom = &b->atoms[i];

		if (set->forms[atom->atom.form].search == SEARCH_NEVER)
			continue;
		literals[count++] = (struct match_literal){
			.bytes = span_of(atom->bytes, atom->atom.length),
			.mask = span_of(atom->mask, atom->atom.length), .id = (uint32_t)i };
	}
	if (!match_db_build(b->image, literals, count, &db, err))
		return false;
	set->literals = db;
	return true;
}

static bool list_always(struct pattern_builder *b, struct pattern_set *set, struct err *err)
{
	uint32_t *always = ARENA_ARRAY(b->image, set->form_count, uint32_t);

	if (!always)
		return pattern_no_memory(err);
	for (uint32_t i = 0; i < set->form_count; i++) {
		uint32_t pattern = set->forms[i].pattern, count = set->always_count;

		if (set->forms[i].search == SEARCH_ALWAYS &&
		    (!count || always[count - 1] != pattern))
			always[set->always_count++] = pattern;
	}
	set->always = always;
	return true;
}

bool pattern_build(struct pattern_builder *b, struct pattern_set **out, struct err *err)
{
	struct pattern_set *set = ARENA_NEW(b->image, struct pattern_set);
	struct pattern_form *forms = ARENA_ARRAY(b->image, b->form_count, struct pattern_form);
	struct pattern *patterns = ARENA_ARRAY(b->image, b->pattern_count, struct pattern);
	struct pattern_atom *atoms = ARENA_ARRAY(b->image, b->atom_count, struct pattern_atom);

	if (!keep(b, set, forms, patterns, atoms))
		return pattern_no_memory(err);
	if (!build_literals(b, set, err) || !list_always(b, set, err))
		return false;
	*out = set;
	return true;
}

uint32_t pattern_count(const struct pattern_set *set)
{
	return set->count;
}

uint32_t pattern_atom_length(const struct pattern_set *set, uint32_t id)
{
	return id < set->count ? set->patterns[id].atom_length : 0;
}
