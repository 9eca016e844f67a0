#include "os/data_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool there(char out[DATA_PATH_MAX], const char *folder, const char *below, const char *name)
{
	char path[DATA_PATH_MAX];

	/* Paths of rules stand in findings: without detours they are read more easily. */
	return (size_t)snprintf(path, sizeof path, "%s%s/%s", folder, below, name) < sizeof path &&
	       realpath(path, out) && access(out, R_OK) == 0;
}

/* Folder of the program file; false where /proc does not tell. */
static bool program_folder(char out[DATA_PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", out, DATA_PATH_MAX - 1);
	char *slash;

	if (len <= 0)
		return false;
	out[len] = 0;
	slash = strrchr(out, '/');
	if (!slash)
		return false;
	*slash = 0;
	return true;
}

bool data_path(const char *name, char out[DATA_PATH_MAX], struct err *err)
{
	const char *given = getenv("KANSHIKI_DATA");
	char folder[DATA_PATH_MAX];

	if (given && there(out, given, "", name))
		return true;
	if (!given && program_folder(folder) &&
	    (there(out, folder, "/../share/kanshiki", name) || there(out, folder, "/..", name)))
		return true;
	return err_set(err, ERR_IO, ERR_NO_OFFSET, "cannot find '%s': it lies in the source tree or in "
		       "share/kanshiki, not beside a program that was copied alone. Copy the folder 'rules', too, and set "
		       "KANSHIKI_DATA to the folder that holds it", name);
}
