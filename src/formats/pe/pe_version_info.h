/* pe_version_info: VS_VERSIONINFO, the strings Explorer shows under "Details". */
#ifndef KANSHIKI_FORMATS_PE_PE_VERSION_INFO_H
#define KANSHIKI_FORMATS_PE_PE_VERSION_INFO_H

#include "formats/pe/pe_resource.h"

/* Over all version resources of a file, so that many of them cannot take long. */
struct pe_version_budget {
	size_t steps;
	size_t room;			/* of the list of strings */
};

/* Appends to out->strings. `bytes` reaches from the resource to the end of the file. */
void pe_version_info_read(struct span bytes, struct arena *arena,
			  struct pe_version_budget *budget, struct pe_resources *out);

#endif
