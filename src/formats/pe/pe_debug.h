/* pe_debug: the CodeView record of the debug directory. */
#ifndef KANSHIKI_FORMATS_PE_PE_DEBUG_H
#define KANSHIKI_FORMATS_PE_PE_DEBUG_H

#include "formats/pe/pe.h"

/* Path of the program database as the linker wrote it; false where there is none. */
bool pe_pdb_path(const struct pe *pe, struct span *path);

#endif
