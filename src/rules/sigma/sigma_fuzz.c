/* Rule text into the compiler, then an event of a few fields through what compiled. */
#include "rules/sigma/sigma.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SOURCES "sources: [{logsource: {category: test}, when: {log: '*'}}, " \
		"{logsource: {product: windows}, when: {Channel: '*'}, fields: {Image: [a, b]}}]"

static bool on_match(void *context, const struct finding *finding, const struct sigma_rule *rule,
		     const struct event *event)
{
	(void)event;
	*(size_t *)context += finding->matched.len + rule->title.len;
	return true;
}

static struct value text(struct span bytes)
{
	return (struct value){ .kind = VALUE_TEXT, .bytes = bytes };
}

static void evaluate(const struct sigma_set *set, struct span input)
{
	struct span names[] = { SPAN("log"), SPAN("Channel"), SPAN("a"), SPAN("Image"), SPAN("f"),
				SPAN("f") };
	struct value values[] = { text(SPAN("x")), text(SPAN("Security")), text(span_sub(input, 0, 64)),
				  { .kind = VALUE_UTF16, .bytes = span_sub(input, 7, 80) },
				  { .kind = VALUE_UINT, .u = 7 }, text(SPAN("2026-01-02T03:04:05Z")) };
	struct event_shape shape = { .names = names, .count = 6, .provider = EVENT_NO_SLOT, .channel = 1,
				     .event_id = 4, .computer = EVENT_NO_SLOT, .user = EVENT_NO_SLOT };
	struct event event = { .shape = &shape, .values = values, .time = 0 };
	struct sigma_scanner *scanner = sigma_scanner_new(set, 1 << 16);
	size_t seen = 0;

	for (int i = 0; scanner && i < 3; i++, event.time += TIME_SECOND)
		sigma_eval(scanner, &event, on_match, &seen);
	if (scanner)
		sigma_finish(scanner, on_match, &seen);
	sigma_scanner_free(scanner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct sigma_source source = { SPAN("fuzz.yml"), { data, size } };
	struct sigma_options options = { .logsources = SPAN(SOURCES),
					 .placeholders = SPAN("names: [a, 'b*']\n") };
	struct sigma_set *set;
	struct err err = { 0 };

	if (sigma_compile(&arena, &source, 1, &options, NULL, NULL, &set, &err))
		evaluate(set, span_of(data, size));
	arena_free(&arena);
	return 0;
}
