/*
 * dotnet_class: the types that an assembly defines, with their methods, as C#
 * would write them. Names are those that YARA's dotnet module gives.
 *
 * Hostile signatures may point into each other: after a budget of steps for the
 * whole assembly every further type is unreadable, and so left out.
 */
#ifndef KANSHIKI_FORMATS_DOTNET_DOTNET_CLASS_H
#define KANSHIKI_FORMATS_DOTNET_DOTNET_CLASS_H

#include "base/arena.h"
#include "formats/dotnet/dotnet.h"

/* All spans: .at NULL where there is none. */
struct dotnet_names {
	struct span *list;
	size_t count;
};

struct dotnet_parameter {
	struct span name;
	struct span type;
};

struct dotnet_method {
	struct span name;
	struct span return_type;	/* none of constructors */
	const char *visibility;
	bool is_static, is_virtual, is_final, is_abstract;
	struct dotnet_names generics;
	struct dotnet_parameter *parameters;
	size_t parameter_count;
	bool has_parameters;		/* the method names its parameter list */
};

struct dotnet_class {
	struct span name, name_space, full_name;
	const char *visibility;
	const char *type;		/* "class" or "interface" */
	bool is_abstract, is_sealed;
	struct dotnet_names generics;
	struct dotnet_names base_types;
	struct dotnet_method *methods;
	size_t method_count;
	bool has_methods;		/* the type names its method list */
};

struct dotnet_classes {
	struct dotnet_class *list;
	size_t count;
};

/* Nothing where the tables were not read whole. */
void dotnet_classes_read(const struct dotnet *d, struct arena *arena, struct dotnet_classes *out);

#endif
