/* The decoders of the family "registry". */
#include "artefact/artefact.h"

const struct artefact_decoder artefact_registry[] = { { .name = NULL, .kind = "", .paths = NULL } };
const size_t artefact_registry_count = 0;
