#include "disk/claim.h"

#define HEAD 2048
#define SECTORS_LEAST 9		/* of exFAT: a power of two */
#define SECTORS_MOST 12
#define EXT_GROUP 90
#define EXT_64BIT 0x80
#define EXT_BLOCK_MOST 6

static uint64_t claim_of_fat(const uint8_t *h)
{
	uint64_t count = load_u16le(h + 19) ? load_u16le(h + 19) : load_u32le(h + 32);

	return count * load_u16le(h + 11);
}

static uint64_t claim_of_exfat(const uint8_t *h)
{
	return h[108] >= SECTORS_LEAST && h[108] <= SECTORS_MOST ? load_u64le(h + 72) << h[108] : 0;
}

/* Without the copy of its first sector, which stands behind. */
static uint64_t claim_of_ntfs(const uint8_t *h)
{
	return load_u64le(h + 40) * load_u16le(h + 11);
}

/* A copy says in which group it stands: what begins with one is a piece out of a file system, as a segment is. */
static uint64_t claim_of_ext(const uint8_t *s)
{
	uint64_t count = load_u32le(s + 4);

	if (load_u16le(s + EXT_GROUP))
		return 0;
	if (load_u32le(s + 96) & EXT_64BIT)
		count |= (uint64_t)load_u32le(s + 0x150) << 32;
	return load_u32le(s + 24) <= EXT_BLOCK_MOST ? count << (10 + load_u32le(s + 24)) : 0;
}

static uint64_t claim_of_xfs(const uint8_t *h)
{
	return load_u64be(h + 8) * load_u32be(h + 4);
}

static uint64_t claim_of_hfs(const uint8_t *s)
{
	return (uint64_t)load_u32be(s + 40) * load_u32be(s + 44);
}

uint64_t claim_of(struct blocks *volume, const char *kind)
{
	static const struct {
		const char *kind;
		size_t at;
		uint64_t (*claim)(const uint8_t *bytes);
	} kinds[] = {
		{ "ntfs", 0, claim_of_ntfs }, { "exfat", 0, claim_of_exfat }, { "fat", 0, claim_of_fat },
		{ "fat32", 0, claim_of_fat }, { "ext", 1024, claim_of_ext },  { "xfs", 0, claim_of_xfs },
		{ "hfs+", 1024, claim_of_hfs }, { "hfsx", 1024, claim_of_hfs },
	};
	uint8_t h[HEAD];
	struct err ignored;
	uint64_t claim = 0;

	if (!blocks_read_all(volume, 0, h, sizeof h, &ignored))
		return 0;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kind && !strcmp(kind, kinds[i].kind))
			claim = kinds[i].claim(h + kinds[i].at);
	/* What is longer than any disk is a damage, and told as such. */
	return claim >> 60 ? 0 : claim;
}
