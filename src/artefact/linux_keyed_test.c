#include "artefact/decode_expect_support.h"

TEST(keys_tell_what_they_run_or_load)
{
	expect("usr/share/dbus-1/system-services/x.service", "[D-BUS Service]\nName=x\nExec=/opt/d --x\nUser=root\n",
	       "autostart|dbus service|Exec||/opt/d --x|/opt/d|@:3\n");
	expect("home/ann/.gitconfig", "[core]\n\tpager = less\n\tfsmonitor = /opt/f\n\teditor = \"/opt/e x\"\n",
	       "autostart|git hook|fsmonitor||/opt/f|/opt/f|@:3\n"
	       "autostart|git hook|editor||\"/opt/e x\"|/opt/e|@:4\n");
	expect("etc/sysctl.d/9.conf", "kernel.core_pattern=|/opt/c %p\nkernel.core_pattern = core\nkernel.x = /y\n",
	       "autostart|kernel helper|kernel.core_pattern||\x7c/opt/c %p|/opt/c|@:1\n");
	expect("var/www/.user.ini", "auto_prepend_file=/var/www/x.png\n;auto_append_file=/y\n",
	       "autostart|web start|auto_prepend_file||/var/www/x.png|/var/www/x.png|@:1\n");
	expect("etc/systemd/system.conf", "[Manager]\nDefaultEnvironment=LD_PRELOAD=/p.so\nManagerEnvironment=A=b\n",
	       "autostart|preload|DefaultEnvironment||LD_PRELOAD=/p.so|/p.so|@:2\n");
	expect("etc/default/ssh", "SSHD_OPTS=\nexport LD_PRELOAD=/p.so\n",
	       "autostart|preload|LD_PRELOAD||/p.so|/p.so|@:2\n");
}

TEST(a_command_of_git_and_a_service_is_told)
{
	expect("root/.gitconfig", "[alias]\n\tst = status\n\tup = \"!sh -c id\"\n",
	       "autostart|git hook|up||!sh -c id|sh|@:3\n");
	expect("etc/wireguard/wg0.conf", "[Interface]\nAddress = 10.8.0.1/24\nPostUp = /opt/w %i\n",
	       "autostart|network hook|PostUp||/opt/w %i|/opt/w|@:3\n");
	expect("etc/cloud/cloud.cfg.d/9.cfg", "#cloud-config\nruncmd:\n - /opt/c\npackages:\n - vim\n",
	       "autostart|rc script|runcmd:|root|/opt/c|/opt/c|@:3\n");
	expect("etc/sysusers.d/x.conf", "u x 0 - /root\nu y 100\ng z 0\n", "account|user||x|u x 0 - /root||@:1\n");
	expect("root/.rhosts", "away ann\n", "autostart|trusted host|.rhosts||away ann|ALL|@:1\n");
	expect("root/.ssh/config", "Match exec \"/opt/m\"\nSetEnv LD_PRELOAD=/p.so\n",
	       "autostart|ssh command|Match||exec \"/opt/m\"|/opt/m|@:1\n"
	       "autostart|preload|SetEnv||LD_PRELOAD=/p.so|/p.so|@:2\n");
	expect("etc/apt/apt.conf.d/9", "Acquire::http::Proxy-Auto-Detect \"/opt/a\";\nAPT::Periodic::Enable \"1\";\n",
	       "autostart|package hook|Acquire::http::Proxy-Auto-Detect|root|/opt/a|/opt/a|@:1\n");
}

TEST(words_are_not_ends_of_longer_ones)
{
	expect("etc/openvpn/x.conf", "client\nbackup /x\nup /opt/u\n", "autostart|network hook|x.conf||up /opt/u|/opt/u|@:3\n");
	expect(".config/i3/config", "bindsym x exec /opt/b\nexec /opt/i\n",
	       "autostart|x session|config||exec /opt/i|/opt/i|@:2\n");
	expect("etc/postfix/master.cf", "  flags=R argv=/usr/lib/mailman/x\n  argv=/opt/p x\n",
	       "autostart|mail hook|master.cf||argv=/opt/p x|/opt/p|@:2\n");
	expect("root/.inputrc", "set bell-style none\n\"\\C-m\": \"id\\n\"\n",
	       "autostart|profile|.inputrc||\"\\C-m\": \"id\\n\"|\"\\C-m\":|@:2\n");
}

