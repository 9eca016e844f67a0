/*
 * log_reader: what the formats of log.h share: the lines of a log, and shapes.
 *
 * A format turns one line, or one JSON object, into names and values through a
 * log_row, which finds or makes the shape of that list of names.
 */
#ifndef KANSHIKI_FORMATS_LOG_READER_H
#define KANSHIKI_FORMATS_LOG_READER_H

#include "base/arena.h"
#include "base/map.h"
#include "formats/log/log.h"

/* An event that stands as a text in one field of another: of what kind the text may be. */
enum log_inner { LOG_INNER_NONE, LOG_INNER_JSON, LOG_INNER_XML, LOG_INNER_ANY, LOG_INNER_MESSAGE };

/* A shape with what the reader needs of it. */
struct log_shape {
	struct event_shape shape;
	uint32_t time;			/* slot, or EVENT_NO_SLOT */
	uint32_t record_id;
	enum log_inner inner;
	uint32_t inner_slot;
};

/*
 * Shapes are the leaves of a tree of names: a row that has the names of the row
 * before in the same order only compares them.
 */
struct log_state {
	struct span name;		/* by which it is reached from its parent */
	struct log_state *parent;
	struct log_state *recent;	/* child taken last */
	struct log_shape *shape;	/* of the names up to here */
	uint32_t depth;
};

struct log_row {
	struct log_state *at;
	struct value *values;
	uint32_t count;
	uint32_t outer;			/* fields before those of an inner event; 0: all */
	bool too_many;
};

struct log_json;
struct log_table;
struct log_csv;
struct log_audit;
struct log_journal;

enum log_width { LOG_WIDTH_UNKNOWN, LOG_WIDTH_BYTES, LOG_WIDTH_LITTLE, LOG_WIDTH_BIG };

/* A log in UTF-16 becomes UTF-8 piece by piece. */
struct log_wide {
	enum log_width width;
	uint8_t carry[4];		/* the start of the next character */
	size_t carried;
	struct buf raw, text;
};

struct log_reader {
	enum log_format format;
	struct log_options options;
	struct log_report report;
	struct buf pending;		/* the part of a line at the end of a block */
	bool skipping;			/* in a line that is too long */
	bool others;			/* what is at hand another reader tells */
	uint64_t line;			/* number of the line at hand, from 1, after those before */
	uint64_t before;		/* lines */
	log_lines_fn *ask_before;	/* NULL: known */
	void *ask_context;
	uint64_t offset;		/* of what is at hand in the log */
	event_fn *each;
	void *context;

	struct arena memory;		/* of the line at hand */
	struct arena shapes;
	struct map states;		/* parent and name -> log_state */
	struct log_state *root;
	uint32_t shape_count, generation;
	struct value values[LOG_FIELDS_MAX];

	struct buf first;		/* of JSON: how the events begin; only where a log was resumed */
	struct log_wide wide;
	struct log_json *json;
	struct log_table *table;
	struct log_csv *csv;
	struct log_audit *audit;
	struct log_journal *journal;
};

/* Begins a row; its first field is log_format. */
struct log_row log_row_begin(struct log_reader *r);
void log_row_add(struct log_reader *r, struct log_row *row, struct span name, struct value value);
void log_row_text(struct log_reader *r, struct log_row *row, const char *name, struct span text);
/* Only where there is text. */
void log_row_some(struct log_reader *r, struct log_row *row, const char *name, struct span text);
/* Tells the row as an event. `time` TIME_NONE: the shape's own time field is read. */
bool log_row_end(struct log_reader *r, struct log_row *row, timestamp time);

/* What was read lies behind: the offset grows by what it takes in the log. */
void log_pass(struct log_reader *r, struct span text);
/* Counts the line at hand as not fitting. */
void log_bad_line(struct log_reader *r);

/* Takes the next bytes in UTF-8, as log_reader_feed. */
bool log_reader_take(struct log_reader *r, struct span block, bool last);
/* The start of a log in UTF-16 as UTF-8; false where it is none. */
bool log_wide_start(struct span start, struct buf *text);
void log_wide_free(struct log_wide *w);

