#include "os/image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Below where Linux puts position-independent programs, and legal under TSan. */
#define FIRST_SLOT UINT64_C(0x550000000000)
#define SLOT_SIZE (UINT64_C(32) << 30)
#define PAGE ((size_t)64 << 10)		/* the largest page size of our platforms */

struct image_header {
	char magic[8];
	uint8_t key[32];
	uint64_t address;
	uint64_t size;			/* of the whole image, header included */
	uint64_t root;
	uint64_t used;
};

static const char magic[8] = "knskIMG1";

/* Looked at when old ones are removed. */
#define CACHED_MOST 1024

static void *slot_address(enum image_slot slot)
{
	return (void *)(uintptr_t)(FIRST_SLOT + (uint64_t)slot * SLOT_SIZE);
}

bool image_new(struct image *image, enum image_slot slot, struct err *err)
{
	const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
	const int may = PROT_READ | PROT_WRITE;
	void *at = mmap(slot_address(slot), IMAGE_RESERVE, may, flags | MAP_FIXED_NOREPLACE, -1, 0);

	*image = (struct image){ .at_fixed_address = at == slot_address(slot) };
	if (!image->at_fixed_address) {
		if (at != MAP_FAILED)
			munmap(at, IMAGE_RESERVE);
		at = mmap(NULL, IMAGE_RESERVE, may, flags, -1, 0);
	}
	if (at == MAP_FAILED)
		return err_errno(err, errno, "cannot reserve memory for rules");
	image->at = at;
	image->mapped = IMAGE_RESERVE;
	image->arena = arena_fixed((uint8_t *)at + PAGE, IMAGE_RESERVE - PAGE);
	return true;
}

static size_t used_size(const struct image *image)
{
	return (PAGE + image->arena.used + PAGE - 1) & ~(PAGE - 1);
}

bool image_seal(struct image *image, struct err *err)
{
	size_t used = used_size(image);

	if (image->arena.exhausted)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "compiled rules do not fit in memory");
	if (used < image->mapped && munmap((uint8_t *)image->at + used, image->mapped - used))
		return err_errno(err, errno, "cannot shrink rule memory");
	image->mapped = used;
	if (mprotect(image->at, used, PROT_READ))
		return err_errno(err, errno, "cannot make rules read-only");
	return true;
}

void image_free(struct image *image)
{
	if (!image || !image->at)
		return;
	munmap(image->at, image->mapped);
	*image = (struct image){ 0 };
}

static bool write_all(int fd, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len) {
		ssize_t done = write(fd, at, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		at += done;
		len -= (size_t)done;
	}
	return true;
}

static bool write_image(const struct image *image, int fd, const uint8_t key[32])
{
	static const uint8_t zeros[4096];
	struct image_header header = { .address = (uintptr_t)image->at, .size = image->mapped,
				       .root = (uintptr_t)image->root, .used = image->arena.used };
	size_t padding = PAGE - sizeof header;

	memcpy(header.magic, magic, sizeof magic);
	memcpy(header.key, key, sizeof header.key);
	if (!write_all(fd, &header, sizeof header))
		return false;
	while (padding) {
		size_t part = padding < sizeof zeros ? padding : sizeof zeros;

		if (!write_all(fd, zeros, part))
			return false;
		padding -= part;
	}
	return write_all(fd, (const uint8_t *)image->at + PAGE, image->mapped - PAGE);
}

bool image_save(const struct image *image, const char *path, const uint8_t key[32],
		struct err *err)
{
	char temporary[4096];
	int fd;
	bool written;

	if (!image->at_fixed_address)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "rules are not at their address");
	if ((size_t)snprintf(temporary, sizeof temporary, "%s.%d", path, (int)getpid()) >=
	    sizeof temporary)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "cache path too long");
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "cannot write '%s'", temporary);
	written = write_image(image, fd, key);
	if (close(fd) || !written || rename(temporary, path)) {
		err_errno(err, errno, "cannot write '%s'", path);
		unlink(temporary);
		return false;
	}
	return true;
}

