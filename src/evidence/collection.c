#include "evidence/collection.h"

#include "codec/digest.h"
#include "codec/json_write.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PIECE ((size_t)256 << 10)
#define MANIFEST_MOST ((size_t)512 << 20)

struct collection {
	struct archive *zip;
	struct archive_entry *entry;
	int fd;
	char path[PATH_MAX];
	struct stat own;
	struct digest *whole;
	struct buf manifest;
	struct collection_totals totals;
	uint64_t end;
	uint8_t piece[PIECE];
};

static const char *const lack_words[] = {
	[COLLECTION_SECRET] = "secret", [COLLECTION_LIMIT] = "limit", [COLLECTION_TIME] = "time",
	[COLLECTION_UNREADABLE] = "unreadable",
};

static bool zip_error(struct collection *c, struct err *err)
{
	const char *why = archive_error_string(c->zip);

	return err_set(err, ERR_IO, ERR_NO_OFFSET, "cannot write '%.100s': %.100s", c->path,
		       why ? why : "no memory");
}

/* ---- the zip's bytes ---- */

static la_ssize_t write_out(struct archive *zip, void *context, const void *bytes, size_t len)
{
	struct collection *c = context;
	ssize_t put;

	do
		put = write(c->fd, bytes, len);
	while (put < 0 && errno == EINTR);
	if (put < 0) {
		archive_set_error(zip, errno, "%s", err_number_text(errno));
		return -1;
	}
	digest_add(c->whole, span_of(bytes, (size_t)put));
	c->totals.zip_bytes += (uint64_t)put;
	return put;
}

