#include "assess/spoken_code.h"

/* Each with the letters of the options behind which code stands. */
static const struct interpreter {
	const char *name, *options;
} interpreters[] = {
	{ "sh", "c" }, { "bash", "c" }, { "dash", "c" }, { "ash", "c" }, { "zsh", "c" }, { "ksh", "c" },
	{ "mksh", "c" }, { "fish", "c" }, { "csh", "c" }, { "tcsh", "c" }, { "su", "c" }, { "python", "c" },
	{ "perl", "eE" }, { "ruby", "e" }, { "node", "ep" }, { "nodejs", "ep" }, { "php", "rB" }, { "lua", "e" },
	{ "awk", "" }, { "gawk", "" }, { "mawk", "" }, { "tclsh", "" }, { "osascript", "e" },
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Quotes, brackets and braces that stand before a word belong to whoever wrote the list. */
static bool is_fence(uint8_t c)
{
	return c == '\'' || c == '"' || c == '(' || c == ')' || c == '{' || c == '}' || c == '[' || c == ']' ||
	       c == ',' || c == ';' || c == '@' || c == '-' || c == '!';
}

static struct span next_word(struct span *rest)
{
	size_t end = 0;
	struct span word;

	while (rest->len && is_blank(rest->at[0]))
		*rest = span_from(*rest, 1);
	while (end < rest->len && !is_blank(rest->at[end]))
		end++;
	word = span_sub(*rest, 0, end);
	*rest = span_from(*rest, end);
	return word;
}

static struct span bare(struct span word)
{
	while (word.len && is_fence(word.at[0]))
		word = span_from(word, 1);
	while (word.len && is_fence(word.at[word.len - 1]))
		word = span_sub(word, 0, word.len - 1);
	for (size_t i = word.len; i; i--)
		if (word.at[i - 1] == '/')
			return span_from(word, i);
	return word;
}

/* "python3.11" is python. */
static struct span without_version(struct span name)
{
	while (name.len > 1 && ((name.at[name.len - 1] >= '0' && name.at[name.len - 1] <= '9') ||
				name.at[name.len - 1] == '.'))
		name = span_sub(name, 0, name.len - 1);
	return name;
}

static const struct interpreter *interpreter_of(struct span word)
{
	struct span name = without_version(bare(word));

	for (size_t i = 0; i < sizeof interpreters / sizeof *interpreters; i++)
		if (span_eq(name, span_text(interpreters[i].name)))
			return &interpreters[i];
	return NULL;
}

/* "-c", "-lc", "'-c'" and "--command" of what takes code so; of awk any words. */
static bool takes_code(const struct interpreter *i, struct span option)
{
	while (option.len && (option.at[0] == '\'' || option.at[0] == '"'))
		option = span_from(option, 1);
	if (!*i->options)
		return option.len && option.at[0] != '-' && option.at[0] != '/';
	if (span_starts(option, SPAN("--")))
		return span_starts(option, SPAN("--command")) || span_starts(option, SPAN("--eval"));
	if (!span_starts(option, SPAN("-")))
		return false;
	for (size_t at = 1; at < option.len; at++)
		for (const char *letter = i->options; *letter; letter++)
			if (option.at[at] == (uint8_t)*letter)
				return true;
	return false;
}

/* Options stand before the first word that is none. */
static bool is_given_code(const struct interpreter *i, struct span rest)
{
	struct span word;

	while ((word = next_word(&rest)).len) {
		if (takes_code(i, word))
			return true;
		if (word.at[0] != '-' && word.at[0] != '\'' && word.at[0] != '"')
			return false;
	}
	return false;
}

/* "| sh", "|bash -s": what flows is the code. */
static bool is_piped_to_shell(struct span command)
{
	for (size_t at = 0; (at = span_find_byte(command, at, '|')) != SIZE_MAX; at++) {
		struct span rest = span_from(command, at + 1), word = next_word(&rest);
		const struct interpreter *i;

		while (word.len && (span_eq(bare(word), SPAN("sudo")) || span_eq(bare(word), SPAN("exec"))))
			word = next_word(&rest);
		i = interpreter_of(word);
		if (i && *i->options)
			return true;
	}
	return false;
}

bool spoken_code(struct span command)
{
	struct span rest = command, word;

	if (is_piped_to_shell(command) || span_has_any(command, "/dev/tcp/|/dev/udp/|/dev/fd/|<<<|<(|eval "))
		return true;
	while ((word = next_word(&rest)).len) {
		const struct interpreter *i = interpreter_of(word);

		if (i && is_given_code(i, rest))
			return true;
	}
	return false;
}
