#include "formats/pe/pe_import.h"

#define DESCRIPTOR_SIZE 20
#define DELAY_DESCRIPTOR_SIZE 32
#define MAX_LIBRARIES 16384
#define MAX_FUNCTIONS 16384		/* thunks of one library, and functions in all */
#define MAX_LIBRARY_NAME 256
#define MAX_DELAYED_LIBRARY_NAME 4096
#define MAX_FUNCTION_NAME 512
#define SMALLEST_NAME 4			/* its hint, a letter and the end */

struct reader {
	const struct pe *pe;
	struct arena *arena;
	struct pe_imports *out;
	size_t library_room;
	size_t function_room;
	size_t thunks;			/* looked at so far */
};

static bool is_library_name(struct span bytes, size_t limit, struct span *name)
{
	*name = pe_text(bytes, limit);
	if (name->len == 0 || name->len == bytes.len || name->len == limit)
		return false;
	for (size_t i = 0; i < name->len; i++) {
		if (name->at[i] < ' ' || name->at[i] > '~' || strchr("\"*<>?|", name->at[i]))
			return false;
	}
	return true;
}

static bool is_function_name(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    (c == 0 || !strchr("._?@$()<>", c)))
			return false;
	}
	return name.len > 0;
}

static struct pe_library *add_library(struct reader *r, struct span name)
{
	struct pe_library *library;

	library = arena_push(r->arena, (void **)&r->out->libraries, &r->out->count,
			     &r->library_room, sizeof *library);
	r->function_room = 0;
	if (library)
		library->name = name;
	return library;
}

static struct pe_function *add_function(struct reader *r, struct pe_library *to)
{
	struct pe_function *function;

	function = arena_push(r->arena, (void **)&to->functions, &to->count, &r->function_room,
			      sizeof *function);
	if (function)
		r->out->functions++;
	return function;
}

static uint64_t ordinal_flag(const struct pe *pe)
{
	return pe->wide ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
}

static void set_ordinal(struct reader *r, struct span library, uint64_t thunk,
			struct pe_function *function)
{
	function->ordinal = (uint16_t)thunk;
	function->by_ordinal = true;
	function->name = pe_ordinal_name(library, function->ordinal, r->arena);
}

/* False where the thunk leads to nothing that could be a function. */
static bool resolve(struct reader *r, struct span library, uint64_t thunk,
		    struct pe_function *function)
{
	struct span bytes;

	if (thunk & ordinal_flag(r->pe)) {
		if ((thunk & ~ordinal_flag(r->pe)) > UINT16_MAX)
			return false;
		set_ordinal(r, library, thunk, function);
		return true;
	}
	bytes = pe_at_rva(r->pe, thunk);
	if (bytes.len < SMALLEST_NAME)
		return false;
	function->name = pe_text(span_from(bytes, 2), MAX_FUNCTION_NAME);
	return is_function_name(function->name);
}

static bool too_many(const struct reader *r, size_t of_library)
{
	return r->thunks >= PE_MAX_THUNKS || of_library >= MAX_FUNCTIONS ||
	       r->out->functions >= MAX_FUNCTIONS;
}

static void read_thunks(struct reader *r, struct pe_library *library, size_t table, uint32_t slots)
{
	struct cursor c = cursor_of(r->pe->file);
	unsigned width = r->pe->wide ? 8 : 4;

	cursor_seek(&c, table);
	for (size_t i = 0; !too_many(r, i); i++) {
		struct pe_function function = { .rva = slots + (uint64_t)width * i };
		uint64_t thunk = r->pe->wide ? cursor_u64le(&c) : cursor_u32le(&c);
		struct pe_function *added;

		if (thunk == 0)
			return;
		r->thunks++;
		if (!r->pe->wide)
			function.rva = (uint32_t)function.rva;
		if (!resolve(r, library->name, thunk, &function))
			continue;
		added = add_function(r, library);
		if (!added)
			return;
		*added = function;
	}
}

static void read_descriptor(struct reader *r, uint32_t names, uint32_t name, uint32_t slots)
{
	struct span text;
	struct pe_library *library;
	size_t table;

	if (!is_library_name(pe_at_rva(r->pe, name), MAX_LIBRARY_NAME, &text))
		return;
	if ((!pe_offset(r->pe, names, &table) || table == 0) && !pe_offset(r->pe, slots, &table))
		return;
	library = add_library(r, text);
	if (!library)
		return;
	read_thunks(r, library, table, slots);
	if (library->count == 0)
		r->out->count--;
}

static struct reader reader_of(const struct pe *pe, struct arena *arena, struct pe_imports *out)
{
	*out = (struct pe_imports){ 0 };
	return (struct reader){ .pe = pe, .arena = arena, .out = out };
}

static struct cursor cursor_at_directory(const struct pe *pe, enum pe_directory_index index)
{
	const struct pe_directory *directory = pe_directory(pe, index);

	return cursor_of(directory->rva ? pe_at_rva(pe, directory->rva)
						     : (struct span){ 0 });
}