static bool begin(struct collection *c, const char *under, struct span path, unsigned type,
		  const struct stat *st, const char *target, struct err *err)
{
	struct buf name = buf_new((size_t)1 << 20);
	bool ok;

	while (path.len && path.at[0] == '/')
		path = span_from(path, 1);
	buf_text(&name, under);
	buf_add(&name, path);
	archive_entry_clear(c->entry);
	archive_entry_set_pathname(c->entry, (const char *)name.at);
	archive_entry_set_filetype(c->entry, type);
	archive_entry_set_perm(c->entry, st ? st->st_mode & 07777 : 0600);
	archive_entry_unset_size(c->entry);
	if (target) {
		archive_entry_set_symlink(c->entry, target);
		archive_entry_set_size(c->entry, 0);
	}
	if (st) {
		archive_entry_set_mtime(c->entry, st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
		archive_entry_set_atime(c->entry, st->st_atim.tv_sec, st->st_atim.tv_nsec);
		archive_entry_set_ctime(c->entry, st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
		archive_entry_set_uid(c->entry, st->st_uid);
		archive_entry_set_gid(c->entry, st->st_gid);
	} else {
		timestamp now = timestamp_now();

		archive_entry_set_mtime(c->entry, now / TIME_SECOND, 0);
	}
	ok = archive_write_header(c->zip, c->entry) >= ARCHIVE_WARN || zip_error(c, err);
	buf_free(&name);
	return ok;
}

static bool put(struct collection *c, struct span bytes, struct err *err)
{
	while (bytes.len) {
		la_ssize_t done = archive_write_data(c->zip, bytes.at, bytes.len);

		if (done <= 0)
			return zip_error(c, err);
		bytes = span_from(bytes, (size_t)done);
	}
	return true;
}

static bool put_whole(struct collection *c, const char *under, struct span path, struct span bytes,
		      struct err *err)
{
	return begin(c, under, path, AE_IFREG, NULL, NULL, err) && put(c, bytes, err) &&
	       (archive_write_finish_entry(c->zip) >= ARCHIVE_WARN || zip_error(c, err));
}

/* ---- the manifest ---- */

static void put_stat(struct json_write *w, const struct stat *st)
{
	json_key(w, "mode");
	json_u64(w, st->st_mode);
	json_key(w, "uid");
	json_u64(w, st->st_uid);
	json_key(w, "gid");
	json_u64(w, st->st_gid);
	json_pair_time(w, "modified", timestamp_of_unix(st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec));
	json_pair_time(w, "changed", timestamp_of_unix(st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec));
	json_pair_time(w, "accessed", timestamp_of_unix(st->st_atim.tv_sec, (uint32_t)st->st_atim.tv_nsec));
}

struct line {
	const struct stat *st;
	const uint8_t *sha256;		/* NULL: not taken */
	uint64_t size;
	struct span target;
	const char *error;
	enum collection_lack lack;	/* where there is an error */
	bool is_edited;
};

static bool add_line(struct collection *c, struct span path, const struct line *line, struct err *err)
{
	struct json_write w = json_write_to(&c->manifest);

	json_object(&w);
	json_key(&w, "path");
	json_span(&w, path);
	json_pair_time(&w, "taken", timestamp_now());
	if (line->sha256) {
		json_key(&w, "size");
		json_u64(&w, line->size);
		json_key(&w, "sha256");
		json_hex(&w, span_of(line->sha256, 32));
	}
	if (line->target.len) {
		json_key(&w, "link");
		json_span(&w, line->target);
	}
	if (line->st)
		put_stat(&w, line->st);
	if (line->is_edited) {
		json_key(&w, "edited");
		json_text(&w, "values of the environment are left out");
	}
	if (line->error) {
		json_key(&w, "because");
		json_text(&w, lack_words[line->lack]);
		json_key(&w, "error");
		json_text(&w, line->error);
	}
	json_object_end(&w);
	return buf_add_u8(&c->manifest, '\n') ||
	       err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "the manifest is too long");
}

/* ---- from outside ---- */

struct collection *collection_open(const char *path, struct span about, struct err *err)
{
	struct collection *c = calloc(1, sizeof *c);

	if (!c || strlen(path) >= sizeof c->path) {
		err_errno(err, ENOMEM, "cannot collect");
		free(c);
		return NULL;
	}
	memcpy(c->path, path, strlen(path));
	c->manifest = buf_new(MANIFEST_MOST);
	c->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (c->fd < 0 || fstat(c->fd, &c->own)) {
		err_errno(err, errno, "cannot make '%s'", path);
		c->path[0] = 0;
		collection_abandon(c);
		return NULL;
	}
	c->whole = digest_new(DIGEST_SHA256);
	c->zip = archive_write_new();
	c->entry = archive_entry_new();
	if (c->whole && c->zip && c->entry && archive_write_set_format_zip(c->zip) == ARCHIVE_OK &&
	    archive_write_set_bytes_in_last_block(c->zip, 1) == ARCHIVE_OK &&
	    archive_write_open(c->zip, c, NULL, write_out, NULL) == ARCHIVE_OK &&
	    put_whole(c, "", SPAN("collection.json"), about, err))
		return c;
	if (!err->code)
		err_errno(err, ENOMEM, "cannot collect");
	collection_abandon(c);
	return NULL;
}

bool collection_add_bytes(struct collection *c, struct span path, struct span bytes, bool is_edited,
			  struct err *err)
{
	uint8_t sha256[SHA256_SIZE];
	struct line line = { .sha256 = sha256, .size = bytes.len, .is_edited = is_edited };

	sha256_of(bytes, sha256);
	c->totals.files++;
	c->totals.bytes += bytes.len;
	return put_whole(c, "files/", path, bytes, err) && add_line(c, path, &line, err);
}

bool collection_add_file(struct collection *c, struct span path, int fd, const struct stat *st,
			 uint64_t most, struct err *err)
{
	uint8_t sha256[SHA256_SIZE];
	struct digest *d = digest_new(DIGEST_SHA256);
	struct line line = { .st = st, .sha256 = sha256, .lack = COLLECTION_UNREADABLE };
	bool ok = d && begin(c, "files/", path, AE_IFREG, st, NULL, err);

	while (ok) {
		size_t want = most - line.size < PIECE ? (size_t)(most - line.size) : PIECE;
		ssize_t got = read(fd, c->piece, want);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			line.error = err_number_text(errno);
		if (got > 0 && collection_is_over(c)) {
			line.error = "taken in part: the time was over";
			line.lack = COLLECTION_TIME;
			break;
		}
		if (got <= 0)
			break;
		digest_add(d, span_of(c->piece, (size_t)got));
		line.size += (uint64_t)got;
		ok = put(c, span_of(c->piece, (size_t)got), err);
	}
	if (ok && line.size == most && (uint64_t)st->st_size > most) {
		line.error = "limit: taken in part";
		line.lack = COLLECTION_LIMIT;
	}
	if (d)
		digest_done(d, sha256);
	digest_free(d);
	c->totals.files++;
	c->totals.bytes += line.size;
	c->totals.failed += line.error != NULL;
	return ok && (archive_write_finish_entry(c->zip) >= ARCHIVE_WARN || zip_error(c, err)) &&
	       add_line(c, path, &line, err);
}

bool collection_add_link(struct collection *c, struct span path, struct span target,
			 const struct stat *st, struct err *err)
{
	struct line line = { .st = st, .target = target };
	char text[PATH_MAX];

	if (!target.len || target.len >= sizeof text)
		return true;
	memcpy(text, target.at, target.len);
	text[target.len] = 0;
	c->totals.links++;
	return begin(c, "files/", path, AE_IFLNK, st, text, err) && add_line(c, path, &line, err);
}

bool collection_note(struct collection *c, struct span path, const struct stat *st,
		     const char *why, enum collection_lack lack, struct err *err)
{
	struct line line = { .st = st, .error = why, .lack = lack };

	c->totals.left_out += lack != COLLECTION_UNREADABLE;
	c->totals.failed += lack == COLLECTION_UNREADABLE;
	c->totals.late += lack == COLLECTION_TIME;
	return add_line(c, path, &line, err);
}

void collection_set_end(struct collection *c, uint64_t end)
{
	c->end = end;
}

uint64_t collection_clock(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool collection_is_over(const struct collection *c)
{
	return c->end && collection_clock() >= c->end;
}

static void release(struct collection *c)
{
	archive_entry_free(c->entry);
	archive_write_free(c->zip);
	if (c->fd >= 0)
		close(c->fd);
	digest_free(c->whole);
	buf_free(&c->manifest);
	free(c);
}

bool collection_close(struct collection *c, struct collection_totals *totals, struct err *err)
{
	uint8_t sha256[SHA256_SIZE];
	struct buf text = buf_new(128);
	bool ok;

	sha256_of(buf_span(&c->manifest), sha256);
	buf_hex(&text, span_of(sha256, sizeof sha256));
	buf_text(&text, "  manifest.jsonl\n");
	ok = put_whole(c, "", SPAN("manifest.jsonl"), buf_span(&c->manifest), err) &&
	     put_whole(c, "", SPAN("manifest.sha256"), buf_span(&text), err) &&
	     (archive_write_close(c->zip) >= ARCHIVE_WARN || zip_error(c, err)) &&
	     (!fsync(c->fd) || err_errno(err, errno, "cannot write '%s'", c->path));
	digest_done(c->whole, c->totals.sha256);
	*totals = c->totals;
	buf_free(&text);
	release(c);
	return ok;
}

void collection_abandon(struct collection *c)
{
	if (!c)
		return;
	if (c->path[0])
		unlink(c->path);
	release(c);
}

const struct collection_totals *collection_totals(const struct collection *c)
{
	return &c->totals;
}

bool collection_is_own(const struct collection *c, const struct stat *st)
{
	return st->st_dev == c->own.st_dev && st->st_ino == c->own.st_ino;
}
