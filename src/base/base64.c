#include "base/base64.h"

static int value_of(uint8_t letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return letter - 'A';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 26;
	if (letter >= '0' && letter <= '9')
		return letter - '0' + 52;
	return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

size_t base64_decode(uint8_t *to, size_t room, struct span text)
{
	uint32_t bits = 0;
	size_t len = 0;
	int count = 0;

	for (size_t i = 0; i < text.len && len < room; i++) {
		int value = value_of(text.at[i]);

		if (value < 0)
			break;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		to[len++] = (uint8_t)(bits >> count);
	}
	return len;
}
