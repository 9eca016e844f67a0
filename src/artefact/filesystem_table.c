/* A $MFT by itself: what is there, what was deleted, what hides in streams, whose times were set. */
#include "artefact/filesystem.h"
#include "artefact/tell.h"
#include "base/map.h"
#include "formats/ntfs/ntfs.h"

#define MOST_LISTED 150000		/* ordinary files; all that is notable is told beyond it */
#define SLACK_OF_CLOCK (2 * TIME_SECOND)

struct table {
	const struct artefact *a;
	struct ntfs_table files;
	struct arena scratch;
	uint64_t listed, left_out;
	bool is_over;
};

static struct span detail_of(struct table *t, const struct ntfs_file *f, uint64_t number)
{
	struct tell_detail d;

	tell_detail_begin(&d);
	tell_detail_number(&d, "record", number);
	tell_detail_time(&d, "changed", f->times.changed);
	tell_detail_time(&d, "accessed", f->times.accessed);
	if (f->named_created != f->times.created)
		tell_detail_time(&d, "fn_created", f->named_created);
	if (f->is_folder)
		tell_detail_number(&d, "folder", 1);
	if (!f->is_used)
		tell_detail_number(&d, "deleted", 1);
	return tell_detail_end(&d, &t->scratch);
}

static void tell(struct table *t, uint64_t number, const char *what, struct span path,
		 const char *technique)
{
	const struct ntfs_file *f = ntfs_table_file(&t->files, number);
	struct trace trace = trace_new(TRACE_FILE, what);

	trace.path = path;
	trace.time = f->has_times ? f->times.created : f->named_created;
	trace.last = f->has_times ? f->times.modified : f->named_modified;
	trace.source = f->has_times ? SPAN("$MFT, $SI created; last: modified") : SPAN("$MFT, $FN created; last: modified");
	trace.technique = span_text(technique);
	if (f->size != UINT64_MAX && !f->is_folder)
		trace.bytes_in = f->size;
	trace.offset = number * t->files.record_size;
	trace.detail = detail_of(t, f, number);
	trace.summary = tell_summary(&t->scratch, "%.*s %s", SPAN_ARG(path), what);
	if (!t->is_over && !t->a->trace(t->a->context, &trace))
		t->is_over = true;
}

static bool is_round(timestamp t)
{
	return t != TIME_NONE && t % TIME_SECOND == 0;
}

/*
 * Who sets a file's times reaches only $SI; $FN keeps when the name was made. Set times
 * are older than that and, from most tools, whole seconds. Unpacking does the same to
 * "modified", so only "created" counts.
 */
static bool are_times_set(const struct ntfs_file *f)
{
	timestamp si = f->times.created, fn = f->named_created;

	return f->has_times && si != TIME_NONE && fn != TIME_NONE && is_round(si) && !is_round(fn) &&
	       si < fn - SLACK_OF_CLOCK;
}

static bool is_runnable(struct span path)
{
	return tell_has_extension(path, "exe|dll|sys|scr|com|bat|cmd|ps1|vbs|js|hta|msi|ocx|cpl");
}

/* The mark of the web and what Windows itself keeps there are no news. */
static bool is_usual_stream(struct span name)
{
	static const char *const usual[] = { "Zone.Identifier", "SmartScreen", "WofCompressedData", "encryptable",
					     "favicon", "$SDS", "$J", "$Max", "$Bad", "$T", "$TXF_DATA", "$Config",
					     "$Info" };

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (span_eq_nocase(name, span_text(usual[i])))
			return true;
	return false;
}

static void take_streams(struct table *t, uint64_t number, struct span path)
{
	const struct ntfs_stream *s = ntfs_table_file(&t->files, number)->streams;

	for (; s; s = s->next) {
		struct span name = tell_utf16(&t->scratch, s->name);

		if (name.len && !is_usual_stream(name))
			tell(t, number, "stream", arena_printf(&t->scratch, "%.*s:%.*s", SPAN_ARG(path), SPAN_ARG(name)),
			     "T1564.004");
	}
}

static void take_file(struct table *t, const struct ntfs_file *f, uint64_t number)
{
	struct span name = tell_utf16(&t->scratch, f->name);
	struct span path = number == NTFS_ROOT ? SPAN("\\")
			 : ntfs_table_path(&t->files, f->parent, name, &t->scratch);

	if (!f->is_used)
		tell(t, number, "deleted", path, "");
	else if (t->listed < MOST_LISTED)
		tell(t, number, "listed", path, ""), t->listed++;
	else
		t->left_out++;
	if (are_times_set(f))
		tell(t, number, "times differ", path, is_runnable(path) ? "T1070.006" : "");
	take_streams(t, number, path);
}

/* The whole table, also what of it is larger than what is held in memory. */
static void read_table(struct ntfs_table *files, const struct artefact *a)
{
	struct span piece;

	ntfs_table_add(files, a->bytes);
	while (a->rest && a->rest->next(a->rest->context, &piece))
		ntfs_table_add(files, piece);
}

