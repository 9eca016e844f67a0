/* Databases of compatibility fixes that somebody installed: what is done to which program when it starts. */
#include "artefact/windows.h"
#include "artefact/windows_path.h"
#include "formats/sdb/sdb.h"

#define MAX_FIXES 2000

struct shim {
	const struct artefact *a;
	size_t count;
};

/* Fixes that load or start a file which they are given. */
static bool names_a_file(struct span fix)
{
	return span_is_one_of_nocase(fix, "InjectDll|RedirectEXE|LoadLibraryRedirectFlag|TerminateExe");
}

static bool tell(void *context, const struct sdb_fix *fix)
{
	struct shim *s = context;
	const struct artefact *a = s->a;
	struct trace t = trace_new(TRACE_AUTOSTART, "shim");
	struct tell_detail d;

	if (s->count++ == MAX_FIXES) {
		a->short_of(a->context, "more than %d fixes: the others are left out", MAX_FIXES);
		return false;
	}
	t.name = fix->program;
	t.path = a->path;
	t.command = fix->command.len ? arena_printf(a->arena, "%.*s: %.*s", SPAN_ARG(fix->fix), SPAN_ARG(fix->command))
				     : fix->fix;
	if (names_a_file(fix->fix) && fix->command.len)
		t.program = windows_program_of(fix->command, (struct span){ 0 }, a->arena);
	t.time = a->modified;
	t.source = SPAN("database of compatibility fixes, last written");
	t.technique = SPAN("T1546.011");
	tell_detail_begin(&d);
	tell_detail_text(&d, "application", fix->application);
	if (fix->is_patch)
		tell_detail_text(&d, "kind", SPAN("patch of the program in memory"));
	t.detail = tell_detail_end(&d, a->arena);
	t.summary = tell_summary(a->arena, "when %.*s starts: %.*s", SPAN_ARG(fix->program), SPAN_ARG(t.command));
	return a->trace(a->context, &t);
}

/* Windows' own have ten thousands, which every machine has. */
bool windows_shim(const struct artefact *a, struct err *err)
{
	struct shim s = { a, 0 };
	bool whole;

	if (span_is_one_of_nocase(a->name, "sysmain.sdb|drvmain.sdb|msimain.sdb|frxmain.sdb|pcamain.sdb|apph_sp.sdb"))
		return true;
	if (!sdb_fixes(a->bytes, a->arena, tell, &s, &whole, err))
		return false;
	if (!whole)
		a->short_of(a->context, "the database of fixes is cut short or damaged");
	return true;
}
