/*
 * Rule text into the compiler, then an event of a few fields through what compiled. What stands behind a
 * line "=== placeholders" are the values of those, in place of those below.
 */
#include "rules/sigma/sigma.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SOURCES "sources: [{logsource: {category: test}, when: {log: '*'}}, " \
		"{logsource: {product: windows}, when: {Channel: '*'}, fields: {Image: [a, b]}}]"

#define PLACEHOLDERS "names: [a, 'b*', 7, 0x1f, 1.5, -3, yes, null, ~, '', '2026-01-02', '%ids%', 'c\\%d']\n" \
		     "ids: 4688\nnothing: []\nempty:\nflag: true\nnets: [10.0.0.0/8, '::1/128']\n"

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

static void split(struct span whole, struct span *rules, struct span *placeholders)
{
	struct span mark = SPAN("\n=== placeholders\n");

	*rules = whole;
	*placeholders = SPAN(PLACEHOLDERS);
	for (size_t at = 0; at + mark.len <= whole.len; at++) {
		if (memcmp(whole.at + at, mark.at, mark.len))
			continue;
		*rules = span_sub(whole, 0, at + 1);
		*placeholders = span_from(whole, at + mark.len);
		return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct sigma_source source = { .path = SPAN("fuzz.yml") };
	struct sigma_options options = { .logsources = SPAN(SOURCES) };
	struct sigma_set *set;
	struct err err = { 0 };

	split(span_of(data, size), &source.text, &options.placeholders);
	if (sigma_compile(&arena, &source, 1, &options, NULL, NULL, &set, &err))
		evaluate(set, span_of(data, size));
	arena_free(&arena);
	return 0;
}
