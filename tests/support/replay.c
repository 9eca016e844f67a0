/*
 * replay: runs a fuzz target over saved inputs, without libFuzzer.
 * usage: NAME_replay FILE|FOLDER...   A folder that is not there has no inputs.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static int replay_file(const char *path)
{
	FILE *in = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t got;

	if (!in || fstat(fileno(in), &st))
		return perror(path), 1;
	/* Exactly sized, so that a sanitizer sees one byte too many. */
	data = malloc(st.st_size ? (size_t)st.st_size : 1);
	if (!data)
		return perror(path), 1;
	got = fread(data, 1, (size_t)st.st_size, in);
	fclose(in);
	LLVMFuzzerTestOneInput(data, got);
	free(data);
	replayed++;
	return 0;
}

static int replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char name[4096];
	int failed = 0;

	if (!folder)
		return 0;
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.' &&
		    (size_t)snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < sizeof name)
			failed |= replay_file(name);
	closedir(folder);
	return failed;
}

int main(int argc, char **argv)
{
	struct stat st;
	int failed = 0;

	for (int i = 1; i < argc; i++) {
		if (!stat(argv[i], &st) && S_ISDIR(st.st_mode))
			failed |= replay_folder(argv[i]);
		else if (!stat(argv[i], &st))
			failed |= replay_file(argv[i]);
	}
	printf("%u inputs replayed\n", replayed);
	return failed;
}
