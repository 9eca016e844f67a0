/*
 * hidden_names: names that were asked for over TLS or QUIC (DNS over HTTPS, TLS and QUIC:
 * RFC 8484, 7858, 9250), so that nobody on the way saw them, nor what was carried in them.
 *
 * They are known by the resolver's name or address, by port 853, and by the path of a
 * request that a proxy saw. A resolver of one's own behind port 443 is any server.
 */
#ifndef KANSHIKI_ASSESS_HIDDEN_NAMES_H
#define KANSHIKI_ASSESS_HIDDEN_NAMES_H

#include "base/arena.h"
#include "base/err.h"
#include "case/query.h"

/*
 * What is to be said of it beside the records of the network, in `arena`; empty where nothing
 * is. `period` may be NULL.
 */
bool hidden_names_note(sqlite3 *db, const struct period *period, struct arena *arena, struct span *out,
		       struct err *err);

#endif
