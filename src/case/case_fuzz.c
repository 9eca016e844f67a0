/* A case file of any bytes: verify and a reader must end, in bounds. */
#include "case/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "case/query.h"
#include "case/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *file_of(const uint8_t *data, size_t size)
{
	static char path[64];
	FILE *f;

	if (!path[0])
		snprintf(path, sizeof path, "%s/kanshiki-fuzz-%d",
			 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm", (int)getpid());
	f = fopen(path, "wb");
	if (!f)
		abort();
	fwrite(data, 1, size, f);
	fclose(f);
	return path;
}

static void read_findings(const char *path)
{
	struct err err = { 0 };
	struct case_file *c;
	sqlite3_stmt *s;
	bool row;

	if (!case_open(path, &c, &err))
		return;
	if (query_prepare(case_db(c), "SELECT * FROM finding_view ORDER BY time LIMIT 1000", &s, &err))
		while (query_step(s, &row, &err) && row)
			for (int i = 0; i < sqlite3_column_count(s); i++)
				(void)query_span(s, i);
	sqlite3_finalize(s);
	case_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = file_of(data, size);
	struct verify_options options = { 0 };
	struct verify v;
	struct err err = { 0 };

	(void)case_verify(path, &options, &v, &err);
	read_findings(path);
	unlink(path);
	return 0;
}
