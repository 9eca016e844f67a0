/* The decoders of the family "program". */
#include "artefact/artefact.h"

const struct artefact_decoder artefact_program[] = { { .name = NULL, .kind = "", .paths = NULL } };
const size_t artefact_program_count = 0;
