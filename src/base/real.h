/*
 * real: floating-point numbers as text: the fewest digits that read back as the number.
 */
#ifndef KANSHIKI_BASE_REAL_H
#define KANSHIKI_BASE_REAL_H

#include "base/span.h"

#define REAL_TEXT_MAX 32

/*
 * "0.1", "100.0", "1.5e+16", "1e-7", "inf", "-inf", "NaN"; not terminated. A
 * `narrow` number was a float, so that 0.1f is "0.1". Returns the length.
 */
size_t real_text(char text[REAL_TEXT_MAX], double n, bool narrow);

#endif
