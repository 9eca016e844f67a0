/* The decoders of the family "windows". */
#include "artefact/artefact.h"

const struct artefact_decoder artefact_windows[] = { { .name = NULL, .kind = "", .paths = NULL } };
const size_t artefact_windows_count = 0;
