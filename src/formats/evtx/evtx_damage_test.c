/*
 * Random damage: no record that it did not touch may be lost or changed. What a
 * record depends on is its own bytes, the template definitions that it uses and
 * the names that those use; the test works that out from the whole log.
 */
#include "formats/evtx/evtx_chunk.h"
#include "formats/evtx/evtx_decoder.h"
#include "formats/evtx/evtx_write.h"
#include "test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#define INSERTED_MAX 600

struct range {
	size_t start, end;
};

struct known_record {
	uint64_t id, offset, text;	/* text: hash of its JSON */
	size_t first_range, range_count;
	unsigned seen;			/* after the damage */
};

struct baseline {
	struct span log;
	struct arena arena;
	struct known_record *records;
	size_t count, room;
	struct range *ranges;
	size_t range_count, range_room;
	struct buf text;
	struct binxml_names names;
};

static unsigned damages;
static size_t untouched;		/* records looked for, over all damages */

static uint64_t text_of(struct baseline *b, const struct evtx_record *record)
{
	static const uint64_t seed[2] = { 1, 2 };
	struct err err = { 0 };

	buf_clear(&b->text);
	assert_true(evtx_record_json(record, &b->text, &err));
	return map_hash(seed, buf_span(&b->text));
}

static void add_range(struct baseline *b, size_t start, size_t len)
{
	struct range *r = arena_push(&b->arena, (void **)&b->ranges, &b->range_count,
				     &b->range_room, sizeof *r);

	assert_non_null(r);
	*r = (struct range){ start, start + len };
}

/* Nested definitions are not followed: the corpus has none, and the writer makes none. */
static bool no_instance(void *context, struct cursor *at, uint32_t depth,
			const struct evtx_instance **out, struct err *err)
{
	(void)context;
	(void)at;
	(void)depth;
	(void)out;
	return err_set(err, ERR_UNSUPPORTED, 0, "a definition inside a definition");
}

static void add_definition(struct baseline *b, struct span chunk, size_t chunk_at, uint32_t offset)
{
	uint32_t size = load_u32le(chunk.at + offset + 20);
	struct arena scratch = arena_new((size_t)16 << 20);
	struct binxml_parser p = { .chunk = chunk, .arena = &scratch, .has_dependency = true,
				   .names = &b->names, .instance = no_instance };
	struct binxml_node *root;
	struct err err = { 0 };

	b->names.count = 0;
	assert_true(binxml_parse(&p, offset + 24, offset + 24 + size, 0, &root, &err));
	add_range(b, chunk_at + offset, 24 + size);
	for (size_t i = 0; i < b->names.count; i++)
		add_range(b, chunk_at + (size_t)(b->names.names[i].raw.at - chunk.at) - 4,
			  b->names.names[i].raw.len + 4);
	arena_free(&scratch);
}

static bool learn_record(void *context, const struct evtx_record *record)
{
	struct baseline *b = context;
	struct evtx_decoder *d = record->decoder;
	size_t at = (size_t)(record->offset - d->chunk_offset);
	struct known_record *known = arena_push(&b->arena, (void **)&b->records, &b->count,
						&b->room, sizeof *known);

	assert_non_null(known);
	known->id = record->id;
	known->offset = record->offset;
	known->text = text_of(b, record);
	known->first_range = b->range_count;
	add_range(b, (size_t)record->offset, evtx_frame_at(d->chunk, at));
	for (size_t i = 0; i < EVTX_KNOWN; i++)
		if (d->templates.known[i].chunk == d->templates.chunk)
			add_definition(b, d->chunk, (size_t)d->chunk_offset,
				       d->templates.known[i].offset);
	known->range_count = b->range_count - known->first_range;
	/* The next record is to look its templates up by itself. */
	evtx_templates_next_chunk(&d->templates);
	return true;
}

static void learn(struct baseline *b, struct span log)
{
	struct evtx_decoder *d = evtx_decoder_new(NULL);
	struct evtx_report report = { 0 };
	struct err err = { 0 };

	*b = (struct baseline){ .log = log, .arena = arena_new((size_t)256 << 20),
				.text = buf_new(EVTX_TEXT_MAX) };
	assert_true(evtx_read(d, log, learn_record, b, &report, &err));
	evtx_decoder_free(d);
}

