#include "evidence/unpack.h"

#include "evidence/cpio_skip.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <stdlib.h>
#include <time.h>

#define PIECE ((size_t)1 << 20)
#define SPARSE_PIECE ((size_t)64 << 10)

struct unpack {
	struct archive *archive;
	struct span bytes, name;
	size_t at;
	bool is_single;			/* one compressed file, no container */
	bool has_first;			/* the first header is read already: */
	struct archive_entry *first;
	int first_status;
	bool failed;
	uint64_t done;			/* bytes of the member delivered */
	uint64_t hole;			/* zeros to deliver before `piece` */
	struct span piece;		/* what libarchive gave and we did not deliver yet */
	/* Behind an archive of cpio: the rest of the unpacked stream, then that of the input. */
	enum { BEHIND_NOTHING, BEHIND_STREAM, BEHIND_INPUT, BEHIND_END } behind;
	enum { STREAM_GOES_ON, STREAM_ENDED, STREAM_BROKEN } stream;
	uint8_t first_behind;
	struct buf format;
};

void unpack_prepare(void)
{
	time_t now = time(NULL);
	struct tm parts;

	/* Without a UTF-8 locale libarchive answers NULL for names beyond ASCII. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "en_US.UTF-8");
	tzset();
	localtime_r(&now, &parts);
	mktime(&parts);
}

static la_ssize_t give_bytes(struct archive *a, void *context, const void **out)
{
	struct unpack *u = context;
	struct span piece = span_sub(u->bytes, u->at, PIECE);

	*out = piece.at;
	u->at += piece.len;
	return (la_ssize_t)piece.len;
}

static la_int64_t skip_bytes(struct archive *a, void *context, la_int64_t request)
{
	struct unpack *u = context;
	size_t left = u->bytes.len - u->at;
	size_t skip = request < 0 ? 0 : (uint64_t)request < left ? (size_t)request : left;

	u->at += skip;
	return (la_int64_t)skip;
}

static la_int64_t seek_bytes(struct archive *a, void *context, la_int64_t offset, int whence)
{
	struct unpack *u = context;
	int64_t base = whence == SEEK_CUR ? (int64_t)u->at
		     : whence == SEEK_END ? (int64_t)u->bytes.len : 0;
	int64_t to;

	if (__builtin_add_overflow(base, offset, &to) || to < 0 || (uint64_t)to > u->bytes.len)
		return ARCHIVE_FATAL;
	u->at = (size_t)to;
	return to;
}

static bool fail(struct unpack *u, enum err_code code, struct err *err)
{
	const char *text = archive_error_string(u->archive);

	if (text && (strstr(text, "ncrypt") || strstr(text, "assphrase")))
		code = ERR_DENIED;
	return err_set(err, code, u->at, "%s", text ? text : "unreadable archive");
}

static struct archive *new_reader(struct unpack *u, bool single)
{
	struct archive *a = archive_read_new();

	if (!a)
		return NULL;
	/* No filter by program: it would run one. */
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_compress(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_lz4(a);
	archive_read_support_filter_lzip(a);
	archive_read_support_filter_lzma(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_rpm(a);
	archive_read_support_filter_uu(a);
	if (single) {
		archive_read_support_format_raw(a);
	} else {
		archive_read_support_format_7zip(a);
		archive_read_support_format_ar(a);
		archive_read_support_format_cab(a);
		archive_read_support_format_cpio(a);
		archive_read_support_format_iso9660(a);
		archive_read_support_format_lha(a);
		archive_read_support_format_rar(a);
		archive_read_support_format_rar5(a);
		archive_read_support_format_tar(a);
		archive_read_support_format_xar(a);
		archive_read_support_format_zip(a);
	}
	archive_read_set_read_callback(a, give_bytes);
	archive_read_set_skip_callback(a, skip_bytes);
	archive_read_set_seek_callback(a, seek_bytes);
	archive_read_set_callback_data(a, u);
	return a;
}

static bool try_reader(struct unpack *u, bool single, struct err *err)
{
	u->at = 0;
	u->is_single = single;
	u->archive = new_reader(u, single);
	if (!u->archive)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an archive reader");
	if (archive_read_open1(u->archive) != ARCHIVE_OK)
		return fail(u, ERR_UNSUPPORTED, err);
	return true;
}

/*
 * A filter alone (gz, xz, ...) has no format to bid for it: then it is a single
 * file. So it is where all that a format finds is the zeros of an empty tar. Raw
 * takes anything: without a filter it would be the input itself.
 */
static bool open_reader(struct unpack *u, struct err *err)
{
	bool is_tar = false;

	if (try_reader(u, false, err)) {
		u->first_status = archive_read_next_header(u->archive, &u->first);
		u->has_first = true;
		is_tar = (archive_format(u->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
		if (u->first_status != ARCHIVE_EOF || archive_filter_count(u->archive) < 2 || !is_tar)
			return true;
	}
	archive_read_free(u->archive);
	u->has_first = false;
	if (!try_reader(u, true, err))
		return false;
	return archive_filter_count(u->archive) >= 2 ||
	       err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "not a readable archive");
}

struct unpack *unpack_open(struct span bytes, struct span name, struct err *err)
{
	struct unpack *u = calloc(1, sizeof *u);

	if (!u) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an archive reader");
		return NULL;
	}
	u->bytes = bytes;
	u->name = name;
	u->format = buf_new(256);
	if (open_reader(u, err))
		return u;
	unpack_free(u);
	return NULL;
}

/* "messages.1" out of "messages.1.gz"; a name is needed even where there is none. */
static struct span single_name(struct span name)
{
	static const char *const endings[] = { ".gz", ".xz", ".zst", ".bz2", ".lz4", ".lzma", ".Z",
					       ".lz", ".gzip", ".zstd" };
	size_t slash = name.len;

	while (slash && name.at[slash - 1] != '/')
		slash--;
	name = span_from(name, slash);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		struct span end = span_text(endings[i]);

		if (name.len > end.len && span_eq_nocase(span_from(name, name.len - end.len), end))
			return span_sub(name, 0, name.len - end.len);
	}
	return name.len && !span_eq(name, SPAN("-")) ? name : SPAN("content");
}

/* libarchive says "set" of times that a zip does not hold, and gives zero for them. */
static timestamp entry_time(bool is_set, time_t seconds, long nanoseconds)
{
	return is_set && (seconds || nanoseconds) ? timestamp_of_unix(seconds, (uint32_t)nanoseconds) : TIME_NONE;
}

/* At most so many attributes of a member are looked at. */
#define ATTRIBUTES_MOST 100

static struct marks marks_of(struct archive_entry *entry)
{
	struct marks marks = { 0 };
	unsigned long set = 0, cleared;

	const char *name;
	const void *value;
	size_t len;

	archive_entry_xattr_reset(entry);
	for (int i = 0; i < ATTRIBUTES_MOST && archive_entry_xattr_next(entry, &name, &value, &len) == ARCHIVE_OK; i++)
		if (name && !strcmp(name, "security.capability"))
			marks.capability = span_of(value, len);
		else if (name && !strcmp(name, "system.posix_acl_access"))
			marks.acl = span_of(value, len);
	archive_entry_fflags(entry, &set, &cleared);
	marks.attributes = (uint32_t)set & (MARK_IMMUTABLE | MARK_APPEND_ONLY);
	marks.user = (uint32_t)archive_entry_uid(entry);
	marks.group = (uint32_t)archive_entry_gid(entry);
	/* Zip and 7z have none, and an archive's own are those of a machine only where it keeps names too. */
	marks.has_owner = archive_entry_uname(entry) != NULL;
	return marks;
}

static void describe(struct unpack *u, struct archive_entry *entry, struct unpack_member *out)
{
	const char *name = archive_entry_pathname(entry);
	const char *link = archive_entry_hardlink(entry);
	mode_t type = archive_entry_filetype(entry);

	if (!name)
		name = archive_entry_pathname_utf8(entry);
	*out = (struct unpack_member){
		.path = u->is_single ? single_name(u->name) : span_text(name ? name : ""),
		.size = archive_entry_size_is_set(entry) ? (uint64_t)archive_entry_size(entry)
							 : UINT64_MAX,
		.modified = entry_time(archive_entry_mtime_is_set(entry), archive_entry_mtime(entry),
				       archive_entry_mtime_nsec(entry)),
		.accessed = entry_time(archive_entry_atime_is_set(entry), archive_entry_atime(entry),
				       archive_entry_atime_nsec(entry)),
		.changed = entry_time(archive_entry_ctime_is_set(entry), archive_entry_ctime(entry),
				      archive_entry_ctime_nsec(entry)),
		.created = entry_time(archive_entry_birthtime_is_set(entry),
				      archive_entry_birthtime(entry),
				      archive_entry_birthtime_nsec(entry)),
		.mode = archive_entry_mode(entry),
		.is_encrypted = archive_entry_is_data_encrypted(entry) ||
				archive_entry_is_metadata_encrypted(entry),
	};
	out->marks = marks_of(entry);
	if (type == AE_IFLNK)
		link = archive_entry_symlink(entry);
	out->target = span_text(link ? link : "");
	out->kind = link || type == AE_IFLNK ? UNPACK_LINK
		  : type == AE_IFDIR	     ? UNPACK_FOLDER
		  : type == AE_IFREG || !type ? UNPACK_FILE : UNPACK_SPECIAL;
}

/* ---- what stands behind an archive of cpio ---- */

static size_t read_stream(void *context, uint8_t *to, size_t len)
{
	struct unpack *u = context;
	la_ssize_t got = archive_read_data(u->archive, to, len);

	if (got < 0 || (size_t)got < len)
		u->stream = got < 0 ? STREAM_BROKEN : STREAM_ENDED;
	return got < 0 ? 0 : (size_t)got;
}

/* Archives of packages end where theirs ends. */
static bool may_have_more(struct unpack *u)
{
	if ((archive_format(u->archive) & ARCHIVE_FORMAT_BASE_MASK) != ARCHIVE_FORMAT_CPIO)
		return false;
	for (int i = 0; i < archive_filter_count(u->archive); i++)
		if (archive_filter_code(u->archive, i) == ARCHIVE_FILTER_RPM)
			return false;
	return true;
}

/* The zeros between two archives are nobody's. */
static bool find_more(struct unpack *u)
{
	u->first_behind = 0;
	while (!u->first_behind && read_stream(u, &u->first_behind, 1) == 1)
		;
	u->piece = span_of(&u->first_behind, u->first_behind != 0);
	return u->piece.len;
}

/* libarchive's reader stops at the trailer: a raw one of the same stream goes on behind it. */
static bool open_behind(struct unpack *u)
{
	struct err err;

	archive_read_free(u->archive);
	u->archive = NULL;
	return try_reader(u, true, &err) && archive_read_next_header(u->archive, &u->first) == ARCHIVE_OK &&
	       cpio_skip(read_stream, u) && find_more(u);
}

/* What no filter took: zeros, or another archive that is packed otherwise. */
static bool find_input(struct unpack *u)
{
	la_int64_t taken = archive_filter_bytes(u->archive, -1);
	size_t at = taken < 0 || (uint64_t)taken > u->bytes.len ? u->bytes.len : (size_t)taken;

	while (at < u->bytes.len && !u->bytes.at[at])
		at++;
	u->piece = span_from(u->bytes, at);
	return u->piece.len;
}

static enum unpack_step next_behind(struct unpack *u, struct unpack_member *out, bool *more, struct err *err)
{
	bool is_there = false;

	if (u->behind == BEHIND_NOTHING && may_have_more(u)) {
		u->behind = BEHIND_STREAM;
		is_there = open_behind(u);
	}
	if (u->stream == STREAM_BROKEN && u->behind == BEHIND_STREAM) {
		u->behind = BEHIND_END;
		fail(u, ERR_CORRUPT, err);
		return UNPACK_FAILED;
	}
	if (!is_there && u->behind == BEHIND_STREAM && u->stream == STREAM_ENDED) {
		u->behind = BEHIND_INPUT;
		is_there = find_input(u);
	}
	if (!is_there) {
		u->behind = BEHIND_END;
		return UNPACK_END;
	}
	*more = true;
	*out = (struct unpack_member){ .path = SPAN("next"), .kind = UNPACK_FILE, .size = UINT64_MAX,
		.modified = TIME_NONE, .changed = TIME_NONE, .accessed = TIME_NONE, .created = TIME_NONE };
	return UNPACK_MEMBER;
}

static bool read_behind(struct unpack *u, struct buf *to, bool *end, struct err *err)
{
	struct span piece = span_sub(u->piece, 0, PIECE);
	la_ssize_t got = (la_ssize_t)piece.len;
	uint8_t *room;

	u->piece = span_from(u->piece, piece.len);
	buf_add(to, piece);
	if (!piece.len && u->behind == BEHIND_STREAM) {
		room = buf_reserve(to, PIECE);
		got = room ? (la_ssize_t)read_stream(u, room, PIECE) : 0;
		to->len += (size_t)got;
	}
	*end = !got;
	return u->stream != STREAM_BROKEN || fail(u, ERR_CORRUPT, err);
}

enum unpack_step unpack_next(struct unpack *u, struct unpack_member *out, bool *more,
			     struct err *err)
{
	struct archive_entry *entry;
	int status;

	*more = false;
	u->done = u->hole = 0;
	u->piece = (struct span){ 0 };
	if (u->failed)
		return UNPACK_END;
	if (u->behind)
		return next_behind(u, out, more, err);
	status = u->first_status;
	entry = u->first;
	if (!u->has_first)
		do
			status = archive_read_next_header(u->archive, &entry);
		while (status == ARCHIVE_RETRY);
	u->has_first = false;
	if (status == ARCHIVE_EOF)
		return next_behind(u, out, more, err);
	if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
		u->failed = true;
		fail(u, ERR_CORRUPT, err);
		return UNPACK_FAILED;
	}
	*more = true;
	describe(u, entry, out);
	return UNPACK_MEMBER;
}

