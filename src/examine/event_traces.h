/*
 * event_traces: what Windows logs say of programs, connections, files and
 * sessions, as traces, so that analysers join host and network evidence without
 * knowing logs.
 *
 * Of started programs only those are told whose name or command line is of a
 * tool that gathers, sends, destroys or hides (a list in event_traces.c); all
 * others stay in the log, where rules see them. A table says which record
 * becomes which trace. Of text logs sshd and the kernel are heard: who came in or
 * tried to, and which storage was put in.
 */
#ifndef KANSHIKI_EXAMINE_EVENT_TRACES_H
#define KANSHIKI_EXAMINE_EVENT_TRACES_H

#include "base/event.h"
#include "examine/examination.h"

struct event_traces {
	struct examination *x;
	struct arena arena;		/* of one event */
	uint64_t told, most, left_out;	/* of this item */
};

struct event_traces event_traces_new(struct examination *x, uint64_t most);
void event_traces_free(struct event_traces *t);
void event_traces_check(struct event_traces *t, const struct event *event, struct span channel,
			struct span host);

#endif
