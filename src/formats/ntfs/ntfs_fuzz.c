#include "formats/ntfs/ntfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t sum(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.at[i];
	return n;
}

static size_t read_mft(struct span bytes, struct arena *arena)
{
	struct ntfs_mft mft;
	struct ntfs_record r;
	size_t n = 0;

	if (!ntfs_mft_open(&mft, bytes))
		return 0;
	for (uint64_t i = 0; i < mft.count; i++)
		if (ntfs_mft_read(&mft, i, &r) == NTFS_READ) {
			n += sum(r.name.name) + sum(r.resident);
			for (size_t k = 0; k < r.stream_count; k++)
				n += sum(r.streams[k]);
			n += ntfs_mft_path(&mft, r.name.parent, SPAN("x"), arena).len;
		}
	return n;
}

static size_t read_index(struct span bytes)
{
	struct ntfs_index index;
	struct ntfs_name name;
	uint64_t reference;
	bool is_slack;
	size_t n = 0;

	if (ntfs_index_open(&index, bytes))
		while (ntfs_index_next(&index, &name, &reference, &is_slack))
			n += sum(name.name);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct usn_reader usn = { .bytes = span_of(data, size) };
	struct usn_record record;
	size_t n = read_mft(usn.bytes, &arena) + read_index(usn.bytes);

	while (usn_next(&usn, &record))
		n += sum(record.name);
	arena_free(&arena);
	return (int)(n & 0);
}
