/* evtx_value: the value types of binary XML. */
#ifndef KANSHIKI_FORMATS_EVTX_VALUE_H
#define KANSHIKI_FORMATS_EVTX_VALUE_H

#include "base/arena.h"
#include "formats/evtx/evtx_instance.h"

enum evtx_type {
	EVTX_NULL = 0x00,
	EVTX_STRING = 0x01,
	EVTX_ANSI = 0x02,
	EVTX_INT8 = 0x03,
	EVTX_UINT8 = 0x04,
	EVTX_INT16 = 0x05,
	EVTX_UINT16 = 0x06,
	EVTX_INT32 = 0x07,
	EVTX_UINT32 = 0x08,
	EVTX_INT64 = 0x09,
	EVTX_UINT64 = 0x0a,
	EVTX_FLOAT = 0x0b,
	EVTX_DOUBLE = 0x0c,
	EVTX_BOOL = 0x0d,
	EVTX_BINARY = 0x0e,
	EVTX_GUID = 0x0f,
	EVTX_SIZE = 0x10,
	EVTX_FILETIME = 0x11,
	EVTX_SYSTEMTIME = 0x12,
	EVTX_SID = 0x13,
	EVTX_HEX32 = 0x14,
	EVTX_HEX64 = 0x15,
	EVTX_HANDLE = 0x20,
	EVTX_BINXML = 0x21,
	EVTX_XML = 0x23,
	EVTX_ARRAY = 0x80,	/* or-ed to one of the others */
};

/* Bytes of a value where all of its type have as many; 0 where not. */
extern const uint8_t evtx_widths[256];
/* Whether a value of that type (no array) may have that length. */
bool evtx_type_fits(uint8_t type, size_t len);
/* Cuts the next element off an array value of `type`; only while something is left. */
struct span evtx_type_next(uint8_t type, struct span *rest);

/*
 * The value as consumers of events see it. Lists and converted ANSI text lie in
 * `scratch`. A value whose length does not fit its type is shown as its bytes.
 */
void evtx_value_read(struct arena *scratch, uint16_t code_page, const struct evtx_value *v,
		     struct value *out);

#endif