static void forget(struct baseline *b)
{
	arena_free(&b->arena);
	buf_free(&b->text);
}

/* Damage: bytes [start, end) of the log are changed, or where `removed` gone, or not side by side any more. */
struct damage {
	struct range ranges[8];
	size_t count;
	bool removed;
};

static bool touches(const struct damage *damage, const struct range *range)
{
	for (size_t i = 0; i < damage->count; i++)
		if (damage->ranges[i].start < range->end && range->start < damage->ranges[i].end)
			return true;
	return false;
}

static bool is_touched(const struct baseline *b, const struct known_record *known,
		       const struct damage *damage)
{
	size_t number = ((size_t)known->offset - EVTX_HEADER_SIZE) / EVTX_CHUNK_SIZE;
	size_t chunk_at = EVTX_HEADER_SIZE + number * EVTX_CHUNK_SIZE;
	size_t cut = damage->ranges[0].start;

	for (size_t i = 0; i < known->range_count; i++)
		if (touches(damage, &b->ranges[known->first_range + i]))
			return true;
	/* Where bytes are gone, all that follows in the same chunk lies elsewhere in it. */
	return damage->removed && cut < chunk_at + EVTX_CHUNK_SIZE &&
	       damage->ranges[0].end > chunk_at && known->offset >= cut;
}

struct comparing {
	struct baseline *b;
	const struct damage *damage;
};

static bool compare_record(void *context, const struct evtx_record *record)
{
	struct comparing *c = context;
	uint64_t text = text_of(c->b, record);

	for (size_t i = 0; i < c->b->count; i++) {
		struct known_record *known = &c->b->records[i];

		if (known->id == record->id && known->text == text &&
		    (c->damage->removed || known->offset == record->offset)) {
			known->seen++;
			break;
		}
	}
	return true;
}

static uint64_t dice;

static size_t random_below(size_t n)
{
	dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
	return n ? (size_t)(dice >> 33) % n : 0;
}

static void flip_bits(struct damage *damage, uint8_t *bytes, size_t len)
{
	damage->count = 1 + random_below(8);
	for (size_t i = 0; i < damage->count; i++) {
		size_t at = random_below(len);

		bytes[at] ^= (uint8_t)(1u << random_below(8));
		damage->ranges[i] = (struct range){ at, at + 1 };
	}
}

static void zero_sectors(struct damage *damage, uint8_t *bytes, size_t len)
{
	size_t at = random_below(len / 512) * 512, size = (1 + random_below(8)) * 512;

	if (size > len - at)
		size = len - at;
	memset(bytes + at, 0, size);
	damage->count = 1;
	damage->ranges[0] = (struct range){ at, at + size };
}

static size_t cut_end(struct damage *damage, size_t len)
{
	size_t at = random_below(len);

	damage->count = 1;
	damage->ranges[0] = (struct range){ at, len };
	return at;
}

static size_t cut_middle(struct damage *damage, uint8_t *bytes, size_t len)
{
	size_t at = EVTX_HEADER_SIZE + random_below(len - EVTX_HEADER_SIZE);
	/* Also a few bytes, as transfers in text mode lose them. */
	size_t size = random_below(2) ? 1 + random_below(16) : 512 + random_below(EVTX_CHUNK_SIZE);

	if (size > len - at)
		size = len - at;
	memmove(bytes + at, bytes + at + size, len - at - size);
	damage->count = 1;
	damage->removed = true;
	damage->ranges[0] = (struct range){ at, at + size };
	return len - size;
}

/* Bytes that belong nowhere. */
static size_t put_in(struct damage *damage, uint8_t *bytes, size_t len)
{
	size_t at = EVTX_HEADER_SIZE + random_below(len - EVTX_HEADER_SIZE);
	size_t size = 1 + random_below(INSERTED_MAX);

	memmove(bytes + at + size, bytes + at, len - at);
	memset(bytes + at, 'i', size);
	damage->count = 1;
	/* What lay on both sides was one record, or two that are whole. */
	damage->ranges[0] = (struct range){ at ? at - 1 : 0, at + 1 };
	damage->removed = true;
	return len + size;
}

