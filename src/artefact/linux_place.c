/* What the bits of a file's mode say, and its capabilities. */
#include "artefact/linux.h"

#define SET_USER 04000u
#define SET_GROUP 02000u
#define ANY_EXECUTE 0111u
#define GROUP_WRITES 0020u
#define ANYBODY_WRITES 0002u
#define ANYBODY_READS 0004u
#define TYPE_MASK 0170000u
#define TYPE_FILE 0100000u
#define FIRST_PERSON 1000u		/* numbers below are of the system's accounts */

/* Programs that run as their owner, whoever starts them. */
bool linux_set_id(const struct artefact *a, struct err *err)
{
	uint32_t type = a->mode & TYPE_MASK;
	struct linux_text t;

	if (!(a->mode & (SET_USER | SET_GROUP)) || !(a->mode & ANY_EXECUTE) ||
	    (type && type != TYPE_FILE))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no set-id bit");
	t = linux_text_of(a);
	linux_autostart(&t, &(struct linux_entry){
		.what = a->mode & SET_USER ? "set user id" : "set group id", .technique = "T1548.001",
		.name = a->name, .program = a->path,
		.detail = arena_printf(a->arena, "{\"mode\":\"%04o\"}", a->mode & 07777) });
	linux_text_free(&t);
	return true;
}

/* Zip and 7z made on other systems have no rights, and readers make some up; so have Windows' own files. */
static bool has_made_up_rights(struct span path)
{
	return span_has_any(path, ".zip!/|.7z!/|/drivers/etc/");
}

/* Passwords and the keys by which a machine is known: for nobody but root and its group. */
static bool is_secret(struct span name)
{
	return span_is_one_of(name, "shadow|shadow-|gshadow|gshadow-") ||
	       (span_starts(name, SPAN("ssh_host_")) && span_ends(name, SPAN("_key")));
}

/* What decides who may do what, and anybody may write, or read though it is secret. */
bool linux_open_to_all(const struct artefact *a, struct err *err)
{
	uint32_t type = a->mode & TYPE_MASK;
	const char *what = a->mode & ANYBODY_WRITES ? "open to all"
			 : a->mode & ANYBODY_READS && is_secret(a->name) ? "readable by all" : NULL;
	struct linux_text t;

	if ((type && type != TYPE_FILE) || !what || has_made_up_rights(a->path))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "not open to all");
	t = linux_text_of(a);
	linux_setting(&t, what, a->name, arena_printf(a->arena, "%04o", a->mode & 07777), NULL);
	linux_text_free(&t);
	return true;
}

/* Whoever owns what only root should write, or is of a group that may write it, is root. */
bool linux_owner(const struct artefact *a, struct err *err)
{
	uint32_t type = a->mode & TYPE_MASK;
	bool is_user = a->marks.user != 0, is_group = a->marks.group && a->mode & GROUP_WRITES;
	/* "at" and its like run with the rights of an account that is nobody's: so packages have it. */
	bool is_service = a->mode & (SET_USER | SET_GROUP) && a->marks.user < FIRST_PERSON;
	struct linux_text t;

	if (!a->marks.has_owner || (type && type != TYPE_FILE) || is_service || !(is_user || is_group) ||
	    has_made_up_rights(a->path))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "owned by root");
	t = linux_text_of(a);
	linux_setting(&t, "not root's own", a->name, is_user ? arena_printf(a->arena, "user %u", a->marks.user)
		      : arena_printf(a->arena, "group %u may write", a->marks.group), NULL);
	linux_text_free(&t);
	return true;
}

/* By their numbers, as capability(7) has them. */
static const char *const names[] = {
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid",
	"setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw",
	"ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct",
	"sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod",
	"lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog",
	"wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
};

