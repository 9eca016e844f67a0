#include "cli/commands.h"
#include "cli/lazy.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

/* In the order in which a responder meets them. */
static const struct command *const commands[] = {
	&command_assess,
	&command_collect,
	&command_events,
	&command_hunt,
	&command_report,
	&command_timeline,
	&command_scan,
	&command_rules_check,
	&command_rules_test,
	&command_rules_coverage,
	&command_verify,
	&command_seal,
	&command_key_show,
	&command_key_make,
	&command_version,
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void list_commands(FILE *to)
{
	fprintf(to, "usage: kanshiki COMMAND [OPTION...] [ARGUMENT...]\n\n"
		    "kanshiki examines evidence of an intrusion and says, with proof and with its\n"
		    "gaps, what was done. It only reads, and it never changes evidence.\n\ncommands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %-14s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(to, "\nkanshiki COMMAND --help tells more; so does man kanshiki-COMMAND.\n");
}

/* A full disk or a closed pipe behind standard output must not pass for success. */
static int finish(int code)
{
	if ((fflush(stdout) || ferror(stdout)) && errno != EPIPE) {
		fprintf(stderr, "kanshiki: cannot write the output: %s\n", err_number_text(errno));
		return EXIT_COULD_NOT;
	}
	return code;
}

/* Commands of two words that begin with this one; false where there are none. */
static bool list_family(FILE *to, const char *first)
{
	size_t len = strlen(first);
	bool any = false;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strncmp(commands[i]->name, first, len) || commands[i]->name[len] != ' ')
			continue;
		if (!any)
			fprintf(to, "usage: kanshiki %s COMMAND [OPTION...] [ARGUMENT...]\n\ncommands:\n", first);
		fprintf(to, "  %-14s %s\n", commands[i]->name, commands[i]->summary);
		any = true;
	}
	return any;
}

static int no_command(int argc, char **argv)
{
	bool help = argc > 2 && !strcmp(argv[2], "--help");

	if (list_family(help ? stdout : stderr, argv[1]))
		return help ? finish(0) : EXIT_COULD_NOT;
	fprintf(stderr, "kanshiki: no command '%s'; see kanshiki --help\n", argv[1]);
	return EXIT_COULD_NOT;
}

/* For tools/check-docs and shell completion: command, letter, name, value, help. */
static int dump_options(void)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		printf("%s\t\t\t\t%s\n", commands[i]->name, commands[i]->summary);
		for (const struct option_spec *o = commands[i]->options; o && o->kind; o++)
			printf("%s\t%c\t%s\t%s\t%s\n", commands[i]->name, o->letter ? o->letter : ' ',
			       o->name, o->value ? o->value : "", o->help);
	}
	return 0;
}

/* A command's name is one word, or two ("rules check"); the longer match wins. */
static const struct command *find(int argc, char **argv, int *words)
{
	const struct command *found = NULL;

	*words = 0;
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		struct span rest = span_text(commands[i]->name);
		struct span first = span_split(&rest, ' ');
		int needs = rest.len ? 2 : 1;

		if (argc < needs || needs <= *words || !span_eq(first, span_text(argv[0])) ||
		    (rest.len && !span_eq(rest, span_text(argv[1]))))
			continue;
		found = commands[i];
		*words = needs;
	}
	return found;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct err err = { 0 };
	bool want_help;

	if (!options_parse(command, &argc, argv, &want_help, &err)) {
		fprintf(stderr, "kanshiki: %s\n", err.text);
		return command->failed ? command->failed : EXIT_COULD_NOT;
	}
	if (want_help) {
		options_help(command);
		return 0;
	}
	if (command->unpacks) {
		/* libarchive and the Sleuth Kit lose names that are not ASCII under the C locale. */
		setlocale(LC_CTYPE, "C.UTF-8");
		lazy_load_all();
	}
	return command->run(argc, argv);
}

struct command_line command_line;

static bool keep_command_line(int argc, char **argv)
{
	command_line.argv = calloc((size_t)argc + 1, sizeof *argv);
	command_line.argc = argc;
	if (command_line.argv)
		memcpy(command_line.argv, argv, (size_t)argc * sizeof *argv);
	return command_line.argv;
}

int main(int argc, char **argv)
{
	const struct command *command;
	int words;

	if (!keep_command_line(argc, argv))
		return EXIT_COULD_NOT;
	if (argc < 2) {
		list_commands(stderr);
		return EXIT_COULD_NOT;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		if (argc > 2 && !strcmp(argv[2], "--dump"))
			return finish(dump_options());
		if (argc > 2 && (command = find(argc - 2, argv + 2, &words)))
			return options_help(command), finish(0);
		list_commands(stdout);
		return finish(0);
	}
	if (!strcmp(argv[1], "--version"))
		return printf("kanshiki %s\n", KANSHIKI_VERSION), finish(0);
	command = find(argc - 1, argv + 1, &words);
	if (!command)
		return no_command(argc, argv);
	return finish(run(command, argc - 1 - words, argv + 1 + words));
}
