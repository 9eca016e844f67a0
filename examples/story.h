/*
 * story: what happened in the example, as events to be written into logs.
 *
 * See README.md for the story. Everything is made from a fixed seed, so that
 * the same program makes the same bytes.
 */
#ifndef KANSHIKI_EXAMPLES_STORY_H
#define KANSHIKI_EXAMPLES_STORY_H

#include "base/timestamp.h"

#define STORY_FIELDS 16

enum story_log { LOG_SECURITY, LOG_SYSTEM, LOG_SYSMON, LOG_POWERSHELL, LOG_COUNT };

struct story_field {
	const char *name;
	char value[600];
};

struct story_event {
	timestamp time;
	enum story_log log;
	unsigned id;
	const char *provider;		/* NULL: the usual one of the log */
	bool user_data;			/* LogFileCleared, not EventData */
	struct story_field fields[STORY_FIELDS];
	size_t count;
};

struct story {
	const char *computer;
	uint64_t first_record;		/* of each log; 0: as of one that has been used for long */
	struct story_event *events;	/* by time */
	size_t count;
	size_t room;
};

/* Fills an empty story with what the machine saw; the caller frees `events`. */
void story_of_workstation(struct story *s);
void story_of_file_server(struct story *s);

/*
 * One event, or `times` of them `every` so many seconds, as a table writes it. `fields`:
 * "Name=value|Name=value"; in a value '#' stands for the number of the repetition. NULL
 * ends a table.
 */
struct story_step {
	const char *when;
	enum story_log log;
	unsigned id;
	const char *fields;
	unsigned times, every;
	const char *provider;		/* NULL: the usual one of the log */
	bool user_data;
};

/* Adds to an ordinary office's week what a table says; seeds as for story_of_office. */
void story_of_steps(struct story *s, const struct story_step *steps, uint32_t seed, int64_t moved_seconds);

/* An office's working days, with the acts given as bits. */
enum { STORY_GATHERING = 1, STORY_REMOVING = 2, STORY_WIPING = 4, STORY_CLEARING = 8 };
/* Seed 0 gives what it always gave; others move the acts by that and change the noise. */
void story_of_office(struct story *s, unsigned acts, uint32_t seed, int64_t moved_seconds);

#endif
