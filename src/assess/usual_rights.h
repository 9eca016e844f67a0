/*
 * usual_rights: which programs of distributions run with more rights than who starts them.
 *
 * A package database keeps the digest of a program and not its mode or capabilities: a
 * program of a package that somebody made setuid is still "good". So those that packages
 * install so stand here by name; all others are strange.
 */
#ifndef KANSHIKI_ASSESS_USUAL_RIGHTS_H
#define KANSHIKI_ASSESS_USUAL_RIGHTS_H

#include "base/span.h"

/* Whether a distribution installs the program of that path setuid. */
bool usual_set_user_id(struct span path);
/* The same of setgid. */
bool usual_set_group_id(struct span path);
/* Whether the capabilities, "cap_x,cap_y", rule no machine, or the program is known to have them. */
bool usual_capabilities(struct span path, struct span capabilities);

#endif
