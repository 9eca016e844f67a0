/* The decoders of the family "network". */
#include "artefact/network.h"

#define LOG(kind) { "network log", CLASS_NETWORK_LOG, kind, NULL, network_log_decode, false, false }

const struct artefact_decoder artefact_network[] = {
	{ "capture", CLASS_CAPTURE, "pcap", NULL, network_capture_decode, false, false },
	{ "capture", CLASS_CAPTURE, "pcapng", NULL, network_capture_decode, false, false },
	{ "nfdump", CLASS_NETWORK_LOG, "nfdump", NULL, network_nfdump_decode, false, false },
	{ "ipfix", CLASS_NETWORK_LOG, "ipfix", NULL, network_ipfix_decode, false, false },
	{ "network log", CLASS_NETWORK_LOG, "systemd journal", NULL, network_journal_decode, false, false },
	LOG("zeek log"), LOG("json lines"), LOG("iis log"), LOG("w3c log"), LOG("web access log"),
	LOG("text log"), LOG("text"),
};
const size_t artefact_network_count = sizeof artefact_network / sizeof *artefact_network;
