/*
 * windows_path: what file a command line of Windows names.
 *
 * Only text is looked at: environment variables that every machine has stand for
 * their usual places (%SystemRoot%: C:\Windows), the user's own for those of `user`.
 */
#ifndef KANSHIKI_ARTEFACT_WINDOWS_PATH_H
#define KANSHIKI_ARTEFACT_WINDOWS_PATH_H

#include "base/arena.h"

/*
 * The program that `command` starts, as a whole path as far as it can be told. Of a
 * loader or interpreter (rundll32, regsvr32, wscript, powershell -File, cmd /c …) the
 * file that it is given, where there is one. Unquoted paths end at their extension.
 */
struct span windows_program_of(struct span command, struct span user, struct arena *arena);
/* `path` with variables, "\??\", "\SystemRoot\" and a leading "system32\" replaced. */
struct span windows_path_expand(struct span path, struct span user, struct arena *arena);
/* A library by name, as in lists of packages: "msv1_0" is C:\Windows\System32\msv1_0.dll. */
struct span windows_library_of(struct span name, struct span user, struct arena *arena);

#endif