static bool is_ours(int fd, const struct image_header *header, const uint8_t key[32],
		    enum image_slot slot)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & 077) && !memcmp(header->magic, magic, sizeof magic) &&
	       !memcmp(header->key, key, sizeof header->key) &&
	       header->address == (uintptr_t)slot_address(slot) &&
	       header->size == (uint64_t)st.st_size && header->size <= IMAGE_RESERVE &&
	       header->used <= header->size - PAGE && header->root >= header->address &&
	       header->root < header->address + header->size;
}

bool image_load(struct image *image, enum image_slot slot, const char *path,
		const uint8_t key[32], struct err *err)
{
	struct image_header header;
	void *at;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no cached rules");
	if (pread(fd, &header, sizeof header, 0) != sizeof header ||
	    !is_ours(fd, &header, key, slot)) {
		close(fd);
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "cached rules are not ours");
	}
	at = mmap(slot_address(slot), header.size, PROT_READ,
		  MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0);
	close(fd);
	if (at != slot_address(slot)) {
		if (at != MAP_FAILED)
			munmap(at, header.size);
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "rule address is taken");
	}
	*image = (struct image){ .at = at, .mapped = header.size, .at_fixed_address = true,
				 .root = (void *)(uintptr_t)header.root };
	image->arena = arena_fixed((uint8_t *)at + PAGE, header.size - PAGE);
	image->arena.used = header.used;
	image->arena.at = image->arena.end;
	return true;
}

struct cached {
	char name[NAME_MAX + 1];
	struct timespec written;
};

static int older_first(const void *left, const void *right)
{
	const struct timespec *a = &((const struct cached *)left)->written;
	const struct timespec *b = &((const struct cached *)right)->written;

	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? -1 : 1;
	return a->tv_nsec < b->tv_nsec ? -1 : a->tv_nsec > b->tv_nsec;
}

static size_t list_images(DIR *folder, struct cached *out)
{
	struct dirent *entry;
	struct stat st;
	size_t count = 0;

	while (count < CACHED_MOST && (entry = readdir(folder))) {
		if (!span_ends(span_text(entry->d_name), SPAN(".rules")) ||
		    fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
			continue;
		snprintf(out[count].name, sizeof out[count].name, "%s", entry->d_name);
		out[count++].written = st.st_mtim;
	}
	return count;
}

void image_prune(const char *path, size_t most)
{
	char folder[4096];
	struct cached *images = calloc(CACHED_MOST, sizeof *images);
	DIR *open_folder = NULL;
	size_t count = 0;
	char *slash;

	snprintf(folder, sizeof folder, "%s", path);
	slash = strrchr(folder, '/');
	if (slash) {
		*slash = 0;
		open_folder = opendir(folder);
	}
	if (images && open_folder)
		count = list_images(open_folder, images);
	if (count > most) {
		qsort(images, count, sizeof *images, older_first);
		for (size_t i = 0; i < count - most; i++)
			unlinkat(dirfd(open_folder), images[i].name, 0);
	}
	if (open_folder)
		closedir(open_folder);
	free(images);
}

char *image_cache_dir(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	struct stat st;
	char *path = NULL;

	if (xdg && *xdg == '/') {
		if (asprintf(&path, "%s/kanshiki", xdg) < 0)
			return NULL;
		mkdir(xdg, 0700);
	} else if (home && *home == '/') {
		if (asprintf(&path, "%s/.cache", home) < 0)
			return NULL;
		mkdir(path, 0700);
		free(path);
		if (asprintf(&path, "%s/.cache/kanshiki", home) < 0)
			return NULL;
	}
	if (!path)
		return NULL;
	mkdir(path, 0700);
	if (lstat(path, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077)) {
		free(path);
		return NULL;
	}
	return path;
}
