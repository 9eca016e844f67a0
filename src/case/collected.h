/*
 * collected: what the names of triage collections tell, by path alone.
 *
 * Velociraptor percent-encodes what a zip cannot hold and keeps a folder for every
 * way of reading: "uploads/auto/C%3A/Windows", "uploads/ntfs/%5C%5C.%5CC%3A/$MFT".
 * UAC puts the machine's files below "[root]", KAPE below a folder for each drive
 * letter. Each names its archive after the machine by default.
 */
#ifndef KANSHIKI_CASE_COLLECTED_H
#define KANSHIKI_CASE_COLLECTED_H

#include "base/arena.h"

enum collected_tool { COLLECTED_NONE, COLLECTED_KAPE, COLLECTED_VELOCIRAPTOR, COLLECTED_UAC };

/* A folder that is the top of a file system in a collection, whatever stands around it. */
bool collected_is_root(struct span part);
/* 'C' of KAPE's folders: only inside a collection of KAPE. */
bool collected_is_drive(struct span part);
/*
 * "uac-HOST-linux-20260102030405.tar.gz", "Collection-HOST-2026-01-02T03_04_05Z.zip",
 * "2026-01-02T030405_HOST.zip", also as the folder they were unpacked to. `host` is
 * borrowed from the part.
 */
enum collected_tool collected_of_name(struct span part, struct span *host);
/* Percent codes as their bytes; borrowed where there is none, or no memory. */
struct span collected_decode(struct arena *arena, struct span path);

#endif
