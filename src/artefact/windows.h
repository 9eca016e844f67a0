/* windows: the decoders of the family "windows" (all but registry and NTFS metadata). */
#ifndef KANSHIKI_ARTEFACT_WINDOWS_H
#define KANSHIKI_ARTEFACT_WINDOWS_H

#include "artefact/tell.h"

bool windows_activities(const struct artefact *a, struct err *err);
bool windows_bits(const struct artefact *a, struct err *err);
bool windows_bits_old(const struct artefact *a, struct err *err);
bool windows_chromium(const struct artefact *a, struct err *err);
bool windows_chromium_logins(const struct artefact *a, struct err *err);
bool windows_cookies(const struct artefact *a, struct err *err);
bool windows_custom_list(const struct artefact *a, struct err *err);
bool windows_extension(const struct artefact *a, struct err *err);
bool windows_firefox(const struct artefact *a, struct err *err);
bool windows_job(const struct artefact *a, struct err *err);
bool windows_jump_list(const struct artefact *a, struct err *err);
bool windows_lnk(const struct artefact *a, struct err *err);
bool windows_prefetch(const struct artefact *a, struct err *err);
bool windows_safari(const struct artefact *a, struct err *err);
bool windows_srum(const struct artefact *a, struct err *err);
bool windows_startup(const struct artefact *a, struct err *err);
bool windows_task(const struct artefact *a, struct err *err);
bool windows_webcache(const struct artefact *a, struct err *err);

#endif
