/* windows_remote: what the decoders of remote control's logs and lists share. */
#ifndef KANSHIKI_ARTEFACT_WINDOWS_REMOTE_H
#define KANSHIKI_ARTEFACT_WINDOWS_REMOTE_H

#include "artefact/windows.h"

/*
 * The first time in the line; `day_first` says what 02-03-2024 means. *zoned: it told its zone, and
 * is UTC now. TIME_NONE: none of the forms that these logs write.
 */
timestamp remote_time(struct span line, bool day_first, bool *zoned);
/* The first IPv4 address with its port; empty: none. */
struct span remote_address(struct span line);

#endif
