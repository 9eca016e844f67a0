/*
 * scan_target: what `kanshiki scan` reads: files, one after the other, from
 * folders, lists, standard input; and the memory of a process.
 */
#ifndef KANSHIKI_CLI_SCAN_TARGET_H
#define KANSHIKI_CLI_SCAN_TARGET_H

#include "base/arena.h"
#include "base/err.h"
#include "rules/yara/yara.h"

struct scan_files {
	struct arena arena;
	const char **paths;
	size_t count, room;
};

struct scan_walk {
	bool recursive, no_links;
	uint64_t largest;		/* 0: any size */
};

bool scan_files_add(struct scan_files *files, const char *path, struct err *err);
/*
 * Adds the regular files of a folder. What cannot be opened is told on standard
 * error and counted in *failures.
 */
bool scan_files_folder(struct scan_files *files, const char *path, const struct scan_walk *walk,
		       unsigned *failures, struct err *err);
/* Adds what the lines of a file name, without a look at it: it may be a folder. */
bool scan_files_list(struct scan_files *files, const char *path, struct err *err);

/* A file's bytes: read where small, mapped where large. */
struct scan_bytes {
	struct span data;
	uint8_t *buffer;		/* kept for the next file */
	size_t room;
	void *mapped;
	size_t mapped_len;
};

#define SCAN_STREAM ((uint64_t)1 << 20 << 20)	/* stands for the size of what has none, a pipe */
#define SCAN_FOLDER (SCAN_STREAM + 1)

/* A regular file, /dev/null, or standard input as "-": a descriptor, or -1; of a folder, *size tells. */
int scan_open(const char *path, uint64_t *size, struct err *err);
/* What such a descriptor holds. It stays open. */
bool scan_bytes_read(struct scan_bytes *b, int fd, uint64_t size, struct err *err);
bool scan_bytes_open(struct scan_bytes *b, const char *path, struct err *err);
void scan_bytes_close(struct scan_bytes *b);	/* keeps the buffer */
void scan_bytes_free(struct scan_bytes *b);

/* The readable memory of a process, block by block. */
struct scan_process {
	int memory_fd;
	char *maps, *next;
	uint8_t *buffer;
	size_t chunk;			/* largest block */
	uint64_t at, end;		/* of the region under way */
};

bool scan_process_open(struct scan_process *p, uint64_t pid, size_t chunk, struct err *err);
void scan_process_close(struct scan_process *p);
/* A yara_block_fn. */
bool scan_process_next(void *context, struct yara_block *out);
/* A yara_memory_fn: of any address, also where no region was given. */
bool scan_process_read(void *context, uint64_t at, uint8_t *to, size_t len);

#endif
