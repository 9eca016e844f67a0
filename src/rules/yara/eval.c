#include "rules/yara/eval_read.h"
#include "rules/yara/scan.h"
#include "rules/yara/tally.h"

#include <ctype.h>
#include <float.h>
#include <math.h>

/*
 * One function a type of value, each answering the value and whether it is
 * defined. Depth is bounded by DEPTH_MAX, which the compiler has checked.
 */
struct frame {
	struct yara_scan *scan;
	const struct rule *rule;
	struct yara_value *variables;
	uint32_t this_string;
};

static enum truth eval_truth(struct frame *f, const struct node *n);
static struct integer eval_integer(struct frame *f, const struct node *n);
static struct real eval_real(struct frame *f, const struct node *n);
static struct span eval_string(struct frame *f, const struct node *n);
static struct yara_value eval_value(struct frame *f, const struct node *n);

/* ---- values that come from outside: modules, externals, variables ---- */

static struct yara_value eval_element(struct frame *f, const struct node *n)
{
	struct yara_value of = eval_value(f, n->left), nothing = { 0 };
	struct integer index;
	struct span key;

	if (n->op == NODE_INDEX) {
		index = eval_integer(f, n->right);
		if (of.type != YARA_ARRAY || !index.known || index.n < 0 ||
		    (uint64_t)index.n >= of.object->count)
			return nothing;
		return of.object->items[index.n];
	}
	key = eval_string(f, n->right);
	if (of.type != YARA_DICTIONARY || !key.at)
		return nothing;
	for (size_t i = 0; i < of.object->count; i++)
		if (span_eq(of.object->keys[i], key))
			return of.object->items[i];
	return nothing;
}

static struct yara_value argument(struct frame *f, const struct node *n)
{
	struct yara_value v = { .type = n->type };
	struct integer i;
	enum truth t;

	switch (n->type) {
	case YARA_INTEGER:
		i = eval_integer(f, n);
		v.integer = i.n;
		return i.known ? v : (struct yara_value){ 0 };
	case YARA_FLOAT: {
		struct real r = eval_real(f, n);

		v.real = r.n;
		return r.known ? v : (struct yara_value){ 0 };
	}
	case YARA_STRING:
		v.string = eval_string(f, n);
		return v.string.at ? v : (struct yara_value){ 0 };
	case YARA_BOOL:
		t = eval_truth(f, n);
		v.integer = t == YES;
		return t != UNKNOWN ? v : (struct yara_value){ 0 };
	case YARA_REGEX:
		v.regex = (const struct yara_regex *)n->regex;
		return v;
	default:
		return eval_value(f, n);
	}
}

static struct yara_value eval_call(struct frame *f, const struct node *n)
{
	const struct node *callee = n->left, *root = callee;
	struct yara_value self = eval_value(f, callee->left), arguments[YARA_ARGUMENTS_MAX];
	struct yara_call call = { .data = f->scan->data, .arena = &f->scan->arena,
				  .arguments = arguments, .host = f->scan };
	const struct yara_function *function;

	if (self.type != YARA_STRUCT)
		return (struct yara_value){ 0 };
	function = &self.object->field->fields[callee->n].overloads[n->n];
	call.count = strlen(function->arguments);
	for (size_t i = 0; i < call.count; i++) {
		arguments[i] = argument(f, n->items[i]);
		if (arguments[i].type == YARA_UNDEFINED)
			return (struct yara_value){ 0 };
	}
	while (root->op != NODE_MODULE && root->op >= NODE_FIELD)
		root = root->left;
	call.self = self.object;
	call.root = root->op == NODE_MODULE ? scan_module(f->scan, root->n) : self.object;
	if (call.root)
		function->call(&call);
	return call.result;
}

static struct yara_value eval_value(struct frame *f, const struct node *n)
{
	struct yara_value of, nothing = { 0 };
	struct yara_object *module;

	switch (n->op) {
	case NODE_VARIABLE:
		return f->variables[n->n];
	case NODE_EXTERNAL:
		return f->scan->externals[n->n];
	case NODE_OBJECT:
		return f->scan->set->externals[n->n].object;
	case NODE_MODULE:
		module = scan_module(f->scan, n->n);
		return module ? (struct yara_value){ .type = YARA_STRUCT, .object = module } : nothing;
	case NODE_FIELD:
		of = eval_value(f, n->left);
		return of.type == YARA_STRUCT ? yara_item(of.object, n->n) : nothing;
	case NODE_INDEX:
	case NODE_LOOKUP:
		return eval_element(f, n);
	case NODE_CALL:
		return eval_call(f, n);
	default:
		return nothing;
	}
}

