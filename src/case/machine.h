/*
 * machine: which machine an item belongs to, and what its path is there.
 *
 * Evidence comes as folders, archives and images that hold a machine's files
 * below some root: "/mnt/disk/etc/crontab", "triage.zip!/C/Windows/win.ini",
 * "disk.E01!/p2/etc/passwd". The root ends where a folder begins that stands at
 * the top of a machine's file system (etc, usr, Windows, Users, ...); a folder that was
 * given, and a volume of an image, are a root as they are where /etc/hostname or its like
 * stands in them: "assess /mnt/root", "disk.E01!/p1/service/x/run". Names come
 * from traces of kind host: a root has the name found below it, else the one
 * found in the same container (image, archive); what lies in no root has the only
 * name of its source.
 * Inside a collection of triage (collected.h, traces "collection") the root is
 * where its tool puts drives, and a name read from the machine's own files goes
 * before the one that the tool wrote down: it may have run on another machine.
 */
#ifndef KANSHIKI_CASE_MACHINE_H
#define KANSHIKI_CASE_MACHINE_H

#include "base/arena.h"
#include "base/err.h"

struct case_file;
struct map;
struct machine;
struct machine_collection;
struct machine_source;

struct machines {
	struct machine *list;
	size_t count, room;
	struct span *sources;		/* paths by number, [source_count] */
	size_t source_count;
	struct machine_source *by_source;	/* [source_count] */
	struct machine_collection *collections;
	size_t collection_count, collection_room;
	struct map *roots;		/* sources and volumes that hold /etc/hostname or its like */
};

/* Reads sources and names. Everything lives in `arena`. */
bool machines_load(struct case_file *file, struct arena *arena, struct machines *out,
		   struct err *err);
/* The name, or empty. `source` as in the case, from 1. */
struct span machine_name(const struct machines *m, uint64_t source, struct span path);
/* Its time zone as it was set there, or empty: of the same root, else of the same source. */
struct span machine_zone(const struct machines *m, uint64_t source, struct span path);
/* How much of `path` is the root; path[root] is '/', or the root is all of it. */
size_t machine_root(const struct machines *m, uint64_t source, struct span path);
/*
 * "/etc/crontab", as it was on the machine; empty where there is no root that we know.
 * Borrowed, or in `arena` where a collection wrote the name in another way.
 */
struct span machine_path(const struct machines *m, struct arena *arena, uint64_t source,
			 struct span path);

#endif
