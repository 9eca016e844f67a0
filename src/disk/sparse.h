/*
 * sparse: media in units of one size, each of which lies somewhere in the file of an image, is a
 * hole, or is compressed there: what QCOW, VHDX and VMDK share. Each format says where a unit
 * lies; reading, and looking for what no table leads to any more, is the same.
 */
#ifndef KANSHIKI_DISK_SPARSE_H
#define KANSHIKI_DISK_SPARSE_H

#include "base/buf.h"
#include "disk/blocks.h"

/* No unit of any of the formats is larger. */
#define SPARSE_UNIT_MOST ((uint32_t)256 << 20)
/* Nor one that is compressed. */
#define SPARSE_PACKED_MOST ((uint32_t)4 << 20)

enum sparse_kind {
	SPARSE_HOLE,
	SPARSE_BASE,		/* not in this file: as in what it rests on; a hole where that is nothing */
	SPARSE_PLAIN,
	SPARSE_PARTLY,		/* of some sectors only, by a map: the others are the base's */
	SPARSE_PACKED,
	SPARSE_LOST,		/* what says where it lies makes no sense: reading it fails */
};

struct sparse_unit {
	enum sparse_kind kind;
	uint64_t at;
	uint64_t map_at;	/* of SPARSE_PARTLY: a bit for each sector that is here */
	uint32_t len;		/* of what is compressed, as stored */
	uint64_t count;		/* of a hole, of the base's, and of what is lost: units alike from this one on; else 1 */
	bool is_odd;		/* found by a copy, or with a flag that makes no sense */
};

/* To be the first member of a format's own. All but the budget and `blocks.size` is set by it. */
struct sparse {
	struct blocks blocks;
	struct blocks *of;	/* borrowed */
	struct blocks *base;	/* borrowed: the media that it rests on; NULL: on none */
	uint64_t base_at;	/* where in that it begins */
	uint32_t unit;		/* bytes */
	uint32_t sector;	/* bytes, of SPARSE_PARTLY */
	bool is_high_first;	/* in its maps the highest bit of a byte is the first */
	void (*find)(struct sparse *s, uint64_t number, struct sparse_unit *out);
	/* Exactly `room`. NULL: nothing is compressed. */
	bool (*unpack)(struct sparse *s, struct span packed, struct span room, uint8_t *to);
	/* Frees what is the format's own, and the whole. */
	void (*release)(struct sparse *s);
	struct buf packed, plain;	/* the unit unpacked last */
	uint64_t plain_number;		/* of that unit, plus one; 0: none */
};

/* Fills in `blocks`; `s->of`, `s->base` and `s->unit` stand. */
void sparse_begin(struct sparse *s, uint64_t size);

/* Which parts of an image's file are in use, in grains. */
struct sparse_uses {
	uint8_t *bits;
	uint64_t grain, count;
};

/* False: no memory. A grain is used as soon as any of its bytes is. */
bool sparse_uses_begin(struct sparse_uses *u, const struct blocks *of, uint64_t grain);
void sparse_uses_add(struct sparse_uses *u, uint64_t at, uint64_t len);
/* Whether the grain at that place is. */
bool sparse_uses_has(const struct sparse_uses *u, uint64_t at);
/*
 * Bytes of grains that hold something and that nobody uses. `is_free`: known to be of no use;
 * NULL: none is.
 */
uint64_t sparse_uses_left(const struct sparse_uses *u, struct blocks *of,
			  bool (*is_free)(void *context, uint64_t at), void *context);
void sparse_uses_end(struct sparse_uses *u);

struct sparse_loss {
	uint64_t lost, odd;	/* units */
};

/* Goes through all units; `u` may be NULL. */
struct sparse_loss sparse_look(struct sparse *s, struct sparse_uses *u);

/* Appends to what is said of damages, with a comma where something stands. */
void sparse_say(struct buf *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What sparse_look() and sparse_uses_left() found, in words; nothing where that is nothing. */
void sparse_say_loss(struct buf *words, const struct sparse_loss *loss, uint64_t left);

#endif
