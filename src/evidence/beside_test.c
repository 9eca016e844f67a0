#include "evidence/beside.h"

#include "test.h"

/* All names that are looked for, of which those in `there` are found. */
static struct buf names_of(const char *name, const char *there)
{
	struct beside b = beside_of(span_text(name));
	struct buf all = buf_new(1 << 20), next = buf_new(4096);
	bool found = false;

	while (beside_next(&b, found, &next)) {
		buf_add(&all, buf_span(&next));
		buf_text(&all, " ");
		found = span_find(span_text(there), 0, buf_span(&next)) != SIZE_MAX;
	}
	buf_free(&next);
	return all;
}

static bool has(const struct buf *all, const char *name)
{
	return span_find(buf_span(all), 0, span_text(name)) != SIZE_MAX;
}

TEST(beside_looks_for_logs_of_any_file)
{
	struct buf all = names_of("NTUSER.DAT", "");

	assert_true(has(&all, "NTUSER.DAT.LOG1 "));
	assert_true(has(&all, "NTUSER.DAT-wal "));
	assert_false(has(&all, "MAPPING1.MAP"));
	buf_free(&all);
}

TEST(beside_follows_a_row_to_its_first_gap)
{
	struct buf all = names_of("disk.E01", "disk.E02 disk.E03 disk.E05");

	assert_true(has(&all, "disk.E02 disk.E03 disk.E04 "));
	assert_false(has(&all, "disk.E05"));
	buf_free(&all);
	all = names_of("raw.001", "raw.002");
	assert_true(has(&all, "raw.002 raw.003 "));
	assert_false(has(&all, "raw.004"));
	buf_free(&all);
}

TEST(beside_goes_from_numbers_to_letters)
{
	struct beside b = beside_of(SPAN("x.E01"));
	struct buf next = buf_new(4096);
	unsigned count = 0;

	while (beside_next(&b, true, &next)) {
		count++;
		if (b.number == 99)
			assert_span(buf_span(&next), "x.E99");
		if (b.number == 100)
			assert_span(buf_span(&next), "x.EAA");
		if (b.number == 100 + 26 * 26)
			assert_span(buf_span(&next), "x.FAA");
	}
	assert_true(count > 14000 && count < 20000);
	buf_free(&next);
}

TEST(beside_knows_extents_of_a_vmdk)
{
	struct buf all = names_of("vm.vmdk", "vm-s001.vmdk");

	assert_true(has(&all, "vm-flat.vmdk "));
	assert_true(has(&all, "vm-s001.vmdk vm-s002.vmdk "));
	assert_true(has(&all, "vm-f001.vmdk "));
	buf_free(&all);
}

TEST(beside_a_change_journal_stands_the_table_of_the_folder_above)
{
	struct buf all = names_of("$UsnJrnl%3A$J", "");

	assert_true(has(&all, " ../$MFT "));
	buf_free(&all);
	all = names_of("$J", "");
	assert_true(has(&all, " ../$MFT $MFT "));
	buf_free(&all);
	all = names_of("$JX", "");
	assert_false(has(&all, "$MFT"));
	buf_free(&all);
}

TEST(beside_knows_the_logs_of_a_database)
{
	assert_true(beside_has_logs(SPAN("SRUDB.dat")));
	assert_true(beside_has_logs(SPAN("Current.mdb")));
	assert_false(beside_has_logs(SPAN("SYSTEM")));
	assert_true(beside_is_log(SPAN("SRU0004E.log")));
	assert_true(beside_is_log(SPAN("V01.log")));
	assert_true(beside_is_log(SPAN("edb00012.jtx")));
	assert_true(beside_is_companion(SPAN("Windows/System32/sru/sru0004e.LOG")));
	assert_false(beside_is_log(SPAN("SRUres00001.jrs")));
	assert_false(beside_is_log(SPAN("edbtmp.log")));
	assert_false(beside_is_companion(SPAN("var/log/setup.log")));
}

TEST(beside_knows_images_that_may_rest_on_others)
{
	assert_true(beside_may_rest(SPAN("vm-000001.vmdk")));
	assert_true(beside_may_rest(SPAN("Server_1F2E.AVHDX")));
	assert_false(beside_may_rest(SPAN("disk.raw")));
	assert_true(beside_is_image(SPAN("disk.raw")));
	assert_true(beside_is_image(SPAN("base.qcow2")));
	assert_false(beside_is_image(SPAN("base.qcow2.txt")));
}
