/*
 * tell: what decoders share when they put a trace together: text in one
 * encoding, parts of paths and command lines, and the JSON of `detail`.
 *
 * All that is returned lives in the arena or is borrowed from the argument.
 */
#ifndef KANSHIKI_ARTEFACT_TELL_H
#define KANSHIKI_ARTEFACT_TELL_H

#include "artefact/artefact.h"
#include "codec/json_write.h"

/* UTF-16LE up to its NUL, as UTF-8. Empty: nothing there, or no memory. */
struct span tell_utf16(struct arena *arena, struct span utf16);
/* A text file as UTF-8, whatever its byte order mark says; without a mark, as it is. */
struct span tell_text(struct arena *arena, struct span bytes);
/* The same of the artefact's bytes; says so where they are more than there is room for. */
struct span tell_text_of(const struct artefact *a);
/* Lines that should have told something and are not understood. */
void tell_lost_lines(const struct artefact *a, uint64_t lost);
/* The next line of `rest`, without its end and a carriage return; false: no more. */
bool tell_line(struct span *rest, struct span *line);

/* The last part of a path, of either slash; what stands before the last slash. */
struct span tell_base(struct span path);
struct span tell_folder(struct span path);
/* Lower-case extension compare: tell_has_extension(path, "zip|rar|7z"). */
bool tell_has_extension(struct span path, const char *extensions);
/* The NAME of ".../Users/NAME/...", "Documents and Settings" or "home"; empty: none. */
struct span tell_user_of_path(struct span path);
/* The file that a Windows command line starts: quoted, up to ".exe" and the like, or the first word. */
struct span tell_program_of(struct span command);
/* "host" of "scheme://user@host:port/path"; empty where there is none. */
struct span tell_url_host(struct span url);
/* "S-1-5-21-..." of a binary SID; empty where it is none. */
struct span tell_sid(struct arena *arena, struct span sid);
/* First place of `needle` without regard to ASCII case, or SIZE_MAX. */
size_t tell_find_nocase(struct span text, const char *needle);

/* A trace that is summed up like printf, in the arena. */
struct span tell_summary(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A JSON object for `detail`; members that are empty or unknown are left out. */
struct tell_detail {
	struct buf text;
	struct json_write json;
	bool any;
};

void tell_detail_begin(struct tell_detail *d);
void tell_detail_text(struct tell_detail *d, const char *key, struct span value);
void tell_detail_number(struct tell_detail *d, const char *key, uint64_t value);
void tell_detail_time(struct tell_detail *d, const char *key, timestamp value);
/* Ends the object and moves it to the arena; empty where nothing was put in. Frees `d`. */
struct span tell_detail_end(struct tell_detail *d, struct arena *arena);

#endif
