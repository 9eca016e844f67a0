#include "formats/regf/regf_log.h"

#define SECTOR 512
#define MARVIN_SEED UINT64_C(0x82ef4d887a4e55c5)

uint32_t regf_checksum(struct span base)
{
	struct cursor c = cursor_of(span_sub(base, 0, 508));
	uint32_t sum = 0;

	while (cursor_left(&c))
		sum ^= cursor_u32le(&c);
	return sum == 0 ? 1 : sum == UINT32_MAX ? UINT32_MAX - 1 : sum;
}

static uint32_t rotate(uint32_t x, int by)
{
	return x << by | x >> (32 - by);
}

static void mix(uint32_t *low, uint32_t *high)
{
	*high ^= *low;
	*low = rotate(*low, 20) + *high;
	*high = rotate(*high, 9) ^ *low;
	*low = rotate(*low, 27) + *high;
	*high = rotate(*high, 19);
}

uint64_t regf_marvin(struct span data)
{
	uint32_t low = (uint32_t)MARVIN_SEED, high = (uint32_t)(MARVIN_SEED >> 32), last = 0x80;
	struct cursor c = cursor_of(data);
	size_t rest = data.len % 4;

	for (size_t i = data.len / 4; i; i--) {
		low += cursor_u32le(&c);
		mix(&low, &high);
	}
	for (size_t i = 0; i < rest; i++)
		last = last << 8 | data.at[data.len - 1 - i];
	low += last;
	mix(&low, &high);
	mix(&low, &high);
	return (uint64_t)high << 32 | low;
}

struct log {
	struct span bytes;
	uint32_t first, second;		/* sequence numbers of its base block */
	bool has_entries;		/* of the new form */
};

struct replay {
	struct regf *hive;
	uint8_t *copy;
	size_t len;
};

static bool read_log(struct span bytes, struct log *out)
{
	struct cursor c = cursor_of(bytes);

	if (bytes.len < SECTOR || !span_eq(cursor_take(&c, 4), SPAN("regf")) ||
	    load_u32le(bytes.at + 508) != regf_checksum(bytes))
		return false;
	out->bytes = bytes;
	out->first = cursor_u32le(&c);
	out->second = cursor_u32le(&c);
	out->has_entries = span_eq(span_sub(bytes, SECTOR, 4), SPAN("HvLE"));
	return true;
}

/* The copy is made with the first page; it grows to what the entry says, which its pages must fill. */
static bool prepare(struct replay *r, size_t len, struct err *err)
{
	size_t have = r->copy ? r->len : r->hive->bins.len;
	const uint8_t *from = r->copy ? r->copy : r->hive->bins.at;
	uint8_t *to;

	if (r->copy && len <= have)
		return true;
	if (len < have)
		len = have;
	if (len > REGF_MAX_COPY)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "a dirty hive of %zu bytes is too large to replay", len);
	to = arena_alloc(r->hive->arena, len);
	if (!to)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for a copy of the hive");
	if (have)
		memcpy(to, from, have);
	r->copy = to;
	r->len = len;
	return true;
}

static bool put_page(struct replay *r, uint32_t at, struct span page)
{
	if (at > r->len || page.len > r->len - at)
		return false;
	memcpy(r->copy + at, page.at, page.len);
	r->hive->replayed_pages++;
	return true;
}

/* An entry whose hashes hold is whole; only pages outside the hive are left out. */
static bool apply_entry(struct replay *r, struct span entry, struct err *err)
{
	struct cursor c = cursor_of(entry), pages;
	uint32_t count, size;

	cursor_skip(&c, 16);
	size = cursor_u32le(&c);
	count = cursor_u32le(&c);
	cursor_skip(&c, 16);
	if (size > r->hive->bins.len + entry.len)
		size = 0;
	if (!prepare(r, size, err))
		return false;
	pages = c;
	cursor_skip(&pages, (size_t)count * 8);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = cursor_u32le(&c), len = cursor_u32le(&c);
		struct span page = cursor_take(&pages, len);

		if (c.short_read || pages.short_read)
			break;
		put_page(r, at, page);
	}
	r->hive->replayed_entries++;
	return true;
}

