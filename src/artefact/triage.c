#include "artefact/triage.h"

#include "artefact/tell.h"
#include "codec/json_read.h"

#define HEAD_MOST ((size_t)64 << 10)	/* what a log says of its run stands at its begin */

/* `place`: "beside" where the log lies next to the archive and not inside. */
static bool tell_collection(const struct artefact *a, const char *tool, struct span host,
			    timestamp time, const char *place)
{
	struct trace t = trace_new(TRACE_HOST, "collection");

	t.program = span_text(tool);
	t.name = host;
	t.time = time;
	if (time != TIME_NONE)
		t.source = SPAN("the collection's own record");
	t.protocol = span_text(place);
	t.path = a->path;
	t.summary = host.len ? tell_summary(a->arena, "collected by %s on %.*s", tool, SPAN_ARG(host))
			     : tell_summary(a->arena, "collected by %s", tool);
	a->trace(a->context, &t);
	return true;
}

static bool is_no_such(struct err *err, const char *tool)
{
	return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "not written by %s", tool);
}

/* What stands between `key` and `until` or the end of the line; empty: not there. */
static struct span value_after(struct span line, const char *key, uint8_t until)
{
	size_t at = tell_find_nocase(line, key);
	struct span value;

	if (at == SIZE_MAX)
		return (struct span){ 0 };
	value = span_from(line, at + strlen(key));
	return span_trim(span_sub(value, 0, span_find_byte(value, 0, until)));
}

static struct span first_of(struct span a, struct span b)
{
	return a.len ? a : b;
}

/* ---- Velociraptor ---- */

/* {"Hostname":..,"Fqdn":..} of collectors, {"client_id":..,"os_info":{"hostname":..}} of servers. */
bool triage_velociraptor(const struct artefact *a, struct err *err)
{
	const struct json *system;
	struct json *root;
	struct span host;

	if (a->bytes.len > HEAD_MOST * 16 || !json_read(a->bytes, a->arena, &root, err))
		return is_no_such(err, "Velociraptor");
	system = json_member(root, "os_info");
	host = first_of(json_member_text(root, "Hostname"), json_member_text(root, "hostname"));
	host = first_of(host, json_member_text(system, "hostname"));
	host = first_of(host, first_of(json_member_text(root, "Fqdn"), json_member_text(system, "fqdn")));
	if (!host.len || host.len > 255)
		return is_no_such(err, "Velociraptor");
	return tell_collection(a, "Velociraptor", host, TIME_NONE, "");
}

bool triage_velociraptor_context(const struct artefact *a, struct err *err)
{
	const struct json *created;
	struct json *root;
	uint64_t stamp = 0;

	if (a->bytes.len > HEAD_MOST * 256 || !json_read(a->bytes, a->arena, &root, err) ||
	    !json_member(root, "session_id"))
		return is_no_such(err, "Velociraptor");
	created = json_member(root, "create_time");
	if (!created || !span_to_u64(created->text, &stamp) || stamp > INT64_MAX)
		stamp = 0;
	/* Microseconds in old versions, nanoseconds since. */
	if (stamp < UINT64_C(100000000000000000))
		stamp *= 1000;
	return tell_collection(a, "Velociraptor", (struct span){ 0 },
			       stamp && stamp <= INT64_MAX ? (timestamp)stamp : TIME_NONE, "");
}

/* ---- KAPE ---- */

/* "--tsource C", "--tsource C:": the drive that runs; another may be a disk that was mounted. */
static bool is_own_drive(struct span source)
{
	return source.len && (source.at[0] == 'C' || source.at[0] == 'c') &&
	       (source.len == 1 || source.at[1] == ':');
}

bool triage_kape_console(const struct artefact *a, struct err *err)
{
	struct span text = tell_text(a->arena, span_sub(a->bytes, 0, HEAD_MOST)), line;
	struct span host = { 0 }, drive = { 0 };
	bool is_kape = false;

	while (tell_line(&text, &line)) {
		is_kape |= tell_find_nocase(line, "kape") != SIZE_MAX;
		host = first_of(host, value_after(line, "System info: Machine name:", ','));
		drive = first_of(drive, value_after(line, "--tsource ", ' '));
	}
	if (!is_kape)
		return is_no_such(err, "KAPE");
	return tell_collection(a, "KAPE", is_own_drive(drive) ? span_sub(host, 0, 255)
			       : (struct span){ 0 }, TIME_NONE, "");
}

bool triage_kape_copies(const struct artefact *a, struct err *err)
{
	struct span text = tell_text(a->arena, span_sub(a->bytes, 0, 4096)), line;

	if (!tell_line(&text, &line) || tell_find_nocase(line, "SourceFile,") == SIZE_MAX)
		return is_no_such(err, "KAPE");
	return tell_collection(a, "KAPE", (struct span){ 0 }, TIME_NONE, "");
}

/* ---- UAC ---- */

