#include "os/room.h"

#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define LITTLE ((uint64_t)1 << 20)
#define ONE_WRITE ((uint64_t)64 << 10)

bool room_is_short(const char *path)
{
	struct statvfs fs;
	struct rlimit largest;
	struct stat st;

	if (!statvfs(path, &fs) && (uint64_t)fs.f_bavail * fs.f_frsize < LITTLE)
		return true;
	return !getrlimit(RLIMIT_FSIZE, &largest) && largest.rlim_cur != RLIM_INFINITY &&
	       !stat(path, &st) && (uint64_t)st.st_size + ONE_WRITE > largest.rlim_cur;
}
