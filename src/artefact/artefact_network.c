/* The decoders of the family "network". */
#include "artefact/network.h"

const struct artefact_decoder artefact_network[] = {
	{ "capture", CLASS_CAPTURE, "pcap", NULL, network_capture_decode, false, false },
	{ "capture", CLASS_CAPTURE, "pcapng", NULL, network_capture_decode, false, false },
};
const size_t artefact_network_count = sizeof artefact_network / sizeof *artefact_network;
