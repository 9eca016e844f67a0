#include "formats/shimcache/shimcache.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

static struct err err;

TEST(what_is_cut_off_is_counted)
{
	struct buf b = buf_new(1 << 16);
	struct shimcache s;
	struct shimcache_entry e;

	buf_add_u32le(&b, 48);
	for (int i = 0; i < 11; i++)
		buf_add_u32le(&b, 0);
	for (int i = 0; i < 2; i++) {
		buf_text(&b, "10ts");
		buf_add_u32le(&b, 0);
		buf_add_u32le(&b, 18);
		buf_add_u16le(&b, 4);
		buf_add(&b, SPAN("a\0b\0"));
		buf_add_u64le(&b, UINT64_C(116444736000000000));
		buf_add_u32le(&b, 0);
	}
	assert_true(shimcache_open(&s, span_sub(buf_span(&b), 0, b.len - 20), &err));
	assert_true(shimcache_next(&s, &e));
	assert_int_equal(e.modified, 0);
	assert_int_equal(e.path.len, 4);
	assert_false(shimcache_next(&s, &e));
	assert_int_equal(s.left, 1);
	assert_false(shimcache_next(&s, &e));
	assert_false(shimcache_open(&s, SPAN("abcdefgh"), &err));
	buf_free(&b);
}

struct sample {
	const char *file;
	uint32_t entries;
	const char *first;
	int64_t modified;
};

/* Every form but that of Server 2003. */
static const struct sample samples[] = {
	{ "Win10/Win10.bin", 350, "C:\\WINDOWS\\System32\\vds.exe", 1426323104 },
	{ "Win10/Win10Creators.bin", 506, "C:\\Program Files (x86)\\NVIDIA Corporation\\3D Vision\\nvstreg.exe", 1489704961 },
	{ "Win2008/Win2k8Standard.bin", 873,
	  "\\??\\C:\\Program Files (x86)\\StorageCraft\\ShadowProtect\\ShadowSnap\\raw_agent_svc.exe", 1395930944 },
	{ "Win7/win7x64.bin", 304, "\\??\\C:\\Windows\\system32\\wuauclt.exe", 1400084626 },
	{ "Win7/win7x86.bin", 91, "\\??\\C:\\Windows\\system32\\LogonUI.exe", 1247534062 },
	{ "Win8.0/Win80.bin", 104, "SYSVOL\\Windows\\System32\\LogonUI.exe", 1343272849 },
	{ "Win8.1/Win81.bin", 1024, "SYSVOL\\Program Files\\CrashPlan\\jre\\bin\\java.exe", 1386200843 },
	{ "WinXP/WinXPx86.bin", 96, "\\??\\C:\\WINDOWS\\system32\\oobe\\msoobe.exe", 1208174400 },
};

static void check(const char *folder, const struct sample *sample)
{
	char path[4200];
	uint8_t text[2048];
	struct span value;
	struct shimcache s;
	struct shimcache_entry e;
	uint32_t count = 0;

	snprintf(path, sizeof path, "%s/%s", folder, sample->file);
	value = read_whole(path);
	assert_true(shimcache_open(&s, value, &err));
	while (shimcache_next(&s, &e))
		if (!count++) {
			size_t len = utf8_of_utf16le(text, span_sub(e.path, 0, 600));

			assert_span(span_sub(span_of(text, len), 0, strlen(sample->first)), sample->first);
			assert_int_equal(e.modified / TIME_SECOND, sample->modified);
		}
	assert_int_equal(count, sample->entries);
	assert_int_equal(s.left, 0);
	free((void *)(uintptr_t)value.at);
}

TEST(every_form_of_the_corpus_is_read_to_its_end)
{
	CORPUS_OR_SKIP(path, "artefacts/artmuseum/Windows/AppCompatCache");
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		check(path, &samples[i]);
}
