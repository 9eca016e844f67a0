/* Writes the entries of a journal in export form, for tests/differential/journal/run. */
#include "formats/journal/journal_export.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

static bool show(void *context, const struct journal_entry *entry)
{
	struct buf text = buf_new(JOURNAL_ENTRY_BYTES * 2);

	journal_export(&text, entry);
	fwrite(text.at, 1, text.len, stdout);
	buf_free(&text);
	return true;
}

int main(int argc, char **argv)
{
	struct journal_report report;
	struct err err;
	struct stat st;
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	void *at;

	if (fd < 0 || fstat(fd, &st))
		return 2;
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED || !journal_read(span_of(at, (size_t)st.st_size), show, NULL, &report, &err))
		return 1;
	return 0;
}
