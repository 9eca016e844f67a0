/* eval_read: numbers out of bytes, for the evaluator (eval.c). */
#ifndef KANSHIKI_RULES_YARA_EVAL_READ_H
#define KANSHIKI_RULES_YARA_EVAL_READ_H

#include <math.h>

#include "rules/yara/set.h"

/* A value, and whether it is defined. */
struct integer {
	int64_t n;
	bool known;
};

struct real {
	double n;
	bool known;
};

#define NOTHING ((struct integer){ 0 })

/* `kind` is the .n of a NODE_READ. */
static inline struct integer read_at(struct span data, uint32_t kind, int64_t at)
{
	size_t width = kind & READ_WIDTH;
	const uint8_t *p;
	uint32_t value;

	if (at < 0 || data.len < width || (uint64_t)at > data.len - width)
		return NOTHING;
	p = data.at + at;
	if (width == 1)
		value = p[0];
	else if (width == 2)
		value = kind & READ_BIG ? load_u16be(p) : load_u16le(p);
	else
		value = kind & READ_BIG ? load_u32be(p) : load_u32le(p);
	if (!(kind & READ_SIGNED))
		return (struct integer){ value, true };
	return (struct integer){ width == 1 ? (int8_t)value : width == 2 ? (int16_t)value
								       : (int32_t)value, true };
}

/* Eight bytes, of a NODE_READ_LONG or a NODE_READ_REAL. */
static inline uint64_t read_long(const uint8_t *at, uint32_t kind)
{
	return kind & READ_BIG ? load_u64be(at) : load_u64le(at);
}

/* Of a NODE_READ_REAL; not a number is not defined. */
static inline struct real read_real(const uint8_t *at, uint32_t kind)
{
	uint64_t bits = (kind & READ_WIDTH) == 4 ? 0 : read_long(at, kind);
	uint32_t short_bits = kind & READ_BIG ? load_u32be(at) : load_u32le(at);
	float short_real;
	double real;

	memcpy(&short_real, &short_bits, sizeof short_real);
	memcpy(&real, &bits, sizeof real);
	if ((kind & READ_WIDTH) == 4)
		real = (double)short_real;
	return (struct real){ real, !isnan(real) };
}

#endif
