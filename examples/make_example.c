/*
 * make-example: writes the evidence of the example intrusion (README.md).
 * usage: make-example FOLDER [SCENARIO [SEED]]
 *
 * With a scenario (scenarios.h), evidence whose right answers are known, for
 * tests of the verdict: tests/example/labelled_test.py holds the labels.
 */
#include "files.h"
#include "scenarios.h"
#include "story.h"

#include "formats/evtx/evtx_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define LOG_MOST ((size_t)64 << 20)
#define LOGS "C/Windows/System32/winevt/Logs/"

static const struct log_kind {
	const char *file, *channel, *provider;
	uint64_t keywords;
} log_kinds[LOG_COUNT] = {
	[LOG_SECURITY] = { "Security.evtx", "Security", "Microsoft-Windows-Security-Auditing",
			   0x8020000000000000 },
	[LOG_SYSTEM] = { "System.evtx", "System", "Service Control Manager", 0x8080000000000000 },
	[LOG_SYSMON] = { "Microsoft-Windows-Sysmon%4Operational.evtx",
			 "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon",
			 0x8000000000000000 },
	[LOG_POWERSHELL] = { "Microsoft-Windows-PowerShell%4Operational.evtx",
			     "Microsoft-Windows-PowerShell/Operational",
			     "Microsoft-Windows-PowerShell", 0 },
};

static void stop(const char *why)
{
	fprintf(stderr, "make-example: %s\n", why);
	exit(2);
}

/* Windows writes numbers as numbers; which they are shows in the text. */
static struct value value_of(const char *text)
{
	struct span s = span_text(text);
	struct value v = { .kind = VALUE_TEXT, .bytes = s };
	bool hex = span_starts(s, SPAN("0x"));
	uint64_t n;

	if (s.len && s.len < 10 && span_to_u64(s, &n))
		v = (struct value){ .kind = hex ? VALUE_HEX : VALUE_UINT, .u = n };
	return v;
}

static void add_event(struct evtx_writer *w, const struct story *s, const struct story_event *e,
		      uint64_t record_id)
{
	const struct log_kind *kind = &log_kinds[e->log];
	struct evtx_field fields[STORY_FIELDS];
	struct evtx_event event = {
		.provider = span_text(e->provider ? e->provider : kind->provider),
		.event_id = (uint16_t)e->id, .level = 4, .keywords = kind->keywords, .time = e->time,
		.record_id = record_id, .process_id = 748, .thread_id = 1204,
		.channel = span_text(kind->channel), .computer = span_text(s->computer),
		.user_data = e->user_data ? "LogFileCleared" : NULL,
		.fields = fields, .field_count = e->count,
	};
	struct err err = { 0 };

	for (size_t i = 0; i < e->count; i++)
		fields[i] = (struct evtx_field){ e->fields[i].name, value_of(e->fields[i].value) };
	if (!evtx_writer_add(w, &event, &err))
		stop(err.text);
}

/* The events of one log as a file of bytes the caller frees. */
static struct buf make_log(const struct story *s, enum story_log log, uint64_t first_record)
{
	struct evtx_writer *w = evtx_writer_new(LOG_MOST);
	struct buf out = buf_new(LOG_MOST);
	struct err err = { 0 };
	struct span file;

	if (!w)
		stop("out of memory");
	for (size_t i = 0; i < s->count; i++)
		if (s->events[i].log == log)
			add_event(w, s, &s->events[i], first_record++);
	if (!evtx_writer_finish(w, &file, &err))
		stop(err.text);
	buf_add(&out, file);
	evtx_writer_free(w);
	return out;
}

