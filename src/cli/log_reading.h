/*
 * log_reading: the options --year, --zone and --code-page of the commands that read
 * logs: what their times and texts mean where they do not say so themselves.
 */
#ifndef KANSHIKI_CLI_LOG_READING_H
#define KANSHIKI_CLI_LOG_READING_H

#include "cli/options.h"

/* As given; a command owns one, static, that begins as LOG_READING_DEFAULT. */
struct log_reading {
	uint64_t year;			/* 0: of the newest possible */
	const char *zone;		/* NULL: UTC */
	uint64_t code_page;		/* of ANSI strings in Windows' logs */
	int32_t zone_seconds;		/* east of UTC; set by log_reading_check */
};

#define LOG_READING_DEFAULT { .code_page = 1252 }

/* Rows of a table of options. */
#define LOG_READING_OPTIONS(reading) \
	{ OPTION_NUMBER, 0, "year", "YEAR", "the year of logs that do not write one [the last possible]", \
	  &(reading).year }, \
	{ OPTION_TEXT, 0, "zone", "ZONE", "the zone of logs that do not write one, as +09:00 [UTC]", \
	  &(reading).zone }, \
	{ OPTION_NUMBER, 0, "code-page", "N", \
	  "Windows code page of ANSI strings: 874, 932, 936, 949, 950, 1250 to 1258 [1252]", \
	  &(reading).code_page }

/* ERR_USAGE: a year, zone or code page that there is none. */
bool log_reading_check(struct log_reading *reading, struct err *err);

#endif