static void damage_once(struct baseline *b, const char *name, unsigned number)
{
	uint8_t *bytes = malloc(b->log.len + INSERTED_MAX);
	struct evtx_decoder *d = evtx_decoder_new(NULL);
	struct damage damage = { 0 };
	struct comparing comparing = { b, &damage };
	struct evtx_report report = { 0 };
	struct err err = { 0 };
	size_t len = b->log.len;

	assert_non_null(bytes);
	memcpy(bytes, b->log.at, len);
	if (number % 5 == 0)
		flip_bits(&damage, bytes, len);
	else if (number % 5 == 1)
		zero_sectors(&damage, bytes, len);
	else if (number % 5 == 2)
		len = cut_end(&damage, len);
	else if (number % 5 == 3)
		len = cut_middle(&damage, bytes, len);
	else
		len = put_in(&damage, bytes, len);
	for (size_t i = 0; i < b->count; i++)
		b->records[i].seen = 0;
	/* An unreadable log delivers nothing, which the comparison below judges. */
	(void)evtx_read(d, span_of(bytes, len), compare_record, &comparing, &report, &err);
	for (size_t i = 0; i < b->count; i++) {
		bool touched = is_touched(b, &b->records[i], &damage);

		untouched += !touched;
		if (b->records[i].seen != 1 && !touched)
			fail_msg("%s, damage %u at %zu..%zu%s: record %llu at %llu seen %u times",
				 name, number, damage.ranges[0].start, damage.ranges[0].end,
				 damage.removed ? " removed" : "",
				 (unsigned long long)b->records[i].id,
				 (unsigned long long)b->records[i].offset, b->records[i].seen);
	}
	evtx_decoder_free(d);
	free(bytes);
}

static size_t file_number;

static int damage_file(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	struct baseline b;
	struct span log;

	(void)where;
	/* Large logs cost much time and say little more. */
	if (flag != FTW_F || !span_ends(span_text(path), SPAN(".evtx")) || st->st_size > 1200000)
		return 0;
	log = read_whole(path);
	dice = ++file_number;
	learn(&b, log);
	for (int i = 0; i < 5; i++)
		damage_once(&b, path, damages++);
	forget(&b);
	free((void *)(uintptr_t)log.at);
	return 0;
}

TEST(evtx_loses_no_record_of_the_corpus_that_damage_did_not_touch)
{
	CORPUS_OR_SKIP(path, "evtx");
	damages = 0;
	nftw(path, damage_file, 16, FTW_PHYS);
	print_message("# %u damages, %zu records untouched by them\n", damages, untouched);
	assert_true(damages > 1000);
}

static void add_events(struct evtx_writer *w, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		static const char *const names[] = { "Image", "User", "CommandLine", "Hashes" };
		struct evtx_field fields[4];
		struct evtx_event event = { .provider = SPAN("Test"), .event_id = (uint16_t)i,
					    .time = (timestamp)(i + 1) * TIME_SECOND,
					    .channel = SPAN("Test/Operational"),
					    .fields = fields, .field_count = 1 + i % 4 };
		struct err err = { 0 };

		for (size_t f = 0; f < 4; f++)
			fields[f] = (struct evtx_field){
				names[(i + f) % 4],
				{ .kind = VALUE_TEXT, .bytes = SPAN("C:\\some text of evidence") } };
		assert_true(evtx_writer_add(w, &event, &err));
	}
}

TEST(evtx_loses_no_written_record_that_damage_did_not_touch)
{
	struct evtx_writer *w = evtx_writer_new((size_t)4 << 20);
	struct baseline b;
	struct err err = { 0 };
	struct span log;

	add_events(w, 600);
	assert_true(evtx_writer_finish(w, &log, &err));
	learn(&b, log);
	assert_int_equal(b.count, 600);
	dice = 7;
	for (unsigned i = 0; i < 400; i++)
		damage_once(&b, "written log", i);
	forget(&b);
	evtx_writer_free(w);
}
