/*
 * options: one table a command, from which parsing, --help, the check of the
 * man pages and shell completion all come.
 *
 * A command owns a static table of `struct option_spec`, ended by { 0 }. Values
 * are written where `target` points. Options may stand before, between and
 * after arguments; "--" ends them; "--name=value" and "-nvalue" work.
 */
#ifndef KANSHIKI_CLI_OPTIONS_H
#define KANSHIKI_CLI_OPTIONS_H

#include "base/err.h"
#include "base/span.h"

enum option_kind {
	OPTION_END,
	OPTION_FLAG,		/* bool: set true */
	OPTION_TEXT,		/* const char * */
	OPTION_LIST,		/* struct option_list: may be given many times */
	OPTION_NUMBER,		/* uint64_t, decimal or 0x */
	OPTION_SIZE,		/* uint64_t bytes: 64K, 10M, 2G, 1T (powers of 1024) */
	OPTION_SECONDS,		/* uint64_t: 90, 90s, 5m, 2h */
};

#define OPTION_LIST_MAX 256

struct option_list {
	const char *values[OPTION_LIST_MAX];
	size_t count;
};

struct option_spec {
	enum option_kind kind;
	char letter;		/* 0: none */
	const char *name;
	const char *value;	/* what stands for the value in help, NULL for flags */
	const char *help;	/* one sentence, lower case, default in brackets */
	void *target;
};

#define ARGUMENTS_NONE SIZE_MAX

struct command {
	const char *name;	/* "assess", or "rules check" */
	const char *usage;	/* "assess SOURCE... [OPTION...]" */
	const char *summary;	/* one line for the list of commands */
	const char *about;	/* paragraphs for --help; NULL: summary */
	const char *exits;	/* what the exit codes mean; NULL: 0 done, 2 could not */
	const struct option_spec *options;
	int (*run)(int argc, char **argv);	/* argv: arguments after parsing */
	size_t least, most;	/* arguments allowed; most 0: any number, ARGUMENTS_NONE: none */
	int failed;		/* exit code where the options are off; 0: EXIT_COULD_NOT */
	bool unpacks;		/* archives or disk images, maybe where nothing can be loaded: see cli/lazy.h */
};

/* The three exit codes of commands that look for something. */
enum { EXIT_NOTHING_FOUND = 0, EXIT_FOUND = 1, EXIT_COULD_NOT = 2 };

/* Parses in place: on success argv[0..*argc) are the arguments. */
bool options_parse(const struct command *command, int *argc, char **argv, bool *want_help,
		   struct err *err);
void options_help(const struct command *command);

#endif
