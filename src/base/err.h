/*
 * err: the one way to fail.
 *
 * A function that can fail returns bool and takes `struct err *err` last. On
 * failure it returns false and fills `err`; on success it leaves `err` alone,
 * so that calls chain with &&. `err` is never NULL. A caller branches on the
 * code only: CORRUPT, UNSUPPORTED and LIMIT cost the item at hand and are noted
 * in the case, IO and DENIED stop this source, USAGE stops the program.
 */
#ifndef KANSHIKI_BASE_ERR_H
#define KANSHIKI_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

enum err_code {
	ERR_NONE,
	ERR_IO,			/* the system would not: disk, pipe, memory */
	ERR_CORRUPT,		/* the bytes break their own format */
	ERR_UNSUPPORTED,	/* well formed, but not something we read */
	ERR_LIMIT,		/* a stated bound was reached */
	ERR_DENIED,		/* permission, encryption, sandbox */
	ERR_USAGE,		/* the caller's words are off */
};

#define ERR_NO_OFFSET UINT64_MAX

struct err {
	enum err_code code;
	uint64_t offset;	/* bytes into the input, or ERR_NO_OFFSET */
	char text[240];		/* lower case, no full stop; what failed first */
};

/* Fills `err` and returns false, so that callers write `return err_set(...)`. */
bool err_set(struct err *err, enum err_code code, uint64_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5), cold));

/*
 * The words of an errno. Never translated, so that a case reads the same everywhere,
 * and nothing is opened for it, so that an examiner may say why it could not read.
 */
const char *err_number_text(int number);

/* As err_set with ERR_IO and no offset; appends the words of `number`. */
bool err_errno(struct err *err, int number, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));

/* Puts "what: " before the text, for a caller that knows more. Returns false. */
bool err_prefix(struct err *err, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));

/* "io", "corrupt", "unsupported", "limit", "denied", "usage" or "none". */
const char *err_code_name(enum err_code code);

#endif
