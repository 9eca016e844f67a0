/* navigator: an ATT&CK Navigator layer (format 4.5), what all that write one have in common. */
#ifndef KANSHIKI_CLI_NAVIGATOR_H
#define KANSHIKI_CLI_NAVIGATOR_H

#include "codec/json_write.h"

/* Opens the layer and its list of techniques. */
void navigator_open(struct json_write *w, const char *name, const char *description);
/* Closes both. The more its score, the darker a technique is; left alone, few is red there and many green. */
void navigator_close(struct json_write *w, uint64_t most);

#endif
