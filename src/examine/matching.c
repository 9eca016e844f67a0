#include "examine/matching.h"

#include "examine/rule_pack.h"
#include "rules/yara/yara.h"

#include <inttypes.h>
#include <stdlib.h>

/* Of what a scan may take for matches and modules. */
#define SCAN_MEMORY ((uint64_t)192 << 20)

struct matching {
	const struct yara_set *set;
	struct yara_scanner *scanner;
	bool needs_names;
	struct examination *x;
	uint64_t told;
};

struct matching *matching_new(const struct image *yara, const struct examine_limits *limits)
{
	struct matching *m = calloc(1, sizeof *m);
	struct yara_scan_options options = { .timeout_ns = limits->item_seconds * 1000000000,
					     .memory_limit = SCAN_MEMORY };
	struct err err;

	if (!m || !yara)
		return m;
	m->set = rule_pack_of(yara)->set;
	m->needs_names = matching_set_needs_names(yara);
	m->scanner = yara_scanner_new(m->set, &options, &err);
	if (m->scanner)
		return m;
	matching_free(m);
	return NULL;
}

void matching_free(struct matching *m)
{
	if (!m)
		return;
	yara_scanner_free(m->scanner);
	free(m);
}

bool matching_set_needs_names(const struct image *yara)
{
	return yara && yara_set_uses_externals(rule_pack_of(yara)->set);
}

bool matching_needs_names(const struct matching *m)
{
	return m->needs_names;
}

static bool take_match(void *context, const struct yara_match *match)
{
	struct matching *m = context;
	struct examination *x = m->x;
	struct record record = { .type = RECORD_FINDING };

	if (m->told++ >= x->limits->findings) {
		examination_limit(x, "limit: %" PRIu64 " findings of an item", x->limits->findings);
		return false;
	}
	yara_finding(match, &x->arena, &record.finding.finding);
	record.finding.count = 1;
	record.finding.last = record.finding.finding.time;
	examination_tell(x, &record);
	return true;
}

/* File name and extension as rules mean them: without folders, with the dot. */
static void name_parts(struct span path, struct span *name, struct span *extension)
{
	size_t at = path.len;

	while (at && path.at[at - 1] != '/' && path.at[at - 1] != '\\')
		at--;
	*name = span_from(path, at);
	at = name->len;
	while (at && name->at[at - 1] != '.')
		at--;
	*extension = at > 1 ? span_from(*name, at - 1) : (struct span){ 0 };
}

static struct yara_external text_external(const char *name, struct span text)
{
	return (struct yara_external){ span_text(name), { .type = YARA_STRING, .string = text } };
}

void matching_examine(struct examination *x, struct item *item, struct span start)
{
	struct matching *m = x->matching;
	struct yara_external externals[3];
	struct yara_inputs inputs = { .externals = externals, .external_count = 3,
				      .file_size = item->bytes.len };
	struct yara_scan_notes notes = { 0 };
	/* Rules may hold for what is empty too; engines want an address all the same. */
	struct span bytes = start.at ? start : SPAN("");
	struct span name, extension;
	struct err err;

	if (!m->scanner)
		return;
	name_parts(item->path, &name, &extension);
	externals[0] = text_external("filename", name);
	externals[1] = text_external("filepath", item->path);
	externals[2] = text_external("extension", extension);
	m->x = x;
	m->told = 0;
	if (!yara_scan(m->scanner, bytes, &inputs, take_match, m, &notes, &err)) {
		if (notes.timed_out)
			examination_limit(x, "limit: %" PRIu64 " s of matching",
					  x->limits->item_seconds);
		else
			examination_short(x, FATE_PARTLY, "matching: %s", err.text);
	}
	if (notes.strings_capped)
		examination_short(x, FATE_PARTLY, "limit: matches of a string (%" PRIu32
				  " strings hit too often)", notes.strings_capped);
	arena_reset(&x->arena);
}
