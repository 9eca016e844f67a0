#include "cli/navigator.h"

void navigator_open(struct json_write *w, const char *name)
{
	json_object(w);
	json_key(w, "name");
	json_text(w, name);
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
