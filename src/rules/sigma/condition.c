#include "rules/sigma/condition.h"

#define NESTING_MAX 24
#define TERMS_MAX 1024

struct parser {
	struct sigma_doc *doc;
	const struct yaml_node *at;
	struct span rest;
	struct span token;		/* empty at the end */
	struct condition_names *names;
	uint32_t nesting, terms;
};

static bool is_name(uint8_t c)
{
	return c > ' ' && c != '(' && c != ')' && c != '|';
}

static void next_token(struct parser *p)
{
	size_t len = 0;

	p->rest = span_trim(p->rest);
	if (p->rest.len && !is_name(p->rest.at[0]))
		len = 1;
	else
		while (len < p->rest.len && is_name(p->rest.at[len]))
			len++;
	p->token = span_sub(p->rest, 0, len);
	p->rest = span_from(p->rest, len);
}

static bool is(const struct parser *p, const char *word)
{
	return span_eq_nocase(p->token, span_text(word));
}

static const struct node *refuse(struct parser *p, const char *what)
{
	sigma_refuse(p->doc, p->at, "condition: %s near '%.*s'", what,
		     SPAN_ARG(span_sub(p->token, 0, 60)));
	return NULL;
}

bool sigma_name_matches(struct span pattern, struct span name)
{
	size_t star = SIZE_MAX, resume = 0, p = 0, n = 0;

	while (n < name.len) {
		if (p < pattern.len && pattern.at[p] == '*') {
			star = p++;
			resume = n;
		} else if (p < pattern.len && pattern.at[p] == name.at[n]) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.at[p] == '*')
		p++;
	return p == pattern.len;
}

static const struct node *parse_of(struct parser *p, bool all)
{
	struct arena *scratch = p->doc->build->scratch;
	const struct node **kids = ARENA_ARRAY(scratch, p->names->count + 1, const struct node *);
	uint32_t count = 0;
	bool them;

	next_token(p);		/* of */
	next_token(p);
	them = is(p, "them");
	for (size_t i = 0; kids && i < p->names->count; i++) {
		struct condition_name *name = &p->names->at[i];
		bool hidden = name->name.len && name->name.at[0] == '_';

		if (them ? hidden : !sigma_name_matches(p->token, name->name))
			continue;
		name->used = true;
		kids[count++] = name->node;
	}
	if (count == 0)
		return refuse(p, "no search fits");
	next_token(p);
	return count == 1 ? kids[0] : sigma_node(p->doc->build, all ? NODE_AND : NODE_OR, kids, count);
}

static const struct node *parse_or(struct parser *p);

static const struct node *parse_primary(struct parser *p)
{
	const struct node *node;
	struct parser ahead = *p;

	if (++p->terms > TERMS_MAX)
		return refuse(p, "too long");
	if (is(p, "(")) {
		if (++p->nesting > NESTING_MAX)
			return refuse(p, "nested too deep");
		next_token(p);
		node = parse_or(p);
		if (node && !is(p, ")"))
			return refuse(p, "missing )");
		p->nesting--;
		next_token(p);
		return node;
	}
	next_token(&ahead);
	if (is(&ahead, "of") && (is(p, "1") || is(p, "any") || is(p, "all")))
		return parse_of(p, is(p, "all"));
	for (size_t i = 0; i < p->names->count; i++) {
		if (!span_eq(p->names->at[i].name, p->token))
			continue;
		p->names->at[i].used = true;
		next_token(p);
		return p->names->at[i].node;
	}
	return refuse(p, p->token.len ? "unknown search" : "ends too early");
}

static const struct node *parse_not(struct parser *p)
{
	const struct node *node;
	bool negate = false;

	while (is(p, "not")) {
		negate = !negate;
		next_token(p);
	}
	node = parse_primary(p);
	return node && negate ? sigma_node_not(p->doc->build, node) : node;
}

/* One level of and / or: collects the terms into one node. */
static const struct node *parse_series(struct parser *p, const char *word, enum node_kind kind,
				       const struct node *(*term)(struct parser *))
{
	struct arena *scratch = p->doc->build->scratch;
	const struct node **kids = NULL;
	size_t count = 0, room = 0;

	for (;;) {
		const struct node *node = term(p);
		const struct node **slot;

		if (!node)
			return NULL;
		slot = arena_push(scratch, (void **)&kids, &count, &room, sizeof *kids);
		if (!slot)
			return refuse(p, "out of memory");
		*slot = node;
		if (!is(p, word))
			break;
		next_token(p);
	}
	return count == 1 ? kids[0] : sigma_node(p->doc->build, kind, kids, (uint32_t)count);
}

static const struct node *parse_and(struct parser *p)
{
	return parse_series(p, "and", NODE_AND, parse_not);
}

static const struct node *parse_or(struct parser *p)
{
	return parse_series(p, "or", NODE_OR, parse_and);
}

/* "near a and b and not c" */
static bool parse_near(struct parser *p, struct condition_pipe *pipe)
{
	do {
		bool absent;

		next_token(p);
		absent = is(p, "not");
		if (absent)
			next_token(p);
		if (pipe->near_count == CONDITION_NEAR_MAX)
			return refuse(p, "too many searches behind 'near'") != NULL;
		pipe->near[pipe->near_count].absent = absent;
		pipe->near[pipe->near_count].node = parse_primary(p);
		if (!pipe->near[pipe->near_count++].node)
			return false;
	} while (is(p, "and"));
	return !p->token.len || refuse(p, "only 'and' and 'and not' may stand behind 'near',") != NULL;
}

/* What stands behind the pipe, which is the token. */
static bool parse_pipe(struct parser *p, struct condition_pipe *pipe)
{
	struct parser ahead = *p;

	next_token(&ahead);
	if (is(&ahead, "near"))
		return parse_near(&ahead, pipe);
	pipe->text = span_trim(p->rest);
	return true;
}

const struct node *sigma_condition(struct sigma_doc *doc, const struct yaml_node *at,
				   struct span text, struct condition_names *names,
				   struct condition_pipe *pipe)
{
	struct parser p = { .doc = doc, .at = at, .rest = text, .names = names };
	const struct node *node;

	next_token(&p);
	node = parse_or(&p);
	if (!node) {
		if (!doc->err->code)
			sigma_refuse(doc, at, "out of memory for rules");
		return NULL;
	}
	if (is(&p, "|") && pipe)
		return parse_pipe(&p, pipe) ? node : NULL;
	if (p.token.len)
		return refuse(&p, "something unexpected");
	return node->depth < SIGMA_NODE_DEPTH ? node : refuse(&p, "nested too deep");
}
