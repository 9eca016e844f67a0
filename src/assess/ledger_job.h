/* What the files of the ledger share. */
#ifndef KANSHIKI_ASSESS_LEDGER_JOB_H
#define KANSHIKI_ASSESS_LEDGER_JOB_H

#include <sqlite3.h>

#include "assess/ledger.h"
#include "assess/package_record.h"
#include "case/machine.h"
#include "base/buf.h"
#include "base/finding.h"
#include "base/map.h"
#include "case/case.h"

enum standing { STANDING_UNKNOWN, STANDING_GOOD, STANDING_BAD, STANDING_MISSING, STANDING_NONE };
enum entry { ENTRY_UNKNOWN, ENTRY_PACKAGED, ENTRY_ALTERED, ENTRY_LOCAL };

const char *standing_name(enum standing standing);
const char *entry_name(enum entry entry);

/* A path that an autostart entry names, as it would be found on its machine. */
struct wanted {
	uint64_t item;			/* 0: not found */
	enum standing standing;
	bool is_program;		/* it has its row in the ledger */
	const char *how;		/* "service": of the first entry that names it */
	struct span program;		/* as the entry names it */
	struct span link;		/* where a symbolic link of that name leads; empty: none */
};

struct ledger {
	struct case_file *file;
	sqlite3 *db;
	struct arena arena;
	struct machines machines;
	struct map wanted;		/* machine NUL lower-case path → struct wanted */
	struct buf key;
	sqlite3_stmt *known_path, *known_digest, *known_set, *known_listed, *known_source, *known_container, *add_known;
	/* The last container that was asked for, and what was found. */
	uint64_t container;
	struct span container_source;
	bool has_packages;		/* some package database was read */
	bool has_catalogues, has_sets;	/* signed catalogues; hash sets that the user gave */
	uint64_t machine_count;		/* those that have programs, by name */
	struct package_records records;
	struct map young_from;		/* machine → timestamp *: later than nearly all of its programs */
	sqlite3_stmt *spread_count;
	struct ledger_totals *totals;
};

/* One executable, as far as the case knows it. */
struct program {
	uint64_t item, original;	/* original: the item whose content this is */
	struct span full, path;		/* in the case; on its machine */
	struct span machine, kind, sha256;
	struct span digest, signature, signer, detail;	/* of its trace, may be empty */
	uint32_t mode;
	timestamp modified, changed;
	enum standing standing;
	bool is_altered, is_configuration;
	bool is_rare, is_young;		/* of its content, and of its age, on this machine: ledger_spread.c */
	struct span source;		/* who vouches, or accuses */
	enum level flag;		/* gravest rule of content that holds, LEVEL_COUNT: none */
	struct span flag_title;
	const struct wanted *started;	/* or NULL */
};

struct ledger_reason {
	int64_t points;
	bool (*holds)(const struct program *p);
	const char *why;
};

extern const struct ledger_reason ledger_reasons[];
extern const size_t ledger_reason_count;

/* Points and reasons of an unknown program; `json` gets the array. */
int64_t ledger_rank(const struct program *p, struct buf *json);

/* ledger_start.c: what is named by autostart entries, before items are gone through. */
bool starts_collect(struct ledger *l, struct err *err);
struct wanted *starts_find(struct ledger *l, struct span machine, struct span path);
/* As if an entry named that path. */
bool starts_want(struct ledger *l, struct span machine, struct span path, const char *how, struct err *err);
/* What was wanted under that name: the place that has a file before one that has none, or NULL. */
const struct wanted *starts_target(struct ledger *l, struct span machine, struct span path);

/* ledger_link.c: what is wanted and is a link, and what it leads to; then the end of the chain. */
bool links_collect(struct ledger *l, struct err *err);
const struct wanted *links_follow(struct ledger *l, struct span machine, const struct wanted *w);
/* Afterwards, when targets have their standing: the rows. */
bool starts_write(struct ledger *l, struct err *err);

/* ledger_spread.c: on how many machines a content lies, and how old programs are on each. */
bool spread_collect(struct ledger *l, struct err *err);
/* Fills is_rare and is_young. */
void spread_judge(struct ledger *l, struct program *p);
void spread_free(struct ledger *l);

/* ledger_known.c */
bool known_load(struct ledger *l, const struct ledger_options *options, struct err *err);
/* Whether something vouches for the content; the words in `source`. *altered as told above. */
bool known_vouches(struct ledger *l, const struct program *p, struct span *source, bool *altered);
/* Whether a package vouches for the archive that it lies in. */
bool known_contains(struct ledger *l, const struct program *p, struct span *source);
void known_free(struct ledger *l);

#endif
