/*
 * registry: a hive as the decoders of the registry see it: opened with its logs, its
 * kind told by its content, its user by its place, and walked by patterns of keys.
 *
 * Each theme (what starts, services, devices, …) is a decoder of its own, so that
 * coverage tells them apart; each opens the hive anew, which costs little.
 */
#ifndef KANSHIKI_ARTEFACT_REGISTRY_H
#define KANSHIKI_ARTEFACT_REGISTRY_H

#include "artefact/tell.h"
#include "formats/regf/regf.h"

enum hive_kind { HIVE_SYSTEM = 1, HIVE_SOFTWARE = 2, HIVE_USER = 4, HIVE_CLASSES = 8, HIVE_SAM = 16,
		 HIVE_SECURITY = 32, HIVE_AMCACHE = 64, HIVE_OTHER = 128, HIVE_BOOT = 256 };

struct registry {
	const struct artefact *a;
	struct regf hive;
	struct regf_key top;		/* the root key */
	struct regf_key root;		/* what paths start from: of SYSTEM the control set in use */
	unsigned kind;
	uint64_t set;			/* number of that control set; 0: of no use */
	const char *prefix;		/* "HKLM\SOFTWARE": stands for the root key in paths */
	struct span user;		/* whose hive, or empty */
	struct arena scratch;		/* of the entry at hand: emptied by registry_each after every key */
	bool is_over;			/* enough, says the examiner */
};

/*
 * Opens the item at hand, its logs taken from beside it. ERR_UNSUPPORTED where it is
 * none of `kinds` (a set of hive_kind). Tells once what is wrong with the hive.
 */
bool registry_open(struct registry *r, const struct artefact *a, unsigned kinds, struct err *err);
/* Tells what was lost; frees. */
void registry_close(struct registry *r);

/*
 * Of a SYSTEM hive: goes over to the control set that the next start takes, where that is
 * not the one in use. False: it is, or was gone over to.
 */
bool registry_next_set(struct registry *r);

/* Whole path of `key`, "HKLM\SYSTEM\ControlSet001\Services\x", in the scratch arena. */
struct span registry_path(struct registry *r, const struct regf_key *key);
/* path + "\" + value name. */
struct span registry_value_path(struct registry *r, const struct regf_key *key, struct span name);

/* Values by name; empty or false where they are not there or of another type. In the scratch arena. */
struct span registry_text(struct registry *r, const struct regf_key *key, const char *name);
bool registry_number(const struct regf_key *key, const char *name, uint64_t *out);
/* The data of a value of any type. */
struct span registry_data(const struct regf_key *key, const char *name);

/*
 * Calls `take` for each key that `pattern` (from r->root; a part "*" is any subkey) leads to.
 * `wild` is the name of the key that the last star stood for. Ends when is_over.
 */
typedef void registry_key_fn(struct registry *r, const struct regf_key *key, struct span wild,
			     const void *context);
void registry_each(struct registry *r, const char *pattern, registry_key_fn *take, const void *context);

/* Fills host-independent columns (user) that are empty and hands the trace on. */
void registry_tell(struct registry *r, struct trace *t);
/* A text of the scratch arena, as arena_printf. */
#define REGISTRY_TEXT(r, ...) arena_printf(&(r)->scratch, __VA_ARGS__)

/* A FILETIME at `at` of `data`, TIME_NONE where it is not there. */
timestamp registry_filetime(struct span data, size_t at);
/* 16 bytes at the start of `data` as "{XXXXXXXX-…}", upper case; empty where they are not there. */
struct span registry_guid(struct registry *r, struct span data);

artefact_fn registry_accounts, registry_amcache, registry_audit, registry_autostart, registry_bam, registry_boot,
	registry_deleted, registry_devices,
	registry_host, registry_installed, registry_inventory,
	registry_recent, registry_services, registry_settings, registry_shell_caches,
	registry_shellbags, registry_shimcache, registry_tasks, registry_user_assist;

#endif
