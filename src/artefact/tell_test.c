#include "artefact/tell.h"

#include "artefact/decode_support.h"
#include "test.h"

TEST(a_text_is_utf8_whatever_its_mark)
{
	struct arena arena = arena_new(1 << 20);

	assert_span(tell_text(&arena, SPAN("\xff\xfe" "a\0b\0")), "ab");
	assert_span(tell_text(&arena, SPAN("\xfe\xff" "\0a\0b")), "ab");
	assert_span(tell_text(&arena, SPAN("a\0b\0")), "ab");
	assert_span(tell_text(&arena, SPAN("\xef\xbb\xbf" "ab")), "ab");
	assert_span(tell_text(&arena, SPAN("ab")), "ab");
	assert_span(tell_utf16(&arena, SPAN("a\0b\0\0\0c\0")), "ab");
	arena_free(&arena);
}

TEST(a_text_for_which_there_is_no_room_is_told)
{
	static const uint8_t wide[200000] = { 0xff, 0xfe, 'a', 0, 'b', 0 };
	struct arena arena = arena_new(90000);
	struct told t = { 0 };
	struct artefact a = { .bytes = span_of(wide, sizeof wide), .arena = &arena, .short_of = told_short, .context = &t };

	assert_int_equal(tell_text_of(&a).len, 0);
	assert_string_equal(t.short_of, "200000 bytes of UTF-16 are more than there is room for");
	t = (struct told){ 0 };
	a.bytes = span_of(wide, 6);
	assert_span(tell_text_of(&a), "ab");
	a.bytes = span_of(wide, 2);
	assert_span(tell_text_of(&a), "");
	assert_string_equal(t.short_of, "");
	arena_free(&arena);
}

TEST(lines_end_with_or_without_a_return)
{
	struct span rest = SPAN("a\r\n\nb"), line;

	assert_true(tell_line(&rest, &line));
	assert_span(line, "a");
	assert_true(tell_line(&rest, &line));
	assert_span(line, "");
	assert_true(tell_line(&rest, &line));
	assert_span(line, "b");
	assert_false(tell_line(&rest, &line));
}

TEST(parts_of_paths)
{
	assert_span(tell_base(SPAN("C:\\a\\b.txt")), "b.txt");
	assert_span(tell_folder(SPAN("C:\\a\\b.txt")), "C:\\a");
	assert_span(tell_folder(SPAN("b.txt")), "");
	assert_true(tell_has_extension(SPAN("x/y.tar.GZ"), "zip|gz"));
	assert_false(tell_has_extension(SPAN("x.zip/y"), "zip|gz"));
	assert_span(tell_user_of_path(SPAN("d.E01!/p2/Users/Ann/NTUSER.DAT")), "Ann");
	assert_span(tell_user_of_path(SPAN("C:\\Users\\Public")), "");
}

TEST(the_program_of_a_command_line)
{
	assert_span(tell_program_of(SPAN("\"C:\\Program Files\\a b.exe\" /x")), "C:\\Program Files\\a b.exe");
	assert_span(tell_program_of(SPAN("C:\\Program Files\\a b.exe /x y.dll")), "C:\\Program Files\\a b.exe");
	assert_span(tell_program_of(SPAN("%windir%\\system32\\sc.exe")), "%windir%\\system32\\sc.exe");
	assert_span(tell_program_of(SPAN("cmd /c x")), "cmd");
	assert_span(tell_program_of(SPAN("\"open")), "open");
}

TEST(hosts_and_identifiers)
{
	struct arena arena = arena_new(1 << 20);

	assert_span(tell_url_host(SPAN("https://a@b.example:8443/x?y://z")), "b.example");
	assert_span(tell_url_host(SPAN("ftp://b.example?x")), "b.example");
	assert_span(tell_url_host(SPAN("mailto:x")), "");
	assert_span(tell_sid(&arena, SPAN("\1\1\0\0\0\0\0\5\x12\0\0\0")), "S-1-5-18");
	assert_span(tell_sid(&arena, SPAN("\1\2\0\0\0\0\0\5\x12\0\0\0")), "");
	arena_free(&arena);
}

TEST(details_leave_out_what_is_unknown)
{
	struct arena arena = arena_new(1 << 20);
	struct tell_detail d;

	tell_detail_begin(&d);
	tell_detail_text(&d, "a", SPAN("x\"y"));
	tell_detail_text(&d, "b", SPAN(""));
	tell_detail_number(&d, "c", 7);
	tell_detail_number(&d, "d", TRACE_NO_NUMBER);
	tell_detail_time(&d, "e", timestamp_of_unix(0, 0));
	assert_span(tell_detail_end(&d, &arena), "{\"a\":\"x\\\"y\",\"c\":7,\"e\":\"1970-01-01T00:00:00.000Z\"}");
	tell_detail_begin(&d);
	assert_span(tell_detail_end(&d, &arena), "");
	arena_free(&arena);
}
