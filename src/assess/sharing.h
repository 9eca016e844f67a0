/*
 * sharing: places on the internet where anybody may leave files for anybody.
 *
 * A drop takes a file from whoever comes, without an account and for nothing but that: a
 * POST or PUT there is an upload, however little a log says of it.
 */
#ifndef KANSHIKI_ASSESS_SHARING_H
#define KANSHIKI_ASSESS_SHARING_H

#include "base/span.h"

/* A registered domain, as domain_registered() gives it. */
bool sharing_is_place(struct span domain);
bool sharing_is_drop(struct span domain);
/* One of them stands in a command or script as the host of a URL, or as a word of its own. */
bool sharing_is_named(struct span command);

#endif
