/* What every decoder of an ESE database says at its end; and databases that are only recognised. */
#include "artefact/windows.h"
#include "base/buf.h"
#include "formats/ese/ese.h"

bool windows_ese_open(const struct artefact *a, struct ese *db, struct err *err)
{
	struct ese_logs logs = { a->near->find, a->near->context };

	return ese_open(a->bytes, &logs, a->arena, db, err);
}

/* Until when the database is whole, for people: "" where nobody knows. */
static struct span whole_until(const struct artefact *a, const struct ese_recovery *r)
{
	struct buf text = buf_new(64);
	struct span kept;

	if (r->whole_until != TIME_NONE) {
		buf_text(&text, REASON_WHOLE_UNTIL);
		timestamp_format(&text, r->whole_until, 0);
	}
	kept = arena_copy(a->arena, buf_span(&text));
	buf_free(&text);
	return kept;
}

/* A dirty database that its logs made whole is one like any other. */
static void tell_recovery(const struct artefact *a, const struct ese_recovery *r)
{
	struct span until = whole_until(a, r);

	if (r->is_whole)
		return;
	if (!r->first)
		a->short_of(a->context, "the database was not shut down and does not say which logs it needs%.*s",
			    SPAN_ARG(until));
	else if (!r->found || r->until < r->last)
		a->short_of(a->context, "the database was not shut down; of the logs that it needs, %X to %X, %u were found%.*s",
			    r->first, r->last, r->found, SPAN_ARG(until));
	else
		a->short_of(a->context, "the database was not shut down; %llu changes of its logs could not be made%.*s",
			    (unsigned long long)r->missed, SPAN_ARG(until));
}

void windows_ese_end(const struct artefact *a, const struct ese *db)
{
	if (db->lost)
		a->short_of(a->context, "%llu pages or nodes of the database could not be read",
			    (unsigned long long)db->lost);
	tell_recovery(a, &db->recovery);
	a->lost(a->context, db->lost);
}

/* Windows.edb holds names and words of the user's files; its properties are packed in ways of their own. */
bool windows_search(const struct artefact *a, struct err *err)
{
	struct ese db;

	if (!windows_ese_open(a, &db, err))
		return false;
	if (!ese_table_named(&db, "SystemIndex_PropertyStore") && !ese_table_named(&db, "SystemIndex_0A") &&
	    !ese_table_named(&db, "SystemIndex_Gthr"))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no index of Windows search");
	a->short_of(a->context, "the index of Windows search is recognised, its files and words are not decoded");
	return true;
}
