#include "evidence/identify.h"

#include "base/utf8.h"
#include "formats/log/log.h"

struct magic {
	uint32_t offset;
	struct span bytes;
	enum evidence_class evidence_class;
	enum reader reader;
	const char *kind;
	bool is_locked;
};

#define VHD_FOOTER 512
#define MAGIC(offset, bytes, class, reader, kind) \
	{ offset, { (const uint8_t *)bytes, sizeof(bytes) - 1 }, class, reader, kind, false }

/* First match wins: the more telling before the shorter. */
static const struct magic magics[] = {
	MAGIC(0, "ElfFile\0", CLASS_EVENT_LOG, READER_EVTX, "evtx"),
	MAGIC(0, "ElfChnk\0", CLASS_EVENT_LOG, READER_EVTX, "evtx"),
	MAGIC(4096, "ElfChnk\0", CLASS_EVENT_LOG, READER_EVTX, "evtx"),
	MAGIC(0, "\x30\0\0\0LfLe", CLASS_EVENT_LOG, READER_EVT, "evt"),
	MAGIC(0, "LPKSHHRH", CLASS_EVENT_LOG, READER_JOURNAL, "systemd journal"),
	MAGIC(0, "PK\3\4", CLASS_ARCHIVE, READER_ARCHIVE, "zip"),
	MAGIC(0, "PK\5\6", CLASS_ARCHIVE, READER_ARCHIVE, "zip"),
	MAGIC(0, "PK\7\x8PK\3\4", CLASS_ARCHIVE, READER_ARCHIVE, "zip"),
	MAGIC(0, "7z\xbc\xaf\x27\x1c", CLASS_ARCHIVE, READER_ARCHIVE, "7z"),
	MAGIC(0, "\x1f\x8b\x8", CLASS_ARCHIVE, READER_ARCHIVE, "gzip"),
	MAGIC(0, "\xfd" "7zXZ\0", CLASS_ARCHIVE, READER_ARCHIVE, "xz"),
	MAGIC(0, "\x28\xb5\x2f\xfd", CLASS_ARCHIVE, READER_ARCHIVE, "zstd"),
	MAGIC(0, "BZh", CLASS_ARCHIVE, READER_ARCHIVE, "bzip2"),
	MAGIC(0, "\x04\x22\x4d\x18", CLASS_ARCHIVE, READER_ARCHIVE, "lz4"),
	MAGIC(0, "\x02\x21\x4c\x18", CLASS_ARCHIVE, READER_ARCHIVE, "lz4"),
	MAGIC(0, "LZIP", CLASS_ARCHIVE, READER_ARCHIVE, "lzip"),
	MAGIC(0, "\x1f\x9d", CLASS_ARCHIVE, READER_ARCHIVE, "compress"),
	MAGIC(0, "\x89LZO\0\r\n\x1a\n", CLASS_ARCHIVE, READER_NONE, "lzop"),
	MAGIC(0, "MSCF\0\0\0\0", CLASS_ARCHIVE, READER_ARCHIVE, "cab"),
	MAGIC(0, "070701", CLASS_ARCHIVE, READER_ARCHIVE, "cpio"),
	MAGIC(0, "070702", CLASS_ARCHIVE, READER_ARCHIVE, "cpio"),
	MAGIC(0, "070707", CLASS_ARCHIVE, READER_ARCHIVE, "cpio"),
	MAGIC(0, "\xc7\x71", CLASS_ARCHIVE, READER_ARCHIVE, "cpio"),
	MAGIC(0, "!<arch>\n", CLASS_ARCHIVE, READER_ARCHIVE, "ar"),
	MAGIC(0, "Rar!\x1a\x7", CLASS_ARCHIVE, READER_ARCHIVE, "rar"),
	MAGIC(0, "xar!", CLASS_ARCHIVE, READER_ARCHIVE, "xar"),
	MAGIC(257, "ustar", CLASS_ARCHIVE, READER_ARCHIVE, "tar"),
	MAGIC(0, "\xed\xab\xee\xdb", CLASS_ARCHIVE, READER_ARCHIVE, "rpm"),
	MAGIC(2, "-lh", CLASS_ARCHIVE, READER_ARCHIVE, "lha"),
	MAGIC(32769, "CD001", CLASS_ARCHIVE, READER_ARCHIVE, "iso9660"),
	MAGIC(34817, "CD001", CLASS_ARCHIVE, READER_ARCHIVE, "iso9660"),
	MAGIC(0, "MSWIM\0\0\0", CLASS_DISK_IMAGE, READER_NONE, "wim"),
	MAGIC(0, "EVF\x9\xd\xa\xff\0", CLASS_DISK_IMAGE, READER_IMAGE, "ewf"),
	MAGIC(0, "EVF2\xd\xa\x81\0", CLASS_DISK_IMAGE, READER_NONE, "ewf2"),
	MAGIC(0, "KDMV", CLASS_DISK_IMAGE, READER_IMAGE, "vmdk"),
	MAGIC(0, "# Disk DescriptorFile", CLASS_DISK_IMAGE, READER_IMAGE, "vmdk descriptor"),
	MAGIC(0, "QFI\xfb", CLASS_DISK_IMAGE, READER_IMAGE, "qcow2"),
	MAGIC(0, "conectix", CLASS_DISK_IMAGE, READER_IMAGE, "vhd"),
	MAGIC(0, "vhdxfile", CLASS_DISK_IMAGE, READER_IMAGE, "vhdx"),
	MAGIC(512, "EFI PART", CLASS_DISK_IMAGE, READER_IMAGE, "gpt disk"),
	MAGIC(3, "NTFS    ", CLASS_DISK_IMAGE, READER_IMAGE, "ntfs volume"),
	MAGIC(0, "XFSB", CLASS_DISK_IMAGE, READER_IMAGE, "xfs volume"),
	MAGIC(1080, "\x53\xef", CLASS_DISK_IMAGE, READER_IMAGE, "ext volume"),
	MAGIC(3, "EXFAT   ", CLASS_DISK_IMAGE, READER_IMAGE, "exfat volume"),
	MAGIC(3, "ReFS\0\0\0\0", CLASS_DISK_IMAGE, READER_IMAGE, "refs volume"),
	MAGIC(0, "COWD", CLASS_DISK_IMAGE, READER_IMAGE, "vmdk"),
	MAGIC(512, "LABELONE", CLASS_DISK_IMAGE, READER_IMAGE, "lvm volume"),
	MAGIC(1024, "H+\0\4", CLASS_DISK_IMAGE, READER_IMAGE, "hfs+ volume"),
	MAGIC(1024, "HX\0\5", CLASS_DISK_IMAGE, READER_IMAGE, "hfs+ volume"),
	MAGIC(512, "PM\0\0", CLASS_DISK_IMAGE, READER_IMAGE, "apple disk"),
	MAGIC(65600, "_BHRfS_M", CLASS_DISK_IMAGE, READER_IMAGE, "btrfs volume"),
	MAGIC(32, "NXSB", CLASS_DISK_IMAGE, READER_IMAGE, "apfs volume"),
	MAGIC(4086, "SWAPSPACE2", CLASS_DISK_IMAGE, READER_IMAGE, "linux swap"),
	MAGIC(1024, "\x10\x20\xf5\xf2", CLASS_DISK_IMAGE, READER_IMAGE, "f2fs volume"),
	MAGIC(65588, "ReIsEr", CLASS_DISK_IMAGE, READER_IMAGE, "reiserfs volume"),
	MAGIC(32768, "JFS1", CLASS_DISK_IMAGE, READER_IMAGE, "jfs volume"),
	MAGIC(0, "hsqs", CLASS_DISK_IMAGE, READER_IMAGE, "squashfs volume"),
	MAGIC(1024, "\xe2\xe1\xf5\xe0", CLASS_DISK_IMAGE, READER_IMAGE, "erofs volume"),
	MAGIC(4120, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca", CLASS_DISK_IMAGE, READER_IMAGE, "bcachefs volume"),
	MAGIC(8192, "OCFSV2", CLASS_DISK_IMAGE, READER_IMAGE, "ocfs2 volume"),
	MAGIC(65536, "\x01\x16\x19\x70", CLASS_DISK_IMAGE, READER_IMAGE, "gfs2 volume"),
	MAGIC(66908, "\x19\x01\x54\x19", CLASS_DISK_IMAGE, READER_IMAGE, "ufs volume"),
	MAGIC(16404, "\0\0\0\7version", CLASS_DISK_IMAGE, READER_IMAGE, "zfs member"),
	MAGIC(4096, "\xfc\x4e\x2b\xa9", CLASS_DISK_IMAGE, READER_IMAGE, "raid member"),
	MAGIC(54, "FAT1", CLASS_DISK_IMAGE, READER_IMAGE, "fat volume"),
	MAGIC(82, "FAT32", CLASS_DISK_IMAGE, READER_IMAGE, "fat volume"),
	MAGIC(0, "\xd4\xc3\xb2\xa1", CLASS_CAPTURE, READER_NONE, "pcap"),
	MAGIC(0, "\xa1\xb2\xc3\xd4", CLASS_CAPTURE, READER_NONE, "pcap"),
	MAGIC(0, "\x4d\x3c\xb2\xa1", CLASS_CAPTURE, READER_NONE, "pcap"),
	MAGIC(0, "\xa1\xb2\x3c\x4d", CLASS_CAPTURE, READER_NONE, "pcap"),
	MAGIC(0, "\x34\xcd\xb2\xa1", CLASS_CAPTURE, READER_NONE, "pcap"),
	MAGIC(0, "\x0a\x0d\x0d\x0a", CLASS_CAPTURE, READER_NONE, "pcapng"),
	MAGIC(0, "\x0c\xa5\x02\0", CLASS_NETWORK_LOG, READER_NONE, "nfdump"),
	MAGIC(0, "\x0c\xa5\x01\0", CLASS_NETWORK_LOG, READER_NONE, "nfdump"),
	MAGIC(0, "regf", CLASS_REGISTRY, READER_NONE, "registry hive"),
	MAGIC(0, "FILE0\0", CLASS_FILE_SYSTEM, READER_NONE, "ntfs mft"),
	MAGIC(0, "INDX(\0", CLASS_FILE_SYSTEM, READER_NONE, "ntfs index"),
	MAGIC(0, "CMMM", CLASS_FILE_SYSTEM, READER_NONE, "thumbnail cache"),
	MAGIC(0, "SCCA", CLASS_FILE_SYSTEM, READER_NONE, "prefetch"),
	MAGIC(4, "SCCA", CLASS_FILE_SYSTEM, READER_NONE, "prefetch"),
	MAGIC(0, "MAM\x04", CLASS_FILE_SYSTEM, READER_NONE, "compressed prefetch"),
	MAGIC(0, "L\0\0\0\x01\x14\x02\0", CLASS_FILE_SYSTEM, READER_NONE, "lnk"),
	MAGIC(0, "\xff\xfe<\0?\0x\0m\0l\0", CLASS_CONFIGURATION, READER_NONE, "utf-16 xml"),
	MAGIC(0, "PAGEDU", CLASS_MEMORY, READER_NONE, "windows crash dump"),
	MAGIC(0, "MDMP", CLASS_MEMORY, READER_NONE, "minidump"),
	MAGIC(0, "EMiL", CLASS_MEMORY, READER_NONE, "lime memory image"),
	MAGIC(0, "knskIMG1", CLASS_OTHER, READER_NONE, "compiled rules"),
	MAGIC(0, "SQLite format 3\0", CLASS_DATABASE, READER_NONE, "sqlite"),
	MAGIC(4, "\xef\xcd\xab\x89", CLASS_DATABASE, READER_NONE, "ese database"),
	MAGIC(0, "\x7f" "ELF", CLASS_EXECUTABLE, READER_NONE, "elf"),
	MAGIC(0, "MZ", CLASS_EXECUTABLE, READER_NONE, "pe"),
	MAGIC(0, "\xfe\xed\xfa\xce", CLASS_EXECUTABLE, READER_NONE, "mach-o"),
	MAGIC(0, "\xfe\xed\xfa\xcf", CLASS_EXECUTABLE, READER_NONE, "mach-o"),
	MAGIC(0, "\xce\xfa\xed\xfe", CLASS_EXECUTABLE, READER_NONE, "mach-o"),
	MAGIC(0, "\xcf\xfa\xed\xfe", CLASS_EXECUTABLE, READER_NONE, "mach-o"),
	MAGIC(0, "\xca\xfe\xba\xbe", CLASS_EXECUTABLE, READER_NONE, "java class or fat mach-o"),
	MAGIC(0, "dex\n", CLASS_EXECUTABLE, READER_NONE, "dex"),
	MAGIC(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", CLASS_DOCUMENT, READER_NONE, "ole"),
	MAGIC(0, "%PDF-", CLASS_DOCUMENT, READER_NONE, "pdf"),
	MAGIC(0, "{\\rtf", CLASS_DOCUMENT, READER_NONE, "rtf"),
	MAGIC(0, "ITSF", CLASS_DOCUMENT, READER_NONE, "chm"),
	MAGIC(0, "!BDN", CLASS_DOCUMENT, READER_NONE, "pst"),
	MAGIC(0, "\x89PNG\r\n\x1a\n", CLASS_OTHER, READER_NONE, "png"),
	MAGIC(0, "\xff\xd8\xff", CLASS_OTHER, READER_NONE, "jpeg"),
	MAGIC(0, "GIF8", CLASS_OTHER, READER_NONE, "gif"),
};

static const struct magic locked[] = {
	{ 0, { (const uint8_t *)"LUKS\xba\xbe", 6 }, CLASS_DISK_IMAGE, READER_IMAGE, "luks volume", true },
	/* Its first header is gone. */
	{ 16384, { (const uint8_t *)"SKUL\xba\xbe", 6 }, CLASS_DISK_IMAGE, READER_IMAGE, "luks volume", true },
	{ 3, { (const uint8_t *)"-FVE-FS-", 8 }, CLASS_DISK_IMAGE, READER_IMAGE, "bitlocker volume", true },
	{ 0, { (const uint8_t *)"-----BEGIN PGP MESSAGE", 22 }, CLASS_OTHER, READER_NONE, "pgp message", true },
	{ 0, { (const uint8_t *)"age-encryption.org/", 19 }, CLASS_OTHER, READER_NONE, "age file", true },
	{ 0, { (const uint8_t *)"Salted__", 8 }, CLASS_OTHER, READER_NONE, "openssl encrypted", true },
};

static bool find_magic(const struct magic *table, size_t count, struct span start,
		       struct identity *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct magic *m = &table[i];

		if (!span_eq(span_sub(start, m->offset, m->bytes.len), m->bytes))
			continue;
		*out = (struct identity){ m->evidence_class, m->kind, m->reader, m->is_locked };
		return true;
	}
	return false;
}

/* What a zip is for is told by its first member. */
static void name_zip(struct span start, struct identity *out)
{
	struct cursor c = cursor_of(start);
	struct span name;
	uint16_t len;

	cursor_seek(&c, 26);
	len = cursor_u16le(&c);
	cursor_skip(&c, 2);
	name = cursor_take(&c, len);
	if (span_starts(name, SPAN("[Content_Types].xml")) || span_starts(name, SPAN("_rels/"))) {
		out->evidence_class = CLASS_DOCUMENT;
		out->kind = "office document (zip)";
	} else if (span_eq(name, SPAN("mimetype"))) {
		out->evidence_class = CLASS_DOCUMENT;
		out->kind = "open document (zip)";
	} else if (span_starts(name, SPAN("META-INF/"))) {
		out->evidence_class = CLASS_EXECUTABLE;
		out->kind = "jar (zip)";
	} else if (span_eq(name, SPAN("AndroidManifest.xml"))) {
		out->evidence_class = CLASS_EXECUTABLE;
		out->kind = "apk (zip)";
	}
}

/* Old tars have no signature; their header's checksum is one. */
static bool is_old_tar(struct span start)
{
	uint64_t sum = 0, said = 0;
	size_t digits = 0;

	if (start.len < 512 || !start.at[0])
		return false;
	for (size_t i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? ' ' : start.at[i];
	for (size_t i = 148; i < 156; i++)
		if (start.at[i] >= '0' && start.at[i] <= '7') {
			said = said * 8 + start.at[i] - '0';
			digits++;
		}
	return digits >= 4 && said == sum;
}

/* No signature either: usual properties, a dictionary of a power of two, a possible size. */
static bool is_lzma(struct span start)
{
	struct cursor c = cursor_of(start);
	uint8_t properties = cursor_u8(&c);
	uint32_t dictionary = cursor_u32le(&c);
	uint64_t size = cursor_u64le(&c);

	return !c.short_read && properties == 0x5d && dictionary >= 4096 &&
	       !(dictionary & (dictionary - 1)) && (size == UINT64_MAX || size < UINT64_C(1) << 40);
}

/* RFC 5655: a message with a time of this century, its first set within it, and another behind it. */
static bool is_ipfix(struct span start)
{
	enum { MESSAGE = 10, HEADER = 16, SET_TEMPLATE = 2, SET_OPTIONS = 3, SET_DATA = 256 };
	struct cursor c = cursor_of(start);
	unsigned version = cursor_u16be(&c), len = cursor_u16be(&c), set, set_len;
	uint32_t time = cursor_u32be(&c);

	cursor_seek(&c, HEADER);
	set = cursor_u16be(&c);
	set_len = cursor_u16be(&c);
	if (c.short_read || version != MESSAGE || len < HEADER + 4 || time < 946684800 || set_len < 4 ||
	    set_len > len - HEADER || (set != SET_TEMPLATE && set != SET_OPTIONS && set < SET_DATA))
		return false;
	if (len >= start.len)
		return true;
	cursor_seek(&c, len);
	return cursor_u16be(&c) == MESSAGE && !c.short_read;
}

struct word {
	struct span text;
	const char *kind;
	enum evidence_class evidence_class;
};

#define WORD(text, kind, class) { { (const uint8_t *)text, sizeof(text) - 1 }, kind, class }

/* How texts begin. */
static const struct word beginnings[] = {
	WORD("#!", "script", CLASS_SCRIPT),
	WORD("<?php", "php", CLASS_SCRIPT),
	WORD("<%@", "asp", CLASS_SCRIPT),
	WORD("@echo off", "batch file", CLASS_SCRIPT),
	WORD("#separator", "zeek log", CLASS_NETWORK_LOG),
	WORD("#Software: Microsoft Internet Information", "iis log", CLASS_NETWORK_LOG),
	WORD("#Version: 1", "w3c log", CLASS_NETWORK_LOG),
	WORD("Windows Registry Editor Version", "registry export", CLASS_REGISTRY),
	WORD("REGEDIT4", "registry export", CLASS_REGISTRY),
	WORD("<?xml", "xml", CLASS_CONFIGURATION),
	WORD("<!DOCTYPE html", "html", CLASS_DOCUMENT),
	WORD("<html", "html", CLASS_DOCUMENT),
	WORD("[Unit]", "systemd unit", CLASS_CONFIGURATION),
	WORD("type=DAEMON_START", "audit log", CLASS_TEXT_LOG),
	WORD("**********************\r\n", "powershell transcript", CLASS_TEXT_LOG),
	WORD("**********************\n", "powershell transcript", CLASS_TEXT_LOG),
	WORD("From ", "mail", CLASS_DOCUMENT),
	WORD("Received: ", "mail", CLASS_DOCUMENT),
};

/* Words near the start by which a script gives itself away. */
static const struct word inside[] = {
	WORD("<?php", "php", CLASS_SCRIPT),
	WORD("<%@ Page", "asp", CLASS_SCRIPT),
	WORD("CreateObject(", "vbscript", CLASS_SCRIPT),
	WORD("WScript.", "windows script", CLASS_SCRIPT),
	WORD("ActiveXObject", "windows script", CLASS_SCRIPT),
	WORD("Set-StrictMode", "powershell", CLASS_SCRIPT),
	WORD("Write-Host", "powershell", CLASS_SCRIPT),
	WORD("Invoke-", "powershell", CLASS_SCRIPT),
	WORD("New-Object ", "powershell", CLASS_SCRIPT),
	WORD("[CmdletBinding(", "powershell", CLASS_SCRIPT),
};

/* The first of the list that stands in the text, or NULL. */
static const struct word *find_inside(struct span text)
{
	struct span words[sizeof inside / sizeof *inside];
	size_t at;

	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		words[i] = inside[i].text;
	at = span_find_word(text, words, sizeof words / sizeof *words);
	return at == SIZE_MAX ? NULL : &inside[at];
}

/* Of at most 255 bytes, counted apart: so the compiler takes many at once. */
static size_t count_bad(struct span piece)
{
	uint8_t low = 0, fine = 0;

	for (size_t i = 0; i < piece.len; i++) {
		uint8_t c = piece.at[i];

		low = (uint8_t)(low + (c < 32));
		fine = (uint8_t)(fine + (c == '\t') + (c == '\n') + (c == '\r') + (c == '\f') + (c == 27));
	}
	return (size_t)(low - fine);
}

static bool is_text(struct span start)
{
	size_t bad = 0;

	if (span_find_byte(start, 0, 0) != SIZE_MAX)
		return false;
	for (size_t at = 0; at < start.len; at += UINT8_MAX)
		bad += count_bad(span_sub(start, at, UINT8_MAX));
	return start.len && bad * 50 < start.len;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* "Nov 21 21:49:06 " or "2026-11-21T21:49" or "2026-11-21 21:49", perhaps after "<34>". */
static bool begins_with_time(struct span line)
{
	static const char shape[] = "9999-99-99x99:99";
	static const char old[] = "Aaa 99 99:99:99 ";
	const char *want[] = { shape, old };

	if (line.len && line.at[0] == '<') {
		size_t end = span_find_byte(line, 0, '>');

		if (end < 6)
			line = span_from(line, end + 1);
	}
	for (size_t w = 0; w < 2; w++) {
		size_t i = 0;

		for (; want[w][i] && i < line.len; i++) {
			uint8_t c = line.at[i];
			char s = want[w][i];

			if (s == '9' ? !is_digit(c) && !(c == ' ' && i == 4) : s == 'x' ? c != 'T' && c != ' '
			    : s == 'A' ? c < 'A' || c > 'Z' : s == 'a' ? c < 'a' || c > 'z' : c != (uint8_t)s)
				break;
		}
		if (!want[w][i])
			return true;
	}
	return false;
}

static struct identity identify_text(struct span start)
{
	struct identity text = { CLASS_OTHER, "text", READER_TEXT, false };
	struct span first, rest = start;
	const struct word *at;

	if (span_starts(start, SPAN("\xef\xbb\xbf")))
		rest = start = span_from(start, 3);
	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (span_eq_nocase(span_sub(start, 0, beginnings[i].text.len), beginnings[i].text)) {
			text.evidence_class = beginnings[i].evidence_class;
			text.kind = beginnings[i].kind;
			return text;
		}
	first = span_trim(span_split(&rest, '\n'));
	if (first.len > 1 && first.at[0] == '{' && first.at[first.len - 1] == '}')
		return (struct identity){ CLASS_TEXT_LOG, "json lines", READER_TEXT, false };
	if (span_starts(first, SPAN("type=")) && span_find(first, 0, SPAN("msg=audit(")) != SIZE_MAX)
		return (struct identity){ CLASS_TEXT_LOG, "audit log", READER_TEXT, false };
	if (begins_with_time(first))
		return (struct identity){ CLASS_TEXT_LOG, "text log", READER_TEXT, false };
	if (span_find(first, 0, SPAN("] \"GET /")) != SIZE_MAX ||
	    span_find(first, 0, SPAN("] \"POST /")) != SIZE_MAX)
		return (struct identity){ CLASS_NETWORK_LOG, "web access log", READER_TEXT, false };
	at = find_inside(span_sub(start, 0, 8192));
	if (at) {
		text.evidence_class = at->evidence_class;
		text.kind = at->kind;
	}
	return text;
}

/* UTF-16 with its mark, as PowerShell and Notepad write it. */
static bool is_wide_text(struct span start, struct identity *out)
{
	uint8_t text[3 * 1024];
	struct span got;

	if (!span_starts(start, SPAN("\xff\xfe")))
		return false;
	got = span_of(text, utf8_of_utf16le(text, span_sub(start, 2, 2048)));
	if (!is_text(got))
		return false;
	*out = identify_text(got);
	return true;
}

/* A VHD of growing size has a footer at its end too; only that one may be left. */
static bool is_vhd_by_its_end(struct span all)
{
	struct span footer = span_from(all, all.len < VHD_FOOTER ? all.len : (all.len - VHD_FOOTER) / 512 * 512);

	return span_starts(footer, SPAN("conectix")) && span_eq(span_sub(footer, 60, 4), SPAN("\0\0\0\3"));
}

struct identity identify(struct span start)
{
	struct identity found = { CLASS_OTHER, "data", READER_NONE, false };
	struct span all = start;

	start = span_sub(start, 0, IDENTIFY_BYTES);
	if (!start.len)
		found.kind = "empty";
	else if (find_magic(locked, sizeof locked / sizeof *locked, start, &found))
		return found;
	else if (find_magic(magics, sizeof magics / sizeof *magics, start, &found)) {
		if (!strcmp(found.kind, "zip"))
			name_zip(start, &found);
	} else if (is_lzma(start))
		return (struct identity){ CLASS_ARCHIVE, "lzma", READER_ARCHIVE, false };
	else if (is_ipfix(start))
		return (struct identity){ CLASS_NETWORK_LOG, "ipfix", READER_NONE, false };
	else if (is_old_tar(start))
		return (struct identity){ CLASS_ARCHIVE, "tar", READER_ARCHIVE, false };
	else if (start.len > 512 && start.at[510] == 0x55 && start.at[511] == 0xaa)
		return (struct identity){ CLASS_DISK_IMAGE, "mbr disk", READER_IMAGE, false };
	else if (is_vhd_by_its_end(all))
		return (struct identity){ CLASS_DISK_IMAGE, "vhd", READER_IMAGE, false };
	else if (is_wide_text(start, &found))
		return found;
	else if (is_text(span_sub(start, 0, 4096)))
		return identify_text(start);
	else if (log_identify(start) != LOG_NONE)
		return identify_text(log_without_zeros(start));
	return found;
}