static void put_workstation(const char *root)
{
	static const char machine[] = "DESIGN07/" LOGS;
	struct story s = { 0 };
	struct buf library = buf_new(1 << 20), zip = buf_new(1 << 20);
	char path[512];

	story_of_workstation(&s);
	for (int log = 0; log < LOG_COUNT; log++) {
		struct buf file = make_log(&s, (enum story_log)log, 20411);
		size_t len = file.len;

		/* The machine was switched off hard: this log ends in the middle. */
		if (log == LOG_POWERSHELL)
			len -= 45000;
		snprintf(path, sizeof path, "%s%s", machine, log_kinds[log].file);
		put_file(root, path, span_of(file.at, len));
		buf_free(&file);
	}
	free(s.events);
	make_library(&library);
	put_file(root, "DESIGN07/C/Users/Public/Libraries/msnetwork.dll", buf_span(&library));
	put_file(root, "DESIGN07/C/Users/sato/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/"
		 "Startup/update.vbs", startup_script());
	put_file(root, "DESIGN07/C/Users/sato/Documents/納期一覧.csv",
		 SPAN("part,due\r\nA-100,2017-04-10\r\nB-220,2017-04-28\r\n"));
	make_locked_zip(&zip, "見積依頼_201703.doc");
	put_file(root, "DESIGN07/C/Users/sato/Downloads/見積依頼_201703.zip", buf_span(&zip));
	buf_free(&library);
	buf_free(&zip);
}

static void put_server(const char *root)
{
	struct buf logs[LOG_COUNT], library = buf_new(1 << 20), head = buf_new(1 << 16);
	struct buf inner = buf_new(1 << 20), outer = buf_new(LOG_MOST);
	struct packed_file files[LOG_COUNT + 5];
	struct story s = { 0 };
	char names[LOG_COUNT][160];
	size_t count = 0;

	story_of_file_server(&s);
	make_library(&library);
	make_archive_head(&head);
	for (int log = 0; log < LOG_COUNT; log++) {
		logs[log] = make_log(&s, (enum story_log)log, log == LOG_SECURITY ? 48213 : 9120);
		snprintf(names[log], sizeof names[log], LOGS "%s", log_kinds[log].file);
		files[count++] = (struct packed_file){ names[log], buf_span(&logs[log]) };
	}
	make_archive(&inner, ARCHIVE_ZIP, &(struct packed_file){ "tools/msnetwork.dll",
								 buf_span(&library) }, 1);
	files[count++] = (struct packed_file){
		"C/inetpub/wwwroot/aspnet_client/system_web/help.aspx", web_page() };
	files[count++] = (struct packed_file){ "C/PerfLogs/collect.bat", collection_script() };
	files[count++] = (struct packed_file){ "C/$Recycle.Bin/d.part01.rar", buf_span(&head) };
	files[count++] = (struct packed_file){ "C/PerfLogs/t.zip", buf_span(&inner) };
	make_archive(&outer, ARCHIVE_TAR_GZ, files, count);
	put_file(root, "FS01-collection.tar.gz", buf_span(&outer));
	for (int log = 0; log < LOG_COUNT; log++)
		buf_free(&logs[log]);
	buf_free(&library);
	buf_free(&head);
	buf_free(&inner);
	buf_free(&outer);
	free(s.events);
}

void put_logs(const char *root, const char *machine, const struct story *s)
{
	char path[512];

	for (int log = 0; log < LOG_COUNT; log++) {
		struct buf file = make_log(s, (enum story_log)log, s->first_record ? s->first_record : 20411);

		snprintf(path, sizeof path, "%s/" LOGS "%s", machine, log_kinds[log].file);
		put_file(root, path, buf_span(&file));
		buf_free(&file);
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = 0;

	bool is_folder = argc >= 2 && argv[1][0] != '-';

	if (is_folder && argc >= 3 && (argc == 3 || (argc == 4 && span_to_u64(span_text(argv[3]), &seed))) &&
	    scenario_write(argv[1], argv[2], (uint32_t)seed))
		return 0;
	if (!is_folder || argc != 2) {
		fprintf(stderr, "usage: make-example FOLDER [SCENARIO [SEED]]\nscenarios: ");
		scenario_names(stderr);
		return 2;
	}
	put_workstation(argv[1]);
	put_server(argv[1]);
	return 0;
}
