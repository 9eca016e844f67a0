/*
 * log: logs other than EVTX, recognised by content, into events.
 *
 * Windows events as XML, JSON (lines, one document, arrays; any nesting), syslog (RFC 3164, RFC 5424 and
 * what rsyslog writes), auditd, journal export, Zeek, W3C/IIS, access logs of web
 * servers and of squid, CSV with a header, and plain text with a time in front.
 * Fed block by block, so that a log of any size is read in bounded memory. Every
 * event has a field log_format with the word of log_format_name. A line that does
 * not fit its format, or has zeros in it, is counted and told, and costs nothing else.
 *
 * Times are UTC. Where a format has no year or no zone, that of the options is
 * taken, and the report says that it was needed.
 */
#ifndef KANSHIKI_FORMATS_LOG_H
#define KANSHIKI_FORMATS_LOG_H

#include "base/err.h"
#include "base/event.h"

enum log_format { LOG_NONE, LOG_JSON, LOG_SYSLOG, LOG_AUDITD, LOG_JOURNAL, LOG_ZEEK, LOG_W3C,
		  LOG_ACCESS, LOG_CSV, LOG_TEXT, LOG_SQUID, LOG_XML };

#define LOG_LINE_MAX ((size_t)16 << 20)	/* longer lines, or JSON documents' events, are skipped and told */
#define LOG_FIELDS_MAX 4096		/* of one event */
#define LOG_DEPTH_MAX 64		/* of nested JSON */
#define LOG_IDENTIFY_BYTES ((size_t)16 << 10)

/* What the start of a content is; LOG_NONE: no log that we know. */
enum log_format log_identify(struct span start);
/*
 * Of the start of a text what stands before, or after, zeros in it: a crash leaves them where a
 * log was being written, and who empties a log under its writer in front. Whole lines; empty where none is.
 */
struct span log_without_zeros(struct span start);
/* "json", "syslog", "auditd", "journal", "zeek", "w3c", "access", "csv",
 * "text", "squid", "xml", "". */
const char *log_format_name(enum log_format format);

struct log_options {
	int year;		/* for times without one; 0: of the newest possible, not after `now` */
	int32_t zone_seconds;	/* east of UTC, for times without one */
	timestamp now;		/* TIME_NONE: the clock's */
};

/* Counts add up until the reader is freed. */
struct log_report {
	uint64_t events;
	uint64_t bad_lines;	/* did not fit the format */
	uint64_t long_lines;	/* beyond LOG_LINE_MAX: skipped */
	uint64_t first_bad;	/* number of the first of them, from 1 */
	bool year_assumed, zone_assumed;
	timestamp first, last;	/* of the events; TIME_NONE */
};

/* "+09:00", "-0330", "Z". */
bool log_zone_parse(struct span text, int32_t *seconds);

struct log_reader;

/* NULL: no memory. `options` may be NULL. */
struct log_reader *log_reader_new(enum log_format format, const struct log_options *options);
void log_reader_free(struct log_reader *r);	/* NULL-safe */
/*
 * Takes the next bytes of the log; `last` ends it. Calls `each` for every event
 * that is complete; false when `each` was.
 */
bool log_reader_feed(struct log_reader *r, struct span block, bool last, event_fn *each,
		     void *context);
/*
 * What is fed next stands at that offset: whole lines, or objects. `before` is asked, at
 * most once, for the number of the line before. Not for logs whose events go over lines or
 * that have a head, which begin at a mark, nor for UTF-16.
 */
typedef uint64_t log_lines_fn(void *context);
void log_reader_seek(struct log_reader *r, uint64_t offset, log_lines_fn *before, void *context);
/* The same at a mark (log_mark.h), when the texts of its heads were given, by their offsets. */
struct log_mark;
void log_reader_seek_mark(struct log_reader *r, const struct log_mark *mark);
void log_reader_head(struct log_reader *r, struct span head, uint64_t offset);
/*
 * Several readers share a log of auditd, whose events lie in each other: an event is told by
 * the one in whose part it begins. So each reads what stands BEFORE its part, from
 * LOG_SHARE_BYTES on, or an event could be taken for one that begins there, its OWN, and
 * what is BEHIND until it awaits nothing more.
 */
#define LOG_SHARE_BYTES ((uint64_t)256 << 10)
enum log_share { LOG_SHARE_BEFORE, LOG_SHARE_OWN, LOG_SHARE_BEHIND };
void log_reader_share(struct log_reader *r, enum log_share share);
bool log_reader_awaits(const struct log_reader *r);
/*
 * A log that comes once, and whose reader was lost: another reads the start of the log again,
 * whose events were told, and goes on at the first line or object that it finds.
 */
void log_reader_recall(struct log_reader *r, struct span start);
/* Where that begins in what comes next, of which the first byte stands at `offset`; SIZE_MAX: nowhere. */
size_t log_reader_find(const struct log_reader *r, struct span text, uint64_t offset);
void log_reader_resume(struct log_reader *r, uint64_t offset, uint64_t lines);
/* What is at hand: its offset, and how many lines were numbered before. */
void log_reader_place(const struct log_reader *r, uint64_t *offset, uint64_t *lines);
const struct log_report *log_reader_report(const struct log_reader *r);
/*
 * Grows when the reader forgets its shapes because a log has too many; numbers
 * start anew then, so a consumer compares this before it uses what it cached.
 */
uint32_t log_reader_generation(const struct log_reader *r);

#endif
