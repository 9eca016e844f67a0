/*
 * case_writer: writes the made-up examination of case_sample.h, for tests of the
 * case file that need a process: to kill, to time, to seal from outside.
 *
 * usage: case_writer CASE UNITS FINDINGS [new|resume] [PAUSE_US]
 */
#include "case_sample.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

static void pause_a_little(void *context)
{
	usleep(*(useconds_t *)context);
}

static int failed(const struct err *err)
{
	fprintf(stderr, "case_writer: %s\n", err->text);
	return 2;
}

int main(int argc, char **argv)
{
	struct sample s = { 0 };
	struct err err = { 0 };
	struct case_file *c = NULL;
	useconds_t pause_us = argc > 5 ? (useconds_t)atoi(argv[5]) : 0;
	bool resume = argc > 4 && !strcmp(argv[4], "resume");

	if (argc < 4)
		return 2;
	s.units = strtoull(argv[2], NULL, 10);
	s.findings = strtoull(argv[3], NULL, 10);
	if (pause_us)
		s.before_call = pause_a_little, s.context = &pause_us;
	if (!(resume ? case_resume(argv[1], &sample_run, &c, &err)
		     : case_create(argv[1], &sample_run, &c, &err)))
		return failed(&err);
	if (!sample_examine(c, &s, &err) || !case_end(c, "completed", SPAN(""), &err)) {
		case_close(c);
		return failed(&err);
	}
	case_close(c);
	return 0;
}
