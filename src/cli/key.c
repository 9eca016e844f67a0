#include "cli/commands.h"

#include <stdio.h>

#include "case/seal.h"

static const char *key_file;

static const struct option_spec options[] = {
	{ OPTION_TEXT, 'k', "key", "FILE", "the signing key's file [~/.config/kanshiki/key]", &key_file },
	{ 0 },
};

/* The signing key itself is only ever read by a helper process. */
static int tell(bool make)
{
	struct seal key;
	struct buf text = buf_new(NOTE_MAX);
	struct err err = { 0 };

	if (!seal_key(key_file, make, &key, &err)) {
		fprintf(stderr, "kanshiki: %s\n", err.text);
		return EXIT_COULD_NOT;
	}
	if (make && !key.made_key) {
		fprintf(stderr, "kanshiki: '%s' exists already\n", key.key_path);
		return EXIT_COULD_NOT;
	}
	note_key_text(&text, &key.key);
	printf("%s\n", (char *)text.at);
	if (key.made_key)
		fprintf(stderr, "kanshiki: made '%s': keep it secret, keep a copy.\n", key.key_path);
	buf_free(&text);
	return 0;
}

static int run_show(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return tell(false);
}

static int run_make(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return tell(true);
}

const struct command command_key_show = {
	.name = "key show",
	.usage = "key show [OPTION...]",
	.summary = "show the verifier key: what others need to check your seals",
	.options = options,
	.run = run_show,
	.most = ARGUMENTS_NONE,
};

const struct command command_key_make = {
	.name = "key make",
	.usage = "key make [OPTION...]",
	.summary = "make a signing key (assess makes one when it first needs it)",
	.options = options,
	.run = run_make,
	.most = ARGUMENTS_NONE,
};
