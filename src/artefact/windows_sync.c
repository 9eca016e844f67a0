/*
 * What cloud programs keep of the files that they synchronise, where no key is needed:
 * OneDrive's SyncEngineDatabase.db, Google Drive's metadata_sqlite_db (snapshot.db and
 * sync_config.db of "Backup and Sync"), Dropbox's info.json and sync_history.db.
 */
#include "artefact/windows.h"
#include "artefact/windows_database.h"
#include "base/map.h"
#include "codec/json_read.h"

#define TOLD_MOST 50000
#define FOLDERS_MOST 200000
#define DEPTH_MOST 32

struct folder {
	struct span parent, name;
};

struct sync {
	const struct artefact *a;
	const char *program;
	struct map folders;		/* id -> struct folder */
	size_t told;
};

/* Id, parent, name. */
static bool take_folder(void *context, const struct sqlite_row *row)
{
	struct sync *s = context;
	struct folder *f = s->folders.count < FOLDERS_MOST ? ARENA_NEW(s->a->arena, struct folder) : NULL;
	void **slot = f ? map_slot(&s->folders, arena_copy(s->a->arena, sqlite_row_text(row, 0))) : NULL;

	if (!slot) {
		s->a->short_of(s->a->context, "over %d folders: paths are not whole", FOLDERS_MOST);
		return false;
	}
	f->parent = arena_copy(s->a->arena, sqlite_row_text(row, 1));
	f->name = arena_copy(s->a->arena, sqlite_row_text(row, 2));
	*slot = f;
	return true;
}

static struct span path_below(struct sync *s, struct span parent, struct span name)
{
	const struct folder *up[DEPTH_MOST];
	struct buf path = buf_new((size_t)64 << 10);
	struct span kept;
	size_t count = 0;

	while (count < DEPTH_MOST && (up[count] = map_get(&s->folders, parent))) {
		parent = up[count]->parent;
		count++;
	}
	while (count) {
		struct span folder = up[--count]->name;

		buf_add(&path, folder);
		buf_text(&path, folder.len ? "/" : "");
	}
	buf_add(&path, name);
	kept = arena_copy(s->a->arena, buf_span(&path));
	buf_free(&path);
	return kept;
}

/* Seconds, or thousandths of them. */
static timestamp time_of(int64_t n)
{
	return n <= 0 ? TIME_NONE : n > INT64_C(100000000000) ? timestamp_of_unix(n / 1000, (uint32_t)(n % 1000) * 1000000)
							      : timestamp_of_unix(n, 0);
}

/* Parent, name, size, time of the last change, whether it lies in the bin. */
static bool tell_file(void *context, const struct sqlite_row *row)
{
	struct sync *s = context;
	struct trace t = trace_new(TRACE_TRANSFER, "cloud");
	struct tell_detail d;

	if (s->told++ == TOLD_MOST) {
		s->a->short_of(s->a->context, "over %d synchronised files", TOLD_MOST);
		return false;
	}
	t.path = path_below(s, sqlite_row_text(row, 0), sqlite_row_text(row, 1));
	t.time = time_of(sqlite_row_number(row, 3));
	t.program = span_text(s->program);
	t.user = tell_user_of_path(s->a->path);
	t.technique = SPAN("T1567.002");
	t.source = arena_printf(s->a->arena, "list of files that %s keeps alike here and there, last change; which way "
				"they went is not said", s->program);
	tell_detail_begin(&d);
	if (!sqlite_row_is_null(row, 2) && sqlite_row_number(row, 2) >= 0)
		tell_detail_number(&d, "size", (uint64_t)sqlite_row_number(row, 2));
	if (sqlite_row_number(row, 4))
		tell_detail_text(&d, "state", SPAN("in the bin"));
	t.detail = tell_detail_end(&d, s->a->arena);
	t.summary = tell_summary(s->a->arena, "%s has %.*s", s->program, SPAN_ARG(t.path));
	return s->a->trace(s->a->context, &t);
}

static bool tell_database(const struct artefact *a, const char *program, const char *table, const char *folders,
			  const char *files, struct err *err)
{
	struct sync s = { .a = a, .program = program, .folders = map_new(a->arena) };
	const struct database_query queries[] = { { folders, take_folder }, { files, tell_file } };

	return database_ask(a, table, queries, 2, &s, err);
}

bool windows_onedrive(const struct artefact *a, struct err *err)
{
	return tell_database(a, "OneDrive", "od_ClientFile_Records",
			     "SELECT resourceID, parentResourceID, folderName FROM od_ClientFolder_Records",
			     "SELECT parentResourceID, fileName, size, lastChange, 0 FROM od_ClientFile_Records", err);
}

bool windows_google_drive(const struct artefact *a, struct err *err)
{
	return tell_database(a, "Google Drive", "stable_parents",
			     "SELECT i.stable_id, p.parent_stable_id, i.local_title FROM items i LEFT JOIN stable_parents p "
			     "ON p.item_stable_id = i.stable_id WHERE i.is_folder",
			     "SELECT p.parent_stable_id, i.local_title, i.file_size, i.modified_date, i.trashed FROM items i "
			     "LEFT JOIN stable_parents p ON p.item_stable_id = i.stable_id WHERE NOT i.is_folder", err);
}

