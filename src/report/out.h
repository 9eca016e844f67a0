/*
 * out: text on its way to a stream, in pieces small enough to hold.
 *
 * Writers append to `buf` freely and call out_pass between pieces; a failure of
 * the stream stays set until out_end tells it.
 */
#ifndef KANSHIKI_REPORT_OUT_H
#define KANSHIKI_REPORT_OUT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdio.h>

struct out {
	FILE *to;
	struct buf buf;
	bool failed;
};

struct out out_new(FILE *to);
/* Hands on what has gathered, once that is worth a call. */
void out_pass(struct out *out);
/* Hands on the rest and frees; false if anything was lost on the way. */
bool out_end(struct out *out, struct err *err);

#endif
