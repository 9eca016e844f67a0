/* Who came and went: wtmp, utmp, btmp, lastlog, faillog. */
#include "artefact/linux.h"

#include "base/map.h"
#include "formats/utmp/utmp.h"

#include <stdio.h>

#define SESSIONS_MOST 1000000
#define ADDRESS_MOST 64

struct session {
	struct session *next;		/* line that was first seen after this one's */
	struct span line, user, host;
	timestamp from;
	uint64_t offset;
	bool is_open;
	char address[ADDRESS_MOST];
};

struct sessions {
	const struct artefact *a;
	struct map lines;		/* line → struct session, the one that is open there */
	struct session *first, **end;	/* the same in the order of the file */
	uint64_t bad, erased, erased_at, erased_now, told_erased;
	bool stopped;
};

static void address_text(const struct utmp_record *r, char to[ADDRESS_MOST])
{
	const uint8_t *a = r->address;

	to[0] = 0;
	if (r->is_ipv6)
		snprintf(to, ADDRESS_MOST, "%x:%x:%x:%x:%x:%x:%x:%x", a[0] << 8 | a[1], a[2] << 8 | a[3],
			 a[4] << 8 | a[5], a[6] << 8 | a[7], a[8] << 8 | a[9], a[10] << 8 | a[11],
			 a[12] << 8 | a[13], a[14] << 8 | a[15]);
	else if (r->has_address)
		snprintf(to, ADDRESS_MOST, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
}

static void tell(struct sessions *s, struct trace *trace, const char *verb)
{
	struct span from = trace->peer.len ? trace->peer : trace->local;

	trace->summary = arena_printf(s->a->arena, "%s%s%.*s%s%.*s", verb, trace->user.len ? " of " : "",
				      SPAN_ARG(span_sub(trace->user, 0, 64)), from.len ? " from " : "",
				      SPAN_ARG(span_sub(from, 0, 256)));
	s->stopped = s->stopped || !s->a->trace(s->a->context, trace);
}

static void tell_session(struct sessions *s, const struct session *one, timestamp until)
{
	struct trace trace = trace_new(TRACE_SESSION, "logon");

	trace.time = one->from;
	trace.last = until;
	trace.source = SPAN("wtmp");
	trace.user = one->user;
	trace.name = one->line;
	trace.local = one->line;
	/* A reader's ":0" is a screen of this machine. */
	trace.peer = one->address[0] ? span_text(one->address)
		   : one->host.len && one->host.at[0] != ':' ? one->host : SPAN("");
	trace.protocol = span_starts(one->line, SPAN("tty")) ? SPAN("console")
		       : trace.peer.len ? SPAN("ssh") : SPAN("");
	trace.offset = one->offset;
	trace.path = s->a->path;
	tell(s, &trace, "session");
}

static void tell_plain(struct sessions *s, const struct utmp_record *r, const char *what,
		       const char *source)
{
	struct trace trace = trace_new(TRACE_SESSION, what);
	char address[ADDRESS_MOST];

	address_text(r, address);
	trace.time = r->time;
	trace.source = span_text(source);
	trace.user = r->type == UTMP_BOOT || r->type == UTMP_RUN_LEVEL ? SPAN("") : r->user;
	trace.peer = address[0] ? span_text(address) : r->type == UTMP_BOOT ? SPAN("") : r->host;
	trace.name = r->type == UTMP_BOOT ? r->host : r->line;
	trace.local = r->line;
	trace.offset = r->offset;
	trace.path = s->a->path;
	tell(s, &trace, what);
}

static void close_all(struct sessions *s, timestamp at)
{
	for (struct session *one = s->first; one; one = one->next) {
		if (one->is_open)
			tell_session(s, one, at);
		one->is_open = false;
	}
}

static struct session *session_at(struct sessions *s, struct span line)
{
	void **slot = map_slot(&s->lines, line);
	struct session *one = slot ? *slot : NULL;

	if (one || !slot || !(one = ARENA_NEW(s->a->arena, struct session)))
		return one;
	*s->end = *slot = one;
	s->end = &one->next;
	return one;
}

static void take_user(struct sessions *s, const struct utmp_record *r)
{
	struct session *one = session_at(s, r->line);

	if (!one)
		return;
	if (one->is_open)
		tell_session(s, one, TIME_NONE);
	*one = (struct session){ .next = one->next, .line = r->line, .user = r->user, .host = r->host,
				 .from = r->time, .offset = r->offset, .is_open = true };
	address_text(r, one->address);
}

static void take_dead(struct sessions *s, const struct utmp_record *r)
{
	struct session *one = map_get(&s->lines, r->line);

	if (!one || !one->is_open)
		return;
	tell_session(s, one, r->time);
	one->is_open = false;
}

static void take_record(struct sessions *s, const struct utmp_record *r)
{
	bool is_shutdown = r->type == UTMP_RUN_LEVEL && span_eq(r->user, SPAN("shutdown"));

	if (r->type == UTMP_USER) {
		take_user(s, r);
	} else if (r->type == UTMP_DEAD) {
		take_dead(s, r);
	} else if (r->type == UTMP_BOOT || is_shutdown) {
		close_all(s, is_shutdown ? r->time : TIME_NONE);
		tell_plain(s, r, is_shutdown ? "shutdown" : "boot", "wtmp");
	} else if (r->type == UTMP_NEW_TIME) {
		tell_plain(s, r, "clock set", "wtmp");
	}
}

/* Zeroed records between others: the way in which records are taken out by hand. */
static void tell_erased(struct sessions *s)
{
	struct trace trace = trace_new(TRACE_FILE, "records erased");

	trace.path = s->a->path;
	trace.time = s->a->modified;
	trace.source = SPAN("file modified, at the latest");
	trace.count = s->erased;
	trace.offset = s->erased_at;
	trace.technique = SPAN("T1070.002");
	trace.summary = arena_printf(s->a->arena, "%llu records are zeroed",
				     (unsigned long long)s->erased);
	s->stopped = s->stopped || !s->a->trace(s->a->context, &trace);
}

static void count_erased(struct sessions *s, const struct utmp_record *r)
{
	if (r->state == UTMP_ERASED) {
		s->erased_at = s->erased_now ? s->erased_at : r->offset;
		s->erased_now++;
		return;
	}
	/* Only between others: at the end it may be room that was never written. */
	s->erased += s->erased_now;
	s->erased_now = 0;
}

static bool read_file(const struct artefact *a, bool is_failed, struct err *err)
{
	struct sessions s = { .a = a, .lines = map_new(a->arena) };
	struct utmp_layout layout;
	struct utmp_record r;
	size_t at = 0, count = 0;

	s.end = &s.first;
	if (!utmp_find_layout(a->bytes, &layout, err))
		return false;
	while (!s.stopped && count++ < SESSIONS_MOST && utmp_next(a->bytes, &layout, &at, &r)) {
		s.bad += r.state == UTMP_BAD;
		count_erased(&s, &r);
		if (r.state != UTMP_GOOD)
			continue;
		if (is_failed)
			tell_plain(&s, &r, "failed logon", "btmp");
		else
			take_record(&s, &r);
	}
	close_all(&s, TIME_NONE);
	if (s.erased)
		tell_erased(&s);
	if (s.bad)
		a->lost(a->context, s.bad);
	if (s.bad)
		a->short_of(a->context, "records that make no sense: %llu", (unsigned long long)s.bad);
	if (a->bytes.len % layout.size && count < SESSIONS_MOST)
		a->short_of(a->context, "bytes at the end that are no record: %zu", a->bytes.len % layout.size);
	return true;
}

bool linux_wtmp(const struct artefact *a, struct err *err)
{
	/* A name like "utmp_test" does not make a program a log. */
	if (span_starts(a->bytes, SPAN("\x7f" "ELF")))
		return err_set(err, ERR_UNSUPPORTED, 0, "a program");
	return read_file(a, false, err);
}

bool linux_btmp(const struct artefact *a, struct err *err)
{
	/* Empty is usual: nobody failed. */
	return !a->bytes.len || read_file(a, true, err);
}

bool linux_lastlog(const struct artefact *a, struct err *err)
{
	struct lastlog_record r;
	uint32_t uid = 0;
	bool more = true;

	while (more && lastlog_next(a->bytes, &uid, &r)) {
		struct trace trace = trace_new(TRACE_SESSION, "logon");
		char user[32];

		snprintf(user, sizeof user, "uid %u", r.uid);
		trace.time = r.time;
		trace.source = SPAN("lastlog, last session");
		trace.user = span_text(user);
		trace.peer = r.host;
		trace.local = r.line;
		trace.name = r.line;
		trace.path = a->path;
		trace.summary = arena_printf(a->arena, "last session of %s from %.*s", user,
					     SPAN_ARG(r.host));
		more = a->trace(a->context, &trace);
	}
	return true;
}

bool linux_faillog(const struct artefact *a, struct err *err)
{
	struct faillog_record r;
	bool is_wide = faillog_is_wide(a->bytes), more = true;
	uint32_t uid = 0;

	while (more && faillog_next(a->bytes, is_wide, &uid, &r)) {
		struct trace trace = trace_new(TRACE_SESSION, "failed logon");
		char user[32];

		snprintf(user, sizeof user, "uid %u", r.uid);
		trace.time = r.time;
		trace.source = SPAN("faillog, last failure");
		trace.user = span_text(user);
		trace.count = r.count;
		trace.local = r.line;
		trace.name = r.line;
		trace.path = a->path;
		trace.summary = arena_printf(a->arena, "%s failed to come in, %u times since the last success", user,
					     r.count);
		more = a->trace(a->context, &trace);
	}
	return true;
}
