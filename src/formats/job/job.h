/*
 * job: scheduled tasks of Windows before Vista, "*.job" ([MS-TSCH] 2.4). Fields
 * and sources: docs/formats/job.md.
 *
 * Text is UTF-8 in the arena. Times are the machine's local time, given as if
 * they were UTC: the file does not say the zone.
 */
#ifndef KANSHIKI_FORMATS_JOB_JOB_H
#define KANSHIKI_FORMATS_JOB_JOB_H

#include "base/arena.h"
#include "base/err.h"
#include "base/timestamp.h"

#define JOB_MAX_TRIGGERS 256
#define JOB_FLAG_HIDDEN 0x200
#define JOB_FLAG_DISABLED 0x4

struct job_trigger {
	timestamp begin, end;		/* TIME_NONE where it has none */
	uint32_t minutes_interval, minutes_duration;
	uint32_t flags;
	const char *type;		/* static: "once", "daily", "at logon" */
};

struct job {
	uint32_t flags;
	uint32_t exit_code;
	timestamp last_run;
	struct span program, arguments, folder, author, comment;
	struct job_trigger *triggers;
	size_t trigger_count;
	bool whole;
};

bool job_parse(struct span file, struct arena *arena, struct job *out, struct err *err);

#endif
