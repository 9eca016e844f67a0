/*
 * tlsh: Trend Micro's locality sensitive hash, 128 buckets, 1 byte checksum,
 * version prefix "T1" (Oliver, Cheng, Chen: "TLSH, a locality sensitive hash").
 */
#ifndef KANSHIKI_CODEC_TLSH_H
#define KANSHIKI_CODEC_TLSH_H

#include "base/span.h"

#define TLSH_LENGTH 72

/* Writes TLSH_LENGTH characters; returns 0 where the input is too short or too plain. */
size_t tlsh_of(struct span s, char out[TLSH_LENGTH]);

#endif
