/* What package managers know of installed files: dpkg, apk; and their logs. */
#include "artefact/linux.h"

#include "base/buf.h"

#define NAME_MOST ((size_t)1 << 10)

static bool is_hex(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.at[i] >= '0' && s.at[i] <= '9') || (s.at[i] >= 'a' && s.at[i] <= 'f')))
			return false;
	return s.len;
}

static bool tell_known(struct linux_text *t, const char *what, const char *manager,
		       struct span package, struct span path, struct span digest)
{
	struct trace trace = trace_new(TRACE_KNOWN, what);

	trace.path = path;
	trace.digest = digest;
	trace.name = package;
	trace.protocol = span_text(manager);
	return linux_tell(t, &trace);
}

static bool tell_md5(struct linux_text *t, const char *what, struct span package, struct span path,
		     struct span md5)
{
	char digest[40] = "md5:";

	memcpy(digest + 4, md5.at, 32);
	digest[36] = 0;
	return tell_known(t, what, "deb", package, path, span_text(digest));
}

/* ---- dpkg ---- */

/* "coreutils.md5sums", "libc6:amd64.md5sums" */
static struct span package_of(struct span name)
{
	name = span_sub(name, 0, name.len > 8 ? name.len - 8 : 0);
	return span_sub(name, 0, span_find_byte(name, 0, ':'));
}

/* "0123…  usr/bin/ls" a line, without the leading slash. */
bool package_md5sums(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span package = package_of(a->name), line;
	struct buf path = buf_new((size_t)16 << 10);
	uint64_t lost = 0;

	while (linux_next(&t, &line)) {
		struct span md5 = span_sub(line, 0, 32);

		if (line.len < 35 || !is_hex(md5) || line.at[32] != ' ') {
			lost += line.len > 0;
			continue;
		}
		buf_clear(&path);
		buf_add_u8(&path, '/');
		buf_add(&path, span_from(line, 34));
		tell_md5(&t, "package file", package, buf_span(&path), md5);
	}
	if (lost)
		a->lost(a->context, lost);
	buf_free(&path);
	linux_text_free(&t);
	return true;
}

struct status {
	struct linux_text text;
	struct span package, version;
	bool in_conffiles, is_installed;
};

/* " /etc/bash.bashrc 0123… [obsolete|remove-on-upgrade]" */
static void take_conffile(struct status *s, struct span line)
{
	struct span path = linux_word(&line), md5 = linux_word(&line);

	if (md5.len == 32 && is_hex(md5))
		tell_md5(&s->text, "conffile", s->package, path, md5);
}

static void end_stanza(struct status *s)
{
	struct buf name = buf_new(NAME_MOST);

	if (s->package.len && s->is_installed) {
		buf_add(&name, s->package);
		buf_add_u8(&name, ' ');
		buf_add(&name, s->version);
		tell_known(&s->text, "package", "deb", buf_span(&name), SPAN("-"), SPAN(""));
	}
	buf_free(&name);
	s->package = s->version = (struct span){ 0 };
	s->in_conffiles = s->is_installed = false;
}

/* Stanzas of "Field: value" with continued lines that begin with a space: deb-control(5). */
bool package_status(const struct artefact *a, struct err *err)
{
	struct status s = { .text = linux_text_of(a) };
	struct span line;

	while (linux_next(&s.text, &line)) {
		bool continued = span_sub(a->bytes, (size_t)s.text.offset, 1).len &&
				 a->bytes.at[s.text.offset] == ' ';
		struct span value = line, field;

		if (!line.len) {
			end_stanza(&s);
			continue;
		}
		if (continued) {
			if (s.in_conffiles)
				take_conffile(&s, line);
			continue;
		}
		field = span_split(&value, ':');
		value = span_trim(value);
		s.in_conffiles = span_eq(field, SPAN("Conffiles"));
		if (span_eq(field, SPAN("Package")))
			s.package = value;
		else if (span_eq(field, SPAN("Version")))
			s.version = value;
		else if (span_eq(field, SPAN("Status")))
			s.is_installed = !span_ends(value, SPAN(" not-installed")) &&
					 !span_ends(value, SPAN(" config-files"));
	}
	end_stanza(&s);
	linux_text_free(&s.text);
	return true;
}

/* Three lines each: the file, where its package's own went, for whom. */
bool package_diversions(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span from, to, package;

	while (linux_next(&t, &from) && linux_next(&t, &to) && linux_next(&t, &package)) {
		struct trace trace = trace_new(TRACE_KNOWN, "diversion");

		trace.path = from;
		trace.command = to;
		trace.name = package;
		trace.protocol = SPAN("deb");
		linux_tell(&t, &trace);
	}
	linux_text_free(&t);
	return true;
}

/* ---- apk ---- */

