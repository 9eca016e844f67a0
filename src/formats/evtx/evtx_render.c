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

/* What the program writes for this value; the quotes are literal text as well. */
static void record_value(struct evtx_sink *s, const struct evtx_instance *in, uint16_t index,
			 enum evtx_mode mode)
{
	struct evtx_op *op = arena_push(s->arena, (void **)&s->ops, &s->op_count, &s->op_room, sizeof *op);
	uint8_t type = in->values[index].type;
	bool one = !(type & EVTX_ARRAY), whole = mode == EVTX_JSON_VALUE;
	bool quoted = one && whole && evtx_text_is_quoted(type);

	if (!op) {
		s->once = true;
		return;
	}
	if (quoted)
		evtx_sink_raw(s, SPAN("\""));
	*op = (struct evtx_op){ .literal = (uint32_t)(s->to->len - s->literal_from),
				.ordinal = in->ordinal, .index = index,
				.mode = quoted ? EVTX_JSON_PART : (uint8_t)mode, .plain = one };
	s->literal_from = s->to->len;
	if (quoted)
		evtx_sink_raw(s, SPAN("\""));
}

void evtx_sink_value(struct evtx_sink *s, const struct evtx_instance *in, uint16_t index,
		     enum evtx_mode mode)
{
	/* Whether there is a value is the same for all records of a program. */
	if (s->recording && in->values[index].len)
		record_value(s, in, index, mode);
	else
		write_value(s->d, s->to, &in->values[index], mode);
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

/* Of each entry of a value table its type and whether it is empty. */
static void put_kinds(uint8_t *to, struct span table)
{
	for (size_t at = 0; at < table.len; at += 4)
		*to++ = (uint8_t)(table.at[at + 2] | !load_u16le(table.at + at) << 6);
}

/*
 * What the walk depends on: templates, and of each value its type and whether it is
 * empty. Adds up the values' lengths.
 */
static size_t kind_of(struct evtx_decoder *d, uint8_t format, size_t *bytes)
{
	uint8_t *kind = d->programs.kind;
	size_t len = 1 + d->key_len * sizeof *d->key, total = 0;

	if (len > EVTX_KIND_MAX)
		return 0;
	kind[0] = format;
	memcpy(kind + 1, d->key, d->key_len * sizeof *d->key);
	for (uint32_t i = 0; i < d->instance_count; i++) {
		const struct evtx_instance *in = d->instances[i];

		if (in->count > EVTX_KIND_MAX - len)
			return 0;
		put_kinds(kind + len, in->table);
		len += in->count;
		total += in->bytes;
	}
	*bytes = total;
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

/* How often a value is written at most. All values together fit a kind. */
static uint32_t repeats_of(struct evtx_decoder *d, const struct evtx_sink *s)
{
	uint16_t first[EVTX_INSTANCES_MAX], next = 0;
	uint32_t times[EVTX_KIND_MAX] = { 0 }, most = 1;

	for (uint32_t i = 0; i < d->instance_count; i++) {
		first[i] = next;
		next = (uint16_t)(next + d->instances[i]->count);
	}
	for (size_t i = 0; i < s->op_count; i++) {
		uint32_t count = ++times[first[s->ops[i].ordinal] + s->ops[i].index];

		most = count > most ? count : most;
	}
	return most;
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
	static const uint8_t slack[EVTX_LITERAL_STEP];
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
	buf_add(&p->literals, span_of(slack, sizeof slack));
	*made = (struct evtx_program){ .literals = arena_copy(&p->arena, buf_span(&p->literals)),
				       .ops = ops, .op_count = s.op_count, .hash = hash,
				       .repeats = repeats_of(d, &s),
				       .kind = arena_copy(&p->arena, kind),
				       .next = p->buckets[hash % EVTX_PROGRAM_BUCKETS] };
	if (!made->literals.at || !made->kind.at || p->literals.overflow)
		return NULL;
	made->literals.len -= sizeof slack;
	p->buckets[hash % EVTX_PROGRAM_BUCKETS] = made;
	return made;
}

/* Behind the literals of a program EVTX_LITERAL_STEP bytes more can be read. */
static inline uint8_t *put_literal(uint8_t *to, const uint8_t *from, size_t len)
{
	memcpy(to, from, EVTX_LITERAL_STEP);
	if (len > EVTX_LITERAL_STEP)
		memcpy(to + EVTX_LITERAL_STEP, from + EVTX_LITERAL_STEP, len - EVTX_LITERAL_STEP);
	return to + len;
}

static inline uint8_t *put_value(struct evtx_texter *t, uint8_t *to, const struct evtx_value *v,
				 const struct evtx_op *op)
{
	enum evtx_mode mode = (enum evtx_mode)op->mode;

	if (op->plain && (v->len == evtx_widths[v->type] || v->type == EVTX_STRING))
		return evtx_text_plain(t, to, v, mode == EVTX_XML_PART);
	return evtx_text(t, to, v, mode);
}

/*
 * Fills the literals and values out; false where that could be more than a record
 * may be. `bytes` are those of all values of the record.
 */
static bool run(struct evtx_decoder *d, const struct evtx_program *program, size_t bytes, struct buf *to)
{
	size_t bound = program->literals.len + EVTX_LITERAL_STEP + program->op_count * evtx_text_bound(0) +
		       program->repeats * (evtx_text_bound(bytes) - evtx_text_bound(0));
	const uint8_t *literal = program->literals.at;
	const uint8_t *end = literal + program->literals.len;
	uint8_t *at;

	if (bound > EVTX_TEXT_MAX || !(at = buf_reserve(to, bound)))
		return false;
	for (const struct evtx_op *op = program->ops; op < program->ops + program->op_count; op++) {
		at = put_literal(at, literal, op->literal);
		literal += op->literal;
		at = put_value(&d->programs.texter, at, &d->instances[op->ordinal]->values[op->index], op);
	}
	at = put_literal(at, literal, (size_t)(end - literal));
	to->len = (size_t)(at - to->at);
	*at = 0;
	return true;
}

bool evtx_render(const struct evtx_record *r, uint8_t format, evtx_walk_fn *walk, struct buf *to,
		 struct err *err)
{
	struct evtx_decoder *d = r->decoder;
	struct evtx_sink s = { .d = d, .to = to, .arena = &d->scratch, .err = err };
	size_t bytes = 0, before = to->len, len = d->has_fragment ? 0 : kind_of(d, format, &bytes);
	struct span kind = span_of(d->programs.kind, len);
	const struct evtx_program *program = NULL;
	uint64_t hash;

	if (len) {
		hash = hash_of(kind);
		program = find(&d->programs, kind, hash);
		if (!program)
			program = record(d, walk, r->root, kind, hash);
	}
	if (program && run(d, program, bytes, to))
		return true;
	if (walk(&s, r->root) && !to->overflow && to->len - before <= EVTX_TEXT_MAX)
		return true;
	if (to->overflow || to->len - before > EVTX_TEXT_MAX)
		err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "the record's text is too long");
	to->len = before;
	to->overflow = false;
	return false;
}
