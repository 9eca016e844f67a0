/*
 * linux: what the decoders of Linux texts share: lines with their numbers, commands
 * and the programs that they name, and autostart entries.
 *
 * An entry of a text is told with path "FILE:LINE"; its digest is the MD5 of the
 * whole file, by which the package databases know it; its time is the file's last
 * change. With the first entry the file itself is told as a PROGRAM of kind
 * "configuration", so that the ledger can say who vouches for it.
 */
#ifndef KANSHIKI_ARTEFACT_LINUX_H
#define KANSHIKI_ARTEFACT_LINUX_H

#include "artefact/artefact.h"
#include "base/buf.h"

/* Of one line; what is longer is cut there. */
#define LINUX_LINE_MAX ((size_t)64 << 10)

struct linux_text {
	const struct artefact *a;
	struct span rest;
	size_t line;			/* number of the line at hand, from 1; 0: the file as a whole */
	size_t next_line;
	uint64_t offset;		/* of the line at hand */
	bool stopped;			/* the consumer had enough */
	struct buf path, summary, joined;
	char md5[40];			/* "md5:…", or empty where nothing was told yet */
	bool is_vouchable;		/* its digest was told, for the ledger */
};

struct linux_text linux_text_of(const struct artefact *a);
void linux_text_free(struct linux_text *t);
/* Back to the first line; what was told of the file stays told. */
void linux_text_rewind(struct linux_text *t);
/* The next line, trimmed; false at the end. */
bool linux_next(struct linux_text *t, struct span *line);
/* As linux_next, without empty lines and those that begin with '#'. */
bool linux_next_entry(struct linux_text *t, struct span *line);
/* As linux_next_entry; lines that end in a backslash are joined with those behind. */
bool linux_next_joined(struct linux_text *t, struct span *line);

/* Fills path, digest, time, source and offset where they are empty, and tells the trace. */
bool linux_tell(struct linux_text *t, struct trace *trace);
/*
 * An autostart entry. `program` is found in `command` where it is empty; the
 * summary is "WHAT NAME: COMMAND".
 */
struct linux_entry {
	const char *what, *technique;
	struct span name, command, program, user, detail;
};
bool linux_autostart(struct linux_text *t, const struct linux_entry *entry);
/* Tells the file itself, once; linux_autostart does so. */
void linux_vouch(struct linux_text *t);
/* A SETTING of that name and value; technique may be NULL. */
bool linux_setting(struct linux_text *t, const char *what, struct span name, struct span value,
		   const char *technique);

/* The next word, cut off at white space; quotes stay. Empty at the end. */
struct span linux_word(struct span *rest);
/* Without one pair of quotes around it. */
struct span linux_unquote(struct span s);
/*
 * The file that a command line starts: the first absolute path that is not an
 * interpreter, a device or where output goes; else the first word.
 */
struct span linux_program(struct span command);
/* The part of the path `back` parts before its last; empty where there is none. */
struct span linux_part(struct span path, size_t back);
/* "md5:…" of the whole artefact. */
struct span linux_md5(struct linux_text *t);

/* "KEY=VALUE", "KEY = VALUE": false where there is no '='. Both trimmed. */
bool linux_pair(struct span line, struct span *key, struct span *value);

/* Outside of the folders of the system's own programs: "/opt/x". */
bool linux_is_elsewhere(struct span path);
/*
 * Tells each "NAME=value" of a line of assignments that loads, finds or chooses code (LD_PRELOAD,
 * BASH_ENV, a PATH that is searched elsewhere first); `owner` is the name of the entry, or
 * empty: the variable's own. Whether any was.
 */
bool linux_tell_assignments(struct linux_text *t, struct span owner, struct span line);
/* Whether a variable of that name and value does. */
bool linux_is_code_variable(struct span name, struct span value);

artefact_fn linux_crontab, linux_user_crontab, linux_anacrontab, linux_at_job, linux_hook,
	linux_shell_start, linux_environment, linux_unit, linux_preload, linux_library_path,
	linux_pam, linux_udev, linux_modules_load, linux_modprobe, linux_binary_format,
	linux_desktop_entry, linux_authorized_keys, linux_sshd_config, linux_sudoers,
	linux_apt_conf, linux_dpkg_conf, linux_logrotate, linux_interfaces, linux_python_path,
	linux_aliases, linux_inetd, linux_container, linux_compose, linux_set_id, linux_capability,
	linux_attributes, linux_access_list, linux_keyed,
	linux_worded, linux_name_service, linux_doas, linux_incron, linux_package_source, linux_root_certificate,
	linux_docker_daemon, linux_kernel_command, linux_inittab, linux_upstart, linux_tmpfiles, linux_fstab,
	linux_pod, linux_open_to_all, linux_grant, linux_preset, linux_exports, linux_samba, linux_lingering,
	linux_conversions, linux_format_record, linux_service_settings, linux_sysctl, linux_selinux, linux_display_manager,
	linux_sysusers, linux_cloud_config, linux_trusted_hosts, linux_named, linux_library_cache, linux_owner,
	linux_weakness;
artefact_fn package_md5sums, package_status, package_diversions, package_apk, package_rpm, package_pacman, package_dpkg_log,
	package_apt_history;
artefact_fn live_process, live_unlisted, live_sockets, live_modules;
artefact_fn linux_wtmp, linux_btmp, linux_lastlog, linux_faillog;
artefact_fn history_bash, history_zsh, history_fish, history_plain, history_viewer, history_wget;
artefact_fn account_passwd, account_shadow, account_group, host_value, host_release, setting_hosts,
	setting_resolver, setting_firewall, setting_logging;

/* Ends of paths of scripts that the system runs by their place alone. */
extern const char linux_hook_paths[], linux_application_hook_paths[];
/* Of files that give a right or choose where code comes from. */
extern const char linux_grant_paths[];
/* Of files in which a word takes a defence away. */
extern const char linux_weakness_paths[];
/* Of files in which a key, or a word of a line, names what is run or loaded. */
extern const char linux_keyed_paths[], linux_worded_paths[];

#endif
