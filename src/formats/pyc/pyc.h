/*
 * pyc: the names in compiled Python: of variables, attributes, functions and modules.
 *
 * A file is a header of 16 bytes (PEP 552) and a code object in the form of Python's
 * marshal (Python/marshal.c): objects of a type, with others inside, and references to
 * those that came before. Python 3.7 to 3.13 are read; what a code object holds differs
 * between them. Every name of code comes from its source, but for a few of the compiler's
 * own (pyc_is_compilers); constants are left out: they may be put together.
 */
#ifndef KANSHIKI_FORMATS_PYC_PYC_H
#define KANSHIKI_FORMATS_PYC_PYC_H

#include "base/arena.h"
#include "base/err.h"

/* The first two bytes of 3.7, and the first that is none of 3.13. */
enum { PYC_FIRST = 3390, PYC_END = 3600 };

struct pyc_sink {
	/* A name, borrowed; the same one many times. False: enough, stop. */
	bool (*name)(void *context, struct span name);
	void *context;
};

/*
 * ERR_UNSUPPORTED: no compiled Python of those versions. ERR_CORRUPT, with the offset:
 * what came before was told. ERR_LIMIT: nested too deep, or no memory in `arena`.
 */
bool pyc_names(struct span bytes, struct arena *arena, const struct pyc_sink *sink, struct err *err);
/* A name that the compiler makes: "<module>", "__qualname__", ".0". */
bool pyc_is_compilers(struct span name);

#endif
