/*
 * coverage_machines: of which machine of the case each kind of evidence is there.
 *
 * A case may hold several machines. What one of them has says nothing of another, so a
 * need of the machine's kind is met only where every such machine meets it. A machine is a
 * root (case/machine.h) below which a Windows or a Linux system was recognised, under its
 * name, else under the path of its root; roots of one name are one machine. Logs that
 * were given loose count for the machine whose name stands in them.
 */
#ifndef KANSHIKI_ASSESS_COVERAGE_MACHINES_H
#define KANSHIKI_ASSESS_COVERAGE_MACHINES_H

#include "base/arena.h"
#include "base/err.h"

struct case_file;
struct covered_machine;
struct need;

struct covered_machines {
	struct covered_machine *list;
	size_t count, room;
	unsigned kinds;			/* bits of enum need_of: systems of which the case has anything */
};

/* Reads the case's items and facts. Everything lives in `arena`. */
bool covered_machines_load(struct case_file *file, struct arena *arena, struct covered_machines *out,
			   struct err *err);

struct covered_lacking {
	size_t asked, lacking;		/* machines of the need's kind; those without it */
	struct span first;		/* the name of one that lacks it; borrowed */
};

struct covered_lacking covered_machines_lack(const struct covered_machines *m, const struct need *need);

#endif
