#include "formats/evtx/evtx.h"
#include "event_texts.h"
#include "test.h"

#include <ftw.h>
#include <stdlib.h>

static size_t files, records, bad, values, texts;

static void show_problem(void *context, const struct err *problem)
{
	print_message("# %s: %llu: %s\n", (const char *)context,
		      (unsigned long long)problem->offset, problem->text);
}

static bool count(void *context, const struct event *event)
{
	assert_true(event->shape->event_id != EVENT_NO_SLOT);
	assert_true(event->shape->provider != EVENT_NO_SLOT);
	assert_true(event->time != TIME_NONE);
	assert_true(event_texts_stand(event));
	values += event->shape->count;
	texts += event->texts.at != NULL;
	return true;
}

static int decode_one(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	struct span log;
	struct evtx_options options = { .problem = show_problem,
					.problem_context = (void *)(uintptr_t)path };
	struct evtx_decoder *d = evtx_decoder_new(&options);
	struct evtx_report report = { 0 };
	struct err err = { 0 };

	if (flag != FTW_F || !span_ends(span_text(path), SPAN(".evtx"))) {
		evtx_decoder_free(d);
		return 0;
	}
	log = read_whole(path);
	assert_true(evtx_decode(d, log, count, NULL, &report, &err));
	files++;
	records += report.records;
	bad += report.bad_records;
	evtx_decoder_free(d);
	free((void *)(uintptr_t)log.at);
	return 0;
}

TEST(evtx_decodes_every_record_of_the_corpus)
{
	CORPUS_OR_SKIP(path, "evtx");
	nftw(path, decode_one, 16, FTW_PHYS);
	print_message("# %zu files, %zu records, %zu bad, %zu values\n", files, records, bad, values);
	assert_int_equal(bad, 0);
	assert_true(records > 0);
	assert_true(texts > records / 2);
}
