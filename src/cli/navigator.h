/* navigator: the head of an ATT&CK Navigator layer (format 4.5), common to all that write one. */
#ifndef KANSHIKI_CLI_NAVIGATOR_H
#define KANSHIKI_CLI_NAVIGATOR_H

#include "codec/json_write.h"

/* Opens the layer and its list of techniques; the caller closes the list and the object. */
void navigator_open(struct json_write *w, const char *name);

#endif
