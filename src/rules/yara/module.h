/*
 * module: what a YARA module (pe, elf, math, ...) is to the compiler and to the
 * condition evaluator.
 *
 * A module declares a static tree of fields, against which the compiler checks
 * types; at scan time `load` fills an object of the same shape. A module is
 * loaded at most once a scan and only when a woken rule touches it. Compiled
 * rules hold the module's number and field numbers only, so the order of
 * `yara_modules` and of fields may change freely between builds.
 *
 *     static const struct yara_field section[] = {
 *             YARA_STRING_FIELD("name"), YARA_INTEGER_FIELD("virtual_size"), YARA_END };
 *     static const struct yara_field fields[] = {
 *             YARA_CONSTANT("MACHINE_I386", 0x14c),
 *             YARA_INTEGER_FIELD("number_of_sections"),
 *             YARA_ARRAY_OF_STRUCTS("sections", section),
 *             YARA_FUNCTION_FIELD("imphash", imphash_overloads), YARA_END };
 *     static bool load(struct yara_load *l)
 *     {
 *             yara_set_integer(l->root, "number_of_sections", n);
 *             array = yara_array(l->root, "sections");
 *             section = yara_array_add_struct(l, array);
 *             yara_set_string(section, "name", span);
 *     }
 *     const struct yara_module yara_module_pe = { "pe", fields, load };
 *
 * What is never set is undefined. Setters are NULL-safe and ignore exhaustion of
 * the arena: a value that found no room stays undefined. Strings are borrowed:
 * they must live in the scanned data, in static memory or in the scan's arena.
 * Modules run inside the sandbox: no I/O, no locale, no threads; every loop over
 * evidence is bounded.
 */
#ifndef KANSHIKI_RULES_YARA_MODULE_H
#define KANSHIKI_RULES_YARA_MODULE_H

#include "base/arena.h"
#include "base/err.h"
#include "codec/json_write.h"

enum yara_type { YARA_UNDEFINED, YARA_INTEGER, YARA_FLOAT, YARA_STRING, YARA_BOOL, YARA_REGEX,
		 YARA_STRUCT, YARA_ARRAY, YARA_DICTIONARY, YARA_FUNCTION };

struct yara_function;
struct yara_object;

struct yara_field {
	const char *name;			/* NULL ends the list */
	enum yara_type type;
	bool is_constant;			/* .integer, .real or .text hold it: folded by the compiler */
	enum yara_type element;			/* of an array or dictionary */
	const struct yara_field *fields;	/* of a struct, or of struct elements */
	const struct yara_function *overloads;	/* of a function, ended by .arguments NULL */
	int64_t integer;
	double real;
	const char *text;
	/*
	 * Fields of a module's root that are dear (signatures, resources): called
	 * when such a field is first read, it fills it and its like from root->state.
	 * It may be called again where it left the field undefined. NULL: load does it.
	 */
	void (*fill)(struct yara_object *root);
};

#define YARA_END { 0 }
#define YARA_INTEGER_FIELD(n) { .name = (n), .type = YARA_INTEGER }
#define YARA_FLOAT_FIELD(n) { .name = (n), .type = YARA_FLOAT }
#define YARA_STRING_FIELD(n) { .name = (n), .type = YARA_STRING }
#define YARA_CONSTANT(n, value) \
	{ .name = (n), .type = YARA_INTEGER, .is_constant = true, .integer = (value) }
#define YARA_FLOAT_CONSTANT(n, value) \
	{ .name = (n), .type = YARA_FLOAT, .is_constant = true, .real = (value) }
#define YARA_TEXT_CONSTANT(n, value) \
	{ .name = (n), .type = YARA_STRING, .is_constant = true, .text = (value) }
#define YARA_STRUCT_FIELD(n, its) { .name = (n), .type = YARA_STRUCT, .fields = (its) }
#define YARA_ARRAY_OF(n, kind) { .name = (n), .type = YARA_ARRAY, .element = (kind) }
#define YARA_ARRAY_OF_STRUCTS(n, its) \
	{ .name = (n), .type = YARA_ARRAY, .element = YARA_STRUCT, .fields = (its) }
#define YARA_DICTIONARY_OF(n, kind) { .name = (n), .type = YARA_DICTIONARY, .element = (kind) }
#define YARA_DICTIONARY_OF_STRUCTS(n, its) \
	{ .name = (n), .type = YARA_DICTIONARY, .element = YARA_STRUCT, .fields = (its) }
#define YARA_FUNCTION_FIELD(n, its) { .name = (n), .type = YARA_FUNCTION, .overloads = (its) }

/* A value at scan time; .type YARA_UNDEFINED where it was never set. */
struct yara_value {
	enum yara_type type;
	union {
		int64_t integer;		/* also YARA_BOOL: 0 or 1 */
		double real;
		struct span string;
		const struct yara_regex *regex;	/* only as an argument; see yara_call_matches */
		struct yara_object *object;	/* struct, array, dictionary, function */
	};
};

/* A struct, array or dictionary, in the scan's arena. */
struct yara_object {
	enum yara_type type;			/* struct, array or dictionary */
	const struct yara_field *field;		/* what was declared; of an element: its array */
	struct arena *arena;
	struct yara_value *items;		/* struct: one a field; else [count] */
	struct span *keys;			/* of a dictionary, [count] */
	size_t count, room, key_room;
	void *state;				/* the module's, as left by load; for functions */
};

struct yara_load {
	struct span data;			/* what is scanned, whole */
	struct arena *arena;			/* emptied after the scan */
	struct span module_data;		/* given with -x MODULE=FILE, or empty */
	bool is_memory;				/* data is a block of a process, at address `base` */
	uint64_t base;
	struct yara_object *root;		/* to be filled; root->state is the module's own */
};

