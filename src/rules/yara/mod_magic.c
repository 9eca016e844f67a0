#include <magic.h>

#include "rules/yara/module.h"

/* libmagic looks no further into a file than this anyway; its time grows with it. */
#define LOOK_AT ((size_t)1 << 20)

static magic_t type_magic, mime_magic;

static magic_t open_database(int flags)
{
	magic_t opened = magic_open(flags);

	if (opened && magic_load(opened, NULL) != 0) {
		magic_close(opened);
		return NULL;
	}
	return opened;
}

static void prepare(void)
{
	/* No look into archives: that would start decompressors. */
	const int flags = MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR;

	if (!type_magic)
		type_magic = open_database(flags);
	if (!mime_magic)
		mime_magic = open_database(flags | MAGIC_MIME_TYPE);
}

struct state {
	struct span type, mime_type;	/* .at NULL: not asked for yet */
};

static void answer(struct yara_call *c, magic_t database, struct span *kept)
{
	const char *text;

	if (!database || !kept)
		return;
	if (!kept->at) {
		struct span data = span_sub(c->data, 0, LOOK_AT);

		text = magic_buffer(database, data.at ? data.at : (const uint8_t *)"", data.len);
		if (text)
			*kept = arena_copy(c->arena, span_text(text));
	}
	if (kept->at)
		yara_return_string(c, *kept);
}

static void type(struct yara_call *c)
{
	struct state *s = c->root->state;

	answer(c, type_magic, s ? &s->type : NULL);
}

static void mime_type(struct yara_call *c)
{
	struct state *s = c->root->state;

	answer(c, mime_magic, s ? &s->mime_type : NULL);
}

static const struct yara_function type_overloads[] = { { "", 's', type }, { 0 } };
static const struct yara_function mime_type_overloads[] = { { "", 's', mime_type }, { 0 } };

static const struct yara_field fields[] = {
	YARA_FUNCTION_FIELD("type", type_overloads),
	YARA_FUNCTION_FIELD("mime_type", mime_type_overloads),
	YARA_END,
};

static bool load(struct yara_load *l)
{
	l->root->state = ARENA_NEW(l->arena, struct state);
	return true;
}

const struct yara_module yara_module_magic = {
	.name = "magic", .fields = fields, .load = load,
	.prepare = prepare,
};
