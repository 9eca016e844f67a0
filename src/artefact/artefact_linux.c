/* The decoders of the family "linux". */
#include "artefact/artefact.h"

#include "artefact/linux.h"

#define PLACE(title, patterns, function) \
	{ .name = title, .evidence_class = CLASS_CONFIGURATION, .kind = NULL, .paths = patterns, \
	  .decode = function, .of_place = true }

#define LOG(title, patterns, function) \
	{ .name = title, .evidence_class = CLASS_TEXT_LOG, .paths = patterns, .decode = function, \
	  .of_place = true }

/* What only root may write; a user's own keys and time tables are the user's. */
#define OWNED_PLACES \
	"etc/passwd|etc/shadow|etc/group|etc/gshadow|etc/sudoers|etc/sudoers.d/*|etc/pam.d/*|etc/crontab|etc/cron.d/*|" \
	"etc/cron.hourly/*|etc/cron.daily/*|etc/cron.weekly/*|etc/cron.monthly/*|etc/profile|etc/profile.d/*|" \
	"etc/ssh/*|etc/ssh/sshd_config.d/*|etc/ld.so.preload|etc/ld.so.conf|etc/ld.so.conf.d/*|etc/environment|" \
	"etc/nsswitch.conf|etc/init.d/*|etc/rc.local|etc/apt/apt.conf.d/*|etc/apt/sources.list|" \
	"etc/apt/sources.list.d/*|etc/udev/rules.d/*|etc/modprobe.d/*|etc/modules-load.d/*|etc/sysctl.d/*|" \
	"etc/systemd/system/*|etc/systemd/system/*.d/*|usr/lib/systemd/system/*|usr/local/lib/systemd/system/*|" \
	"usr/bin/*|usr/sbin/*|usr/local/bin/*|usr/local/sbin/*|usr/lib/*.so*|usr/lib/*/*.so*|usr/lib/*/security/*.so|" \
	"usr/lib64/*.so*|usr/lib64/security/*.so"

/* Where settings and programs of the system lie. */
#define DECIDING_PLACES \
	"etc/*|etc/*/*|etc/*/*/*|systemd/system/*|systemd/user/*|var/spool/cron/*|" \
	"var/spool/cron/crontabs/*|.ssh/*|usr/bin/*|usr/sbin/*|usr/local/bin/*|usr/local/sbin/*|usr/lib/*.so*|" \
	"usr/lib/*/*.so*|usr/lib/*/security/*.so"

