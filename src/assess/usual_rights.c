#include "assess/usual_rights.h"

static const char set_user_id[] =
	/* accounts and sessions */
	"su|sudo|sudoedit|sudo-rs|su-rs|doas|super|calife|passwd|chsh|chfn|chage|newgrp|sg|gpasswd|expiry|pkexec|"
	"polkit-agent-helper-1|unix_chkpwd|unix2_chkpwd|pam_timestamp_check|userhelper|usernetctl|newuidmap|"
	"newgidmap|ksu|opieinfo|opiepasswd|opiesu|suexec|suexec-pristine|suexec-custom|suexec2|sucrack|login|"
	"staprun|seunshare|grub2-set-bootflag|uuidd|kdesud|kcheckpass|start_kdeinit|login_duo|"
	/* mounts and devices */
	"mount|umount|fusermount|fusermount3|mount.nfs|mount.cifs|mount.davfs|mount.ecryptfs_private|"
	"mount.ntfs|mount.ntfs-3g|ntfs-3g|ntfsmount|ntfs|lowntfs-3g|mount.lowntfs-3g|mount.fuse|udevil|pmount|pumount|"
	"eject|bwrap|snap-confine|lxc-user-nic|qemu-bridge-helper|virt-bridge-helper|spice-client-glib-usb-acl-helper|"
	"singularity|starter-suid|flatpak-bwrap|firejail|cgexec|mount.vboxsf|vmware-user-suid-wrapper|"
	"vmware-user|vmware-mount|vmware-vmx|vmware-authd|VBoxHeadless|VBoxNetAdpCtl|VBoxNetDHCP|VBoxNetNAT|"
	"VBoxSDL|VBoxVolInfo|VirtualBoxVM|VirtualBox|cdrecord|wodim|cdrdao|growisofs|readcd|readom|rscsi|netreport|"
	/* network and mail */
	"ping|ping4|ping6|arping|traceroute|traceroute6|traceroute6.iputils|clockdiff|fping|fping6|mtr|mtr-packet|"
	"pppd|pppoe|pptp|ssh-keysign|dbus-daemon-launch-helper|abrt-action-install-debuginfo-to-abrt-cache|"
	"sendmail|exim|exim4|procmail|maildrop|lockfile|qmail-queue|courier|deliver|dovecot-lda|"
	"mail-lock|mail-unlock|mail-touchlock|ssmtp|esmtp|nullmailer-queue|nullmailer-send|rcp|rlogin|rsh|"
	"ettercap|kppp|wvdial|openconnect|nm-openvpn-auth-dialog|ndisc6|rdisc6|tracert6|rltraceroute6|nethogs|"
	"cockpit-session|squid_ldap_auth|pinger|basic_pam_auth|pam_auth|ncsa_auth|zabbix_fping|check_icmp|check_dhcp|"
	"auth_pam_tool|check_ide_smart|check_host|check_rta_multi|"
	/* jobs, screens and programs */
	"at|crontab|fcrontab|fcronsighup|batch|screen|Xorg.wrap|Xorg|X|Xwrapper|xscreensaver|i3lock|slock|vlock|"
	"physlock|light|brightnessctl|xf86-video-intel-backlight-helper|gnome-suspend|gnome-pty-helper|utempter|"
	"fbterm|kbd_mode|chrome-sandbox|chrome_sandbox|msedge-sandbox|exo-open|man|mandb|nagios-plugins|"
	"gnuchess|cg_master|cdda2wav|ecryptfs_mount_private|ecryptfs-mount-private|dmcrypt-get-device|"
	"authbind-helper|helper|pt_chown|ptchown|pulse-rt-helper|rtkit-daemon|jackd|sperl|suidperl|"
	"enlightenment_sys|enlightenment_system|enlightenment_ckpasswd|cpufreqctl|xtrlock|xlock|xfs_quota|"
	"lppasswd|lpr|lprm|lpq|lpc|cups-pk-helper-mechanism|hddtemp|sg_mode|kismet_capture|kismet_cap_linux_wifi|"
	"kismet_cap_linux_bluetooth|ubuntu-core-launcher|polkit-explicit-grant-helper|consolehelper";

/* The group is that of one table or device, as a rule. */
static const char set_group_id[] =
	"chage|expiry|crontab|fcrontab|at|batch|wall|wall.ul|write|write.ul|bsd-write|ssh-agent|unix_chkpwd|unix2_chkpwd|"
	"pam_extrausers_chkpwd|mlocate|plocate|slocate|locate|rlocate|utempter|gnome-pty-helper|screen|tmux|xterm|"
	"uxterm|konsole_grantpty|postdrop|postqueue|sendmail|exim4|dma|dma-mbox-create|mail-lock|mail-unlock|"
	"mail-touchlock|dotlockfile|lockfile|procmail|maildrop|deliver|mutt_dotlock|movemail|camel-lock-helper-1.2|"
	"msmtp|nullmailer-queue|lpr|lpq|lprm|lpc|netreport|ping|traceroute|dumpcap|cdrdao|wodim|cdrecord|growisofs|"
	"Xorg|Xorg.wrap|snap-confine|ecryptfs-mount-private|pt_chown|kdesud|start_kdeinit|vlock|xlock|xtrlock|i3lock|"
	"uml_net|uuidd|man|mandb|csh-login|usernetctl|systemd-cryptsetup|pcap-filter|fping|ssh-keysign|"
	"polkit-agent-helper-1|login|su|sudo|newgrp|sg|passwd|gpasswd|chfn|chsh|lppasswd|slrnpull|trn|innbind|rnews|"
	"inews|cgexec|cgclassify|lxc-user-nic|watchgnupg|ksysguardd|intel-undervolt|brightnessctl|light";

/* What lets a program become root, or write and read everything. */
static const char mighty[] =
	"cap_setuid|cap_setgid|cap_dac_override|cap_dac_read_search|cap_chown|cap_fowner|cap_fsetid|cap_setfcap|"
	"cap_sys_admin|cap_sys_ptrace|cap_sys_module|cap_sys_rawio|cap_mknod|cap_bpf|cap_linux_immutable|cap_setpcap";
static const char mighty_programs[] =
	"newuidmap|newgidmap|snap-confine|suexec|systemd-detect-virt|gst-ptp-helper|starter-suid|sunshine|dumpcap|"
	"qemu-bridge-helper|lxc-user-nic|mount.cifs|kismet_cap_linux_wifi|netdata|apps.plugin|perf.plugin|"
	"slabinfo.plugin|debugfs.plugin|ebpf.plugin|systemd-journal.plugin|nmbd|cockpit-session|clamonacc|swaylock";

bool usual_set_user_id(struct span path)
{
	return span_is_one_of(span_after_last(path, '/'), set_user_id);
}

/* Games keep their scores so. */
bool usual_set_group_id(struct span path)
{
	return span_find(path, 0, SPAN("/usr/games/")) != SIZE_MAX ||
	       span_is_one_of(span_after_last(path, '/'), set_group_id);
}

bool usual_capabilities(struct span path, struct span capabilities)
{
	return !span_has_any(capabilities, mighty) || span_is_one_of(span_after_last(path, '/'), mighty_programs);
}
