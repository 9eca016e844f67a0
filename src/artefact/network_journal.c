#include "artefact/network_log.h"

#include "formats/journal/journal.h"

/* Packet filters and mail servers write to systemd's journal what they write to syslog. */

static void keep_field(struct span field, struct span name, struct span *value)
{
	if (span_starts(field, name))
		*value = span_from(field, name.len);
}

static bool take_entry(void *context, const struct journal_entry *entry)
{
	struct span message = { 0 }, host = { 0 }, program = { 0 };
	struct network_log *log = context;

	for (size_t i = 0; i < entry->count; i++) {
		keep_field(entry->fields[i], SPAN("MESSAGE="), &message);
		keep_field(entry->fields[i], SPAN("_HOSTNAME="), &host);
		keep_field(entry->fields[i], SPAN("SYSLOG_IDENTIFIER="), &program);
	}
	if (span_eq(program, SPAN("kernel")) || span_starts(program, SPAN("postfix/")))
		log->is_known |= network_line_read(log, message, entry->time, host, program, entry->offset);
	return !log->sink.enough;
}

bool network_journal_decode(const struct artefact *a, struct err *err)
{
	struct network_log log = { .a = a, .mails = map_new(a->arena), .sink = network_sink_new(a, "journal"),
				   .names = network_names_new(a, "journal") };
	struct journal_report report;

	/* What is damaged is told where its events are read. */
	if (!journal_read(a->bytes, take_entry, &log, &report, err))
		log.is_known = false;
	network_names_end(&log.names, &log.sink);
	network_sink_end(&log.sink);
	return log.is_known || err_set(err, ERR_UNSUPPORTED, 0, "no network log");
}