TEST(words_tell_what_a_line_runs)
{
	expect("root/.vimrc", "set nu\n\" system('/c')\nautocmd BufRead * call system('/opt/v &')\n",
	       "autostart|editor start|.vimrc||autocmd BufRead * call system('/opt/v &')|/opt/v|@:3\n");
	expect("etc/hosts.allow", "ALL: LOCAL\nsshd: ALL: spawn (/opt/w %a) &\n",
	       "autostart|tcp wrapper|hosts.allow||sshd: ALL: spawn (/opt/w %a) &|/opt/w|@:2\n");
	expect("var/www/.htaccess", "AddType application/x-httpd-php .php\nAddType application/x-httpd-php .png\n"
	       "php_value auto_prepend_file /x.php\n",
	       "autostart|web start|.htaccess||php_value auto_prepend_file /x.php|/x.php|@:3\n"
	       "autostart|web handler|.htaccess||AddType application/x-httpd-php .png|AddType|@:2\n");
	expect("etc/sudo.conf", "Plugin x /opt/p.so\n", "autostart|sudo plugin|sudo.conf||Plugin x /opt/p.so|/opt/p.so|@:1\n");
}

TEST(columns_tell_who_and_what)
{
	expect("etc/nsswitch.conf", "passwd: files systemd\nhosts: files x [NOTFOUND=return] dns # y\n",
	       "autostart|name service|x||x|libnss_x.so.2|@:2\n");
	expect("etc/doas.conf", "permit nopass keepenv ann as root\ndeny bob\n",
	       "autostart|sudoers|ann|ann|permit nopass keepenv ann as root|ALL|@:1\n");
	expect("var/spool/incron/root", "/etc IN_MODIFY /opt/i $#\n", "autostart|cron|/etc|root|/opt/i $#|/opt/i|@:1\n");
	expect("etc/apt/sources.list", "deb http://deb.debian.org/debian bookworm main\n",
	       "setting|package source|sources.list||deb http://deb.debian.org/debian bookworm main||@:1\n");
	expect("etc/docker/daemon.json", "{\"hosts\": [\"tcp://0.0.0.0:2375\"]}\n",
	       "setting|container daemon|daemon.json||{\"hosts\": [\"tcp://0.0.0.0:2375\"]}||@:1\n");
}

TEST(what_is_run_before_all_else_is_told)
{
	expect("etc/default/grub", "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\"quiet init=/opt/i\"\n",
	       "autostart|kernel command|init|root|init=/opt/i|/opt/i|@:2\n");
	expect("boot/grub/grub.cfg", "linux /vmlinuz root=/dev/sda1 init=/sbin/init audit=0\n",
	       "setting|kernel parameter|audit=0||audit=0||@:1\n");
	expect("etc/inittab", "id:2:initdefault:\nx:2345:respawn:/opt/i -x\n",
	       "autostart|rc script|x|root|/opt/i -x|/opt/i|@:2\n");
	expect("etc/init/x.conf", "start on startup\npost-start exec /opt/u\n",
	       "autostart|rc script|x.conf||post-start exec /opt/u|/opt/u|@:2\n");
	expect("etc/tmpfiles.d/x.conf", "d /run/x 0755\nw /proc/sys/kernel/core_pattern - - - - |/opt/c\n",
	       "autostart|made at start|/proc/sys/kernel/core_pattern|root|w /proc/sys/kernel/core_pattern - - - - "
	       "\x7c/opt/c|/opt/c|@:2\n");
	expect("etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n/opt/b /usr/bin none bind 0 0\n/a /srv none bind\n",
	       "setting|mount over|/usr/bin||/opt/b /usr/bin none bind 0 0||@:2\n");
}

TEST(shells_out_of_place_and_empty_firewalls_are_told)
{
	expect("etc/passwd", "ann:x:1000:1000::/home/ann:/opt/sh\n",
	       "account|user|ann|ann||/opt/sh|/home/ann\nautostart|login shell|ann|ann|/opt/sh|/opt/sh|@:1\n");
	expect("etc/nftables.conf", "flush ruleset\n",
	       "setting|firewall|nftables.conf||flush ruleset||@:1\nsetting|firewall|nftables.conf||no rules||@\n");
}

TEST(static_pods_tell_what_the_node_starts)
{
	expect("etc/kubernetes/manifests/x.yaml", "spec:\n  hostPID: true\n  containers:\n  - name: u\n    image: i\n"
	       "    command: [\"/opt/p\", \"-x\"]\n    securityContext:\n      privileged: true\n",
	       "autostart|container|u||/opt/p -x|/opt/p|@\n"
	       "setting|container image|u||i||@\n"
	       "setting|container privileged|u||true||@\n"
	       "setting|container of the host|x.yaml||hostPID||@\n");
}
