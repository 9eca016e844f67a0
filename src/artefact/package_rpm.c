/* RPM's database: SQLite (Fedora 33, RHEL 9 and later), Berkeley DB (before), ndb (SUSE). */
#include "artefact/linux.h"
#include "codec/sqlite_read.h"
#include "formats/rpm/rpm.h"

#define PATH_MOST ((size_t)16 << 10)

struct rpm_database {
	const struct artefact *a;
	struct linux_text text;
	struct arena scratch;		/* emptied after each package */
	struct buf path, package, digest;
	uint64_t damaged;
	bool is_altered;
};

/* "bash 5.2.26-1.fc40.x86_64" */
static void name_package(struct rpm_database *db, const struct rpm_header *h)
{
	struct span arch = rpm_header_text(h, RPM_ARCH);

	buf_clear(&db->package);
	buf_printf(&db->package, "%.*s %.*s-%.*s", SPAN_ARG(rpm_header_text(h, RPM_NAME)),
		   SPAN_ARG(rpm_header_text(h, RPM_VERSION)), SPAN_ARG(rpm_header_text(h, RPM_RELEASE)));
	if (arch.len)
		buf_printf(&db->package, ".%.*s", SPAN_ARG(arch));
}

static struct trace new_known(const struct rpm_database *db, const struct rpm_header *h, const char *what)
{
	struct trace t = trace_new(TRACE_KNOWN, what);
	uint32_t installed;

	t.name = buf_span(&db->package);
	t.protocol = SPAN("rpm");
	if (rpm_header_number(h, RPM_INSTALL_TIME, &installed)) {
		t.time = timestamp_of_unix(installed, 0);
		t.source = SPAN("package installed");
	}
	return t;
}

static void tell_files(struct rpm_database *db, const struct rpm_header *h)
{
	struct rpm_files files;
	struct rpm_file file;

	if (!rpm_files_open(h, &db->scratch, &files)) {
		db->damaged++;
		return;
	}
	while (!db->text.stopped && rpm_files_next(&files, &file)) {
		struct trace t = new_known(db, h, file.flags & RPM_FILE_CONFIG ? "conffile" : "package file");

		if (!file.digest.len || !file.is_installed || file.flags & RPM_FILE_GHOST)
			continue;
		buf_clear(&db->path);
		buf_clear(&db->digest);
		buf_add(&db->path, file.folder);
		buf_add(&db->path, file.name);
		buf_printf(&db->digest, "%s:%.*s", files.algorithm, SPAN_ARG(file.digest));
		t.path = buf_span(&db->path);
		t.digest = buf_span(&db->digest);
		linux_tell(&db->text, &t);
	}
}

static bool take_header(void *context, struct span blob)
{
	struct rpm_database *db = context;
	struct rpm_header h;
	struct trace t;
	struct err err;

	if (!rpm_header_open(blob, &h, &err)) {
		db->damaged++;
		return true;
	}
	name_package(db, &h);
	/* Somebody's own word about what belongs on this machine vouches for nothing. */
	if (rpm_header_seal(&h) == RPM_SEAL_BROKEN) {
		db->damaged++;
		if (!db->is_altered)
			db->a->short_of(db->a->context, "the record of '%.*s' was altered: its digest does not "
					"fit, so it vouches for no file", SPAN_ARG(buf_span(&db->package)));
		db->is_altered = true;
		return true;
	}
	t = new_known(db, &h, "package");
	t.path = SPAN("-");
	linux_tell(&db->text, &t);
	tell_files(db, &h);
	arena_reset(&db->scratch);
	return !db->text.stopped;
}

static bool take_row(void *context, const struct sqlite_row *row)
{
	return take_header(context, sqlite_row_text(row, 0));
}

static bool read_sqlite(struct rpm_database *db, struct err *err)
{
	struct span name = arena_printf(db->a->arena, "%.*s-wal", SPAN_ARG(db->a->name)), wal = { 0 };
	struct sqlite_read file;
	bool ok;

	db->a->near->find(db->a->near->context, name, &wal);
	if (!sqlite_read_open(db->a->bytes, wal, db->a->arena, &file, err))
		return false;
	ok = sqlite_read_query(&file, "SELECT blob FROM Packages ORDER BY hnum", take_row, db, err);
	sqlite_read_close(&file);
	return ok;
}

bool package_rpm(const struct artefact *a, struct err *err)
{
	struct rpm_database db = { .a = a, .text = linux_text_of(a), .scratch = arena_new((size_t)16 << 20),
				   .path = buf_new(PATH_MOST), .package = buf_new(1024), .digest = buf_new(256) };
	uint64_t damaged = 0;
	bool ok;

	if (span_starts(a->bytes, SPAN("SQLite format 3")))
		ok = read_sqlite(&db, err);
	else
		ok = rpm_store_each(a->bytes, take_header, &db, &damaged, err);
	if (damaged + db.damaged)
		a->lost(a->context, damaged + db.damaged);
	buf_free(&db.path);
	buf_free(&db.package);
	buf_free(&db.digest);
	arena_free(&db.scratch);
	linux_text_free(&db.text);
	return ok;
}
