#include "evidence/identify.h"
#include "test.h"

static void assert_kind(struct span bytes, const char *kind, enum evidence_class expected)
{
	struct identity identity = identify(bytes);

	assert_string_equal(identity.kind, kind);
	assert_int_equal(identity.evidence_class, expected);
}

TEST(identify_goes_by_content)
{
	assert_kind(SPAN("ElfFile\0\0\0"), "evtx", CLASS_EVENT_LOG);
	assert_kind(SPAN("\x7f" "ELF\2\1\1"), "elf", CLASS_EXECUTABLE);
	assert_kind(SPAN("7z\xbc\xaf\x27\x1c\0\4"), "7z", CLASS_ARCHIVE);
	assert_kind(SPAN("regf\0\0\0\0"), "registry hive", CLASS_REGISTRY);
	assert_kind(SPAN("SQLite format 3\0"), "sqlite", CLASS_DATABASE);
	assert_kind(SPAN("%PDF-1.7\n"), "pdf", CLASS_DOCUMENT);
	assert_kind(SPAN("\xd4\xc3\xb2\xa1\2\0\4\0"), "pcap", CLASS_CAPTURE);
	assert_kind(SPAN("#!/bin/sh\n"), "script", CLASS_SCRIPT);
	assert_kind(SPAN("Nov 21 21:49:06 host sshd[1]: x\n"), "text log", CLASS_TEXT_LOG);
	assert_kind(SPAN("<34>Nov 21 21:49:06 host x\n"), "text log", CLASS_TEXT_LOG);
	assert_kind(SPAN("{\"a\":1}\n{\"a\":2}\n"), "json lines", CLASS_TEXT_LOG);
	assert_kind(SPAN("Nov 21 21:49:06 host sshd[1]: x\nNov 21 21:4\0\0\0"), "text log", CLASS_TEXT_LOG);
	assert_kind(SPAN("\0\0\0\0#separator \\x09\n#path\tconn\n"), "zeek log", CLASS_NETWORK_LOG);
	assert_kind(SPAN("hello there\n\0\0"), "data", CLASS_OTHER);
	assert_kind(SPAN("hello there\n"), "text", CLASS_OTHER);
	assert_kind(SPAN("\1\2\3\0\5"), "data", CLASS_OTHER);
	assert_kind(SPAN(""), "empty", CLASS_OTHER);
}

TEST(identify_tells_encrypted_volumes)
{
	assert_true(identify(SPAN("LUKS\xba\xbe\0\2")).is_locked);
	assert_true(identify(SPAN("\xeb\x58\x90-FVE-FS-\0")).is_locked);
	assert_false(identify(SPAN("LUKS but not really")).is_locked);
}

TEST(identify_names_a_zip_by_its_first_member)
{
	assert_kind(SPAN("PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0[Content_Types].xml"),
		    "office document (zip)", CLASS_DOCUMENT);
	/* A name that is longer than what is there is no name. */
	assert_kind(SPAN("PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0META"), "zip",
		    CLASS_ARCHIVE);
}
