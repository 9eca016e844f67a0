/*
 * BITS jobs: qmgr.db (ESE, Windows 10 and later) and qmgr0.dat, qmgr1.dat before.
 * The layout of a job is nowhere specified and differs between versions, so jobs
 * and files are recognised by what they hold: counted UTF-16 texts in a fixed
 * order, around an owner's SID or an address. What ANSSI's bits_parser and dissect
 * know of the numbers between them is taken where it makes sense: the kind of a
 * job, its times behind the list of its files, the bytes of a file.
 *
 * Of qmgr.db the rows are read first, then the whole file is gone through for jobs and
 * files that no row holds any more: what was deleted stays in its page until that is used
 * anew. Such a job starts nothing now and is told as a setting.
 */
#include "artefact/windows.h"
#include "base/map.h"
#include "formats/ese/ese.h"

#define MAX_CHARACTERS 4096
#define MAX_JOBS 1000
#define NEAR ((size_t)1 << 20)	/* how far behind a job its times are looked for */
#define ERROR_SIZE 25
/* Stands before and behind the list of a job's files. */
#define FILE_LIST SPAN("\x36\xda\x56\x77\x6f\x51\x5a\x43\xac\xac\x44\xa2\x48\xff\xf3\x4d")

struct job {
	struct span id;			/* GUID, 16 bytes */
	uint32_t type;			/* 0 download, 1 upload, 2 upload with reply */
	struct span name, description, command, arguments, owner;
	timestamp created, modified;
	struct span bytes;		/* of the whole record: names its files by GUID */
};

struct bits {
	const struct artefact *a;
	struct ese db;
	struct arena rows;
	struct job *jobs;
	size_t count, room;
	struct map told;		/* jobs and files: what stands in a row is not told again from the bytes */
	bool is_carving;		/* what is found now stands in no row */
	bool stopped;
};

/* Whether the same was told before; from now on it was. */
static bool was_told(struct bits *b, char kind, struct span one, struct span two, struct span three)
{
	struct span key = arena_printf(b->a->arena, "%c|%.*s|%.*s|%.*s", kind, SPAN_ARG(one), SPAN_ARG(two), SPAN_ARG(three));
	void **slot = map_slot(&b->told, key);
	bool known = !slot || *slot;

	if (slot)
		*slot = b;
	return known;
}

/* A count of characters, with the NUL that ends them, and the text: UTF-16, as it lies there. */
static bool counted(struct cursor *c, struct span *out)
{
	uint32_t count = cursor_u32le(c);

	*out = cursor_take(c, (size_t)(count <= MAX_CHARACTERS ? count : 0) * 2);
	return !c->short_read && count <= MAX_CHARACTERS &&
	       (!count || !(out->at[out->len - 1] | out->at[out->len - 2]));
}

/* Counts of errors, delay and limit, then when it was created and modified. */
static void take_times(struct span behind, struct job *job)
{
	size_t at = span_find(behind, 0, FILE_LIST);
	struct cursor c;
	uint32_t errors;
	timestamp created, modified;

	at = at == SIZE_MAX ? at : span_find(behind, at + FILE_LIST.len, FILE_LIST);
	if (at == SIZE_MAX)
		return;
	c = cursor_of(span_from(behind, at + FILE_LIST.len));
	errors = cursor_u32le(&c);
	cursor_skip(&c, errors <= 8 ? errors * ERROR_SIZE + 12 : SIZE_MAX);
	created = timestamp_of_filetime(cursor_u64le(&c));
	modified = timestamp_of_filetime(cursor_u64le(&c));
	if (c.short_read || created == TIME_NONE || modified == TIME_NONE || modified < created ||
	    created < timestamp_of_civil(2001, 1, 1, 0, 0, 0, 0))
		return;
	job->created = created;
	job->modified = modified;
}

/*
 * Type, priority, state, one more, GUID, then five texts, the last a SID. In later versions
 * the first of these is 0 and the fourth the type.
 */
static bool job_at(struct span bytes, struct arena *arena, struct job *out, size_t *used)
{
	struct span *texts[] = { &out->name, &out->description, &out->command, &out->arguments, &out->owner };
	struct cursor c = cursor_of(bytes);
	uint32_t priority, state, fourth;

	out->type = cursor_u32le(&c);
	priority = cursor_u32le(&c);
	state = cursor_u32le(&c);
	fourth = cursor_u32le(&c);
	out->type = !out->type && fourth <= 2 ? fourth : out->type;
	out->created = out->modified = TIME_NONE;
	out->id = cursor_take(&c, 16);
	if (c.short_read || out->type > 2 || priority > 3 || state > 16)
		return false;
	for (size_t i = 0; i < 5; i++)
		if (!counted(&c, texts[i]))
			return false;
	if (!span_starts(out->owner, SPAN("S\0-\0001\0-\0")))
		return false;
	for (size_t i = 0; i < 5; i++)
		*texts[i] = tell_utf16(arena, *texts[i]);
	*used = c.at;
	take_times(span_sub(bytes, c.at, NEAR), out);
	return true;
}