static int base64_digit(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26
	     : c >= '0' && c <= '9' ? c - '0' + 52 : c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* "Q1" and 28 characters of base64: a SHA-1. */
static bool sha1_of(struct span text, char out[48])
{
	struct span digits = span_from(text, 2);
	uint32_t bits = 0;
	size_t to = 5;

	if (!span_starts(text, SPAN("Q1")) || digits.len != 28)
		return false;
	memcpy(out, "sha1:", 5);
	for (size_t i = 0; i < 27; i++) {
		int digit = base64_digit(digits.at[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		/* Three hex digits for every two of base64. */
		if (i % 2) {
			out[to++] = "0123456789abcdef"[bits >> 8 & 15];
			out[to++] = "0123456789abcdef"[bits >> 4 & 15];
			out[to++] = "0123456789abcdef"[bits & 15];
		}
	}
	out[to++] = "0123456789abcdef"[bits >> 2 & 15];
	out[to] = 0;
	return true;
}

/* A letter, a colon and the value a line; a package ends with an empty line. */
bool package_apk(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, name = { 0 }, version = { 0 }, folder = { 0 }, file = { 0 };
	struct buf path = buf_new((size_t)16 << 10), package = buf_new(NAME_MOST);
	char digest[48];

	while (linux_next(&t, &line)) {
		struct span value = span_from(line, 2);
		uint8_t letter = line.len > 2 && line.at[1] == ':' ? line.at[0] : 0;

		if (letter == 'P')
			name = value;
		else if (letter == 'V')
			version = value;
		else if (letter == 'F')
			folder = value;
		else if (letter == 'R')
			file = value;
		if (letter != 'Z' || !sha1_of(value, digest))
			continue;
		buf_clear(&path);
		buf_clear(&package);
		buf_printf(&path, "/%.*s%s%.*s", SPAN_ARG(folder), folder.len ? "/" : "", SPAN_ARG(file));
		buf_printf(&package, "%.*s %.*s", SPAN_ARG(name), SPAN_ARG(version));
		tell_known(&t, "package file", "apk", buf_span(&package), buf_span(&path),
			   span_text(digest));
	}
	buf_free(&path);
	buf_free(&package);
	linux_text_free(&t);
	return true;
}

/* ---- logs ---- */

/* "2022-01-31 12:00:00 install tree:amd64 <none> 2.1.0-1" in the machine's own zone. */
bool package_dpkg_log(const struct artefact *a, struct err *err)
{
	static const struct {
		const char *verb, *what;
	} verbs[] = { { "install", "installed" }, { "upgrade", "upgraded" }, { "remove", "removed" },
		      { "purge", "purged" } };
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next(&t, &line)) {
		struct span date = span_sub(line, 0, 19), rest = span_from(line, 20), verb, package;
		timestamp time;

		if (line.len < 21 || !timestamp_parse(date, &time))
			continue;
		verb = linux_word(&rest);
		package = linux_word(&rest);
		for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
			struct trace trace = trace_new(TRACE_FILE, verbs[i].what);

			if (!span_eq(verb, span_text(verbs[i].verb)))
				continue;
			trace.time = time;
			trace.source = SPAN("dpkg.log, zone of the machine");
			trace.name = package;
			trace.command = rest;
			trace.path = package;
			trace.summary = line;
			linux_tell(&t, &trace);
		}
	}
	linux_text_free(&t);
	return true;
}

/* "2022-01-31  12:00:00": two spaces. */
static timestamp apt_time(struct span value)
{
	struct span day = linux_word(&value);
	char text[32] = { 0 };
	timestamp time;

	if (day.len != 10 || value.len != 8)
		return TIME_NONE;
	memcpy(text, day.at, 10);
	text[10] = ' ';
	memcpy(text + 11, value.at, 8);
	return timestamp_parse(span_text(text), &time) ? time : TIME_NONE;
}

/* Paragraphs: Start-Date, Commandline, Requested-By, Install/Upgrade/Remove, End-Date. */
bool package_apt_history(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct trace trace = trace_new(TRACE_EXECUTION, "ran");
	struct span line;
	bool more = true;

	while (more) {
		struct span value, field;

		more = linux_next(&t, &line);
		value = more ? line : SPAN("");
		field = span_split(&value, ':');
		value = span_trim(value);
		if (span_eq(field, SPAN("Start-Date")))
			trace.time = apt_time(value);
		else if (span_eq(field, SPAN("End-Date")))
			trace.last = apt_time(value);
		else if (span_eq(field, SPAN("Commandline")))
			trace.command = value;
		else if (span_eq(field, SPAN("Requested-By")))
			trace.user = linux_word(&value);
		if ((!more || !line.len) && trace.time != TIME_NONE) {
			trace.program = trace.command.len ? linux_program(trace.command) : SPAN("apt");
			trace.source = SPAN("apt history, zone of the machine");
			trace.summary = trace.command;
			linux_tell(&t, &trace);
			trace = trace_new(TRACE_EXECUTION, "ran");
		}
	}
	linux_text_free(&t);
	return true;
}
