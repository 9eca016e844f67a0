/* commands: one file a command; each exports its entry, main.c lists them. */
#ifndef KANSHIKI_CLI_COMMANDS_H
#define KANSHIKI_CLI_COMMANDS_H

#include "cli/options.h"

/* What was typed, before parsing put it in another order. */
struct command_line {
	int argc;
	char **argv;
};
extern struct command_line command_line;

extern const struct command command_assess;
extern const struct command command_collect;
extern const struct command command_events;
extern const struct command command_hunt;
extern const struct command command_report;
extern const struct command command_key_make;
extern const struct command command_key_show;
extern const struct command command_rules_check;
extern const struct command command_rules_coverage;
extern const struct command command_rules_test;
extern const struct command command_scan;
extern const struct command command_seal;
extern const struct command command_timeline;
extern const struct command command_verify;
extern const struct command command_version;

#endif
