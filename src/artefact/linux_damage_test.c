/* Random damage to what decoders of Linux read: every entry that it left alone is still told. */
#include <stdarg.h>

#include "artefact/decode_lines_support.h"
#include "damage_lines.h"
#include "test.h"

#define DAMAGES 60
/* A record of utmp: glibc's on amd64. */
#define RECORD 384

/* '#' is the number of the entry; without an entry: records of utmp. */
static const struct sample {
	const char *path, *entry;
} samples[] = {
	{ "etc/passwd", "u#:x:1000:1000::/home/u:/bin/bash\n" },
	{ "etc/shadow", "u#:*:19000:0:99999:7:::\n" },
	{ "etc/group", "adm:x:4:u#\n" },
	{ "etc/crontab", "17 * * * * root /opt/u#\n" },
	{ "var/spool/cron/crontabs/ann", "*/5 * * * * /opt/u#\n" },
	{ "etc/anacrontab", "1 5 u# run-parts /etc/cron.daily\n" },
	{ "etc/sudoers", "u# ALL=(ALL) ALL\n" },
	{ "etc/ssh/sshd_config", "AllowUsers u#\n" },
	{ "root/.ssh/authorized_keys", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA u#\n" },
	{ "etc/hosts", "10.0.0.1 u#\n" },
	{ "etc/ld.so.preload", "/lib/u#\n" },
	{ "etc/environment", "V=u#\n" },
	{ "etc/pam.d/sshd", "auth optional u#.so\n" },
	{ "etc/modules", "u#\n" },
	{ "etc/modprobe.d/x.conf", "install x /opt/u#\n" },
	{ "etc/systemd/system/x.service", "[Service]\nExecStartPost=/opt/u#\n" },
	{ "root/.bash_history", "ls u#\n" },
	{ "root/.zsh_history", ": 1488960000:0;ls u#\n" },
	{ "root/.local/share/fish/fish_history", "- cmd: ls u#\n  when: 1488960000\n" },
	{ "root/.mysql_history", "select u#;\n" },
	{ "var/log/dpkg.log", "2026-03-08 07:58:01 install u#:amd64 <none> 1.0\n" },
	{ "var/lib/dpkg/info/x.md5sums", "0123456789abcdef0123456789abcdef  usr/bin/u#\n" },
	{ "etc/nsswitch.conf", "passwd: files u#\n" },
	{ "var/log/wtmp", NULL },
	{ "var/log/btmp", NULL },
};

static void add_record(struct buf *to, unsigned number)
{
	size_t start = to->len;
	char user[32] = { 0 }, line[32] = { 0 };

	snprintf(user, sizeof user, "u7%03u", number);
	snprintf(line, sizeof line, "pts/%u", number);
	buf_add_u32le(to, 7);
	buf_add_u32le(to, 1200 + number);
	buf_add(to, span_of(line, sizeof line));
	buf_add_u32le(to, 0x302f);
	buf_add(to, span_of(user, sizeof user));
	while (to->len - start < 340)
		buf_add_u8(to, 0);
	buf_add_u32le(to, 1488960000 + number);
	while (to->len - start < RECORD)
		buf_add_u8(to, 0);
}

static void build(const struct sample *s, struct buf *whole, struct damaged *d)
{
	for (unsigned i = 0; i < DAMAGE_ENTRIES; i++) {
		d->starts[i] = whole->len;
		if (!s->entry)
			add_record(whole, i);
		for (const char *c = s->entry ? s->entry : ""; *c; c++)
			if (*c == '#')
				buf_printf(whole, "7%03u", i);
			else
				buf_add_u8(whole, (uint8_t)*c);
	}
	d->starts[DAMAGE_ENTRIES] = whole->len;
}

/* A backslash that the damage made joins an entry with the next. */
static bool is_joined(const struct damaged *d, size_t i)
{
	return i && d->is_touched[i - 1] && span_find_byte(buf_span(&d->bytes), 0, '\\') != SIZE_MAX;
}

static unsigned decode_and_count(const struct sample *s, const struct damaged *d)
{
	struct decoded got = { .lines = buf_new((size_t)8 << 20) };
	unsigned missed = 0;

	decode_into(&got, s->path, "text", buf_span(&d->bytes), 0100644);
	for (unsigned i = 0; i < DAMAGE_ENTRIES; i++) {
		char mark[8];

		snprintf(mark, sizeof mark, "u7%03u", i);
		missed += !d->is_touched[i] && !is_joined(d, i) &&
			  span_find(buf_span(&got.lines), 0, span_text(mark)) == SIZE_MAX;
	}
	buf_free(&got.lines);
	return missed;
}

/* What is put in moves records of a fixed size: of these only what keeps its place is tried. */
static bool is_fair(const struct sample *s, enum damage_kind kind)
{
	return s->entry || kind == DAMAGE_FLIP || kind == DAMAGE_ZEROES || kind == DAMAGE_CUT;
}

TEST(artefacts_that_are_damaged_tell_all_entries_that_are_not)
{
	unsigned wrong = 0;

	for (size_t k = 0; k < sizeof samples / sizeof *samples; k++) {
		const struct sample *s = &samples[k];
		struct damaged d = { .bytes = buf_new((size_t)1 << 20), .random = k + 1 };
		struct buf whole = buf_new((size_t)1 << 20);

		build(s, &whole, &d);
		buf_add(&d.bytes, buf_span(&whole));
		if (decode_and_count(s, &d))
			fail_msg("%s: not told undamaged", s->path);
		for (int i = 0; i < DAMAGES; i++) {
			enum damage_kind kind = damage_make(&d, buf_span(&whole), 0);
			unsigned missed = decode_and_count(s, &d);

			if (missed && is_fair(s, kind)) {
				print_message("# %s, damage %d of kind %d: %u entries missed\n", s->path, i, (int)kind,
					      missed);
				wrong++;
			}
		}
		buf_free(&whole);
		buf_free(&d.bytes);
	}
	assert_int_equal(wrong, 0);
}
