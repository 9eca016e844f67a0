#include "artefact/decode_support.h"
#include "artefact/filesystem.h"
#include "test.h"

#include <stdlib.h>

static struct told told;

static void decode_file(artefact_fn *fn, const char *folder, const char *name)
{
	char path[4200];
	struct span bytes;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	bytes = read_whole(path);
	told_run(&told, fn, bytes, name, "data", NULL);
	free((void *)(uintptr_t)bytes.at);
}

/* plaso's tests know these entries: see tests/parsers/recycler.py there. */
TEST(entries_of_the_recycle_bin_are_told)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/recycler");
	decode_file(filesystem_recycled, path, "$II3DF3L.zip");
	assert_true(told.ok);
	assert_int_equal(told.count, 1);
	assert_span(told.traces[0].path, "C:\\Users\\nfury\\Documents\\Alloy Research\\StarFury.zip");
	assert_span(told.traces[0].name, "$RI3DF3L.zip");
	assert_int_equal(told.traces[0].bytes_in, 724919);
	told_free(&told);
	decode_file(filesystem_recycled, path, "$I103S5F.jpg");
	assert_true(told.ok);
	assert_int_equal(told.count, 1);
	told_free(&told);
	decode_file(filesystem_info2, path, "INFO2");
	assert_true(told.ok);
	assert_int_equal(told.count, 4);
	assert_span(told.traces[0].name, "Dc1.exe");
	told_free(&told);
}

TEST(a_journal_is_joined_up_to_the_closing)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data");
	decode_file(filesystem_journal, path, "UsnJrnl.raw");
	assert_true(told.ok);
	for (size_t i = 0; i < told.count; i++)
		print_message("# %.*s %.*s\n", SPAN_ARG(told.traces[i].summary), SPAN_ARG(told.traces[i].detail));
	assert_non_null(told_find(&told, 0, TRACE_FILE, "created"));
	told_free(&told);
}

TEST(what_is_neither_is_refused)
{
	told_run(&told, filesystem_journal, SPAN("no journal at all, and more than sixty bytes of it, so that it is read"),
		 "$J", "data", NULL);
	assert_false(told.ok);
	told_free(&told);
	told_run(&told, filesystem_recycled, SPAN("\x01\0\0\0\0\0\0\0"), "$I1", "data", NULL);
	assert_false(told.ok);
	told_free(&told);
	told_run(&told, filesystem_table, SPAN("FILE0"), "$MFT", "ntfs mft", NULL);
	assert_false(told.ok);
	told_free(&told);
}