/* Lines of each format; false when the consumer had enough. */
bool log_syslog_line(struct log_reader *r, struct span line);
bool log_access_line(struct log_reader *r, struct span line);
bool log_squid_line(struct log_reader *r, struct span line);
bool log_text_line(struct log_reader *r, struct span line);
bool log_table_line(struct log_reader *r, struct span line);
bool log_audit_line(struct log_reader *r, struct span line);
bool log_audit_end(struct log_reader *r);
bool log_journal_block(struct log_reader *r, struct span block, bool last, size_t *used);

/* Whole events of XML off the block. */
bool log_xml_block(struct log_reader *r, struct span block, bool last, size_t *used);

/*
 * The members of a JSON object, the fields of an event in XML or of its rendered
 * message, into the row; of what is broken those before the damage.
 */
void log_json_into(struct log_reader *r, struct log_row *row, struct span text);
bool log_xml_into(struct log_reader *r, struct log_row *row, struct span text);
void log_message_into(struct log_reader *r, struct log_row *row, struct span text);

/*
 * Gives the names that exporters of Windows events use those of the taxonomy; the
 * kind of event that the texts of one field may hold, and its slot. New names lie in
 * the arena.
 */
enum log_inner log_names_tidy(struct arena *arena, struct span *names, uint32_t count, uint32_t *slot);
/* Names of fields have no spaces in the taxonomy; a copy where there were some. */
struct span log_without_spaces(struct arena *arena, struct span name);

/* The length of a line "Record 7", as evtx_dump writes before each event; 0: it is none. */
size_t log_record_line(struct span text);
/* Takes whole JSON objects off the block; *used tells how much. */
bool log_json_block(struct log_reader *r, struct span block, bool last, size_t *used);

/* Whole records of the block, which may go over lines. */
bool log_csv_block(struct log_reader *r, struct span block, bool last, size_t *used);

/* A record of CSV as it stands in the log. */
struct log_csv_record {
	struct span text;		/* without its line end */
	size_t end;			/* of it: where the '\n' stands, or all ends */
	bool fits;			/* false: it is not closed, or goes on behind a quote */
};

/* The one that begins at `from`; `separator` 0: it is the header. False: more must be read. */
bool log_csv_next(struct span text, size_t from, uint8_t separator, bool last, struct log_csv_record *out);
/* What stands between the cells of a header. */
uint8_t log_csv_separator(struct span header);

/* Lines that say what the rows behind them mean. Of W3C there is no separator, of Zeek no date. */
enum log_head { LOG_HEAD_SEPARATOR, LOG_HEAD_FIELDS, LOG_HEAD_SET, LOG_HEAD_PATH, LOG_HEAD_TYPES, LOG_HEAD_NONE,
		LOG_HEAD_DATE = LOG_HEAD_SET, LOG_HEAD_LOCAL = LOG_HEAD_PATH };

/* What a line that begins with '#' is; `separator` 0: none was named yet. */
enum log_head log_table_head(struct span line, enum log_format format, uint8_t separator);
/* That such a line of Zeek names. */
uint8_t log_table_separator(struct span line);

bool log_csv_new(struct log_reader *r);
bool log_csv_has_header(const struct log_csv *c);
void log_csv_free(struct log_csv *c);
bool log_table_new(struct log_reader *r);
void log_table_free(struct log_table *t);
bool log_json_new(struct log_reader *r);
/* What is read next stands there; `wrapper` is an enum json_wrapper. */
void log_json_seek(struct log_json *j, int wrapper);
void log_json_free(struct log_json *j);
bool log_audit_new(struct log_reader *r);
void log_audit_share(struct log_audit *a, enum log_share share);
bool log_audit_awaits(const struct log_audit *a);
void log_audit_free(struct log_audit *a);

/* Takes the next word, between spaces, off the line. */
struct span log_word(struct span *rest);
/* Logs write a dash for nothing. */
struct span log_unless_dash(struct span text);

/* Whether a line looks like one of that format. */
bool log_is_syslog(struct span line);
bool log_is_access(struct span line);
bool log_is_squid(struct span line);
bool log_is_audit(struct span line);
bool log_is_csv(struct span start);

/*
 * The time at the start of `line`, in the forms of syslog and of most programs;
 * *used is its length, 0 where there is none. Sets the report's flags.
 */
timestamp log_time(struct log_reader *r, struct span line, size_t *used);
/* A time that stands alone in a field: ISO, epoch seconds or milliseconds, or as log_time. */
timestamp log_field_time(struct log_reader *r, struct span text);

#endif