/* The next block of libarchive; sparse members come with gaps. */
static bool fetch(struct unpack *u, bool *end, struct err *err)
{
	const void *at;
	size_t len;
	la_int64_t offset;
	int status;

	do
		status = archive_read_data_block(u->archive, &at, &len, &offset);
	while (status == ARCHIVE_RETRY);
	if (status == ARCHIVE_EOF)
		return *end = true;
	if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
		u->failed = status == ARCHIVE_FATAL;
		return fail(u, ERR_CORRUPT, err);
	}
	if (offset < 0 || (uint64_t)offset < u->done)
		return err_set(err, ERR_CORRUPT, u->at, "archive data runs backwards");
	u->hole = (uint64_t)offset - u->done;
	u->piece = span_of(at, len);
	return true;
}

bool unpack_read(struct unpack *u, struct buf *to, bool *end, struct err *err)
{
	uint8_t *room;
	size_t len;

	*end = false;
	if (u->behind)
		return read_behind(u, to, end, err);
	if (!u->hole && !u->piece.len && (!fetch(u, end, err) || *end))
		return *end;
	if (u->hole) {
		len = u->hole < SPARSE_PIECE ? (size_t)u->hole : SPARSE_PIECE;
		room = buf_reserve(to, len);
		if (room) {
			memset(room, 0, len);
			to->len += len;
		}
		u->hole -= len;
	} else {
		len = u->piece.len < PIECE ? u->piece.len : PIECE;
		buf_add(to, span_sub(u->piece, 0, len));
		u->piece = span_from(u->piece, len);
	}
	u->done += len;
	return true;
}

struct span unpack_format(struct unpack *u)
{
	const char *name = archive_format_name(u->archive);

	buf_clear(&u->format);
	if (!u->is_single)
		buf_text(&u->format, name ? name : "archive");
	for (int i = archive_filter_count(u->archive) - 2; i >= 0; i--)
		buf_printf(&u->format, u->is_single ? "%s" : " (%s)",
			   archive_filter_name(u->archive, i));
	return buf_span(&u->format);
}

void unpack_free(struct unpack *u)
{
	if (!u)
		return;
	if (u->archive)
		archive_read_free(u->archive);
	buf_free(&u->format);
	free(u);
}
