/*
 * lex: a rule text as a list of tokens, made in one go.
 *
 * A token keeps its place in the text; what it means (numbers, escapes) is
 * worked out by the parser when it wants it. A text that cannot be read on gives
 * TOKEN_BAD with a message, and reading goes on behind it, so that one broken
 * rule does not take its file along.
 */
#ifndef KANSHIKI_RULES_YARA_LEX_H
#define KANSHIKI_RULES_YARA_LEX_H

#include "base/arena.h"
#include "base/err.h"

enum token_kind {
	TOKEN_END, TOKEN_BAD,
	TOKEN_NAME, TOKEN_NUMBER, TOKEN_FLOAT, TOKEN_TEXT, TOKEN_REGEX, TOKEN_HEX,
	TOKEN_STRING_NAME,		/* $a  $a*  $  #a  @a  !a: .text with its first letter */
	TOKEN_STRING_COUNT, TOKEN_STRING_OFFSET, TOKEN_STRING_LENGTH,
	/* Signs of one letter are their own code; the others: */
	TOKEN_EQ = 128, TOKEN_NE, TOKEN_LE, TOKEN_GE, TOKEN_SHL, TOKEN_SHR, TOKEN_DOTS,
	/* Keywords. */
	TOKEN_ALL, TOKEN_AND, TOKEN_ANY, TOKEN_ASCII, TOKEN_AT, TOKEN_BASE64, TOKEN_BASE64WIDE,
	TOKEN_CONDITION, TOKEN_CONTAINS, TOKEN_DEFINED, TOKEN_ENDSWITH, TOKEN_ENTRYPOINT,
	TOKEN_FALSE, TOKEN_FILESIZE, TOKEN_FOR, TOKEN_FULLWORD, TOKEN_GLOBAL, TOKEN_ICONTAINS,
	TOKEN_IENDSWITH, TOKEN_IEQUALS, TOKEN_IMPORT, TOKEN_IN, TOKEN_INCLUDE, TOKEN_ISTARTSWITH,
	TOKEN_MATCHES, TOKEN_META, TOKEN_NOCASE, TOKEN_NONE, TOKEN_NOT, TOKEN_OF, TOKEN_OR,
	TOKEN_PRIVATE, TOKEN_RULE, TOKEN_STARTSWITH, TOKEN_STRINGS, TOKEN_THEM, TOKEN_TRUE,
	TOKEN_WIDE, TOKEN_XOR, TOKEN_READ,	/* int8 .. uint32be */
};

struct token {
	enum token_kind kind;
	uint32_t line, column;		/* from 1 */
	struct span text;		/* TEXT, HEX, REGEX: between the delimiters */
	struct span flags;		/* of a regex: the letters behind it */
	const char *message;		/* of TOKEN_BAD */
};

/*
 * A comment `// suppress: NAME, ...`: for the line it ends or, alone on its line,
 * for the next line with a token; before a rule, for all of it.
 */
struct suppression {
	struct span names;
	uint32_t line;
	bool of_rule;
};

struct lexed {
	struct token *tokens;		/* ended by TOKEN_END */
	size_t count;
	struct suppression *suppressions;	/* by line */
	size_t suppression_count;
};

#define RULE_NAME_MAX 128
#define RULE_TEXT_MAX ((size_t)256 << 20)	/* bytes of one file */

/* Fails (ERR_LIMIT) for lack of memory, or where the text is too large. */
bool lex(struct arena *arena, struct span text, struct lexed *out, struct err *err);

/* The text of a quoted string, escapes resolved; false: an unknown escape. */
bool lex_unescape(struct arena *arena, struct span quoted, struct span *out);

#endif