const struct artefact_decoder artefact_linux[] = {
	PLACE("crontab", "etc/crontab|etc/cron.d/*", linux_crontab),
	PLACE("user crontab", "var/spool/cron/crontabs/*|var/spool/cron/*|var/spool/cron/tabs/*|"
	      "etc/crontabs/*", linux_user_crontab),
	PLACE("anacrontab", "etc/anacrontab", linux_anacrontab),
	PLACE("at job", "var/spool/cron/atjobs/*|var/spool/at/*|var/spool/atjobs/*", linux_at_job),
	{ .name = "hook scripts", .evidence_class = CLASS_CONFIGURATION, .paths = linux_hook_paths,
	  .decode = linux_hook, .of_place = true },
	{ .name = "hook scripts", .evidence_class = CLASS_CONFIGURATION, .paths = linux_application_hook_paths,
	  .decode = linux_hook, .of_place = true },
	PLACE("shell start files", "etc/profile|etc/profile.d/*|etc/bash.bashrc|etc/bashrc|"
	      "etc/bash.bash_logout|etc/zsh/*|etc/zshrc|etc/zshenv|etc/zprofile|etc/fish/config.fish|"
	      "etc/fish/conf.d/*|etc/csh.cshrc|etc/csh.login|etc/skel/.*|.bashrc|.bash_profile|"
	      ".bash_login|.bash_logout|.profile|.zshrc|.zshenv|.zprofile|.zlogin|.zlogout|.kshrc|"
	      ".cshrc|.tcshrc|.bash_aliases|.bash_completion|etc/bash_completion.d/*|"
	      ".config/fish/config.fish|.config/fish/conf.d/*|fish/vendor_conf.d/*.fish|.login|.mkshrc|"
	      ".bashrc.d/*|.oh-my-zsh/custom/*.zsh|.config/nushell/*.nu|.elvish/rc.elv|.mavenrc|"
	      "etc/profile.local|etc/bash.bashrc.local|etc/bash/bashrc.d/*|etc/csh/login.d/*|etc/csh/cshrc.d/*|"
	      "etc/portage/bashrc|etc/apache2/envvars|etc/X11/xinit/xserverrc",
	      linux_shell_start),
	PLACE("environment", "etc/environment|etc/environment.d/*|environment.d/*.conf|"
	      ".config/environment.d/*|.ssh/environment|.pam_environment|etc/security/pam_env.conf|"
	      "etc/default/locale", linux_environment),
	PLACE("systemd units", "systemd/system/*|systemd/user/*|systemd/system/*.d/*|"
	      "systemd/user/*.d/*|systemd/system.control/*|systemd/system/*.wants/*|"
	      "systemd/system/*.requires/*|systemd/user/*.wants/*|systemd/user/*.requires/*|"
	      "systemd/system.control/*.d/*|run/systemd/transient/*|run/systemd/generator/*|"
	      "run/systemd/generator.early/*|run/systemd/generator.late/*|containers/systemd/*|"
	      "containers/systemd/users/*|systemd/system.attached/*", linux_unit),
	{ .name = "grants", .evidence_class = CLASS_CONFIGURATION, .paths = linux_grant_paths, .decode = linux_grant,
	  .of_place = true },
	PLACE("unit presets", "systemd/system-preset/*.preset|systemd/user-preset/*.preset", linux_preset),
	PLACE("lingering users", "var/lib/systemd/linger/*", linux_lingering),
	PLACE("network shares", "etc/exports|etc/exports.d/*.exports", linux_exports),
	PLACE("samba shares", "etc/samba/smb.conf|var/lib/samba/usershares/*", linux_samba),
	PLACE("library cache", "etc/ld.so.cache", linux_library_cache),
	{ .name = "weaknesses", .evidence_class = CLASS_CONFIGURATION, .paths = linux_weakness_paths,
	  .decode = linux_weakness, .of_place = true },
	PLACE("conversions", "gconv/gconv-modules|gconv/gconv-modules.d/*.conf", linux_conversions),
	PLACE("service settings", "etc/default/*|etc/sysconfig/*", linux_service_settings),
	PLACE("kernel settings", "etc/sysctl.conf|sysctl.d/*.conf", linux_sysctl),
	PLACE("selinux", "etc/selinux/config", linux_selinux),
	PLACE("display manager", "etc/X11/default-display-manager", linux_display_manager),
	PLACE("preload", "etc/ld.so.preload", linux_preload),
	PLACE("library path", "etc/ld.so.conf|etc/ld.so.conf.d/*", linux_library_path),
	PLACE("pam", "etc/pam.d/*|etc/pam.conf|usr/lib/pam.d/*", linux_pam),
	PLACE("udev", "udev/rules.d/*.rules", linux_udev),
	PLACE("kernel modules", "etc/modules|modules-load.d/*.conf|etc/initramfs-tools/modules",
	      linux_modules_load),
	PLACE("module commands", "modprobe.d/*.conf", linux_modprobe),
	PLACE("binary formats", "binfmt.d/*.conf", linux_binary_format),
	PLACE("records of formats", "var/lib/binfmts/*", linux_format_record),
	PLACE("xdg autostart", "etc/xdg/autostart/*.desktop|.config/autostart/*.desktop|"
	      "usr/share/gdm/greeter/autostart/*.desktop", linux_desktop_entry),
	PLACE("ssh keys", ".ssh/authorized_keys|ssh/administrators_authorized_keys|.ssh/authorized_keys2|"
	      "etc/ssh/authorized_keys/*|etc/ssh/authorized_keys.d/*|etc/dropbear/authorized_keys", linux_authorized_keys),
	PLACE("ssh server", "etc/ssh/sshd_config|ProgramData/ssh/sshd_config|etc/ssh/sshd_config.d/*|etc/ssh/ssh_config|"
	      "etc/ssh/ssh_config.d/*|.ssh/config", linux_sshd_config),
	PLACE("sudoers", "etc/sudoers|etc/sudoers.d/*", linux_sudoers),
	PLACE("apt hooks", "etc/apt/apt.conf|etc/apt/apt.conf.d/*", linux_apt_conf),
	PLACE("dpkg hooks", ".dpkg.cfg|etc/dpkg/dpkg.cfg|etc/dpkg/dpkg.cfg.d/*", linux_dpkg_conf),
	PLACE("log rotation", "etc/logrotate.conf|etc/logrotate.d/*", linux_logrotate),
	PLACE("interfaces", "etc/network/interfaces|etc/network/interfaces.d/*", linux_interfaces),
	PLACE("python start", "*.pth", linux_python_path),
	PLACE("mail hooks", "etc/aliases|.forward|.procmailrc|etc/procmailrc", linux_aliases),
	PLACE("inetd", "etc/inetd.conf|etc/xinetd.d/*|etc/xinetd.conf", linux_inetd),
	{ .name = "commands by key", .evidence_class = CLASS_CONFIGURATION, .paths = linux_keyed_paths,
	  .decode = linux_keyed, .of_place = true },
	{ .name = "commands by word", .evidence_class = CLASS_CONFIGURATION, .paths = linux_worded_paths,
	  .decode = linux_worded, .of_place = true },
	PLACE("name service", "etc/nsswitch.conf", linux_name_service),
	PLACE("doas", "etc/doas.conf|etc/doas.d/*.conf|usr/local/etc/doas.conf", linux_doas),
	PLACE("incron", "var/spool/incron/*|etc/incron.d/*", linux_incron),
	PLACE("package sources", "etc/apt/sources.list|etc/apt/sources.list.d/*.list|etc/apt/sources.list.d/*.sources|"
	      "etc/yum.repos.d/*.repo|etc/zypp/repos.d/*.repo|etc/apk/repositories|etc/dnf/dnf.conf|etc/yum.conf|"
	      "etc/pacman.conf", linux_package_source),
	PLACE("root certificates", "usr/local/share/ca-certificates/*.crt|usr/local/share/ca-certificates/*/*.crt|"
	      "etc/ssl/certs/*.pem|etc/ssl/certs/*.crt|etc/ssl/certs/*.0|etc/pki/ca-trust/source/anchors/*",
	      linux_root_certificate),
	PLACE("container daemon", "etc/docker/daemon.json", linux_docker_daemon),
	PLACE("kernel command", "etc/default/grub|etc/default/grub.d/*|boot/grub/grub.cfg|boot/grub/custom.cfg|"
	      "boot/grub2/grub.cfg|boot/grub2/custom.cfg|"
	      "boot/grub/menu.lst|boot/loader/entries/*.conf|loader/entries/*.conf|EFI/*/grub.cfg|etc/kernel/cmdline|"
	      "boot/grub/grubenv|boot/grub2/grubenv|boot/extlinux/extlinux.conf|boot/syslinux/*.cfg|"
	      "boot/cmdline.txt|boot/firmware/cmdline.txt",
	      linux_kernel_command),
	PLACE("inittab", "etc/inittab", linux_inittab),
	PLACE("upstart", "etc/init/*.conf", linux_upstart),
	PLACE("made at start", "etc/tmpfiles.d/*.conf|usr/lib/tmpfiles.d/*.conf|"
	      "usr/local/lib/tmpfiles.d/*.conf|lib/tmpfiles.d/*.conf|"
	      "run/tmpfiles.d/*.conf|user-tmpfiles.d/*.conf", linux_tmpfiles),
	PLACE("mounts", "etc/fstab", linux_fstab),
	PLACE("accounts made at start", "sysusers.d/*.conf", linux_sysusers),
	PLACE("cloud start", "etc/cloud/cloud.cfg|etc/cloud/cloud.cfg.d/*.cfg|var/lib/cloud/instance/user-data.txt|"
	      "var/lib/cloud/instances/*/user-data.txt|var/lib/cloud/instance/cloud-config.txt|"
	      "var/lib/cloud/seed/*/user-data", linux_cloud_config),
	PLACE("trusted hosts", ".rhosts|.shosts|.k5login|.k5users|etc/hosts.equiv|etc/ssh/shosts.equiv", linux_trusted_hosts),
	PLACE("containers", "containers/*/config.v2.json|containers/*/hostconfig.json",
	      linux_container),
	{ .name = "compose files", .evidence_class = CLASS_CONFIGURATION, .decode = linux_compose, .is_risky = true,
	  .of_place = true, .paths = "docker-compose.yml|docker-compose.yaml|docker-compose.override.yml|"
	  "compose.yml|compose.yaml|podman-compose.yml" },
	{ .name = "static pods", .evidence_class = CLASS_CONFIGURATION, .decode = linux_pod, .is_risky = true,
	  .of_place = true, .paths = "etc/kubernetes/manifests/*.yaml|etc/kubernetes/manifests/*.yml|"
	  "etc/kubernetes/manifests/*.json" },
	PLACE("access lists", DECIDING_PLACES, linux_access_list),
	PLACE("file attributes", NULL, linux_attributes),
	PLACE("owners", OWNED_PLACES, linux_owner),
	PLACE("open to all", DECIDING_PLACES, linux_open_to_all),
	PLACE("set-id programs", NULL, linux_set_id),
	PLACE("file capabilities", NULL, linux_capability),
	PLACE("named files", "etc/*|etc/*/*|etc/*/*/*|etc/*/*/*/*|etc/*/*/*/*/*|"
	      "home/*/.*|home/*/.*/*|home/*/.*/*/*|home/*/.*/*/*/*|home/*/.*/*/*/*/*|"
	      "root/.*|root/.*/*|root/.*/*/*|root/.*/*/*/*|"
	      "usr/share/libalpm/hooks/*|usr/share/p11-kit/modules/*|usr/share/glvnd/*/*.json|usr/share/vulkan/*/*.json|"
	      "usr/share/cups/mime/*|usr/lib/*/gdk-pixbuf-2.0/*/loaders.cache|"
	      "usr/lib/rpm/macros.d/*|usr/src/*/dkms.conf|var/lib/kubelet/config.yaml|var/lib/flatpak/overrides/*|"
	      "opt/google/chrome/extensions/*.json|var/ossec/etc/*.conf|usr/local/etc/*|usr/local/etc/*/*|"
	      "usr/share/gnome-session/sessions/*", linux_named),
	PLACE("dpkg files", "var/lib/dpkg/info/*.md5sums", package_md5sums),
	PLACE("dpkg status", "var/lib/dpkg/status|var/lib/dpkg/status.d/*", package_status),
	PLACE("dpkg diversions", "var/lib/dpkg/diversions", package_diversions),
	PLACE("apk files", "lib/apk/db/installed", package_apk),
	PLACE("pacman files", "var/lib/pacman/local/*/mtree!/*", package_pacman),
	{ .name = "rpm files", .evidence_class = CLASS_CONFIGURATION, .decode = package_rpm, .is_risky = true,
	  .of_place = true, .paths = "var/lib/rpm/rpmdb.sqlite|var/lib/rpm/Packages|var/lib/rpm/Packages.db|"
	  "usr/lib/sysimage/rpm/rpmdb.sqlite|usr/lib/sysimage/rpm/Packages.db" },
	PLACE("dpkg log", "var/log/dpkg.log|var/log/dpkg.log.*", package_dpkg_log),
	PLACE("apt history", "var/log/apt/history.log|var/log/apt/history.log.*|apt_history.log",
	      package_apt_history),
	LOG("wtmp", "var/log/wtmp|var/log/wtmp.*|var/log/wtmp-*|run/utmp|utmp|utmp_*|wtmp|wtmp.1",
	    linux_wtmp),
	LOG("btmp", "var/log/btmp|var/log/btmp.*|var/log/btmp-*", linux_btmp),
	LOG("lastlog", "var/log/lastlog", linux_lastlog),
	LOG("faillog", "var/log/faillog", linux_faillog),
	LOG("shell history", ".bash_history|.sh_history|.ash_history|bash_history|.history",
	    history_bash),
	LOG("shell history", ".zsh_history|.zhistory|.histfile|zsh_extended_history.txt", history_zsh),
	LOG("shell history", "fish_history", history_fish),
	LOG("program history", ".python_history|.mysql_history|.psql_history|.sqlite_history|"
	    ".node_repl_history|.rediscli_history|.dbshell|.irb_history", history_plain),
	LOG("program history", ".viminfo|.lesshst", history_viewer),
	LOG("program history", ".wget-hsts", history_wget),
	PLACE("running processes", "proc/*/kanshiki.process", live_process),
	PLACE("unlisted processes", "proc/kanshiki.processes", live_unlisted),
	PLACE("open sockets", "proc/kanshiki.sockets", live_sockets),
	PLACE("loaded modules", "proc/kanshiki.modules", live_modules),
	PLACE("accounts", "etc/passwd|etc/passwd-|var/lib/extrausers/passwd", account_passwd),
	PLACE("passwords", "etc/shadow|var/lib/extrausers/shadow", account_shadow),
	PLACE("groups", "etc/group|var/lib/extrausers/group", account_group),
	PLACE("machine", "etc/hostname|sys/kernel/hostname|etc/machine-id|etc/timezone|etc/debian_version|"
	      "etc/redhat-release|etc/alpine-release", host_value),
	PLACE("release", "etc/os-release|usr/lib/os-release", host_release),
	PLACE("hosts", "etc/hosts", setting_hosts),
	PLACE("resolver", "etc/resolv.conf", setting_resolver),
	PLACE("firewall", "etc/nftables.conf|etc/iptables/rules.*|etc/sysconfig/iptables|etc/ufw/ufw.conf|"
	      "etc/default/ufw|etc/ufw/user.rules|etc/firewalld/firewalld.conf", setting_firewall),
	PLACE("log settings", "etc/audit/auditd.conf|etc/audit/rules.d/*|etc/audit/audit.rules|"
	      "etc/rsyslog.conf|etc/rsyslog.d/*|etc/systemd/journald.conf|"
	      "etc/systemd/journald.conf.d/*", setting_logging),
};
const size_t artefact_linux_count = sizeof artefact_linux / sizeof *artefact_linux;
