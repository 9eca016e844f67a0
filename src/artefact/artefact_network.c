/* The decoders of the family "network". */
#include "artefact/artefact.h"

const struct artefact_decoder artefact_network[] = { { .name = NULL, .kind = "", .paths = NULL } };
const size_t artefact_network_count = 0;
