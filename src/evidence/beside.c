#include "evidence/beside.h"

#include "formats/ese/ese_log.h"
#include "formats/squid/squid_format.h"

#include <ctype.h>

/* What is put behind any name, and names that stand beside files of a certain ending. */
static const struct {
	const char *of;		/* NULL: any name, to which `name` is added */
	const char *name;
} fixed[] = {
	{ NULL, "-wal" }, { NULL, "-journal" },
	{ NULL, ".LOG1" }, { NULL, ".LOG2" }, { NULL, ".LOG" },
	{ NULL, ".log1" }, { NULL, ".log2" }, { NULL, ".log" },
	{ "OBJECTS.DATA", "INDEX.BTR" }, { "OBJECTS.DATA", "MAPPING1.MAP" },
	{ "OBJECTS.DATA", "MAPPING2.MAP" }, { "OBJECTS.DATA", "MAPPING3.MAP" },
	{ "$J", "../$MFT" }, { "$J", "$MFT" },
};

static const char *const squid_conf[] = { SQUID_CONF_PLACES };

#define FIXED_COUNT (sizeof fixed / sizeof *fixed)
#define SQUID_CONF_COUNT (sizeof squid_conf / sizeof *squid_conf)

/* Rows: the file's own ending, what is cut off its name, and how the others are numbered. */
enum numbering { NUMBER_EWF, NUMBER_DIGITS, NUMBER_FLAT, NUMBER_SPARSE, NUMBER_FIXED };

static const struct row {
	const char *ending;
	size_t cut;
	enum numbering numbering;
} rows[] = {
	{ ".E01", 2, NUMBER_EWF }, { ".L01", 2, NUMBER_EWF }, { ".s01", 2, NUMBER_EWF },
	{ ".001", 3, NUMBER_DIGITS }, { ".000", 3, NUMBER_DIGITS },
	{ ".vmdk", 5, NUMBER_FLAT }, { ".vmdk", 5, NUMBER_SPARSE }, { ".vmdk", 5, NUMBER_FIXED },
};

#define ROW_COUNT (sizeof rows / sizeof *rows)
/* E01 to E99 are followed by EAA to EZZ, FAA and so on. */
#define LETTERS 26

static bool ewf_ending(struct span name, unsigned number, struct buf *to)
{
	uint8_t first = name.at[name.len - 3], base = first >= 'a' ? 'a' : 'A';
	unsigned letters = number - 100;

	buf_add(to, span_sub(name, 0, name.len - 3));
	if (number < 100)
		return buf_printf(to, "%c%02u", first, number);
	first = (uint8_t)(first + letters / (LETTERS * LETTERS));
	return first <= base + LETTERS - 1 &&
	       buf_printf(to, "%c%c%c", first, base + letters / LETTERS % LETTERS,
			  base + letters % LETTERS);
}

static bool row_name(const struct row *row, struct span name, unsigned number, struct buf *to)
{
	if (row->numbering == NUMBER_EWF)
		return ewf_ending(name, number, to);
	buf_add(to, span_sub(name, 0, name.len - row->cut));
	switch (row->numbering) {
	case NUMBER_DIGITS:
		return number < 1000 && buf_printf(to, "%03u", number);
	case NUMBER_FLAT:
		return number == 1 && buf_text(to, "-flat.vmdk");
	case NUMBER_SPARSE:
		return number < 1000 && buf_printf(to, "-s%03u.vmdk", number);
	case NUMBER_FIXED:
		return number < 1000 && buf_printf(to, "-f%03u.vmdk", number);
	case NUMBER_EWF:
		break;
	}
	return false;
}

static bool ends_so(struct span name, const char *ending)
{
	struct span end = span_text(ending);

	return name.len >= end.len && span_eq_nocase(span_from(name, name.len - end.len), end);
}

static bool ends_with_one(struct span name, const char *const *endings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ends_so(name, endings[i]))
			return true;
	return false;
}

/* Of d-s003.vmdk, d-f001.vmdk and d-flat.vmdk: d.vmdk. */
static bool text_of_extent(struct span name, struct buf *to)
{
	struct span base = span_sub(name, 0, name.len < 10 ? 0 : name.len - 10), end = span_from(name, base.len);
	bool is_numbered = end.len == 10 && strchr("SsFf", end.at[1]) && isdigit(end.at[2]) && isdigit(end.at[3]) &&
			   isdigit(end.at[4]);

	return base.len && end.at[0] == '-' && ends_so(end, ".vmdk") && (is_numbered || ends_so(end, "-flat.vmdk")) &&
	       buf_add(to, base) && buf_text(to, ".vmdk");
}