/* ---- strings of the rule ---- */

static const struct rule_string *string_of(const struct frame *f, const struct node *n)
{
	return &f->rule->strings[n->n == THIS_STRING ? f->this_string : n->n];
}

/* The first match at or after `offset`: matches ascend. */
static size_t first_from(const struct pattern_match *matches, size_t count, int64_t offset)
{
	size_t low = 0, high = count;

	if (offset <= 0)
		return 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (matches[middle].offset < (uint64_t)offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int64_t count_in(struct frame *f, const struct rule_string *s, int64_t low, int64_t high)
{
	size_t count, from, to;
	const struct pattern_match *matches = scan_matches(f->scan, s, &count);

	if (high < low || high < 0)
		return 0;
	from = first_from(matches, count, low);
	to = high == INT64_MAX ? count : first_from(matches, count, high + 1);
	return (int64_t)(to - from);
}

static struct integer eval_count_in(struct frame *f, const struct node *n)
{
	struct integer low = eval_integer(f, n->left), high = eval_integer(f, n->right);

	if (!low.known || !high.known)
		return NOTHING;
	return (struct integer){ count_in(f, string_of(f, n), low.n, high.n), true };
}

static enum truth eval_found_at(struct frame *f, const struct node *n)
{
	struct integer at = eval_integer(f, n->left);

	return at.known ? truth_of(scan_found_at(f->scan, string_of(f, n), at.n)) : UNKNOWN;
}

static struct integer eval_nth(struct frame *f, const struct node *n)
{
	struct integer index = eval_integer(f, n->left);
	const struct pattern_match *matches;
	size_t count;

	if (!index.known || index.n < 1)
		return NOTHING;
	matches = scan_matches(f->scan, string_of(f, n), &count);
	if ((uint64_t)index.n > count)
		return NOTHING;
	matches += index.n - 1;
	return (struct integer){ n->op == NODE_OFFSET ? (int64_t)matches->offset
						      : (int64_t)matches->length, true };
}

/* ---- integers ---- */

/* `width` bytes at the offset that the node asks for; in a process, at that address. */
static struct span bytes_at(struct frame *f, const struct node *n, size_t width,
			    uint8_t memory[8])
{
	struct integer at = eval_integer(f, n->left);
	struct span bytes = { 0 };

	if (!at.known || at.n < 0)
		return bytes;
	if (f->scan->is_blocks)
		return scan_read_memory(f->scan, (uint64_t)at.n, memory, width)
			       ? span_of(memory, width) : bytes;
	bytes = span_sub(f->scan->data, (size_t)at.n, width);
	return bytes.len == width ? bytes : (struct span){ 0 };
}

static struct integer eval_read(struct frame *f, const struct node *n)
{
	uint8_t memory[8];
	struct span bytes = bytes_at(f, n, n->n & READ_WIDTH, memory);

	return bytes.at ? read_at(bytes, n->n, 0) : NOTHING;
}

static struct integer eval_read_long(struct frame *f, const struct node *n)
{
	uint8_t memory[8];
	struct span bytes = bytes_at(f, n, 8, memory);

	return bytes.at ? (struct integer){ (int64_t)read_long(bytes.at, n->n), true } : NOTHING;
}

static struct real eval_read_real(struct frame *f, const struct node *n)
{
	uint8_t memory[8];
	struct span bytes = bytes_at(f, n, (n->n & READ_WIDTH) == 4 ? 4 : 8, memory);

	return bytes.at ? read_real(bytes.at, n->n) : (struct real){ 0 };
}

static struct integer divide(enum node_op op, int64_t a, int64_t b)
{
	if (!b || (a == INT64_MIN && b == -1))
		return NOTHING;
	return (struct integer){ op == NODE_DIVIDE ? a / b : a % b, true };
}

static struct integer shift(enum node_op op, int64_t a, int64_t b)
{
	if (b < 0)
		return NOTHING;
	if (b >= 64)
		return (struct integer){ 0, true };
	return (struct integer){ op == NODE_SHIFT_LEFT ? (int64_t)((uint64_t)a << b) : a >> b, true };
}

static struct integer eval_arithmetic(struct frame *f, const struct node *n)
{
	struct integer a = eval_integer(f, n->left), b = eval_integer(f, n->right);
	uint64_t x = (uint64_t)a.n, y = (uint64_t)b.n;

	if (!a.known || !b.known)
		return NOTHING;
	switch (n->op) {
	case NODE_ADD:
		return (struct integer){ (int64_t)(x + y), true };
	case NODE_SUBTRACT:
		return (struct integer){ (int64_t)(x - y), true };
	case NODE_MULTIPLY:
		return (struct integer){ (int64_t)(x * y), true };
	case NODE_BIT_AND:
		return (struct integer){ a.n & b.n, true };
	case NODE_BIT_OR:
		return (struct integer){ a.n | b.n, true };
	case NODE_BIT_XOR:
		return (struct integer){ a.n ^ b.n, true };
	case NODE_DIVIDE:
	case NODE_MODULO:
		return divide(n->op, a.n, b.n);
	default:
		return shift(n->op, a.n, b.n);
	}
}

static struct integer eval_len(struct frame *f, const struct node *n)
{
	struct span text;
	struct yara_value v;

	if (n->n == YARA_STRING) {
		text = eval_string(f, n->left);
		return (struct integer){ (int64_t)text.len, text.at };
	}
	v = eval_value(f, n->left);
	/* As in YARA-X, a list that is in a structure but was never filled is empty. */
	if (v.type == YARA_UNDEFINED &&
	    (n->left->op == NODE_VARIABLE || (n->left->op == NODE_FIELD &&
					      eval_value(f, n->left->left).type == YARA_STRUCT)))
		return (struct integer){ 0, true };
	if (v.type != YARA_ARRAY && v.type != YARA_DICTIONARY)
		return NOTHING;
	return (struct integer){ (int64_t)v.object->count, true };
}

static struct integer integer_value(struct yara_value v)
{
	return (struct integer){ v.integer, v.type == YARA_INTEGER || v.type == YARA_BOOL };
}

static struct integer eval_integer(struct frame *f, const struct node *n)
{
	struct integer a;
	size_t count;

	switch (n->op) {
	case NODE_INTEGER:
		return (struct integer){ n->integer, true };
	case NODE_FILESIZE:
		return (struct integer){ (int64_t)f->scan->file_size, !f->scan->is_blocks };
	case NODE_ENTRYPOINT:
		a.known = scan_entry_point(f->scan, &a.n);
		return a;
	case NODE_READ:
		return eval_read(f, n);
	case NODE_READ_LONG:
		return eval_read_long(f, n);
	case NODE_COUNT:
		scan_matches(f->scan, string_of(f, n), &count);
		return (struct integer){ (int64_t)count, true };
	case NODE_COUNT_IN:
		return eval_count_in(f, n);
	case NODE_OFFSET:
	case NODE_LENGTH:
		return eval_nth(f, n);
	case NODE_NEGATE:
		a = eval_integer(f, n->left);
		return (struct integer){ (int64_t)(0 - (uint64_t)a.n), a.known };
	case NODE_COMPLEMENT:
		a = eval_integer(f, n->left);
		return (struct integer){ ~a.n, a.known };
	case NODE_LEN:
		return eval_len(f, n);
	case NODE_VARIABLE:
		return integer_value(f->variables[n->n]);
	case NODE_EXTERNAL:
	case NODE_FIELD:
	case NODE_INDEX:
	case NODE_LOOKUP:
	case NODE_CALL:
		return integer_value(eval_value(f, n));
	default:
		return eval_arithmetic(f, n);
	}
}

/* ---- floats and texts ---- */

static struct real eval_real(struct frame *f, const struct node *n)
{
	struct yara_value v;
	struct integer i;
	struct real a, b;

	switch (n->op) {
	case NODE_FLOAT:
		return (struct real){ n->real, true };
	case NODE_READ_REAL:
		return eval_read_real(f, n);
	case NODE_TO_FLOAT:
		i = eval_integer(f, n->left);
		return (struct real){ (double)i.n, i.known };
	case NODE_NEGATE:
		a = eval_real(f, n->left);
		return (struct real){ -a.n, a.known };
	case NODE_ADD:
	case NODE_SUBTRACT:
	case NODE_MULTIPLY:
	case NODE_DIVIDE:
		a = eval_real(f, n->left);
		b = eval_real(f, n->right);
		a.known &= b.known;
		a.n = n->op == NODE_ADD ? a.n + b.n : n->op == NODE_SUBTRACT ? a.n - b.n
		    : n->op == NODE_MULTIPLY ? a.n * b.n : a.n / b.n;
		return a;
	default:
		v = eval_value(f, n);
		return (struct real){ v.real, v.type == YARA_FLOAT && !isnan(v.real) };
	}
}

static struct span eval_string(struct frame *f, const struct node *n)
{
	struct yara_value v;

	if (n->op == NODE_TEXT)
		return *n->text;
	v = eval_value(f, n);
	if (v.type != YARA_STRING)
		return (struct span){ 0 };
	/* An empty value is defined, wherever it points. */
	return v.string.at ? v.string : SPAN("");
}

/* ---- truth ---- */

static enum truth compare(enum node_op op, int order)
{
	switch (op) {
	case NODE_EQ:
		return truth_of(order == 0);
	case NODE_NE:
		return truth_of(order != 0);
	case NODE_LT:
		return truth_of(order < 0);
	case NODE_LE:
		return truth_of(order <= 0);
	case NODE_GT:
		return truth_of(order > 0);
	default:
		return truth_of(order >= 0);
	}
}

static enum truth compare_reals(struct frame *f, const struct node *n)
{
	struct real a = eval_real(f, n->left), b = eval_real(f, n->right);

	if (!a.known || !b.known)
		return UNKNOWN;
	if (n->op == NODE_EQ || n->op == NODE_NE)
		return truth_of((fabs(a.n - b.n) < DBL_EPSILON) == (n->op == NODE_EQ));
	return compare(n->op, a.n < b.n ? -1 : a.n > b.n);
}

static enum truth eval_comparison(struct frame *f, const struct node *n)
{
	struct integer a, b;
	struct span s, t;

	if (n->n == YARA_FLOAT)
		return compare_reals(f, n);
	if (n->n == YARA_STRING) {
		s = eval_string(f, n->left);
		t = eval_string(f, n->right);
		return s.at && t.at ? compare(n->op, span_cmp(s, t)) : UNKNOWN;
	}
	a = eval_integer(f, n->left);
	b = n->right->op == NODE_INTEGER ? (struct integer){ n->right->integer, true }
					 : eval_integer(f, n->right);
	return a.known && b.known ? compare(n->op, a.n < b.n ? -1 : a.n > b.n) : UNKNOWN;
}

static bool equal_nocase(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (tolower(a[i]) != tolower(b[i]))
			return false;
	return true;
}

static bool contains_nocase(struct span s, struct span t)
{
	for (size_t i = 0; t.len <= s.len && i <= s.len - t.len; i++)
		if (equal_nocase(s.at + i, t.at, t.len))
			return true;
	return false;
}

static enum truth eval_text(struct frame *f, const struct node *n)
{
	struct span s = eval_string(f, n->left), t;

	if (!s.at)
		return UNKNOWN;
	if (n->op == NODE_MATCHES)
		return truth_of(regex_search(n->right->regex, f->scan->regexes, s));
	t = eval_string(f, n->right);
	if (!t.at)
		return UNKNOWN;
	switch (n->op) {
	case NODE_CONTAINS:
		return truth_of(memmem(s.at, s.len, t.at, t.len));
	case NODE_STARTSWITH:
		return truth_of(span_starts(s, t));
	case NODE_ENDSWITH:
		return truth_of(span_ends(s, t));
	case NODE_ICONTAINS:
		return truth_of(contains_nocase(s, t));
	case NODE_ISTARTSWITH:
		return truth_of(t.len <= s.len && equal_nocase(s.at, t.at, t.len));
	case NODE_IENDSWITH:
		return truth_of(t.len <= s.len &&
				equal_nocase(s.at + (s.len - t.len), t.at, t.len));
	default:
		return truth_of(s.len == t.len && equal_nocase(s.at, t.at, t.len));
	}
}

static enum truth eval_nonzero(struct frame *f, const struct node *n)
{
	struct integer i;
	struct real r;
	struct span s;

	switch (n->n) {
	case YARA_INTEGER:
		i = eval_integer(f, n->left);
		return i.known ? truth_of(i.n) : UNKNOWN;
	case YARA_FLOAT:
		r = eval_real(f, n->left);
		return r.known ? truth_of(r.n != 0) : UNKNOWN;
	default:
		s = eval_string(f, n->left);
		return s.at ? truth_of(s.len) : UNKNOWN;
	}
}

/* ---- quantified ---- */

static struct tally tally_new(struct frame *f, const struct quantifier *q)
{
	struct tally t = { .kind = q->kind, .wanted = 1 };
	struct integer n;

	if (q->kind != QUANTITY_NUMBER && q->kind != QUANTITY_PERCENT)
		return t;
	n = eval_integer(f, q->number);
	t.wanted = n.n;
	/* An undefined number asks for all, as in YARA; zero for none. */
	if (q->kind == QUANTITY_NUMBER)
		t.kind = !n.known ? QUANTITY_ALL : n.n == 0 ? QUANTITY_NONE
		       : n.n == 1 ? QUANTITY_ANY : QUANTITY_NUMBER;
	else if (!n.known)
		t.wanted = INT64_MAX;
	return t;
}

/* Strings that need a search of their own come last: often the others settle it. */
static void tally_strings(struct frame *f, const struct of *of, struct tally *t)
{
	for (int dear = 0; dear < 2; dear++)
		for (uint32_t i = 0; i < of->count; i++) {
			const struct rule_string *s = &f->rule->strings[of->strings[i]];

			if (scan_is_dear(f->scan, s) == dear &&
			    !tally_add(t, truth_of(scan_found(f->scan, s))))
				return;
		}
}

static enum truth tally_placed(struct frame *f, const struct of *of, struct tally *t)
{
	struct integer low = eval_integer(f, of->at ? of->at : of->low);
	struct integer high = of->at ? low : eval_integer(f, of->high);

	if (!low.known || !high.known)
		return UNKNOWN;
	for (uint32_t i = 0; i < of->count; i++) {
		const struct rule_string *s = &f->rule->strings[of->strings[i]];
		bool one = of->at ? scan_found_at(f->scan, s, low.n) : count_in(f, s, low.n, high.n);

		if (!tally_add(t, truth_of(one)))
			break;
	}
	return tally_done(t);
}

static enum truth eval_of(struct frame *f, const struct of *of)
{
	struct tally t = tally_new(f, &of->quantifier);

	if (t.kind == QUANTITY_PERCENT && t.wanted == INT64_MAX)
		return UNKNOWN;
	if (of->at || of->low)
		return tally_placed(f, of, &t);
	if (of->strings)
		tally_strings(f, of, &t);
	for (uint32_t i = 0; !of->strings && i < of->count; i++) {
		enum truth one = eval_truth(f, of->items[i]);

		if (one == UNKNOWN)
			return UNKNOWN;
		if (!tally_add(&t, one))
			break;
	}
	return tally_done(&t);
}

static bool loop_body(struct frame *f, const struct loop *loop, struct tally *t)
{
	return scan_step(f->scan) && tally_add(t, eval_truth(f, loop->body));
}

/* `uint32(i) == 0x4550` and its like: the body of loops over a whole file. */
static bool reads_variable(const struct loop *loop)
{
	const struct node *body = loop->body;

	return body->op >= NODE_EQ && body->op <= NODE_GE && body->n == YARA_INTEGER &&
	       body->left->op == NODE_READ && body->left->left->op == NODE_VARIABLE &&
	       body->left->left->n == loop->variable && body->right->op == NODE_INTEGER;
}

static void loop_reads(struct frame *f, const struct loop *loop, struct tally *t, int64_t low,
		       int64_t high)
{
	const struct node *read = loop->body->left;
	const int64_t wanted = loop->body->right->integer;
	const enum node_op op = loop->body->op;

	for (int64_t i = low; i <= high; i++) {
		struct integer got = read_at(f->scan->data, read->n, i);
		enum truth one = !got.known ? UNKNOWN : op == NODE_EQ ? truth_of(got.n == wanted)
			: compare(op, got.n < wanted ? -1 : got.n > wanted);

		if (!scan_step(f->scan) || !tally_add(t, one) || i == INT64_MAX)
			return;
	}
}

static void loop_range(struct frame *f, const struct loop *loop, struct tally *t)
{
	struct integer low = eval_integer(f, loop->low), high = eval_integer(f, loop->high);
	struct yara_value *v = &f->variables[loop->variable];

	if (!low.known || !high.known)
		return;
	if (reads_variable(loop) && !f->scan->is_blocks) {
		loop_reads(f, loop, t, low.n, high.n);
		return;
	}
	for (int64_t i = low.n; i <= high.n; i++) {
		*v = (struct yara_value){ .type = YARA_INTEGER, .integer = i };
		if (!loop_body(f, loop, t) || i == INT64_MAX)
			return;
	}
}

static void loop_list(struct frame *f, const struct loop *loop, struct tally *t)
{
	for (uint32_t i = 0; i < loop->count; i++) {
		f->variables[loop->variable] = argument(f, loop->items[i]);
		if (!loop_body(f, loop, t))
			return;
	}
}

static void loop_object(struct frame *f, const struct loop *loop, struct tally *t)
{
	struct yara_value of = eval_value(f, loop->object);
	bool keys = loop->over == LOOP_DICTIONARY;

	if (of.type != (keys ? YARA_DICTIONARY : YARA_ARRAY))
		return;
	for (size_t i = 0; i < of.object->count; i++) {
		if (keys)
			yara_value_string(&f->variables[loop->variable], of.object->keys[i]);
		f->variables[keys ? loop->second : loop->variable] = of.object->items[i];
		if (!loop_body(f, loop, t))
			return;
	}
}

static void loop_strings(struct frame *f, const struct loop *loop, struct tally *t)
{
	uint32_t outer = f->this_string;

	for (uint32_t i = 0; i < loop->count; i++) {
		f->this_string = loop->strings[i];
		if (!loop_body(f, loop, t))
			break;
	}
	f->this_string = outer;
}

static enum truth eval_loop(struct frame *f, const struct loop *loop)
{
	struct tally t = tally_new(f, &loop->quantifier);

	switch (loop->over) {
	case LOOP_RANGE:
		loop_range(f, loop, &t);
		break;
	case LOOP_LIST:
		loop_list(f, loop, &t);
		break;
	case LOOP_ARRAY:
	case LOOP_DICTIONARY:
		loop_object(f, loop, &t);
		break;
	case LOOP_STRINGS:
		loop_strings(f, loop, &t);
	}
	/* A loop that had nothing to go over is false, whatever it asks for. */
	return t.seen ? tally_done(&t) : NO;
}

static enum truth eval_with(struct frame *f, const struct loop *with)
{
	for (uint32_t i = 0; i < with->count; i++)
		f->variables[with->variable + i] = argument(f, with->items[i]);
	return eval_truth(f, with->body);
}

static enum truth eval_chain(struct frame *f, const struct node *n)
{
	enum truth settles = n->op == NODE_AND ? NO : YES, end = settles == NO ? YES : NO;

	for (uint32_t i = 0; i < n->n; i++) {
		enum truth one = eval_truth(f, n->items[i]);

		/* As in YARA, what stands behind something undefined may still tell something. */
		if (one == UNKNOWN && f->rule->speaks)
			end = NO;
		else if (one == settles || (one == UNKNOWN && settles == NO))
			return settles;
	}
	return end;
}

static enum truth eval_truth(struct frame *f, const struct node *n)
{
	enum truth one;

	switch (n->op) {
	case NODE_BOOL:
		return truth_of(n->integer);
	case NODE_AND:
	case NODE_OR:
		return eval_chain(f, n);
	case NODE_NOT:
		one = eval_truth(f, n->left);
		return one == UNKNOWN ? UNKNOWN : truth_of(one == NO);
	case NODE_DEFINED:
		return truth_of(eval_truth(f, n->left) != UNKNOWN);
	case NODE_TRUTH:
		return eval_nonzero(f, n);
	case NODE_FOUND:
		return truth_of(scan_found(f->scan, string_of(f, n)));
	case NODE_FOUND_AT:
		return eval_found_at(f, n);
	case NODE_FOUND_IN: {
		struct integer in = eval_count_in(f, n);

		return in.known ? truth_of(in.n) : UNKNOWN;
	}
	case NODE_OF:
		return eval_of(f, n->of);
	case NODE_FOR:
		return eval_loop(f, n->loop);
	case NODE_WITH:
		return eval_with(f, n->loop);
	case NODE_RULE:
		return scan_rule(f->scan, n->n);
	case NODE_VARIABLE:
		return f->variables[n->n].type == YARA_UNDEFINED
			? UNKNOWN : truth_of(f->variables[n->n].integer);
	default:
		return n->op >= NODE_CONTAINS ? eval_text(f, n) : eval_comparison(f, n);
	}
}

enum truth eval_rule(struct yara_scan *scan, const struct rule *rule)
{
	struct frame f = { .scan = scan, .rule = rule };
	enum truth found;

	f.variables = scan->variables + (size_t)VARIABLES_MAX * scan->frame;
	scan->frame++;
	found = eval_truth(&f, rule->condition);
	scan->frame--;
	return found == YES ? YES : NO;
}
