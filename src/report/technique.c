#include "report/technique.h"

#include "report/report.h"

const char *technique_name(struct span id)
{
	size_t low = 0, high = technique_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = span_cmp(id, span_text(technique_table[middle].id));

		if (!order)
			return technique_table[middle].name;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return "";
}