void pe_imports_read(const struct pe *pe, struct arena *arena, struct pe_imports *out)
{
	struct reader r = reader_of(pe, arena, out);
	struct cursor c = cursor_at_directory(pe, PE_DIR_IMPORT);

	for (int i = 0; i < MAX_LIBRARIES && cursor_left(&c) >= DESCRIPTOR_SIZE; i++) {
		uint32_t names = cursor_u32le(&c), name, slots;

		cursor_skip(&c, 8);
		name = cursor_u32le(&c);
		slots = cursor_u32le(&c);
		if (name == 0)
			return;
		read_descriptor(&r, names, name, slots);
	}
}

/* Visual C++ 6 wrote addresses where relative ones stand today. */
static uint64_t relative(const struct pe *pe, uint64_t address)
{
	return address > pe->image_base ? address - pe->image_base : address;
}

struct delayed {
	uint32_t attributes;
	uint32_t name;
	uint32_t slots;
	uint32_t names;
};

/* False at the end of the table or at a descriptor that is plainly wrong. */
static bool read_delayed(const struct pe *pe, struct cursor *c, struct delayed *d)
{
	struct span bytes = cursor_take(c, DELAY_DESCRIPTOR_SIZE);
	static const uint8_t zeros[DELAY_DESCRIPTOR_SIZE];

	if (bytes.len == 0 || memcmp(bytes.at, zeros, sizeof zeros) == 0)
		return false;
	d->attributes = load_u32le(bytes.at);
	d->name = load_u32le(bytes.at + 4);
	d->slots = load_u32le(bytes.at + 12);
	d->names = load_u32le(bytes.at + 16);
	if (!pe->wide && d->attributes == 0) {
		d->name = (uint32_t)relative(pe, d->name);
		d->slots = (uint32_t)relative(pe, d->slots);
		d->names = (uint32_t)relative(pe, d->names);
	}
	return d->attributes <= 1 && d->names < pe->image_size && d->slots < pe->image_size &&
	       d->name >= 64 && d->names >= 64;
}

static uint64_t pointer_at(const struct pe *pe, uint64_t rva)
{
	struct cursor c = cursor_of(pe_at_rva(pe, rva));

	return pe->wide ? cursor_u64le(&c) : cursor_u32le(&c);
}

static void read_delayed_functions(struct reader *r, struct pe_library *library,
				   const struct delayed *d)
{
	unsigned width = r->pe->wide ? 8 : 4;

	for (uint64_t i = 0; r->thunks < PE_MAX_THUNKS; i++, r->thunks++) {
		uint64_t thunk = pointer_at(r->pe, d->names + i * width);
		struct pe_function *function;

		if (thunk == 0 || pointer_at(r->pe, d->slots + i * width) == 0)
			return;
		function = add_function(r, library);
		if (!function)
			return;
		function->rva = d->slots + i * width;
		if (thunk & ordinal_flag(r->pe)) {
			set_ordinal(r, library->name, thunk, function);
			continue;
		}
		if (d->attributes == 0)
			thunk = relative(r->pe, thunk);
		function->name = pe_text(pe_at_rva(r->pe, thunk + 2), MAX_FUNCTION_NAME);
	}
}

void pe_delayed_imports_read(const struct pe *pe, struct arena *arena, struct pe_imports *out)
{
	struct reader r = reader_of(pe, arena, out);
	struct cursor c = cursor_at_directory(pe, PE_DIR_DELAY_IMPORT);
	struct delayed d;

	for (int i = 0; i < MAX_LIBRARIES && read_delayed(pe, &c, &d); i++) {
		struct pe_library *library;
		struct span name;

		if (!is_library_name(pe_at_rva(pe, d.name), MAX_DELAYED_LIBRARY_NAME, &name))
			continue;
		library = add_library(&r, name);
		if (!library)
			return;
		read_delayed_functions(&r, library, &d);
	}
}

/* Without .dll, .ocx or .sys behind the first dot. */
static struct span stem_of(struct span library)
{
	size_t dot = span_find_byte(library, 0, '.');
	struct span tail = span_sub(library, dot, 4);

	if (span_eq_nocase(tail, SPAN(".dll")) || span_eq_nocase(tail, SPAN(".ocx")) ||
	    span_eq_nocase(tail, SPAN(".sys")))
		return span_sub(library, 0, dot);
	return library;
}

static uint8_t *put_lower(uint8_t *to, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];

		*to++ = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	return to;
}

static size_t imphash_room(const struct pe_imports *imports)
{
	size_t room = 0;

	for (size_t i = 0; i < imports->count; i++) {
		const struct pe_library *library = &imports->libraries[i];

		for (size_t j = 0; j < library->count; j++)
			room += library->name.len + library->functions[j].name.len + 2;
	}
	return room;
}

struct span pe_imphash_text(const struct pe_imports *imports, struct arena *arena)
{
	uint8_t *text = arena_alloc(arena, imphash_room(imports)), *to = text;

	for (size_t i = 0; text && i < imports->count; i++) {
		const struct pe_library *library = &imports->libraries[i];
		struct span stem = stem_of(library->name);

		for (size_t j = 0; j < library->count; j++) {
			if (to != text)
				*to++ = ',';
			to = put_lower(to, stem);
			*to++ = '.';
			to = put_lower(to, library->functions[j].name);
		}
	}
	return span_of(text, (size_t)(to - text));
}
