#include "formats/dotnet/dotnet_class.h"

#include "formats/dotnet/dotnet_type.h"

#define MAX_METHODS 0xffff
#define MAX_PARAMETERS 255
#define SIGNATURE_GENERIC 0x10

enum { METHOD_FLAGS = 2, METHOD_NAME, METHOD_SIGNATURE, METHOD_PARAMETERS };

/* Rows of a table by the row that owns them, in the order of the table. */
struct owned {
	uint32_t *first, *next;		/* [owners + 1], [rows + 1]; 0 ends */
	uint32_t owners;
};

struct class_reader {
	struct dotnet_reader r;
	size_t methods;			/* read so far; types may claim the same ones */
	struct owned interfaces, class_generics, method_generics;
};

static bool owned_new(struct owned *o, struct arena *arena, uint32_t owners, uint32_t rows)
{
	o->owners = owners;
	o->first = ARENA_ARRAY(arena, (size_t)owners + 1, uint32_t);
	o->next = ARENA_ARRAY(arena, (size_t)rows + 1, uint32_t);
	return o->first && o->next;
}

/* To be called from the last row to the first. */
static void owned_add(struct owned *o, uint32_t owner, uint32_t row)
{
	if (owner > o->owners)
		return;
	o->next[row] = o->first[owner];
	o->first[owner] = row;
}

static bool index_tables(struct class_reader *c)
{
	const struct dotnet *d = c->r.d;
	uint32_t types = d->tables[DOTNET_TYPE_DEF].rows;
	uint32_t generics = d->tables[DOTNET_GENERIC_PARAM].rows;
	uint32_t interfaces = d->tables[DOTNET_INTERFACE_IMPL].rows;

	c->r.encloser = ARENA_ARRAY(c->r.arena, (size_t)types + 1, uint32_t);
	if (!c->r.encloser || !owned_new(&c->interfaces, c->r.arena, types, interfaces) ||
	    !owned_new(&c->class_generics, c->r.arena, types, generics) ||
	    !owned_new(&c->method_generics, c->r.arena, d->tables[DOTNET_METHOD_DEF].rows, generics))
		return false;
	for (uint32_t row = d->tables[DOTNET_NESTED_CLASS].rows; row >= 1; row--) {
		uint32_t nested = dotnet_value(d, DOTNET_NESTED_CLASS, row, 0);

		if (nested <= types)
			c->r.encloser[nested] = dotnet_value(d, DOTNET_NESTED_CLASS, row, 1);
	}
	for (uint32_t row = interfaces; row >= 1; row--)
		owned_add(&c->interfaces, dotnet_value(d, DOTNET_INTERFACE_IMPL, row, 0), row);
	for (uint32_t row = generics; row >= 1; row--) {
		uint32_t owner = dotnet_value(d, DOTNET_GENERIC_PARAM, row, 2);

		owned_add(owner & 1 ? &c->method_generics : &c->class_generics, owner >> 1, row);
	}
	return true;
}

/* One broken name spoils the whole list, as in YARA. */
static struct dotnet_names read_generics(struct class_reader *c, const struct owned *o,
					 uint32_t owner)
{
	struct dotnet_names names = { 0 };
	size_t room = 0;

	for (uint32_t row = o->first[owner]; row; row = o->next[row]) {
		struct span name = dotnet_cell_string(c->r.d, DOTNET_GENERIC_PARAM, row, 3);
		struct span *to;

		if (name.len == 0)
			return (struct dotnet_names){ 0 };
		to = arena_push(c->r.arena, (void **)&names.list, &names.count, &room, sizeof *to);
		if (to)
			*to = name;
	}
	return names;
}

static void add_base(struct class_reader *c, struct dotnet_class *to, size_t *room,
		     struct span name)
{
	struct span *slot;

	if (!name.at)
		return;
	slot = arena_push(c->r.arena, (void **)&to->base_types.list, &to->base_types.count, room,
			  sizeof *slot);
	if (slot)
		*slot = name;
}

static void read_bases(struct class_reader *c, uint32_t type, struct dotnet_class *to)
{
	struct dotnet_generics generics = { &to->generics, NULL };
	size_t room = 0;

	add_base(c, to, &room,
		 dotnet_type_name(&c->r, dotnet_value(c->r.d, DOTNET_TYPE_DEF, type,
						      TYPE_DEF_EXTENDS), &generics, 0));
	for (uint32_t row = c->interfaces.first[type]; row; row = c->interfaces.next[row])
		add_base(c, to, &room,
			 dotnet_type_name(&c->r, dotnet_value(c->r.d, DOTNET_INTERFACE_IMPL, row, 1),
					  &generics, 0));
}

static const char *method_visibility(uint32_t flags)
{
	static const char *const names[] = { "private", "private", "private protected", "internal",
					     "protected", "protected internal", "public", "private" };

	return names[flags & 7];
}

static const char *type_visibility(uint32_t flags)
{
	static const char *const names[] = { "internal", "public", "public", "private", "protected",
					     "internal", "private protected", "protected internal" };

	return names[flags & 7];
}

/* False where one of the types is unreadable. */
static bool read_parameters(struct class_reader *c, uint32_t first, uint32_t count,
			    struct cursor *signature, const struct dotnet_generics *generics,
			    struct dotnet_method *to)
{
	if (first == 0)
		return true;
	to->has_parameters = true;
	to->parameters = ARENA_ARRAY(c->r.arena, count, struct dotnet_parameter);
	for (uint32_t i = 0; to->parameters && i < count; i++) {
		struct dotnet_parameter *parameter = &to->parameters[i];

		if (dotnet_has_row(c->r.d, DOTNET_PARAM, first + i))
			parameter->name = dotnet_cell_string(c->r.d, DOTNET_PARAM, first + i, 2);
		else
			parameter->name = arena_printf(c->r.arena, "P_%u", i);
		parameter->type = dotnet_signature_type(&c->r, signature, generics, 0);
		if (!parameter->type.at)
			return false;
		to->parameter_count++;
	}
	return to->parameters != NULL;
}

