/* $UsnJrnl:$J: what was created, deleted, renamed and written, joined up to the closing of each file. */
#include "artefact/filesystem.h"
#include "artefact/tell.h"
#include "base/map.h"
#include "formats/ntfs/ntfs.h"

#define OPEN_FILES 8192			/* watched at once; one more pushes another out, told as it is */
#define MOST_FOLDERS 200000
#define MOST_PARENTS 64
#define IS_FOLDER 0x10

struct folder {
	uint64_t parent;
	struct span name;		/* UTF-16LE, in the bytes */
};

struct open_file {
	uint64_t file, parent, offset;
	timestamp first, last;
	uint32_t reasons, attributes;
	struct span name, old_name;
};

struct journal {
	const struct artefact *a;
	struct ntfs_table files;
	bool has_files, is_over;
	struct map folders;		/* by reference: names as the journal last says them */
	struct arena scratch;
	struct open_file open[OPEN_FILES];
};

static struct span key_of(const uint64_t *reference)
{
	return span_of(reference, sizeof *reference);
}

/* Folders that the journal names stand for those of a $MFT that is not beside it. */
static void learn_folder(struct journal *j, const struct usn_record *r)
{
	struct folder *f;
	uint64_t *key;
	void **slot;

	if (!(r->attributes & IS_FOLDER) || j->folders.count >= MOST_FOLDERS)
		return;
	f = map_get(&j->folders, key_of(&r->file));
	if (!f) {
		f = ARENA_NEW(j->a->arena, struct folder);
		key = ARENA_NEW(j->a->arena, uint64_t);
		if (!f || !key)
			return;
		*key = r->file;
		slot = map_slot(&j->folders, key_of(key));
		if (!slot)
			return;
		*slot = f;
	}
	*f = (struct folder){ r->parent, r->name };
}

static struct span path_of(struct journal *j, uint64_t parent, struct span name)
{
	struct span path = tell_utf16(&j->scratch, name);

	if (j->has_files)
		return ntfs_table_path(&j->files, parent, path, &j->scratch);
	for (int i = 0; i < MOST_PARENTS; i++) {
		const struct folder *f = map_get(&j->folders, key_of(&parent));
		struct span folder;

		if ((parent & NTFS_REFERENCE) == NTFS_ROOT)
			return arena_printf(&j->scratch, "\\%.*s", SPAN_ARG(path));
		if (!f)
			break;
		folder = tell_utf16(&j->scratch, f->name);
		path = arena_printf(&j->scratch, "%.*s\\%.*s", SPAN_ARG(folder), SPAN_ARG(path));
		parent = f->parent;
	}
	return arena_printf(&j->scratch, "\\?\\%.*s", SPAN_ARG(path));
}

static struct span reasons_of(struct journal *j, uint32_t reasons)
{
	static const struct { uint32_t bit; const char *name; } names[] = {
		{ USN_OVERWRITE, "overwrite" }, { USN_EXTEND, "extend" }, { USN_TRUNCATE, "truncate" },
		{ USN_STREAM, "stream" }, { USN_CREATE, "create" }, { USN_DELETE, "delete" },
		{ USN_OLD_NAME, "old name" }, { USN_NEW_NAME, "new name" }, { USN_BASIC_INFO, "basic info" },
		{ (uint32_t)USN_CLOSE, "close" },
	};
	struct span text = { 0 };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (reasons & names[i].bit)
			text = arena_printf(&j->scratch, "%.*s%s%s", SPAN_ARG(text), text.len ? ", " : "",
					    names[i].name);
	return text;
}

static void tell_as(struct journal *j, const struct open_file *f, const char *what)
{
	struct trace t = trace_new(TRACE_FILE, what);
	struct tell_detail d;

	t.path = path_of(j, f->parent, f->name);
	if (f->old_name.len && !strcmp(what, "renamed"))
		t.name = tell_utf16(&j->scratch, f->old_name);
	t.time = f->first;
	t.last = f->last == f->first ? TIME_NONE : f->last;
	t.offset = f->offset;
	t.source = SPAN("USN journal");
	tell_detail_begin(&d);
	tell_detail_text(&d, "reasons", reasons_of(j, f->reasons));
	tell_detail_number(&d, "record", f->file & NTFS_REFERENCE);
	if (f->attributes & IS_FOLDER)
		tell_detail_number(&d, "folder", 1);
	t.detail = tell_detail_end(&d, &j->scratch);
	t.summary = t.name.len ? tell_summary(&j->scratch, "%.*s was renamed to %.*s", SPAN_ARG(t.name), SPAN_ARG(t.path))
			       : tell_summary(&j->scratch, "%.*s was %s", SPAN_ARG(t.path), what);
	if (!j->is_over && !j->a->trace(j->a->context, &t))
		j->is_over = true;
}

