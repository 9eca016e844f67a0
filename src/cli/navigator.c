#include "cli/navigator.h"

void navigator_open(struct json_write *w, const char *name, const char *description)
{
	json_object(w);
	json_key(w, "name");
	json_text(w, name);
	json_key(w, "description");
	json_text(w, description);
	json_key(w, "versions");
	json_object(w);
	json_key(w, "layer");
	json_text(w, "4.5");
	json_object_end(w);
	json_key(w, "domain");
	json_text(w, "enterprise-attack");
	json_key(w, "techniques");
	json_array(w);
}

void navigator_close(struct json_write *w, uint64_t most)
{
	json_array_end(w);
	json_key(w, "gradient");
	json_object(w);
	json_key(w, "colors");
	json_array(w);
	json_text(w, "#fff3e0");
	json_text(w, "#e65100");
	json_array_end(w);
	json_key(w, "minValue");
	json_u64(w, 0);
	json_key(w, "maxValue");
	json_u64(w, most ? most : 1);
	json_object_end(w);
	json_object_end(w);
}
