#include "formats/evtx/evtx_render.h"

#include "formats/evtx/evtx_decoder.h"

void evtx_sink_raw(struct evtx_sink *s, struct span bytes)
{
	buf_add(s->to, bytes);
}

void evtx_sink_text(struct evtx_sink *s, struct span utf8, enum evtx_mode mode)
{
	evtx_text_literal(s->to, utf8, mode);
}

static void write_value(struct evtx_decoder *d, struct buf *to, const struct evtx_value *v,
			enum evtx_mode mode)
{
	uint8_t *at = buf_reserve(to, evtx_text_bound(v->len));

	if (at)
		to->len = (size_t)(evtx_text(&d->programs.texter, at, v, mode) - to->at);
}

void evtx_sink_value(struct evtx_sink *s, const struct evtx_instance *in, uint16_t index,
		     enum evtx_mode mode)
{
	struct evtx_op *op;

	if (!s->recording) {
		write_value(s->d, s->to, &in->values[index], mode);
		return;
	}
	op = arena_push(s->arena, (void **)&s->ops, &s->op_count, &s->op_room, sizeof *op);
	if (!op) {
		s->once = true;
		return;
	}
	*op = (struct evtx_op){ .literal = (uint32_t)(s->to->len - s->literal_from),
				.ordinal = in->ordinal, .index = index, .mode = (uint8_t)mode };
	s->literal_from = s->to->len;
}

void evtx_sink_element(struct evtx_sink *s, const struct evtx_value *v, enum evtx_mode mode)
{
	s->once = true;
	if (!s->recording)
		write_value(s->d, s->to, v, mode);
}

bool evtx_sink_step(struct evtx_sink *s, uint32_t depth)
{
	if (s->nodes++ >= EVTX_NODES_MAX * 4)
		return err_set(s->err, ERR_LIMIT, ERR_NO_OFFSET, "too many XML nodes");
	if (depth > EVTX_DEPTH_MAX)
		return err_set(s->err, ERR_LIMIT, ERR_NO_OFFSET, "elements nested too deep");
	return true;
}

/* What the walk depends on: templates, and of each value its type and whether it is empty. */
static size_t kind_of(struct evtx_decoder *d, uint8_t format)
{
	uint8_t *kind = d->programs.kind;
	size_t len = 1 + d->key_len * sizeof *d->key;

	if (len > EVTX_KIND_MAX)
		return 0;
	kind[0] = format;
	memcpy(kind + 1, d->key, d->key_len * sizeof *d->key);
	for (uint32_t i = 0; i < d->instance_count; i++) {
		const struct evtx_instance *in = d->instances[i];

		if (in->count > EVTX_KIND_MAX - len)
			return 0;
		for (uint32_t v = 0; v < in->count; v++)
			kind[len++] = (uint8_t)(in->values[v].type | !in->values[v].len << 6);
	}
	return len;
}

static uint64_t hash_of(struct span s)
{
	uint64_t hash = s.len, word;

	for (; s.len >= 8; s = span_from(s, 8))
		hash = (hash ^ load_u64le(s.at)) * UINT64_C(0x9e3779b97f4a7c15) >> 3 ^ hash << 7;
	for (word = 0; s.len; s = span_from(s, 1))
		word = word << 8 | s.at[0];
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static const struct evtx_program *find(struct evtx_programs *p, struct span kind, uint64_t hash)
{
	const struct evtx_program *found = p->buckets[hash % EVTX_PROGRAM_BUCKETS];

	while (found && (found->hash != hash || !span_eq(found->kind, kind)))
		found = found->next;
	return found;
}

/* Walks into a new program. NULL: the record's walk says nothing about others. */
static const struct evtx_program *record(struct evtx_decoder *d, evtx_walk_fn *walk,
					 const struct evtx_instance *root, struct span kind,
					 uint64_t hash)
{
	struct evtx_programs *p = &d->programs;
	struct err ignored;
	struct evtx_sink s = { .d = d, .to = &p->literals, .arena = &d->scratch,
			       .recording = true, .err = &ignored };
	struct evtx_program *made;
	struct evtx_op *ops;

	buf_clear(&p->literals);
	if (!walk(&s, root) || s.once || p->literals.overflow)
		return NULL;
	if (p->arena.used > EVTX_PROGRAMS_MAX / 2) {
		arena_reset(&p->arena);
		memset(p->buckets, 0, sizeof p->buckets);
	}
	made = ARENA_NEW(&p->arena, struct evtx_program);
	ops = ARENA_ARRAY(&p->arena, s.op_count, struct evtx_op);
	if (!made || !ops)
		return NULL;
	if (s.op_count)
		memcpy(ops, s.ops, s.op_count * sizeof *ops);
	*made = (struct evtx_program){ .literals = arena_copy(&p->arena, buf_span(&p->literals)),
				       .ops = ops, .op_count = s.op_count, .hash = hash,
				       .kind = arena_copy(&p->arena, kind),
				       .next = p->buckets[hash % EVTX_PROGRAM_BUCKETS] };
	if (!made->literals.at || !made->kind.at)
		return NULL;
	p->buckets[hash % EVTX_PROGRAM_BUCKETS] = made;
	return made;
}

/* Fills the literals and values out; false where that could be more than a record may be. */
static bool run(struct evtx_decoder *d, const struct evtx_program *program, struct buf *to)
{
	size_t bound = program->literals.len + 16;
	const uint8_t *literal = program->literals.at;
	uint8_t *at;

	for (size_t i = 0; i < program->op_count; i++) {
		const struct evtx_op *op = &program->ops[i];

		bound += evtx_text_bound(d->instances[op->ordinal]->values[op->index].len);
	}
	if (bound > EVTX_TEXT_MAX || !(at = buf_reserve(to, bound)))
		return false;
	for (size_t i = 0; i < program->op_count; i++) {
		const struct evtx_op *op = &program->ops[i];

		memcpy(at, literal, op->literal);
		literal += op->literal;
		at = evtx_text(&d->programs.texter, at + op->literal,
			       &d->instances[op->ordinal]->values[op->index],
			       (enum evtx_mode)op->mode);
	}
	memcpy(at, literal, (size_t)(program->literals.at + program->literals.len - literal));
	at += program->literals.at + program->literals.len - literal;
	to->len = (size_t)(at - to->at);
	*at = 0;
	return true;
}

bool evtx_render(const struct evtx_record *r, uint8_t format, evtx_walk_fn *walk, struct buf *to,
		 struct err *err)
{
	struct evtx_decoder *d = r->decoder;
	struct evtx_sink s = { .d = d, .to = to, .arena = &d->scratch, .err = err };
	size_t before = to->len, len = d->has_fragment ? 0 : kind_of(d, format);
	struct span kind = span_of(d->programs.kind, len);
	const struct evtx_program *program = NULL;
	uint64_t hash;

	if (len) {
		hash = hash_of(kind);
		program = find(&d->programs, kind, hash);
		if (!program)
			program = record(d, walk, r->root, kind, hash);
	}
	if (program && run(d, program, to))
		return true;
	if (walk(&s, r->root) && !to->overflow && to->len - before <= EVTX_TEXT_MAX)
		return true;
	if (to->overflow || to->len - before > EVTX_TEXT_MAX)
		err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "the record's text is too long");
	to->len = before;
	to->overflow = false;
	return false;
}
