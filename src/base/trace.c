#include "base/trace.h"

static const char *const names[TRACE_KIND_COUNT] = {
	"autostart", "transfer", "dns", "execution", "file", "session", "device", "program",
	"known", "account", "host", "setting", "process", "match",
};

struct trace trace_new(enum trace_kind kind, const char *what)
{
	return (struct trace){
		.kind = kind, .what = span_text(what), .time = TIME_NONE, .last = TIME_NONE,
		.bytes_out = TRACE_NO_NUMBER, .bytes_in = TRACE_NO_NUMBER,
		.count = TRACE_NO_NUMBER, .offset = TRACE_NO_NUMBER,
	};
}

const char *trace_kind_name(enum trace_kind kind)
{
	return (size_t)kind < TRACE_KIND_COUNT ? names[kind] : "";
}

bool trace_kind_of_name(struct span name, enum trace_kind *out)
{
	for (int i = 0; i < TRACE_KIND_COUNT; i++)
		if (span_eq(name, span_text(names[i])))
			return *out = (enum trace_kind)i, true;
	return false;
}