static void add_names(struct buf *to, uint64_t set)
{
	for (size_t i = 0; i < 64; i++) {
		if (!(set >> i & 1))
			continue;
		if (to->len)
			buf_text(to, ",");
		if (i < sizeof names / sizeof *names)
			buf_printf(to, "cap_%s", names[i]);
		else
			buf_printf(to, "%zu", i);
	}
}

/* struct vfs_cap_data: version and flags, then permitted and inheritable, 32 bits at a time. */
bool linux_capability(const struct artefact *a, struct err *err)
{
	struct cursor c = cursor_of(a->marks.capability);
	uint32_t head = cursor_u32le(&c);
	uint64_t permitted = cursor_u32le(&c);
	struct buf set = buf_new(2048);
	struct linux_text t;

	cursor_skip(&c, 4);
	if (head >> 24 > 1)
		permitted |= (uint64_t)cursor_u32le(&c) << 32;
	if (!a->marks.capability.len || c.short_read || !permitted)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no capabilities");
	add_names(&set, permitted);
	t = linux_text_of(a);
	linux_autostart(&t, &(struct linux_entry){
		.what = "file capability", .technique = "T1548", .name = a->name, .program = a->path,
		.detail = arena_printf(a->arena, "{\"capabilities\":\"%.*s\",\"effective\":%s}",
				       SPAN_ARG(buf_span(&set)), head & 1 ? "true" : "false") });
	linux_text_free(&t);
	buf_free(&set);
	return true;
}

/* What the kernel itself makes so is none of anybody's doing. */
#define KERNELS_OWN "/sys/firmware/|/proc/"

/* Nobody, not even root, changes or deletes it before somebody takes the mark off: no package sets it. */
bool linux_attributes(const struct artefact *a, struct err *err)
{
	struct linux_text t;

	if (!a->marks.attributes || span_has_any(a->path, KERNELS_OWN))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no attributes");
	t = linux_text_of(a);
	if (a->marks.attributes & MARK_IMMUTABLE)
		linux_setting(&t, "immutable", a->name, SPAN("+i"), NULL);
	else if (a->marks.attributes & MARK_APPEND_ONLY)
		linux_setting(&t, "append only", a->name, SPAN("+a"), NULL);
	linux_text_free(&t);
	return true;
}

#define ACL_USER 2
#define ACL_GROUP 8
#define ACL_MASK 16
#define ACL_READ 4
#define ACL_WRITE 2
#define ACL_ENTRY 8

/* What the mask leaves of everybody's rights; without one, all. */
static unsigned mask_of(struct span list)
{
	struct cursor c = cursor_of(list);

	while (cursor_left(&c) >= ACL_ENTRY) {
		unsigned tag = cursor_u16le(&c), rights = cursor_u16le(&c);

		cursor_skip(&c, 4);
		if (tag == ACL_MASK)
			return rights;
	}
	return 7;
}

/*
 * Somebody by name who may write what decides who may do what, or read what is secret:
 * acl(5) gives it, and `ls` shows no more than a '+' behind the mode.
 */
bool linux_access_list(const struct artefact *a, struct err *err)
{
	struct span list = span_from(a->marks.acl, 4);
	struct cursor c = cursor_of(list);
	unsigned mask = mask_of(list), wanted = ACL_WRITE | (is_secret(a->name) ? ACL_READ : 0);
	struct linux_text t;

	if (!list.len)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no access list");
	t = linux_text_of(a);
	while (cursor_left(&c) >= ACL_ENTRY) {
		unsigned tag = cursor_u16le(&c), rights = cursor_u16le(&c) & mask;
		uint32_t whose = cursor_u32le(&c);

		if ((tag == ACL_USER || tag == ACL_GROUP) && rights & wanted)
			linux_setting(&t, "access list", a->name,
				      arena_printf(a->arena, "%s %u: %s%s", tag == ACL_USER ? "user" : "group", whose,
						   rights & ACL_READ ? "r" : "-", rights & ACL_WRITE ? "w" : "-"), NULL);
	}
	linux_text_free(&t);
	return true;
}
