#include "formats/pcap/capture.h"
#include "formats/pcap/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capture_packet packet;
	struct packet p;
	struct capture c;
	struct err err;

	if (!capture_open(&c, span_of(data, size), &err))
		return 0;
	while (capture_next(&c, &packet))
		packet_read(packet.link, packet.bytes, packet.length, &p);
	return 0;
}
