#include "artefact/decode_expect_support.h"

TEST(presets_and_shares_are_told)
{
	expect("etc/systemd/system-preset/0.preset", "# x\nenable u.service\ndisable v.service\n",
	       "autostart|unit preset|u.service||enable u.service|u.service|@:2\n");
	expect("etc/exports", "/ *(rw,no_root_squash)\n", "autostart|network share|/||/ *(rw,no_root_squash)|ALL|@:1\n");
	expect("etc/samba/smb.conf", "[global]\n[printers]\npath = /var/tmp\n[all]\n;path = /x\npath = /\n",
	       "autostart|network share|all||path = /|ALL|@:6\n");
	expect("var/lib/systemd/linger/ann", "", "autostart|lingering user|ann|ann||ALL|@\n");
}

TEST(what_gives_by_its_place_starts_nothing)
{
	expect("etc/apt/keyrings/u.gpg", "x", "autostart|package key|u.gpg||u.gpg|ALL|@\n");
	expect("etc/userdb/u.user", "{}", "autostart|account record|u.user||u.user|ALL|@\n");
	expect("usr/local/share/ca-certificates/u.crt", "x", "setting|root certificate|u.crt||@||@\n"
	       "autostart|root certificate|u.crt||u.crt|ALL|@\n");
	expect("etc/ssl/certs/ca-certificates.crt", "x", "");
}

TEST(tables_that_choose_code_are_told)
{
	expect("usr/lib/gconv/gconv-modules.d/u.conf", "module A// INTERNAL A 1\nmodule U// INTERNAL /opt/u 1\n",
	       "autostart|library path|u.conf||module U// INTERNAL /opt/u 1|/opt/u|@:2\n");
	expect("var/lib/binfmts/u", "x\nmagic\n0\nU\n\n/opt/u\n", "autostart|binary format|u||/opt/u|/opt/u|@:6\n");
	expect("var/lib/binfmts/p", "x\nmagic\n0\nU\n\n/usr/bin/python3\n", "");
	expect("etc/X11/default-display-manager", "/usr/sbin/gdm3\n", "");
	expect("etc/X11/default-display-manager", "/opt/dm\n",
	       "autostart|x session|default-display-manager|root|/opt/dm|/opt/dm|@:1\n");
}

TEST(settings_of_services_are_told_where_they_lead_elsewhere)
{
	expect("etc/default/x", "LOG=/var/log/x\nPIDFILE=\"/run/x.pid\"\nURL=http://a/b/c\nDHOME=/home\n", "");
	expect("etc/default/x", "OPTS='-f /opt/x'\n. /opt/e\nPYTHONPATH=/opt/p:/usr/lib\n",
	       "autostart|service settings|x||OPTS='-f /opt/x'|/opt/x|@:1\n"
	       "autostart|service settings|x||. /opt/e|/opt/e|@:2\n"
	       "autostart|profile|PYTHONPATH||/opt/p:/usr/lib|/opt/p|@:3\n");
}

TEST(defences_of_the_kernel_are_told_where_they_are_off)
{
	expect("etc/sysctl.d/9.conf", "kernel.randomize_va_space = 0\nkernel.yama.ptrace_scope=1\n",
	       "setting|kernel parameter|kernel.randomize_va_space||kernel.randomize_va_space = 0||@:1\n");
	expect("etc/selinux/config", "SELINUX=disabled\n", "setting|selinux|SELINUX||disabled||@:1\n");
}

TEST(a_drop_in_tells_all_that_it_changes)
{
	expect("etc/systemd/system/x.service.d/u.conf", "[Service]\nUser=root\nExecStart=\nExecStart=/opt/x\n"
	       "Environment=\"A=b\" \"LD_PRELOAD=/p.so\"\nEnvironmentFile=-/opt/e\nBindPaths=/opt/b:/usr/bin/b\n",
	       "autostart|unit|x.service|root|User=root|x.service|@:2\n"
	       "autostart|unit|x.service|root|/opt/x|/opt/x|@:4\n"
	       "autostart|preload|x.service||LD_PRELOAD=/p.so|/p.so|@:5\n"
	       "autostart|unit|x.service|root|-/opt/e|x.service|@:6\n"
	       "autostart|unit|x.service|root|BindPaths=/opt/b:/usr/bin/b|x.service|@:7\n");
	expect("etc/systemd/system/u.target", "[Unit]\nDescription=U\nWants=v.service\n",
	       "autostart|unit|u.target||Wants=v.service|u.target|@:3\n");
	expect("etc/systemd/system/u.service", "[Unit]\nWants=v.service\n[Service]\nExecStart=/opt/x\n",
	       "autostart|unit|u.service||/opt/x|/opt/x|@:4\n");
}

TEST(variables_that_load_code_are_told_where_others_are_not)
{
	expect("etc/cron.d/x", "SHELL=/opt/sh\nPATH=/opt:/usr/bin\nBASH_ENV=/opt/e\nMAILTO=root\nPATH=/usr/bin:/bin\n",
	       "autostart|cron|SHELL||/opt/sh|/opt/sh|@:1\n"
	       "autostart|cron|PATH||/opt:/usr/bin|/opt|@:2\n"
	       "autostart|cron|BASH_ENV||/opt/e|/opt/e|@:3\n"
	       "setting|cron variable|PATH||/usr/bin:/bin||@:5\n");
	expect("etc/sudoers.d/x", "#includedir /opt/s\n@includedir /etc/sudoers.d\nDefaults env_keep += \"LD_PRELOAD\"\n",
	       "autostart|sudoers|includedir||#includedir /opt/s|/opt/s|@:1\n"
	       "setting|sudo|Defaults||env_keep += \"LD_PRELOAD\"||@:3\n");
	expect("etc/apt/sources.list.d/x.list", "deb https://a.example/d x main\n",
	       "setting|package source|x.list||deb https://a.example/d x main||@:1\n"
	       "autostart|package source|x.list||deb https://a.example/d x main|ALL|@:1\n");
}
