/*
 * mod_dex: what the two halves of the module dex share. mod_dex.c has the fields of
 * YARA, by index; mod_dex_names.c those of YARA-X, in which the indexes are resolved.
 */
#ifndef KANSHIKI_RULES_YARA_MOD_DEX_H
#define KANSHIKI_RULES_YARA_MOD_DEX_H

#include "formats/dex/dex.h"
#include "rules/yara/module.h"

/* Parsed on first use; NULL: the data is no DEX. */
const struct dex *mod_dex_of(const struct yara_object *root, struct arena *arena);
/* The list `name` where it is not filled yet; NULL: no DEX, or filled. */
struct yara_object *mod_dex_list(struct yara_object *root, const char *name, const struct dex **d);
void mod_dex_set_text(struct yara_object *to, const char *name, struct span text);

void mod_dex_fill_types(struct yara_object *root);
void mod_dex_fill_protos(struct yara_object *root);
void mod_dex_fill_fields(struct yara_object *root);
void mod_dex_fill_methods(struct yara_object *root);

extern const struct yara_field mod_dex_proto[], mod_dex_field[], mod_dex_method[];
extern const struct yara_function mod_dex_checksum[], mod_dex_signature[], mod_dex_contains_string[],
	mod_dex_contains_method[], mod_dex_contains_class[];

#endif