/* False: the method is broken and left out. */
static bool read_method(struct class_reader *c, uint32_t row, const struct dotnet_class *class,
			struct dotnet_method *to)
{
	struct dotnet_generics generics = { &class->generics, &to->generics };
	uint32_t flags = dotnet_value(c->r.d, DOTNET_METHOD_DEF, row, METHOD_FLAGS), count;
	struct cursor signature = { 0 };

	to->name = dotnet_cell_string(c->r.d, DOTNET_METHOD_DEF, row, METHOD_NAME);
	if (to->name.len == 0 ||
	    !dotnet_blob(c->r.d, dotnet_value(c->r.d, DOTNET_METHOD_DEF, row, METHOD_SIGNATURE),
			 &signature.in) ||
	    signature.in.len < 3)
		return false;
	to->generics = read_generics(c, &c->method_generics, row);
	if (cursor_u8(&signature) & SIGNATURE_GENERIC)
		dotnet_compressed(&signature);
	count = dotnet_compressed(&signature);
	to->return_type = dotnet_signature_type(&c->r, &signature, &generics, 0);
	if (!to->return_type.at || count > MAX_PARAMETERS ||
	    !read_parameters(c, dotnet_value(c->r.d, DOTNET_METHOD_DEF, row, METHOD_PARAMETERS),
			     count, &signature, &generics, to))
		return false;
	if (span_eq(to->name, SPAN(".ctor")) || span_eq(to->name, SPAN(".cctor")))
		to->return_type.at = NULL;
	to->visibility = method_visibility(flags);
	to->is_static = flags & 0x10;
	to->is_final = flags & 0x20;
	to->is_virtual = flags & 0x40;
	to->is_abstract = flags & 0x400;
	return true;
}

/* Methods of a type reach to the first method of the next type. */
static uint32_t method_count(const struct dotnet *d, uint32_t type, uint32_t first)
{
	uint32_t end = d->tables[DOTNET_METHOD_DEF].rows + 1;

	if (type < d->tables[DOTNET_TYPE_DEF].rows)
		end = dotnet_value(d, DOTNET_TYPE_DEF, type + 1, TYPE_DEF_METHODS);
	return end > first ? end - first : 0;
}

static void read_methods(struct class_reader *c, uint32_t type, struct dotnet_class *to)
{
	uint32_t first = dotnet_value(c->r.d, DOTNET_TYPE_DEF, type, TYPE_DEF_METHODS);
	uint32_t count = method_count(c->r.d, type, first);
	size_t room = 0;

	if (first == 0 || count > MAX_METHODS)
		return;
	to->has_methods = true;
	for (uint32_t i = 0; i < count; i++) {
		struct dotnet_method *method;

		if (!dotnet_has_row(c->r.d, DOTNET_METHOD_DEF, first + i) ||
		    ++c->methods > MAX_METHODS)
			break;
		method = arena_push(c->r.arena, (void **)&to->methods, &to->method_count, &room,
				    sizeof *method);
		if (!method)
			break;
		*method = (struct dotnet_method){ 0 };
		if (!read_method(c, first + i, to, method))
			to->method_count--;
	}
}

/* False: the row is no type that anybody would see, and left out. */
static bool read_class(struct class_reader *c, uint32_t row, struct dotnet_class *to)
{
	const struct dotnet *d = c->r.d;
	uint32_t flags = dotnet_value(d, DOTNET_TYPE_DEF, row, TYPE_DEF_FLAGS);
	struct span name = dotnet_cell_string(d, DOTNET_TYPE_DEF, row, TYPE_DEF_NAME);

	if (!dotnet_has_row(d, DOTNET_TYPE_DEF, row) || name.len == 0 || name.at[0] == '`' ||
	    span_eq(name, SPAN("<Module>")))
		return false;
	to->name = span_sub(name, 0, span_find_byte(name, 0, '`'));
	to->name_space = dotnet_cell_string(d, DOTNET_TYPE_DEF, row, TYPE_DEF_NAMESPACE);
	if (dotnet_is_nested(flags))
		to->name_space = dotnet_full_name(&c->r, to->name_space,
						  dotnet_enclosing_name(&c->r, row, 1));
	to->full_name = dotnet_full_name(&c->r, name, to->name_space);
	to->visibility = type_visibility(flags);
	to->type = flags & 0x20 ? "interface" : "class";
	to->is_abstract = flags & 0x80;
	to->is_sealed = flags & 0x100;
	to->generics = read_generics(c, &c->class_generics, row);
	read_bases(c, row, to);
	read_methods(c, row, to);
	return true;
}

void dotnet_classes_read(const struct dotnet *d, struct arena *arena, struct dotnet_classes *out)
{
	struct class_reader c = { .r = { .d = d, .arena = arena } };
	size_t room = 0;

	*out = (struct dotnet_classes){ 0 };
	if (!d->tables_whole || !index_tables(&c))
		return;
	for (uint32_t row = 1; row <= d->tables[DOTNET_TYPE_DEF].rows; row++) {
		struct dotnet_class *class = arena_push(arena, (void **)&out->list, &out->count,
							&room, sizeof *class);

		if (!class)
			return;
		*class = (struct dotnet_class){ 0 };
		if (!read_class(&c, row, class))
			out->count--;
	}
}
