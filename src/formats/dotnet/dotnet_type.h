/* dotnet_type: names of types, from their rows and from signatures (II.23.2.12). */
#ifndef KANSHIKI_FORMATS_DOTNET_DOTNET_TYPE_H
#define KANSHIKI_FORMATS_DOTNET_DOTNET_TYPE_H

#include "formats/dotnet/dotnet_class.h"

/* Columns of tables that more than one file reads. */
enum { TYPE_DEF_FLAGS, TYPE_DEF_NAME, TYPE_DEF_NAMESPACE, TYPE_DEF_EXTENDS, TYPE_DEF_FIELDS,
       TYPE_DEF_METHODS };

struct dotnet_reader {
	const struct dotnet *d;
	struct arena *arena;
	uint32_t *encloser;		/* [rows of TypeDef + 1]: the row around a nested type, 0: none */
	size_t steps;			/* spent on signatures */
	size_t bytes;			/* of names made */
};

struct dotnet_generics {
	const struct dotnet_names *of_class;
	const struct dotnet_names *of_method;	/* may be NULL */
};

/* The type that a TypeDefOrRef coded index names. */
struct span dotnet_type_name(struct dotnet_reader *r, uint32_t coded,
			     const struct dotnet_generics *generics, unsigned depth);
/* The next type of a signature. */
struct span dotnet_signature_type(struct dotnet_reader *r, struct cursor *signature,
				  const struct dotnet_generics *generics, unsigned depth);
/* A compressed unsigned number; 0, and nothing consumed, where there is none. */
uint32_t dotnet_compressed(struct cursor *signature);

/* "namespace.name" without the `1 of generic types. */
struct span dotnet_full_name(struct dotnet_reader *r, struct span name, struct span name_space);
bool dotnet_is_nested(uint32_t flags);
/* Full name of the type around TypeDef row `row`. */
struct span dotnet_enclosing_name(struct dotnet_reader *r, uint32_t row, unsigned depth);

#endif
