/*
 * event_traces: what Windows logs say of programs, connections, files and
 * sessions, as traces, so that analysers join host and network evidence without
 * knowing logs.
 *
 * Of started programs only those are told whose command line is a deed (base/deed.h)
 * or of a tool that gathers or sends (a list in event_traces.c); all
 * others stay in the log, where rules see them. Of a script that PowerShell logged
 * (4104) each such line is one. A table says which record
 * becomes which trace. Of text logs sshd, the kernel and others are heard: who came in or
 * tried to, and which storage was put in; of auditd what it saw started.
 */
#ifndef KANSHIKI_EXAMINE_EVENT_TRACES_H
#define KANSHIKI_EXAMINE_EVENT_TRACES_H

#include "base/event.h"
#include "examine/examination.h"

#define HANDLES_KEPT 32
#define HANDLE_PATH ((size_t)400)

/* A file that was opened with the right to delete it: the record of deleting has the handle alone. */
struct opened_handle {
	uint8_t handle[24], path[HANDLE_PATH];
	size_t handle_len, path_len;
};

struct event_traces {
	struct examination *x;
	struct arena arena;		/* of one event */
	uint64_t told, most, left_out;	/* of this item */
	struct opened_handle handles[HANDLES_KEPT];	/* a ring */
	size_t handle_count;
};

struct event_traces event_traces_new(struct examination *x, uint64_t most);
void event_traces_free(struct event_traces *t);
void event_traces_check(struct event_traces *t, const struct event *event, struct span channel,
			struct span host);

#endif
