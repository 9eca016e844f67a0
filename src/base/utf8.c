#include "base/utf8.h"

size_t utf8_next(struct span s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t lead = s.at[0];
	size_t len = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3
		   : lead < 0xf5 ? 4 : 0;
	uint32_t got;

	if (len <= 1)
		return *code = lead, len;
	if (len > s.len)
		return 0;
	got = lead & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s.at[i] & 0xc0) != 0x80)
			return 0;
		got = got << 6 | (s.at[i] & 0x3fu);
	}
	if (got < least[len] || got > 0x10ffff || (got >= 0xd800 && got < 0xe000))
		return 0;
	*code = got;
	return len;
}

bool utf8_valid(struct span s)
{
	uint32_t code;

	while (s.len) {
		size_t len = utf8_next(s, &code);

		if (!len)
			return false;
		s = span_from(s, len);
	}
	return true;
}

bool utf8_add(struct buf *to, uint32_t code)
{
	uint8_t raw[4];
	size_t len;

	if (code < 0x80) {
		raw[0] = (uint8_t)code;
		len = 1;
	} else if (code < 0x800) {
		raw[0] = (uint8_t)(0xc0 | code >> 6);
		len = 2;
	} else if (code < 0x10000) {
		raw[0] = (uint8_t)(0xe0 | code >> 12);
		len = 3;
	} else {
		raw[0] = (uint8_t)(0xf0 | code >> 18);
		len = 4;
	}
	for (size_t i = 1; i < len; i++)
		raw[i] = (uint8_t)(0x80 | (code >> (6 * (len - 1 - i)) & 0x3f));
	return buf_add(to, span_of(raw, len));
}

bool utf8_add_utf16le(struct buf *to, struct span utf16)
{
	bool fits = true;

	for (size_t i = 0; i + 1 < utf16.len && fits; i += 2) {
		uint32_t unit = load_u16le(utf16.at + i), low;

		if (unit >= 0xd800 && unit < 0xe000) {
			low = i + 3 < utf16.len ? load_u16le(utf16.at + i + 2) : 0;
			if (unit < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
				unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
				i += 2;
			} else {
				unit = 0xfffd;
			}
		}
		fits = utf8_add(to, unit);
	}
	return fits;
}