bool windows_google_sync(const struct artefact *a, struct err *err)
{
	return tell_database(a, "Google Drive", "cloud_entry",
			     "SELECT e.doc_id, r.parent_doc_id, e.filename FROM cloud_entry e LEFT JOIN cloud_relations r "
			     "ON r.child_doc_id = e.doc_id WHERE e.doc_type = 0",
			     "SELECT r.parent_doc_id, e.filename, e.size, e.modified, e.removed FROM cloud_entry e "
			     "LEFT JOIN cloud_relations r ON r.child_doc_id = e.doc_id WHERE e.doc_type <> 0", err);
}

/* Folder or account of "Backup and Sync". */
static bool tell_account(void *context, const struct sqlite_row *row)
{
	const struct artefact *a = context;
	struct trace t = trace_new(TRACE_SETTING, "cloud account");

	t.path = a->path;
	t.name = arena_printf(a->arena, "Google Drive, %.*s", SPAN_ARG(sqlite_row_text(row, 0)));
	t.command = sqlite_row_text(row, 1);
	t.program = SPAN("Google Drive");
	t.user = tell_user_of_path(a->path);
	t.time = a->modified;
	t.source = SPAN("settings of Google Drive; the time is the file's");
	t.summary = tell_summary(a->arena, "%.*s: %.*s", SPAN_ARG(t.name), SPAN_ARG(t.command));
	return a->trace(a->context, &t);
}

bool windows_google_account(const struct artefact *a, struct err *err)
{
	static const struct database_query query = {
		"SELECT CASE entry_key WHEN 'user_email' THEN 'account' ELSE 'folder' END, data_value FROM data "
		"WHERE entry_key IN ('user_email', 'local_sync_root_path', 'root_config__0') AND data_value <> "
			"''", tell_account };

	return database_ask(a, "data", &query, 1, (void *)(uintptr_t)a, err);
}

/* Path, time, direction, what happened to the file. */
static bool tell_synchronised(void *context, const struct sqlite_row *row)
{
	const struct artefact *a = context;
	struct span way = sqlite_row_text(row, 2), event = sqlite_row_text(row, 3);
	bool is_out = span_eq(way, SPAN("upload")), is_gone = span_eq(event, SPAN("delete"));
	struct trace t = trace_new(is_gone ? TRACE_FILE : TRACE_TRANSFER, is_gone ? "deleted" : "cloud");
	struct tell_detail d;

	t.path = sqlite_row_text(row, 0);
	t.time = time_of(sqlite_row_number(row, 1));
	t.program = SPAN("Dropbox");
	t.user = tell_user_of_path(a->path);
	t.technique = is_out && !is_gone ? SPAN("T1567.002") : SPAN("");
	t.source = SPAN("Dropbox's history of what it synchronised");
	tell_detail_begin(&d);
	if (is_out || span_eq(way, SPAN("download")))
		tell_detail_text(&d, "direction", is_out ? SPAN("out") : SPAN("in"));
	tell_detail_text(&d, "event", event);
	t.detail = tell_detail_end(&d, a->arena);
	t.summary = tell_summary(a->arena, "Dropbox, %.*s: %.*s %.*s", SPAN_ARG(way), SPAN_ARG(event), SPAN_ARG(t.path));
	return a->trace(a->context, &t);
}

bool windows_dropbox_history(const struct artefact *a, struct err *err)
{
	static const struct database_query query = {
		"SELECT local_path, timestamp, direction, file_event_type FROM sync_history WHERE local_path <> '' "
		"ORDER BY timestamp", tell_synchronised };

	return database_ask(a, "sync_history", &query, 1, (void *)(uintptr_t)a, err);
}

/* {"personal": {"path": "C:\\Users\\ann\\Dropbox", "host": 1, "is_team": false, "subscription_type": "Basic"}} */
bool windows_dropbox(const struct artefact *a, struct err *err)
{
	struct json *root;

	if (!json_read(a->bytes, a->arena, &root, err))
		return false;
	for (const struct json *m = root->first; m && root->kind == JSON_OBJECT; m = m->next) {
		struct trace t = trace_new(TRACE_SETTING, "cloud account");
		struct tell_detail d;

		t.command = json_member_text(m, "path");
		if (!t.command.len)
			continue;
		t.path = a->path;
		t.name = arena_printf(a->arena, "Dropbox, %.*s", SPAN_ARG(m->key));
		t.program = SPAN("Dropbox");
		t.user = tell_user_of_path(a->path);
		t.time = a->modified;
		t.source = SPAN("Dropbox's info.json: the folder that it synchronises; the time is the file's");
		tell_detail_begin(&d);
		tell_detail_text(&d, "subscription", json_member_text(m, "subscription_type"));
		t.detail = tell_detail_end(&d, a->arena);
		t.summary = tell_summary(a->arena, "Dropbox synchronises %.*s", SPAN_ARG(t.command));
		if (!a->trace(a->context, &t))
			break;
	}
	return true;
}