static void tell_job(struct bits *b, const struct job *job)
{
	struct trace t = b->is_carving ? trace_new(TRACE_SETTING, "deleted job") : trace_new(TRACE_AUTOSTART, "bits job");
	struct tell_detail d;

	if (was_told(b, 'j', job->name, job->command, job->id) && b->is_carving)
		return;
	t.path = b->a->path;
	t.name = job->name;
	t.user = job->owner;
	t.program = job->command;
	t.command = job->arguments.len ? arena_printf(b->a->arena, "%.*s %.*s", SPAN_ARG(job->command), SPAN_ARG(job->arguments))
				       : job->command;
	t.technique = SPAN("T1197");
	t.time = job->created == TIME_NONE ? b->a->modified : job->created;
	t.last = job->modified;
	t.source = tell_summary(b->a->arena, "BITS job%s%s", b->is_carving ? " that no row holds any more" : "",
				job->created == TIME_NONE ? "; the time is that of the file" : ", created; last: modified");
	tell_detail_begin(&d);
	tell_detail_text(&d, "type", job->type ? SPAN("upload") : SPAN("download"));
	tell_detail_text(&d, "description", job->description);
	t.detail = tell_detail_end(&d, b->a->arena);
	t.summary = tell_summary(b->a->arena, "%sBITS job %.*s%s%.*s", b->is_carving ? "deleted " : "", SPAN_ARG(job->name),
				 job->command.len ? " starts " : "", SPAN_ARG(job->command));
	b->stopped = b->stopped || !b->a->trace(b->a->context, &t);
}

/* What stands behind an address: a temporary file, bytes transferred and of the file, then the drive. */
static void take_bytes(struct cursor c, bool is_upload, struct trace *t, struct tell_detail *d)
{
	struct span temporary, drive;
	uint64_t done, size;
	struct buf text = buf_new(32);

	if (!counted(&c, &temporary))
		return;
	done = cursor_u64le(&c);
	size = cursor_u64le(&c);
	cursor_skip(&c, 1);
	if (!counted(&c, &drive) || drive.len < 4 || drive.at[2] != ':')
		return;
	*(is_upload ? &t->bytes_out : &t->bytes_in) = done;
	if (size != UINT64_MAX) {
		buf_decimal(&text, size);
		tell_detail_text(d, "size", buf_span(&text));
	}
	buf_free(&text);
}

/* Whether something came or went, the job alone says. */
static struct span file_source(const struct bits *b, const struct job *job)
{
	if (b->is_carving)
		return SPAN("BITS file that no row holds any more, of an unknown job: it may have been sent");
	if (!job)
		return SPAN("BITS file of an unknown job: it may have been sent");
	return job->created != TIME_NONE ? SPAN("BITS file, time of its job") : SPAN("BITS file");
}

/* `behind` stands after the address. */
static void tell_file(struct bits *b, const struct job *job, struct span local, struct span url, struct cursor behind)
{
	bool is_upload = job && job->type;
	struct tell_detail d;
	struct trace t = trace_new(TRACE_TRANSFER, is_upload ? "upload" : "download");

	if (was_told(b, 'f', url, local, (struct span){ 0 }) && b->is_carving)
		return;
	t.name = tell_url_host(url);
	t.path = url;
	t.program = SPAN("BITS");
	t.user = job ? job->owner : (struct span){ 0 };
	t.command = job ? job->name : (struct span){ 0 };
	t.technique = SPAN("T1197");
	t.source = file_source(b, job);
	t.time = job ? job->created : TIME_NONE;
	t.last = job ? job->modified : TIME_NONE;
	t.summary = tell_summary(b->a->arena, "BITS %s %.*s, locally %.*s", is_upload ? "sends to" : "fetches",
				 SPAN_ARG(url), SPAN_ARG(local));
	tell_detail_begin(&d);
	tell_detail_text(&d, "file", local);
	take_bytes(behind, is_upload, &t, &d);
	t.detail = tell_detail_end(&d, b->a->arena);
	b->stopped = b->stopped || !b->a->trace(b->a->context, &t);
}

/* The counted text that ends right before `end`, if there is one: its count stands before it. */
static struct span text_before(struct span bytes, size_t end, struct arena *arena)
{
	for (size_t count = 2; count <= 1024 && count * 2 + 4 <= end; count++) {
		size_t at = end - count * 2 - 4;

		if (load_u32le(bytes.at + at) == count)
			return tell_utf16(arena, span_sub(bytes, at + 4, count * 2));
	}
	return (struct span){ 0 };
}

static bool is_wide_url(struct span bytes)
{
	return span_starts(bytes, SPAN("h\0t\0t\0p\0")) || span_starts(bytes, SPAN("f\0t\0p\0:\0"));
}

