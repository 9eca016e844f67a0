/* filesystem: decoders of what a file system keeps about its files. */
#ifndef KANSHIKI_ARTEFACT_FILESYSTEM_H
#define KANSHIKI_ARTEFACT_FILESYSTEM_H

#include "artefact/artefact.h"

artefact_fn filesystem_index, filesystem_info2, filesystem_journal, filesystem_recycled, filesystem_table;

#endif
