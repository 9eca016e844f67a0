#include "os/machine.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void find_user(struct machine *m)
{
	struct passwd entry, *found = NULL;
	char room[4096];

	m->uid = getuid();
	if (!getpwuid_r(getuid(), &entry, room, sizeof room, &found) && found)
		snprintf(m->user, sizeof m->user, "%s", entry.pw_name);
	else
		snprintf(m->user, sizeof m->user, "uid %llu", (unsigned long long)m->uid);
}

static void find_clock(struct machine *m)
{
	time_t now = time(NULL);
	struct tm local;

	tzset();
	if (!localtime_r(&now, &local))
		return;
	m->utc_offset = local.tm_gmtoff;
	snprintf(m->zone, sizeof m->zone, "%s", local.tm_zone ? local.tm_zone : "unknown");
}

struct machine machine_here(void)
{
	struct machine m = { .host = "unknown", .system = "unknown", .zone = "unknown" };
	struct utsname name;

	if (!uname(&name)) {
		snprintf(m.host, sizeof m.host, "%s", name.nodename);
		snprintf(m.system, sizeof m.system, "%s %s %s %s", name.sysname, name.release,
			 name.version, name.machine);
	}
	if (!getcwd(m.folder, sizeof m.folder))
		m.folder[0] = 0;
	find_user(&m);
	find_clock(&m);
	return m;
}
