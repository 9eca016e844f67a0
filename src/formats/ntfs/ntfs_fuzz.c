#include "formats/ntfs/ntfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t sum(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.at[i];
	return n;
}

static size_t read_table(struct span bytes, struct arena *arena)
{
	struct ntfs_table t;
	size_t n = 0;

	if (!ntfs_table_open(&t, bytes, arena))
		return 0;
	ntfs_table_add(&t, span_sub(bytes, 0, 1500));
	ntfs_table_add(&t, span_from(bytes, 1500));
	for (uint64_t i = 0; i < t.slots; i++) {
		const struct ntfs_file *f = ntfs_table_file(&t, i);

		if (!f)
			continue;
		n += sum(f->name);
		for (const struct ntfs_stream *s = f->streams; s; s = s->next)
			n += sum(s->name);
		n += ntfs_table_path(&t, f->parent, SPAN("x"), arena).len;
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
	size_t n = read_table(usn.bytes, &arena) + read_index(usn.bytes);

	while (usn_next(&usn, &record))
		n += sum(record.name);
	arena_free(&arena);
	return (int)(n & 0);
}
