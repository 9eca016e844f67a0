/* Prefetch: what ran, when, how often, and the files it touched that are worth telling. */
#include "artefact/windows.h"
#include "formats/prefetch/prefetch.h"

#include <stdio.h>

#define MAX_TOLD_FILES 200

static const char telling[] =
	"zip|rar|7z|tar|gz|cab|iso|img|vhd|vhdx|exe|dll|scr|com|sys|ps1|psm1|bat|cmd|vbs|vbe|js|jse|wsf|hta|"
	"py|jar|msi|doc|docx|docm|xls|xlsx|xlsm|ppt|pptx|pdf|rtf|csv|txt|eml|msg|pst|ost|mdb|accdb|kdbx|key|"
	"pem|pfx|ppk|rdp|conf|lnk";

/* Behind "\VOLUME{...}" or "\DEVICE\HARDDISKVOLUME1": as the path reads on its volume. */
static struct span on_volume(const struct prefetch *p, struct span file, const struct prefetch_volume **on)
{
	for (size_t i = 0; i < p->volume_count; i++) {
		struct span device = p->volumes[i].device;

		if (device.len && file.len > device.len && file.at[device.len] == '\\' &&
		    span_eq_nocase(span_sub(file, 0, device.len), device)) {
			*on = &p->volumes[i];
			return span_from(file, device.len);
		}
	}
	*on = NULL;
	return file;
}

/*
 * Files of Windows itself and of installed programs are opened at every start, and
 * so are a program's own libraries.
 */
static bool is_telling(struct span path, struct span program, bool is_other_volume)
{
	if (tell_has_extension(path, "dll") && tell_folder(program).len > 1 &&
	    span_starts(path, tell_folder(program)))
		return false;
	return tell_has_extension(path, telling) &&
	       (is_other_volume || (tell_find_nocase(span_sub(path, 0, 9), "\\windows\\") &&
				    tell_find_nocase(span_sub(path, 0, 14), "\\program files")));
}

static struct span detail_of(const struct artefact *a, const struct prefetch *p,
			     const struct prefetch_volume *v)
{
	struct tell_detail d;
	char serial[12];

	tell_detail_begin(&d);
	tell_detail_number(&d, "version", p->version);
	tell_detail_number(&d, "files", p->file_count);
	tell_detail_text(&d, "package", p->package);
	if (v) {
		snprintf(serial, sizeof serial, "%08x", v->serial);
		tell_detail_text(&d, "volume", v->device);
		tell_detail_text(&d, "serial", span_text(serial));
		tell_detail_time(&d, "volume_created", v->created);
	}
	return tell_detail_end(&d, a->arena);
}

static bool tell_runs(const struct artefact *a, const struct prefetch *p, struct span program,
		      struct span detail)
{
	bool any = false;

	for (size_t i = 0; i < PREFETCH_RUNS; i++) {
		struct trace t = trace_new(TRACE_EXECUTION, "ran");

		if (p->runs[i] == TIME_NONE && (any || i + 1 < PREFETCH_RUNS))
			continue;
		any = true;
		t.time = p->runs[i];
		t.source = i ? SPAN("prefetch, earlier run") : SPAN("prefetch, last run");
		t.program = program;
		t.name = p->name;
		t.user = tell_user_of_path(program);
		if (!i) {
			t.count = p->run_count;
			t.detail = detail;
		}
		t.summary = tell_summary(a->arena, "%.*s ran%s", SPAN_ARG(p->name), i ? " (earlier)" : "");
		if (!a->trace(a->context, &t))
			return false;
	}
	return true;
}

static bool tell_files(const struct artefact *a, const struct prefetch *p, struct span program,
		       const struct prefetch_volume *home)
{
	size_t told = 0;

	for (size_t i = 0; i < p->file_count; i++) {
		const struct prefetch_volume *v;
		struct span path = on_volume(p, p->files[i], &v);
		struct trace t = trace_new(TRACE_FILE, "opened");

		if (span_eq(path, program) || !is_telling(path, program, v && home && v != home))
			continue;
		if (told++ == MAX_TOLD_FILES) {
			a->short_of(a->context, "over %d files worth telling", MAX_TOLD_FILES);
			return true;
		}
		t.time = p->runs[0];
		t.source = SPAN("prefetch, within ten seconds of the last run or an earlier one");
		t.path = v && v != home ? p->files[i] : path;
		t.program = program;
		t.user = tell_user_of_path(path);
		t.summary = tell_summary(a->arena, "%.*s opened %.*s", SPAN_ARG(p->name), SPAN_ARG(path));
		if (!a->trace(a->context, &t))
			return false;
	}
	return true;
}

bool windows_prefetch(const struct artefact *a, struct err *err)
{
	const struct prefetch_volume *home;
	struct span program;
	struct prefetch p;

	if (!prefetch_parse(a->bytes, a->arena, &p, err))
		return false;
	if (!p.whole)
		a->short_of(a->context, "prefetch file is cut short or its parts lie outside it");
	program = on_volume(&p, prefetch_program(&p), &home);
	if (!program.len)
		program = p.name;
	if (tell_runs(a, &p, program, detail_of(a, &p, home)))
		tell_files(a, &p, program, home);
	return true;
}