static bool tell_uac(const struct artefact *a, const char *place)
{
	struct span text = span_sub(a->bytes, 0, HEAD_MOST), line, host = { 0 };

	while (!host.len && tell_line(&text, &line))
		host = value_after(line, "hostname:", '\n');
	return tell_collection(a, "UAC", span_sub(host, 0, 255), TIME_NONE, place);
}

/* The record of the acquisition, beside the archive and named like it. */
bool triage_uac(const struct artefact *a, struct err *err)
{
	if (!span_starts(a->bytes, SPAN("Created by UAC")) &&
	    !span_starts(a->bytes, SPAN("Created with UAC")))
		return is_no_such(err, "UAC");
	return tell_uac(a, "beside");
}

/* The log of the run, at the top of the archive. */
bool triage_uac_log(const struct artefact *a, struct err *err)
{
	if (tell_find_nocase(span_sub(a->bytes, 0, HEAD_MOST), "uac") == SIZE_MAX)
		return is_no_such(err, "UAC");
	return tell_uac(a, "");
}

/* ---- kanshiki collect ---- */

struct lacks {
	uint64_t late, beyond, unreadable;
	struct span first_late;
};

/* A line has "because" where something is not in the collection; secrets are left out by design. */
static void take_lack(struct lacks *lacks, struct span line, struct arena *scratch, struct arena *kept)
{
	struct json *root;
	struct err err;
	struct span why;

	if (span_find(line, 0, SPAN("\"because\"")) == SIZE_MAX || !json_read(line, scratch, &root, &err))
		return;
	why = json_member_text(root, "because");
	if (span_eq(why, SPAN("time"))) {
		if (!lacks->late++)
			lacks->first_late = arena_copy(kept, json_member_text(root, "path"));
	} else if (span_eq(why, SPAN("limit"))) {
		lacks->beyond++;
	} else if (span_eq(why, SPAN("unreadable"))) {
		/* What was gone when its turn came is nothing that is kept from us. */
		lacks->unreadable += !span_eq(json_member_text(root, "error"), SPAN("No such file or directory"));
	}
}

bool triage_manifest(const struct artefact *a, struct err *err)
{
	struct arena scratch = arena_new((size_t)4 << 20);
	struct lacks lacks = { 0 };
	struct span rest = a->bytes;

	if (!span_starts(rest, SPAN("{\"path\":")) ||
	    span_find(span_sub(rest, 0, HEAD_MOST), 0, SPAN("\"taken\":")) == SIZE_MAX)
		return is_no_such(err, "kanshiki");
	while (rest.len) {
		take_lack(&lacks, span_split(&rest, '\n'), &scratch, a->arena);
		arena_reset(&scratch);
	}
	arena_free(&scratch);
	if (lacks.late)
		a->short_of(a->context, "the collection's time was over: %llu places are not in it or not whole, from %.*s on",
			    (unsigned long long)lacks.late, SPAN_ARG(lacks.first_late));
	if (lacks.beyond || lacks.unreadable)
		a->short_of(a->context, "not in the collection: %llu files beyond its limits, %llu that could not be read",
			    (unsigned long long)lacks.beyond, (unsigned long long)lacks.unreadable);
	a->lost(a->context, lacks.late + lacks.beyond + lacks.unreadable);
	return true;
}

#define OWN(title, patterns, function) \
	{ .name = title, .evidence_class = CLASS_OTHER, .paths = patterns, .decode = function, \
	  .of_place = true }

#define LIVE(title, patterns, function) \
	{ .name = title, .evidence_class = CLASS_OTHER, .paths = patterns, .decode = function, .of_place = true }

const struct artefact_decoder artefact_triage[] = {
	OWN("kanshiki collection", "manifest.jsonl", triage_manifest),
	OWN("velociraptor collection", "client_info.json", triage_velociraptor),
	OWN("velociraptor collection", "collection_context.json", triage_velociraptor_context),
	OWN("kape collection", "*_ConsoleLog.txt", triage_kape_console),
	OWN("kape collection", "*_CopyLog.csv", triage_kape_copies),
	OWN("uac collection", "*.log", triage_uac),
	OWN("uac collection", "uac.log", triage_uac_log),
	LIVE("uac processes", "live_response/process/ps_auxwww.txt", triage_uac_processes),
	LIVE("uac sockets", "live_response/network/ss_-anp.txt", triage_uac_ss),
	LIVE("uac sockets", "live_response/network/netstat_-anp.txt", triage_uac_netstat),
	LIVE("uac modules", "live_response/system/lsmod.txt", triage_uac_modules),
	LIVE("uac sessions", "live_response/system/who.txt", triage_uac_who),
	{ .name = "uac files", .evidence_class = CLASS_OTHER, .paths = "bodyfile/bodyfile.txt",
	  .decode = triage_uac_bodyfile, .of_place = true },
};
const size_t artefact_triage_count = sizeof artefact_triage / sizeof *artefact_triage;
