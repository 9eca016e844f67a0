#include "base/deed.h"

#include "base/deed_rows.h"

#include <pthread.h>

#define ROWS (sizeof deed_rows / sizeof *deed_rows)
#define WORDS_MOST 1024
#define SLOTS 1024

/* First words of all rows by their first two bytes, so that a command is gone through once. */
static struct index {
	struct span words[WORDS_MOST];
	uint16_t row[WORDS_MOST], next[WORDS_MOST];	/* next: index + 1 */
	uint16_t slots[SLOTS];
	size_t count;
} words_by_start;
static pthread_once_t is_indexed = PTHREAD_ONCE_INIT;

static size_t slot_of(const uint8_t *at)
{
	return (at[0] * 37u + at[1]) % SLOTS;
}

static void make_index(void)
{
	struct index *x = &words_by_start;

	for (size_t row = 0; row < ROWS; row++) {
		struct span rest = span_text(deed_rows[row].words[0]);

		while (rest.len && x->count < WORDS_MOST) {
			struct span word = span_split(&rest, '|');
			size_t slot = slot_of(word.at);

			x->words[x->count] = word;
			x->row[x->count] = (uint16_t)row;
			x->next[x->count] = x->slots[slot];
			x->slots[slot] = (uint16_t)++x->count;
		}
	}
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_word_at(struct span text, size_t at, struct span word)
{
	return word.len <= text.len - at && !memcmp(text.at + at, word.at, word.len) &&
	       !(at && is_letter(word.at[0]) && is_letter(text.at[at - 1]));
}

static bool has_one(struct span text, const char *words)
{
	struct span rest = span_text(words);

	while (rest.len) {
		struct span word = span_split(&rest, '|');

		for (size_t at = 0; (at = span_find(text, at, word)) != SIZE_MAX; at++)
			if (is_word_at(text, at, word))
				return true;
	}
	return false;
}

/* Without case and quotes, one space for many, and one at the end. */
static struct span plain(struct span command, uint8_t to[DEED_TEXT_MOST])
{
	size_t len = 0;

	for (size_t i = 0; i < command.len && len < DEED_TEXT_MOST - 1; i++) {
		uint8_t c = command.at[i];

		if (c == '"' || c == '\'' || c == '^' || c == '`')
			continue;
		if (c <= ' ')
			c = ' ';
		if (c == ' ' && (!len || to[len - 1] == ' '))
			continue;
		to[len++] = (uint8_t)(c >= 'A' && c <= 'Z' ? c | 32 : c);
	}
	if (len && to[len - 1] != ' ')
		to[len++] = ' ';
	return span_of(to, len);
}

static bool holds(const struct deed_row *row, struct span text, struct span command)
{
	for (size_t i = 1; i < DEED_LISTS && row->words[i]; i++)
		if (!has_one(text, row->words[i]))
			return false;
	return !(row->none && has_one(text, row->none)) && (!row->holds || row->holds(text, command));
}

size_t deeds_of(struct span command, const struct deed *out[HARM_COUNT])
{
	uint8_t room[DEED_TEXT_MOST];
	struct span text = plain(command, room);
	bool begun[ROWS] = { false };
	size_t count = 0, any = 0;

	pthread_once(&is_indexed, make_index);
	memset(out, 0, HARM_COUNT * sizeof *out);
	for (size_t at = 0; at + 1 < text.len; at++)
		for (size_t i = words_by_start.slots[slot_of(text.at + at)]; i; i = words_by_start.next[i - 1])
			if (!begun[words_by_start.row[i - 1]] && is_word_at(text, at, words_by_start.words[i - 1]))
				begun[words_by_start.row[i - 1]] = ++any;
	for (size_t row = 0; any && row < ROWS; row++) {
		const struct deed *deed = &deed_rows[row].deed;

		if (begun[row] && !out[deed->harm] && holds(&deed_rows[row], text, command)) {
			out[deed->harm] = deed;
			count++;
		}
	}
	return count;
}

struct span deed_line(struct span *rest)
{
	bool is_comment = false;

	while (rest->len) {
		struct span line = span_trim(span_split(rest, '\n'));
		bool begins = span_find(line, 0, SPAN("<#")) != SIZE_MAX, ends = span_find(line, 0, SPAN("#>")) != SIZE_MAX;
		bool was_comment = is_comment;

		is_comment = (is_comment || begins) && !ends;
		if (was_comment || begins || !line.len || line.at[0] == '#' ||
		    span_eq_nocase(span_sub(line, 0, 9), SPAN("function ")) || span_eq_nocase(span_sub(line, 0, 3), SPAN("PS>")))
			continue;
		return line;
	}
	return (struct span){ 0 };
}
