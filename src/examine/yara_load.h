/*
 * yara_load: rule files of YARA from disk into an image, by way of the cache.
 *
 * A path is a file, a folder (its *.yar and *.yara, and those of its folders, in
 * the order of their names) or "-" for standard input. Only regular files are
 * read. The cache is named by the digest of all texts (with what they include),
 * of the options and of the program itself; what was told while compiling is
 * kept with it and told again.
 */
#ifndef KANSHIKI_EXAMINE_YARA_LOAD_H
#define KANSHIKI_EXAMINE_YARA_LOAD_H

#include "os/image.h"
#include "rules/yara/yara.h"

struct yara_load_options {
	struct yara_options compile;	/* .include is ours */
	bool namespaces;		/* "NAME:PATH" puts rules into a namespace */
	bool no_cache;
};

struct yara_rules {
	struct image image;
	const struct yara_set *set;	/* in the image */
	struct yara_counts counts;
	uint8_t digest[32];		/* of the rule texts, options and program */
	uint32_t files;
	bool from_cache;
};

/*
 * Fails with ERR_IO where a path cannot be read, ERR_CORRUPT where rules have
 * errors (told as problems). The image is sealed.
 */
bool yara_rules_load(const char *const *paths, size_t count,
		     const struct yara_load_options *options, struct yara_rules *out,
		     struct err *err);
void yara_rules_free(struct yara_rules *rules);	/* NULL-safe */

/* The five externals that THOR and signature-base know, as empty texts. */
extern const struct yara_external yara_file_externals[5];

#endif