/* What became of the file; writing matters only where it was not made, moved or deleted by the same stroke. */
static void tell(struct journal *j, const struct open_file *f)
{
	bool told = false;

	if (f->reasons & USN_CREATE)
		tell_as(j, f, "created"), told = true;
	if (f->reasons & USN_NEW_NAME)
		tell_as(j, f, "renamed"), told = true;
	if (f->reasons & USN_OVERWRITE && !(f->reasons & USN_CREATE))
		tell_as(j, f, "overwritten"), told = true;
	if (f->reasons & USN_DELETE)
		tell_as(j, f, "deleted"), told = true;
	if (!told && f->reasons & (USN_EXTEND | USN_TRUNCATE | USN_STREAM))
		tell_as(j, f, "written");
	arena_reset(&j->scratch);
}

static void take(struct journal *j, const struct usn_record *r)
{
	struct open_file *f = &j->open[(r->file ^ r->file >> 13) % OPEN_FILES];

	if (f->file && f->file != r->file) {
		tell(j, f);
		*f = (struct open_file){ 0 };
	}
	if (!f->file)
		*f = (struct open_file){ .file = r->file, .first = r->time, .offset = r->offset };
	f->last = r->time;
	f->reasons |= r->reasons;
	f->attributes = r->attributes;
	if (r->reasons & USN_OLD_NAME && !(r->reasons & USN_NEW_NAME)) {
		f->old_name = r->name;
	} else {
		f->name = r->name;
		f->parent = r->parent;
	}
	if (!f->name.len)
		f->parent = r->parent;
	if (r->reasons & (uint32_t)USN_CLOSE) {
		if (!f->name.len)
			f->name = f->old_name;
		tell(j, f);
		*f = (struct open_file){ 0 };
	}
}

static void take_all(struct journal *j)
{
	struct usn_reader learn = { .bytes = j->a->bytes }, read = { .bytes = j->a->bytes };
	struct usn_record r;

	while (usn_next(&learn, &r))
		learn_folder(j, &r);
	while (!j->is_over && usn_next(&read, &r))
		take(j, &r);
	for (size_t i = 0; i < OPEN_FILES && !j->is_over; i++) {
		struct open_file *f = &j->open[i];

		if (f->file && !f->name.len)
			f->name = f->old_name;
		if (f->file)
			tell(j, f);
	}
	if (learn.damaged) {
		j->a->lost(j->a->context, learn.damaged);
		j->a->short_of(j->a->context, "%llu places that are no records", (unsigned long long)learn.damaged);
	}
}

/* The journal stands in $Extend, the table in the root above it. */
static void find_table(struct journal *j)
{
	const struct near_files *near = j->a->near;
	struct span table;

	if ((near->find(near->context, SPAN("../$MFT"), &table) || near->find(near->context, SPAN("$MFT"), &table)) &&
	    ntfs_table_open(&j->files, table, j->a->arena)) {
		ntfs_table_add(&j->files, table);
		j->has_files = !j->a->arena->exhausted;
	}
}

bool filesystem_journal(const struct artefact *a, struct err *err)
{
	struct usn_reader probe = { .bytes = a->bytes };
	struct usn_record first;
	struct journal *j;

	if (!usn_next(&probe, &first) || probe.damaged)
		return err_set(err, ERR_UNSUPPORTED, 0, "no change journal");
	j = ARENA_NEW(a->arena, struct journal);
	if (!j)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory");
	j->a = a;
	j->folders = map_new(a->arena);
	j->scratch = arena_new((size_t)16 << 20);
	find_table(j);
	take_all(j);
	arena_free(&j->scratch);
	return true;
}
