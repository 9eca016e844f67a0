/* windows_web: what every browser's history is told as, whatever the database. */
#ifndef KANSHIKI_ARTEFACT_WINDOWS_WEB_H
#define KANSHIKI_ARTEFACT_WINDOWS_WEB_H

#include "artefact/tell.h"

struct web_page {
	struct span url, title, user;
	const char *browser, *source;
	timestamp time;
	uint64_t count;			/* of visits */
};

struct web_download {
	struct span url, referrer, path, user;
	const char *browser, *source, *state;	/* state: "complete", or NULL */
	timestamp time, end;
	uint64_t bytes;
	bool is_dangerous;		/* the browser warned */
};

/*
 * TRANSFER "web"; "cloud" where the host is a service to keep or hand on files;
 * "upload" where the page of such a service speaks of uploading. FILE "opened" for
 * file: URLs. Each false: enough.
 */
bool web_tell_page(const struct artefact *a, const struct web_page *page, struct arena *scratch);
/* TRANSFER "download" and FILE "downloaded". */
bool web_tell_download(const struct artefact *a, const struct web_download *d, struct arena *scratch);
/* %41 becomes A: the path of a file: URL. */
struct span web_file_path(struct span url, struct arena *scratch);

#endif