static void tell_missing(const struct table *t)
{
	const struct artefact *a = t->a;

	a->lost(a->context, t->files.damaged + t->files.left_out);
	if (t->files.left_out)
		a->short_of(a->context, "%llu records for which there was no memory", (unsigned long long)t->files.left_out);
	if (t->files.damaged)
		a->short_of(a->context, "%llu damaged records", (unsigned long long)t->files.damaged);
	if (t->left_out)
		a->short_of(a->context, "%llu ordinary files beyond the first %d are not listed",
			    (unsigned long long)t->left_out, MOST_LISTED);
}

bool filesystem_table(const struct artefact *a, struct err *err)
{
	struct table t = { .a = a };

	if (!ntfs_table_open(&t.files, a->bytes, a->arena))
		return err_set(err, ERR_UNSUPPORTED, 0, "no file table");
	read_table(&t.files, a);
	t.scratch = arena_new((size_t)16 << 20);
	for (uint64_t i = 0; i < t.files.slots && !t.is_over; i++) {
		const struct ntfs_file *f = ntfs_table_file(&t.files, i);

		if (f && f->has_name)
			take_file(&t, f, i);
		arena_reset(&t.scratch);
	}
	arena_free(&t.scratch);
	tell_missing(&t);
	return true;
}

struct folder_index {
	const struct artefact *a;
	struct ntfs_index *block;
	struct arena scratch;
	struct map in_use;		/* reference and name of entries in use, and of what was told */
	uint64_t damaged;
	bool is_over;
};

/* False: it was there before, or there is no memory. */
static bool note_name(struct folder_index *x, uint64_t reference, const struct ntfs_name *name)
{
	struct buf key = buf_new(1024);
	struct span kept;
	void **slot = NULL;

	buf_add_u64le(&key, reference);
	buf_add(&key, name->name);
	if (!map_get(&x->in_use, buf_span(&key))) {
		kept = arena_copy(x->a->arena, buf_span(&key));
		slot = kept.at ? map_slot(&x->in_use, kept) : NULL;
	}
	if (slot)
		*slot = x;
	buf_free(&key);
	return slot;
}

/*
 * What is behind the entries in use may be a copy of one that has only moved, as each
 * split of a block leaves it: then the file is still there.
 */
static void note_in_use(struct folder_index *x)
{
	struct ntfs_name name;
	uint64_t reference;
	bool is_slack = false;

	while (ntfs_index_next(x->block, &name, &reference, &is_slack) && !is_slack) {
		note_name(x, reference, &name);
		note_name(x, 0, &name);	/* of the first one behind, the mark of the end lies on the reference */
	}
}

static void tell_block(struct folder_index *x)
{
	struct ntfs_name name;
	uint64_t reference;
	bool is_slack;

	while (!x->is_over && ntfs_index_next(x->block, &name, &reference, &is_slack)) {
		struct trace t = trace_new(TRACE_FILE, is_slack ? "deleted" : "listed");

		if (name.space == 2 || (is_slack && !note_name(x, reference & NTFS_REFERENCE ? reference : 0, &name)))
			continue;
		t.path = tell_utf16(&x->scratch, name.name);
		t.time = name.times.created;
		t.last = name.times.modified;
		t.bytes_in = name.size;
		t.source = is_slack ? SPAN("$I30 slack, created; last: modified") : SPAN("$I30, created; last: modified");
		t.summary = tell_summary(&x->scratch, "%.*s %s", SPAN_ARG(t.path),
					 is_slack ? "was in the folder once" : "is in the folder");
		x->is_over = !x->a->trace(x->a->context, &t);
		arena_reset(&x->scratch);
	}
}

static void each_block(struct folder_index *x, void (*take)(struct folder_index *x))
{
	x->damaged = 0;
	for (size_t at = 0; at < x->a->bytes.len && !x->is_over; at += NTFS_RECORD_MOST) {
		if (ntfs_index_open(x->block, span_from(x->a->bytes, at)))
			take(x);
		else
			x->damaged += span_starts(span_from(x->a->bytes, at), SPAN("INDX"));
	}
}

bool filesystem_index(const struct artefact *a, struct err *err)
{
	struct folder_index x = { .a = a, .block = ARENA_NEW(a->arena, struct ntfs_index),
				  .scratch = arena_new((size_t)1 << 20), .in_use = map_new(a->arena) };
	struct span root;

	if (x.block) {
		/* Names between the blocks stand in the root, which images have beside it. */
		if (a->near->find(a->near->context, SPAN("$INDEX_ROOT"), &root) && ntfs_index_open_root(x.block, root))
			note_in_use(&x);
		each_block(&x, note_in_use);
		each_block(&x, tell_block);
	}
	arena_free(&x.scratch);
	if (x.damaged) {
		a->lost(a->context, x.damaged);
		a->short_of(a->context, "%llu damaged index blocks", (unsigned long long)x.damaged);
	}
	return true;
}
