/*
 * regex: the regular expressions of YARA, in linear time.
 *
 * Syntax of YARA 4.5 with YARA-X's additions where they do not conflict:
 * . ^ $ | () (?:) [] * + ? {n,m} each with lazy form, \w \W \s \S \d \D \b \B
 * \t \n \r \f \v \a \xHH, \A \z, \b{start} \b{end} \b{start-half} \b{end-half},
 * (?ismxU) with -, their group forms, (?<name>..). \x{H..} \uHHHH \u{H..} \UHHHHHHHH
 * \U{H..} are code points: beyond ASCII, the bytes of their UTF-8. Unknown escapes
 * stand for the letter, as in YARA. Works on bytes: \p{..} is refused, and classes under (?u).
 *
 * Compiled, it is a list of instructions in the arena, with no pointer out of it.
 */
#ifndef KANSHIKI_RULES_YARA_REGEX_H
#define KANSHIKI_RULES_YARA_REGEX_H

#include "base/arena.h"
#include "base/err.h"

enum regex_flags { REGEX_NOCASE = 1, REGEX_DOTALL = 2 };

struct regex;
struct regex_scratch;

/* ERR_CORRUPT with the offset in `source`, or ERR_LIMIT. */
bool regex_compile(struct arena *arena, struct span source, uint32_t flags, struct regex **out,
		   struct err *err);

/*
 * Heap; fits any regex. NULL: out of memory. It remembers what it learnt of the
 * regex last run, so it must not outlive that regex's arena.
 */
struct regex_scratch *regex_scratch_new(void);
void regex_scratch_free(struct regex_scratch *scratch);	/* NULL-safe */

/*
 * Does it match somewhere in `data` (what `matches` asks)? An empty match counts.
 * Time is at most proportional to data times regex.
 */
bool regex_search(const struct regex *regex, struct regex_scratch *scratch, struct span data);

#endif
