/*
 * NTFS volumes that are mended before a library sees them: file table and copy, bitmap, catalog
 * of snapshots. Data is a volume; where it has no boot sector that makes sense, one stands in.
 */
#include "disk/media_fuzz.h"
#include "disk/ntfs_bitmap.h"
#include "disk/ntfs_copy.h"
#include "disk/vss_mend.h"

#define VOLUME_MOST ((size_t)256 << 10)
#define BOOT 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Clusters of one sector; the table begins with the fourth, its copy with the 64th. */
static void put_boot(uint8_t *volume, size_t len)
{
	static const uint8_t head[] = { 0xeb, 0x52, 0x90, 'N', 'T', 'F', 'S', ' ', ' ', ' ', ' ', 0, 2, 1 };

	memcpy(volume, head, sizeof head);
	memset(volume + sizeof head, 0, BOOT - sizeof head);
	volume[0x28] = (uint8_t)(len / BOOT);
	volume[0x29] = (uint8_t)(len / BOOT >> 8);
	volume[0x30] = 4;
	volume[0x38] = 64;
	volume[0x40] = 0xf6;
	volume[510] = 0x55;
	volume[511] = 0xaa;
}

static void mend(struct blocks *volume)
{
	struct vss_damage damage;
	unsigned count;

	media_read_some(ntfs_copy(volume, &count), NULL, NULL);
	media_read_some(ntfs_bitmap(volume), NULL, NULL);
	media_read_some(vss_mend(volume, 0, &damage), NULL, NULL);
	media_read_some(vss_mend(volume, volume->size / 32768 * 16384, &damage), NULL, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[VOLUME_MOST];
	size_t len = size < sizeof room ? size : sizeof room;
	struct blocks *volume = blocks_of_span(span_of(room, len), NULL);

	memcpy(room, data, len);
	if (len >= BOOT && memcmp(room + 3, "NTFS", 4))
		put_boot(room, len);
	if (volume)
		mend(volume);
	blocks_close(volume);
	return 0;
}
