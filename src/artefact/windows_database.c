#include "artefact/windows_database.h"

bool database_open(const struct artefact *a, struct sqlite_read *db, struct err *err)
{
	struct span wal = { 0 };

	if (!a->near->find(a->near->context, arena_printf(a->arena, "%.*s-wal", SPAN_ARG(a->name)), &wal))
		wal = (struct span){ 0 };
	return sqlite_read_open(a->bytes, wal, a->arena, db, err);
}

bool database_ask(const struct artefact *a, const char *table, const struct database_query *queries, size_t count,
		  void *context, struct err *err)
{
	struct sqlite_read db;
	size_t unfit = 0;
	bool has;

	if (!database_open(a, &db, err))
		return false;
	has = sqlite_read_has(&db, table);
	for (size_t i = 0; has && i < count; i++) {
		struct err failed = { 0 };

		if (sqlite_read_query(&db, queries[i].sql, queries[i].each, context, &failed))
			continue;
		if (failed.code != ERR_UNSUPPORTED || ++unfit == count)
			a->short_of(a->context, "%s", failed.text);
	}
	sqlite_read_close(&db);
	return has || err_set(err, ERR_UNSUPPORTED, 0, "no table %s", table);
}
