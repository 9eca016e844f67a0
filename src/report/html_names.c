#include "report/html_names.h"

struct names names_new(struct arena *arena)
{
	return (struct names){ .index = map_new(arena), .list = buf_new(HTML_BLOCK_MOST) };
}

void names_index(struct json_write *w, struct names *names, struct span text)
{
	void **slot = text.len ? map_slot(&names->index, text) : NULL;

	if (!slot) {
		json_i64(w, -1);
		return;
	}
	if (!*slot) {
		if (!names->list.len)
			names->w = json_write_to(&names->list);
		json_span(&names->w, text);
		*slot = (void *)++names->count;
	}
	json_u64(w, (uintptr_t)*slot - 1);
}

void names_list(struct json_write *w, const char *key, struct names *names)
{
	json_key(w, key);
	json_array(w);
	if (names->list.len)
		json_raw(w, buf_span(&names->list));
	json_array_end(w);
	buf_free(&names->list);
}
