#include "artefact/decode_expect_support.h"

TEST(settings_tell_the_files_that_they_name)
{
	expect("etc/gss/mech.d/u.conf", "# /opt/x\nu 1.2.3 /opt/upd/gss.so\n",
	       "autostart|named file|u.conf||u 1.2.3 /opt/upd/gss.so|/opt/upd/gss.so|@:2\n");
	expect("etc/dnsmasq.d/u.conf", "dhcp-script=/home/ann/.x\nconf-dir=/etc/dnsmasq.d\nurl=http://a/opt/x\n"
	       "; /opt/c\nlocation /opt/ {\n", "autostart|named file|u.conf||dhcp-script=/home/ann/.x|/home/ann/.x|@:1\n");
	/* Code is known by its name, wherever it lies. */
	expect("etc/x/y.cfg", "lib = \"/x/y.so\";\nlog = /x/y\n",
	       "autostart|named file|y.cfg||lib = \"/x/y.so\";|/x/y.so|@:1\n");
	/* A user's settings of the user's own files. */
	expect("e/home/ann/.hgrc", "a = /home/ann/x.py\n[hooks]\nupdate = /opt/upd/hg\n",
	       "autostart|named file|.hgrc||update = /opt/upd/hg|/opt/upd/hg|@:3\n");
	expect("home/ann/.psql_history2", "/opt/upd/x\n", "");
}

TEST(settings_with_very_many_files_are_cut)
{
	struct buf text = buf_new(4096);
	char wanted[4096] = "";
	size_t at = 0;

	for (int i = 0; i < 40; i++)
		buf_printf(&text, "x /opt/a%02d\n", i);
	for (int i = 0; i < 16; i++)
		at += (size_t)snprintf(wanted + at, sizeof wanted - at,
				       "autostart|named file|l.conf||x /opt/a%02d|/opt/a%02d|@:%d\n", i, i, i + 1);
	buf_add_u8(&text, 0);
	expect("etc/l.conf", (const char *)text.at, wanted);
	buf_free(&text);
}

static void add_entry(struct buf *b, uint32_t name, uint32_t path)
{
	buf_add_u32le(b, 1);
	buf_add_u32le(b, name);
	buf_add_u32le(b, path);
	buf_add_u32le(b, 0);
	buf_add_u64le(b, 0);
}

static struct span cache_of_two(struct buf *b)
{
	static const char texts[] = "libz.so.1\0/opt/upd/libz.so.1\0libc.so.6\0/lib/x86_64-linux-gnu/libc.so.6";

	buf_text(b, "glibc-ld.so.cache1.1");
	buf_add_u32le(b, 2);
	buf_add_u32le(b, sizeof texts);
	while (b->len < 48)
		buf_add_u8(b, 0);
	add_entry(b, 96, 106);
	add_entry(b, 125, 135);
	buf_add(b, span_of((const uint8_t *)texts, sizeof texts));
	return buf_span(b);
}

TEST(cache_of_the_loader_tells_libraries_elsewhere)
{
	struct buf b = buf_new(1024);
	struct span cache = cache_of_two(&b);

	/* Cut off at every place: nothing is read beyond. */
	for (size_t len = 0; len <= cache.len; len++) {
		struct decoded d = { .lines = buf_new((size_t)1 << 16) };

		decode_into(&d, "etc/ld.so.cache", "data", span_sub(cache, 0, len), 0100644);
		if (len == cache.len)
			assert_span(buf_span(&d.lines), "autostart|library path|libz.so.1||/opt/upd/libz.so.1|"
				    "/opt/upd/libz.so.1|etc/ld.so.cache\n");
		buf_free(&d.lines);
	}
	buf_free(&b);
}

TEST(weaknesses_of_services_are_told)
{
	expect("etc/mysql/conf.d/u.cnf", "[mysqld]\nskip-grant-tables\n",
	       "setting|open database|u.cnf||skip-grant-tables||@:2\n");
	expect("etc/postgresql/15/main/pg_hba.conf",
	       "# host all all all trust\nlocal all all peer\nhost all all 0.0.0.0/0 trust\n",
	       "setting|open database|pg_hba.conf||host all all 0.0.0.0/0 trust||@:3\n");
	expect("etc/subuid", "ann:100000:65536\nbob:0:65536\n", "setting|mapped root|subuid||bob:0:65536||@:2\n");
}

TEST(files_of_pacman_are_known)
{
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	expect("var/lib/pacman/local/base-1.0-1/mtree!/mtree",
	       "#mtree\n/set type=file uid=0\n./.PKGINFO sha256digest=" DIGEST "\n./usr/share/a\\040b time=1.0 size=3 "
	       "sha256digest=" DIGEST "\n./usr/bin/x sha256digest=12\n",
	       "known|package file|base-1.0-1||||/usr/share/a b\n");
#undef DIGEST
}
