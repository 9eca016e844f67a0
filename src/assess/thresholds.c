#include "assess/thresholds.h"

const struct threshold_row thresholds[THRESHOLD_COUNT] = {
#define THRESHOLD_ROW(name, analyser, value, what) { #name, analyser, value, what },
	THRESHOLDS(THRESHOLD_ROW)
#undef THRESHOLD_ROW
};
