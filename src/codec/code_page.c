#include "codec/code_page.h"

#define LEAD_FIRST 0x81
#define TRAIL_FIRST 0x40
#define TRAIL_LAST 0xfe
#define TRAIL_COUNT (TRAIL_LAST - TRAIL_FIRST + 1)

struct single_page {
	uint16_t number;
	uint16_t high[128];		/* 0x80 and up */
};

struct double_page {
	uint16_t number;
	const uint16_t *pairs;
	uint16_t high[128];		/* 0: a lead byte, or none */
};

#include "code_page_tables.h"

static const uint16_t *high_of(uint64_t number)
{
	for (size_t i = 0; i < sizeof single_pages / sizeof *single_pages; i++)
		if (single_pages[i].number == number)
			return single_pages[i].high;
	return NULL;
}

static const struct double_page *double_of(uint64_t number)
{
	for (size_t i = 0; i < sizeof double_pages / sizeof *double_pages; i++)
		if (double_pages[i].number == number)
			return &double_pages[i];
	return NULL;
}

bool code_page_known(uint64_t number)
{
	return high_of(number) || double_of(number);
}

static size_t next_double(const struct double_page *page, struct span ansi, uint32_t *code)
{
	uint8_t lead = ansi.at[0], trail = ansi.len > 1 ? ansi.at[1] : 0;

	*code = page->high[lead - 0x80];
	if (*code)
		return 1;
	if (lead >= LEAD_FIRST && lead <= TRAIL_LAST && trail >= TRAIL_FIRST && trail <= TRAIL_LAST)
		*code = page->pairs[(size_t)(lead - LEAD_FIRST) * TRAIL_COUNT + trail - TRAIL_FIRST];
	if (*code)
		return 2;
	*code = 0xfffd;
	return 1;
}

size_t code_page_next(uint16_t number, struct span ansi, uint32_t *code)
{
	const struct double_page *page = double_of(number);
	const uint16_t *high;

	*code = ansi.at[0];
	if (*code < 0x80)
		return 1;
	if (page)
		return next_double(page, ansi, code);
	high = high_of(number);
	*code = (high ? high : high_of(1252))[ansi.at[0] - 0x80];
	return 1;
}

static size_t put_utf8(uint8_t *to, uint32_t code)
{
	if (code < 0x80) {
		to[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (uint8_t)(0xc0 | code >> 6);
		to[1] = (uint8_t)(0x80 | (code & 0x3f));
		return 2;
	}
	to[0] = (uint8_t)(0xe0 | code >> 12);
	to[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
	to[2] = (uint8_t)(0x80 | (code & 0x3f));
	return 3;
}

size_t code_page_to_utf8(uint16_t number, struct span ansi, uint8_t *to)
{
	size_t len = 0;

	while (ansi.len) {
		uint32_t code;

		ansi = span_from(ansi, code_page_next(number, ansi, &code));
		len += put_utf8(to + len, code);
	}
	return len;
}