/* The entry at the start of `rest`, if it is whole. */
static bool next_entry(struct span rest, struct span *entry, uint32_t *sequence)
{
	struct cursor c = cursor_of(rest);
	uint32_t size;
	uint64_t body_hash, head_hash;

	if (!span_eq(cursor_take(&c, 4), SPAN("HvLE")))
		return false;
	size = cursor_u32le(&c);
	cursor_skip(&c, 4);
	*sequence = cursor_u32le(&c);
	cursor_skip(&c, 8);
	body_hash = cursor_u64le(&c);
	head_hash = cursor_u64le(&c);
	if (c.short_read || size < SECTOR || size % SECTOR || size > rest.len)
		return false;
	*entry = span_sub(rest, 0, size);
	return regf_marvin(span_sub(*entry, 0, 32)) == head_hash &&
	       regf_marvin(span_from(*entry, 40)) == body_hash;
}

/* `*wanted` is the sequence number of the next entry to apply, or the oldest that may be. */
static bool apply_entries(struct replay *r, const struct log *log, uint32_t *wanted, struct err *err)
{
	struct span rest = span_from(log->bytes, SECTOR), entry;
	uint32_t sequence;

	while (next_entry(rest, &entry, &sequence)) {
		rest = span_from(rest, entry.len);
		if (sequence < *wanted)
			continue;
		if (r->hive->replayed_entries && sequence != *wanted)
			return true;
		if (!apply_entry(r, entry, err))
			return false;
		*wanted = sequence + 1;
	}
	return true;
}

/* The old form: one bit a sector of the bins, then the sectors. */
static bool apply_bitmap(struct replay *r, const struct log *log, struct err *err)
{
	struct cursor c = cursor_of(log->bytes);
	uint32_t size = load_u32le(log->bytes.at + 40);
	struct span bits;

	cursor_seek(&c, SECTOR);
	if (!span_eq(cursor_take(&c, 4), SPAN("DIRT")) || size > r->hive->bins.len + log->bytes.len)
		return true;
	bits = cursor_take(&c, size / SECTOR / 8);
	cursor_seek(&c, (c.at + SECTOR - 1) / SECTOR * SECTOR);
	if (c.short_read)
		return true;
	if (!prepare(r, size, err))
		return false;
	for (uint32_t i = 0; i < bits.len * 8; i++) {
		struct span page;

		if (!(bits.at[i / 8] & 1 << i % 8))
			continue;
		page = cursor_take(&c, SECTOR);
		if (c.short_read)
			break;
		put_page(r, i * SECTOR, page);
	}
	r->hive->replayed_entries++;
	return true;
}

/* Oldest first: at most three. */
static void sort_logs(struct log *logs, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t k = i; k && logs[k].first < logs[k - 1].first; k--) {
			struct log held = logs[k];

			logs[k] = logs[k - 1];
			logs[k - 1] = held;
		}
}

bool regf_replay(struct regf *h, uint32_t sequence, const struct span *logs, size_t count,
		 struct err *err)
{
	struct replay r = { .hive = h };
	struct log usable[3];
	size_t n = 0;
	uint32_t wanted = sequence;

	for (size_t i = 0; i < count && n < 3; i++)
		n += read_log(logs[i], &usable[n]);
	sort_logs(usable, n);
	for (size_t i = 0; i < n; i++) {
		const struct log *log = &usable[i];

		if (log->has_entries ? !apply_entries(&r, log, &wanted, err)
				     : log->first == log->second && log->first >= sequence &&
					       !apply_bitmap(&r, log, err))
			return false;
	}
	if (r.copy)
		h->bins = span_of(r.copy, r.len);
	h->is_log_short = !h->replayed_entries;
	return true;
}