#define YARA_ARGUMENTS_MAX 16

/* One call of a function. Every argument is defined: else the call is not made. */
struct yara_call {
	struct span data;
	struct arena *arena;
	const struct yara_object *self;		/* the struct whose field the function is */
	const struct yara_object *root;		/* of the module; ->state as load left it */
	const struct yara_value *arguments;
	size_t count;
	struct yara_value result;		/* undefined unless set, with yara_return_* */
	void *host;				/* for the yara_call_ functions */
};

/*
 * `arguments`: a letter each, i f s r b (integer, float, string, regex, bool);
 * "" for none. `result`: i f s b. Integers are widened to floats where no
 * overload takes them as they are.
 */
struct yara_function {
	const char *arguments;
	char result;
	void (*call)(struct yara_call *call);
};

struct yara_module {
	const char *name;
	const struct yara_field *fields;
	/* False: the data is not of this module's kind; what was set until then counts. NULL: none. */
	bool (*load)(struct yara_load *load);
	/*
	 * What data of this kind begins with, as bits of its first four bytes, little-endian.
	 * Of other data load sets nothing but the field `tells`, to 0, and functions
	 * answer nothing: rules that ask for more are not woken by it. Mask 0: any data.
	 */
	uint32_t mask, value;
	const char *tells;
	/* What it loads on first use, which the sandbox forbids. NULL: nothing. */
	void (*prepare)(void);
	bool speaks;			/* its functions tell the user something when they are called */
};

/* All modules, ended by NULL (modules.c). */
extern const struct yara_module *const yara_modules[];
const struct yara_module *yara_module_find(struct span name);

/*
 * One field of a struct by its number, filled first where it is filled on use:
 * the way in which the evaluator and -D read.
 */
static inline struct yara_value yara_item(struct yara_object *of, size_t number)
{
	const struct yara_field *field = &of->field->fields[number];

	if (of->items[number].type == YARA_UNDEFINED && field->fill)
		field->fill(of);
	return of->items[number];
}

/* Setting, by name or (for hot loops) by the number that yara_field_number gives. */
#define YARA_NO_FIELD SIZE_MAX
size_t yara_field_number(const struct yara_field *fields, const char *name);
struct yara_value *yara_slot(struct yara_object *of, const char *name);	/* NULL: no such field */
void yara_set_integer(struct yara_object *of, const char *name, int64_t n);
void yara_set_float(struct yara_object *of, const char *name, double n);
void yara_set_string(struct yara_object *of, const char *name, struct span s);

/* The struct, array or dictionary in that field, made on first use; NULL: no memory. */
struct yara_object *yara_struct(struct yara_object *of, const char *name);
struct yara_object *yara_array(struct yara_object *of, const char *name);
struct yara_object *yara_dictionary(struct yara_object *of, const char *name);

/* Adding at the end. An array or dictionary holds at most 1,000,000. NULL: no room. */
struct yara_value *yara_array_add(struct yara_object *array);
struct yara_object *yara_array_add_struct(struct yara_object *array);
struct yara_value *yara_dictionary_add(struct yara_object *dictionary, struct span key);
struct yara_object *yara_dictionary_add_struct(struct yara_object *dictionary, struct span key);

static inline void yara_value_integer(struct yara_value *v, int64_t n)
{
	if (v)
		*v = (struct yara_value){ .type = YARA_INTEGER, .integer = n };
}

static inline void yara_value_float(struct yara_value *v, double n)
{
	if (v)
		*v = (struct yara_value){ .type = YARA_FLOAT, .real = n };
}

static inline void yara_value_string(struct yara_value *v, struct span s)
{
	if (v)
		*v = (struct yara_value){ .type = YARA_STRING, .string = s };
}

/* Reading back, for functions: undefined or NULL where it is not there. */
struct yara_value yara_get(const struct yara_object *of, const char *name);
struct yara_object *yara_get_object(const struct yara_object *of, const char *name);

static inline void yara_return_integer(struct yara_call *call, int64_t n)
{
	yara_value_integer(&call->result, n);
}

static inline void yara_return_float(struct yara_call *call, double n)
{
	yara_value_float(&call->result, n);
}

static inline void yara_return_string(struct yara_call *call, struct span s)
{
	yara_value_string(&call->result, s);
}

/*
 * A range of what is scanned: of a file cut to its end; of a process read again, at most
 * YARA_RANGE_MOST bytes that lie together. False: undefined.
 */
#define YARA_RANGE_MOST ((int64_t)16 << 20)
bool yara_call_range(const struct yara_call *call, int64_t offset, int64_t length, struct span *out);
/* Is call->data all of what is scanned? Not of a process, whose memory has no whole. */
bool yara_call_has_whole(const struct yara_call *call);
/* Whether the regex argument matches anywhere in `s`. */
bool yara_call_matches(struct yara_call *call, const struct yara_regex *regex, struct span s);
/* The same for one that begins in the first 1,024 bytes; *end is where the first of them ends. */
bool yara_call_match_end(struct yara_call *call, const struct yara_regex *regex, struct span s,
			 size_t *end);
/* A line for the user (module console). */
void yara_call_log(struct yara_call *call, struct span line);

/* The module's object with everything undefined. NULL: no memory. */
struct yara_object *yara_module_new(const struct yara_module *module, struct arena *arena);
/* The same, loaded: for tests of modules. NULL: no memory. */
struct yara_object *yara_module_load(const struct yara_module *module, struct span data,
				     struct arena *arena, struct span module_data);
/* The whole object as JSON: constants and functions left out, undefined as null. */
void yara_object_json(struct json_write *to, struct yara_object *object);

#endif