/* Files: a local name, then an address, both counted. */
static void find_files(struct bits *b, struct span bytes, const struct job *job)
{
	for (size_t at = 4; at + 8 < bytes.len && !b->stopped; at++) {
		struct cursor c = cursor_of(bytes);
		struct span url;

		if (bytes.at[at] != 'h' && bytes.at[at] != 'f')
			continue;
		if (!is_wide_url(span_from(bytes, at)))
			continue;
		cursor_seek(&c, at - 4);
		if (!counted(&c, &url) || url.len < 14)
			continue;
		tell_file(b, job, text_before(bytes, at - 4, b->a->arena), tell_utf16(b->a->arena, url), c);
		at = c.at - 1;
	}
}

static const struct job *job_of_file(const struct bits *b, struct span id)
{
	for (size_t i = 0; i < b->count && id.len == 16; i++)
		if (span_find(b->jobs[i].bytes, 0, id) != SIZE_MAX)
			return &b->jobs[i];
	return b->count == 1 ? &b->jobs[0] : NULL;
}

static bool take_job(void *context, const struct ese_row *row)
{
	struct bits *b = context;
	struct span blob = ese_bytes(row, ese_column_named(row->table, "Blob"));
	size_t used;

	for (size_t at = 0; at < blob.len && at < 256; at++) {
		struct job job = { 0 }, *to;

		if (!job_at(span_from(blob, at), b->a->arena, &job, &used))
			continue;
		job.bytes = arena_copy(b->a->arena, blob);
		job.id = arena_copy(b->a->arena, job.id);
		if (b->count >= MAX_JOBS) {
			b->a->short_of(b->a->context, "more than %d jobs: the others are left out", MAX_JOBS);
			return false;
		}
		to = arena_push(b->a->arena, (void **)&b->jobs, &b->count, &b->room, sizeof *to);
		if (!to)
			return false;
		*to = job;
		tell_job(b, to);
		return !b->stopped;
	}
	b->a->lost(b->a->context, 1);
	return true;
}

static bool take_file(void *context, const struct ese_row *row)
{
	struct bits *b = context;
	struct span id = ese_bytes(row, ese_column_named(row->table, "Id"));

	find_files(b, ese_bytes(row, ese_column_named(row->table, "Blob")), job_of_file(b, id));
	return !b->stopped;
}

/*
 * Jobs and their files anywhere in `bytes`. In the old queue a file belongs to the job that
 * stands before it; in a database the two lie in tables of their own.
 */
static void carve(struct bits *b, struct span bytes)
{
	struct job job = { 0 }, last = { 0 };
	size_t from = 0, at = 0;
	bool any = false;

	for (; at + 60 < bytes.len && !b->stopped; at++) {
		size_t used;

		/* Type is 0 to 2 in its four bytes, as is the rest of the head nearly. */
		if (bytes.at[at] > 2 || bytes.at[at + 1] || bytes.at[at + 2] || bytes.at[at + 3] ||
		    !job_at(span_from(bytes, at), b->a->arena, &job, &used))
			continue;
		find_files(b, span_sub(bytes, from, at - from), any ? &last : NULL);
		tell_job(b, &job);
		last = job;
		any = !b->is_carving;
		at += used - 1;
		from = at + 1;
	}
	if (!b->stopped)
		find_files(b, span_from(bytes, from), any ? &last : NULL);
}

/* Rows, as long as they can be read. */
static void read_rows(struct bits *b, const struct ese_table *jobs, const struct ese_table *files)
{
	b->rows = arena_new((size_t)16 << 20);
	if (ese_rows(&b->db, jobs, &b->rows, take_job, b))
		ese_rows(&b->db, files, &b->rows, take_file, b);
	arena_free(&b->rows);
	windows_ese_end(b->a, &b->db);
}

bool windows_bits(const struct artefact *a, struct err *err)
{
	struct bits b = { .a = a, .told = map_new(a->arena) };
	const struct ese_table *jobs, *files;

	if (windows_ese_open(a, &b.db, err)) {
		jobs = ese_table_named(&b.db, "Jobs");
		files = ese_table_named(&b.db, "Files");
		if (!jobs || !files || ese_column_named(jobs, "Blob") == ESE_NO_COLUMN)
			return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no BITS database");
		read_rows(&b, jobs, files);
	} else {
		if (!span_eq_nocase(a->name, SPAN("qmgr.db")))
			return false;
		a->short_of(a->context, "the database cannot be read (%s): jobs are looked for in its bytes", err->text);
	}
	b.is_carving = true;
	carve(&b, a->bytes);
	return true;
}

bool windows_bits_old(const struct artefact *a, struct err *err)
{
	struct bits b = { .a = a, .told = map_new(a->arena) };

	carve(&b, a->bytes);
	return true;
}
