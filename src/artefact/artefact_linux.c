/* The decoders of the family "linux". */
#include "artefact/artefact.h"

const struct artefact_decoder artefact_linux[] = { { .name = NULL, .kind = "", .paths = NULL } };
const size_t artefact_linux_count = 0;