/* Of d.E02 and d.EAA: d.E01. */
bool beside_first_segment(struct span name, struct buf *to)
{
	struct span end = span_from(name, name.len < 4 ? name.len : name.len - 4);

	if (text_of_extent(name, to))
		return true;
	if (!end.len || end.at[0] != '.' || !strchr("EeLlSs", end.at[1]) || !isalnum(end.at[2]) || !isalnum(end.at[3]) ||
	    span_eq(span_from(end, 2), SPAN("01")))
		return false;
	return buf_add(to, span_sub(name, 0, name.len - 2)) && buf_text(to, "01");
}

/* Of x.cpython-311.pyc: ../x.py, as it lies in __pycache__; of x.pyc: x.py. */
static bool python_source(struct span name, struct buf *to)
{
	size_t cut = span_find(name, 0, SPAN(".cpython-"));

	if (name.len < 5 || !ends_so(name, ".pyc"))
		return false;
	return (cut == SIZE_MAX || buf_text(to, "../")) &&
	       buf_add(to, span_sub(name, 0, cut == SIZE_MAX ? name.len - 4 : cut)) && buf_text(to, ".py");
}

static bool next_fixed(struct beside *b, struct buf *to)
{
	if (!b->is_begun) {
		b->is_begun = true;
		if (beside_first_segment(b->name, to) || python_source(b->name, to))
			return true;
		buf_clear(to);
	}
	while (b->fixed < FIXED_COUNT) {
		unsigned i = b->fixed++;

		if (fixed[i].of && !ends_so(b->name, fixed[i].of))
			continue;
		if (!fixed[i].of)
			buf_add(to, b->name);
		return buf_text(to, fixed[i].name);
	}
	/* Logs that were put away have more behind their name: access.log.2.gz. */
	return b->fixed < FIXED_COUNT + SQUID_CONF_COUNT && span_starts(b->name, SPAN(SQUID_LOG_NAME)) &&
	       buf_text(to, squid_conf[b->fixed++ - FIXED_COUNT]);
}

static unsigned first_number(const struct row *row)
{
	if (row->numbering == NUMBER_EWF)
		return 2;
	if (row->numbering == NUMBER_DIGITS)
		return row->ending[3] == '1' ? 2 : 1;
	return 1;
}

bool beside_next(struct beside *b, bool was_there, struct buf *to)
{
	buf_clear(to);
	if (next_fixed(b, to))
		return true;
	for (; b->row < ROW_COUNT; b->row++, b->number = 0) {
		const struct row *row = &rows[b->row];
		bool is_first = !b->number;

		if (b->name.len == strlen(row->ending) || !ends_so(b->name, row->ending) || (!is_first && !was_there))
			continue;
		b->number = is_first ? first_number(row) : b->number + 1;
		buf_clear(to);
		if (row_name(row, b->name, b->number, to))
			return true;
	}
	return false;
}

/* SRU.log, SRU0004E.log, edb00012.jtx */
bool beside_is_log(struct span name)
{
	static const char *const bases[] = { ESE_LOG_BASES };
	size_t dot = name.len - (name.len < 4 ? name.len : 4);

	if (!ends_so(name, ".log") && !ends_so(name, ".jtx"))
		return false;
	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
		struct span base = span_text(bases[i]), digits;

		if (dot < base.len || !span_eq_nocase(span_sub(name, 0, base.len), base))
			continue;
		digits = span_sub(name, base.len, dot - base.len);
		for (size_t d = 0; d < digits.len; d++)
			if (!isxdigit(digits.at[d]))
				return false;
		return !digits.len || digits.len == 5 || digits.len == 8;
	}
	return false;
}

bool beside_has_logs(struct span name)
{
	static const char *const endings[] = { ".dat", ".edb", ".mdb", ".db" };

	return ends_with_one(name, endings, sizeof endings / sizeof *endings);
}

#define RESTING ".qcow2", ".qcow", ".vmdk", ".vhd", ".vhdx", ".avhd", ".avhdx"

bool beside_may_rest(struct span name)
{
	static const char *const endings[] = { RESTING };

	return ends_with_one(name, endings, sizeof endings / sizeof *endings);
}

bool beside_is_image(struct span name)
{
	static const char *const endings[] = { RESTING, ".img", ".raw" };

	return ends_with_one(name, endings, sizeof endings / sizeof *endings);
}

bool beside_is_companion(struct span name)
{
	static const char *const endings[] = { "-wal", "-journal", ".log1", ".log2", ".btr", ".map" };

	if (ends_with_one(name, endings, sizeof endings / sizeof *endings))
		return true;
	while (span_find_byte(name, 0, '/') != SIZE_MAX)
		name = span_from(name, span_find_byte(name, 0, '/') + 1);
	return beside_is_log(name) || span_eq(name, SPAN("squid.conf"));
}
