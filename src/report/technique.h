/* technique: the table made from data/attack-techniques.tsv, sorted by id. */
#ifndef KANSHIKI_REPORT_TECHNIQUE_H
#define KANSHIKI_REPORT_TECHNIQUE_H

#include <stddef.h>

struct technique {
	const char *id;
	const char *name;
};

extern const struct technique technique_table[];
extern const size_t technique_count;

/* What the terms of use ask for wherever the names are shown. */
#define TECHNIQUE_NOTICE \
	"Technique names: MITRE ATT&CK, © 2025 The MITRE Corporation. This work is reproduced " \
	"and distributed with the permission of The MITRE Corporation."

#endif
