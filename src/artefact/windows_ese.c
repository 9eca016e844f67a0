/* What every decoder of an ESE database says at its end; and databases that are only recognised. */
#include "artefact/windows.h"
#include "formats/ese/ese.h"

void windows_ese_end(const struct artefact *a, const struct ese *db)
{
	if (db->lost)
		a->short_of(a->context, "%llu pages or nodes of the database could not be read",
			    (unsigned long long)db->lost);
	if (db->is_dirty)
		a->short_of(a->context, "the database was not shut down: what stands in its logs alone (edb*.log, *.jtx) "
			    "is not read");
	a->lost(a->context, db->lost);
}

/* Windows.edb holds names and words of the user's files; its properties are packed in ways of their own. */
bool windows_search(const struct artefact *a, struct err *err)
{
	struct ese db;

	if (!ese_open(a->bytes, a->arena, &db, err))
		return false;
	if (!ese_table_named(&db, "SystemIndex_PropertyStore") && !ese_table_named(&db, "SystemIndex_0A") &&
	    !ese_table_named(&db, "SystemIndex_Gthr"))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no index of Windows search");
	a->short_of(a->context, "the index of Windows search is recognised, its files and words are not decoded");
	return true;
}
