/* Disk images made by the tools of each file system, through a whole run. */
#include "assess/run_support.h"

#include "disk/library.h"

/* The folder that goes into each image, and helpers of the shell. */
static const char prepare[] =
	"export PATH=$PATH:/usr/sbin:/sbin; mkdir -p ../in/etc/deep && "
	"echo '* * * * * root /tmp/x' > ../in/etc/crontab && echo hello > ../in/hello.txt && "
	"head -c 300000 /dev/zero | tr '\\0' 'k' > ../in/etc/deep/large && ";

static bool has_tool(const char *name)
{
	char line[200];

	snprintf(line, sizeof line, "PATH=$PATH:/usr/sbin:/sbin command -v %s >/dev/null 2>&1", name);
	if (!system(line))
		return true;
	print_message("# %s is not here\n", name);
	return false;
}

static void make(struct run *r, const char *name, const char *command)
{
	char line[4096];

	set_up(r, name);
	/* What tools say on standard output would stand among the test's own lines. */
	snprintf(line, sizeof line, "exec >/dev/null; rm -rf ../in && %s%s", prepare, command);
	shell(r->folder, line);
}

static void run_one(struct run *r)
{
	run_with(r, (struct coordinator_options){ .jobs = 1 });
}

/* The three files, each examined, with the digest that the file itself has. */
static void assert_files(const struct run *r, const char *where)
{
	char path[200];

	snprintf(path, sizeof path, "%s/hello.txt", where);
	assert_item(r, path, "examined|other|text|");
	snprintf(path, sizeof path, "%s/etc/deep/large", where);
	assert_item(r, path, "examined|other|text|");
	assert_true(number(r, "SELECT count(*) FROM trace WHERE what = 'cron'") >= 1);
}

TEST(images_of_ext4_are_examined_file_by_file)
{
	struct run r;

	if (!has_tool("mke2fs"))
		skip();
	make(&r, "ext4", "mke2fs -q -t ext4 -d ../in disk.raw 8M");
	run_one(&r);
	assert_item(&r, "/disk.raw", "examined|disk image|ext volume|");
	assert_files(&r, "disk.raw!/p1");
	/* Times are the file's own, and members lie in the image. */
	assert_int_equal(number(&r, "SELECT count(*) FROM item WHERE path LIKE '%hello.txt' AND "
				    "modified IS NOT NULL AND parent = 1"), 1);
	tear_down(&r);
}

TEST(images_with_partitions_name_each_volume)
{
	struct run r;

	if (!has_tool("sfdisk") || !has_tool("mkfs.vfat") || !has_tool("mcopy"))
		skip();
	make(&r, "gpt", "mke2fs -q -t ext3 -d ../in ext.raw 6M && truncate -s 6M fat.raw && "
			"mkfs.vfat fat.raw >/dev/null && mcopy -s -i fat.raw ../in/* :: && "
			"truncate -s 16M disk.raw && "
			"printf 'label: gpt\\nstart=2048,size=12288\\nstart=14336,size=12288\\n' | "
			"sfdisk -q disk.raw && dd if=ext.raw of=disk.raw bs=512 seek=2048 conv=notrunc "
			"status=none && dd if=fat.raw of=disk.raw bs=512 seek=14336 conv=notrunc status=none && "
			"rm ext.raw fat.raw");
	run_one(&r);
	assert_item(&r, "/disk.raw", "examined|disk image|gpt disk|");
	assert_item(&r, "disk.raw!/p1/hello.txt", "examined|other|text|");
	assert_int_equal(number(&r, "SELECT count(*) FROM item WHERE path LIKE '%!/p2/hello.txt' COLLATE NOCASE"), 1);
	tear_down(&r);
}

TEST(images_of_ntfs_give_streams_and_the_file_table)
{
	struct run r;

	if (!has_tool("mkntfs") || !has_tool("ntfscp"))
		skip();
	make(&r, "ntfs", "truncate -s 8M disk.raw && mkntfs -q -F disk.raw >/dev/null 2>&1 && "
			 "ntfscp -q disk.raw ../in/hello.txt hello.txt && "
			 "ntfscp -q -N secret disk.raw ../in/etc/crontab hello.txt");
	run_one(&r);
	assert_item(&r, "!/p1/hello.txt", "examined|other|text|");
	assert_int_equal(number(&r, "SELECT count(*) FROM item WHERE path LIKE '%!/p1/hello.txt:secret'"), 1);
	assert_int_equal(number(&r, "SELECT count(*) FROM item WHERE path LIKE '%!/p1/$MFT'"), 1);
	tear_down(&r);
}

TEST(images_of_xfs_are_examined)
{
	struct run r;

	if (!has_tool("mkfs.xfs"))
		skip();
	make(&r, "xfs", "printf 'x\\n0 0\\nd--755 0 0\\nhello.txt ---644 0 0 %s/../in/hello.txt\\n$\\n' "
			"\"$PWD\" > ../proto && truncate -s 320M disk.raw && "
			"mkfs.xfs -q -p ../proto disk.raw >/dev/null 2>&1");
	run_one(&r);
	assert_item(&r, "!/p1/hello.txt", "examined|other|text|");
	tear_down(&r);
}

TEST(images_in_containers_are_what_they_hold)
{
	static const char *const names[] = { "disk.qcow2", "disk.vmdk", "disk.vhd", "disk.E01", "disk.001" };
	struct run r;
	char path[100];

	if (!has_tool("qemu-img") || !has_tool("ewfacquirestream") || !has_tool("mke2fs"))
		skip();
	make(&r, "containers",
	     "mke2fs -q -t ext4 -d ../in ../disk.raw 8M && qemu-img convert -O qcow2 ../disk.raw disk.qcow2 && "
	     "qemu-img convert -O vmdk ../disk.raw disk.vmdk && qemu-img convert -O vpc ../disk.raw disk.vhd && "
	     "ewfacquirestream -q -c best -S 1048576 -t disk < ../disk.raw >/dev/null 2>&1 && "
	     "split -b 3M --numeric-suffixes=1 -a 3 ../disk.raw disk.");
	run_one(&r);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "/%s!/p1/hello.txt", names[i]);
		/* Equal content is examined once. */
		assert_item(&r, path, i == 4 ? "examined|other|text|" : "duplicate|other|text|");
	}
	tear_down(&r);
}

/* All that was told of what lies in the image, row by row, without the image's own name. */
static void tell_inside(const struct run *r, struct buf *to)
{
	static const char *const tables[] = {
		"SELECT fate, class, kind, size, hex(sha256), modified, changed, mode, reason, of.path FROM item "
		"LEFT JOIN (SELECT id AS n, path FROM item) of ON of.n = same_as WHERE instr(item.path, '!/') ORDER BY id",
		"SELECT substr(item.path, instr(item.path, '!/')), trace.kind, what, time, trace.path, name, command, "
		"digest, summary, detail FROM trace JOIN item ON item.id = item WHERE instr(item.path, '!/') "
		"ORDER BY trace.id",
		"SELECT substr(item.path, instr(item.path, '!/')), fact.class, channel, first, last, count, lost, days "
		"FROM fact JOIN item ON item.id = item WHERE instr(item.path, '!/') ORDER BY fact.id",
	};
	struct err err = { 0 };
	sqlite3_stmt *s;
	bool row;

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		assert_true(query_prepare(case_db(r->file), tables[i], &s, &err));
		while (query_step(s, &row, &err) && row)
			for (int c = 0; c < sqlite3_column_count(s); c++) {
				struct span text = query_span(s, c);
				size_t image = span_find(text, 0, SPAN("/disk."));

				buf_add(to, span_from(text, image == SIZE_MAX ? 0 : image + strlen("/disk.xxx")));
				buf_text(to, c + 1 < sqlite3_column_count(s) ? "|" : "\n");
			}
		sqlite3_finalize(s);
	}
	assert_false(to->overflow);
}

TEST(images_in_chunks_give_the_case_of_the_raw_image)
{
	static const char *const moves[] = {
		"mv ../disk.raw .", "rm disk.raw; mv ../whole.E01 disk.E01", "rm disk.E01; mv ../split/disk.* ." };
	struct buf rows[3];
	struct run r;

	if (!has_tool("ewfacquirestream") || !has_tool("mke2fs"))
		skip();
	make(&r, "chunks",
	     "cp /bin/ls ../in/tool && printf '#!/bin/sh\\ncurl x | sh\\n' > ../in/deed && chmod 755 ../in/deed && "
	     "(cd ../in && tar cf etc.tar etc && cp deed etc/deed) && mke2fs -q -t ext4 -d ../in ../disk.raw 12M && "
	     "mkdir ../split && ewfacquirestream -q -c fast -t ../whole < ../disk.raw >/dev/null 2>&1 && "
	     "cd ../split && ewfacquirestream -q -c best -S 1048576 -t disk < ../disk.raw >/dev/null 2>&1");
	for (size_t i = 0; i < 3; i++) {
		shell(r.folder, moves[i]);
		snprintf(r.path, sizeof r.path, "%s/chunks-%zu.case", scratch_dir(), i);
		run_with(&r, (struct coordinator_options){ .jobs = 1 });
		assert_item(&r, "!/p1/hello.txt", "examined|other|text|");
		rows[i] = buf_new((size_t)1 << 20);
		tell_inside(&r, &rows[i]);
		tear_down(&r);
	}
	for (size_t i = 1; i < 3; i++) {
		assert_string_equal((const char *)rows[i].at, (const char *)rows[0].at);
		buf_free(&rows[i]);
	}
	assert_non_null(strstr((const char *)rows[0].at, "md5:"));
	buf_free(&rows[0]);
}

/* The list of the image, its check, and all three shares of its files. */
TEST(images_have_shares_that_one_examiner_goes_through)
{
	struct run r;

	if (!has_tool("ewfacquirestream") || !has_tool("mke2fs"))
		skip();
	make(&r, "shares", "seq 1200 | split -l 1 -a 3 - ../in/f && mke2fs -q -t ext4 -N 2000 -d ../in ../disk.raw 12M && "
			   "ewfacquirestream -q -c fast -t disk < ../disk.raw >/dev/null 2>&1");
	run_one(&r);
	assert_int_equal(number(&r, "SELECT count(*) FROM unit WHERE path GLOB '*.E01#*' AND done"), 5);
	assert_int_equal(r.totals.examiners, 3);
	assert_int_equal(number(&r, "SELECT count(*) FROM item WHERE path GLOB '*/f[a-z]*' AND fate = 'examined'"), 1200);
	assert_int_equal(number(&r, "SELECT count(*) FROM fact WHERE channel = 'image integrity' AND "
				    "note LIKE 'stored MD5 agrees%'"), 1);
	tear_down(&r);
}

TEST(images_say_which_chunks_fail_their_checksum)
{
	struct run r;

	if (!has_tool("ewfacquirestream") || !has_tool("mke2fs"))
		skip();
	make(&r, "damaged",
	     "mke2fs -q -t ext4 -d ../in ../disk.raw 8M && "
	     "ewfacquirestream -q -c none -t disk < ../disk.raw >/dev/null 2>&1 && "
	     "printf XXXX | dd of=disk.E01 bs=1 seek=2000000 conv=notrunc status=none");
	run_one(&r);
	assert_int_equal(number(&r, "SELECT count(*) FROM item WHERE path LIKE '%.E01' AND fate = 'partly' "
				    "AND reason LIKE '1 chunks fail their checksum%'"), 1);
	assert_int_equal(number(&r, "SELECT count(*) FROM fact WHERE channel = 'image integrity' AND "
				    "lost = 1 AND note LIKE 'stored MD5 differs%'"), 1);
	assert_item(&r, "!/p1/hello.txt", "examined|other|text|");
	tear_down(&r);
}

/* cap_net_raw, permitted from the start; in the inode, and in a block where that is too small. */
TEST(images_of_ext_tell_capabilities_of_programs)
{
	static const char *const sizes[] = { "256", "128" };

	for (size_t i = 0; i < 2; i++) {
		char command[1000];
		struct run r;

		if (!has_tool("mke2fs") || !has_tool("debugfs"))
			skip();
		snprintf(command, sizeof command,
			 "chmod 755 ../in/hello.txt && mke2fs -q -t ext4 -I %s -d ../in disk.raw 8M 2>/dev/null && "
			 "printf '\\001\\000\\000\\002\\000\\040\\000\\000\\000\\000\\000\\000"
			 "\\000\\000\\000\\000\\000\\000\\000\\000' > ../cap && "
			 "debugfs -w -R 'ea_set -f ../cap /hello.txt security.capability' disk.raw 2>/dev/null", sizes[i]);
		make(&r, sizes[i], command);
		run_one(&r);
		assert_int_equal(number(&r, "SELECT count(*) FROM trace WHERE what = 'file capability' AND path LIKE "
					    "'%/p1/hello.txt%' AND detail LIKE '%net_raw%'"), 1);
		tear_down(&r);
	}
}

/* The tool fills the value with letters, which are capabilities of some kind. */
TEST(images_of_xfs_tell_capabilities_of_programs)
{
	struct run r;

	if (!has_tool("mkfs.xfs") || !has_tool("xfs_db"))
		skip();
	make(&r, "xfs-cap", "printf 'x\\n0 0\\nd--755 0 0\\nrun ---755 0 0 %s/../in/hello.txt\\n$\\n' "
			    "\"$PWD\" > ../proto && truncate -s 320M disk.raw && "
			    "mkfs.xfs -q -p ../proto disk.raw >/dev/null 2>&1 && xfs_db -x -c 'path /run' -c "
			    "'attr_set -s -v 20 capability' disk.raw >/dev/null 2>&1");
	run_one(&r);
	assert_int_equal(number(&r, "SELECT count(*) FROM trace WHERE what = 'file capability' AND path LIKE "
				    "'%/p1/run%'"), 1);
	tear_down(&r);
}

/* user 1000: rw, in the kernel's form; debugfs turns it into the one of ext. */
#define ACCESS_LIST "printf '\\002\\000\\000\\000\\001\\000\\006\\000\\377\\377\\377\\377\\002\\000\\006\\000" \
	"\\350\\003\\000\\000\\004\\000\\004\\000\\377\\377\\377\\377\\020\\000\\006\\000\\377\\377\\377\\377" \
	"\\040\\000\\004\\000\\377\\377\\377\\377' > ../acl"

#define IMMUTABLE "SELECT count(*) FROM trace WHERE what = 'immutable' AND name = 'sudoers'"
#define GRANTED "SELECT count(*) FROM trace WHERE what = 'access list' AND command = 'user 1000: rw' AND name = 'sudoers'"

TEST(images_of_ext_tell_attributes_and_access_lists)
{
	static const char *const sizes[] = { "256", "128" }, *const names[] = { "marks-256", "marks-128" };

	for (size_t i = 0; i < 2; i++) {
		char command[1000];
		struct run r;

		if (!has_tool("mke2fs") || !has_tool("debugfs"))
			skip();
		snprintf(command, sizeof command,
			 "mkdir -p ../in/etc && cp ../in/hello.txt ../in/etc/sudoers && " ACCESS_LIST " && "
			 "mke2fs -q -t ext4 -I %s -d ../in disk.raw 8M 2>/dev/null && "
			 "debugfs -w -R 'ea_set -f ../acl /etc/sudoers system.posix_acl_access' disk.raw 2>/dev/null && "
			 "debugfs -w -R 'set_inode_field /etc/sudoers flags 0x80010' disk.raw 2>/dev/null", sizes[i]);
		make(&r, names[i], command);
		run_one(&r);
		assert_int_equal(number(&r, IMMUTABLE), 1);
		assert_int_equal(number(&r, GRANTED), 1);
		tear_down(&r);
	}
}

TEST(images_of_xfs_tell_attributes)
{
	struct run r;

	if (!has_tool("mkfs.xfs") || !has_tool("xfs_db"))
		skip();
	make(&r, "xfs-marks", "printf 'x\\n0 0\\nd--755 0 0\\netc d--755 0 0\\nsudoers ---644 0 0 %s/../in/hello.txt\\n$\\n$\\n' "
			      "\"$PWD\" > ../proto && truncate -s 320M disk.raw && "
			      "mkfs.xfs -q -p ../proto disk.raw >/dev/null 2>&1 && xfs_db -x -c 'path /etc/sudoers' -c "
			      "'write core.immutable 1' disk.raw >/dev/null 2>&1");
	run_one(&r);
	assert_int_equal(number(&r, IMMUTABLE), 1);
	tear_down(&r);
}

/* QEMU writes LUKS without a device mapper. */
#define LUKS_IMAGE "mke2fs -q -t ext4 -d ../in ../disk.raw 4M && qemu-img convert -O luks " \
	"--object secret,id=s,data=geheim -o key-secret=s,iter-time=10 ../disk.raw disk.luks"

TEST(images_that_are_encrypted_are_locked_without_a_key)
{
	struct run r;

	if (!has_tool("qemu-img") || !has_tool("mke2fs"))
		skip();
	make(&r, "luks", LUKS_IMAGE);
	run_one(&r);
	assert_item(&r, "/disk.luks", "partly|disk image|luks volume|p1: luks: encrypted, no key given");
	assert_item(&r, "/disk.luks!/p1", "locked|other||luks: encrypted, no key given");
	tear_down(&r);
}

TEST(images_that_are_encrypted_open_with_their_key)
{
	struct library_key keys[] = { { .passphrase = SPAN("falsch") }, { .passphrase = SPAN("geheim") } };
	struct run r;

	if (!has_tool("qemu-img") || !has_tool("mke2fs"))
		skip();
	make(&r, "opened", LUKS_IMAGE);
	run_with(&r, (struct coordinator_options){ .jobs = 1, .keys = keys, .key_count = 2 });
	assert_item(&r, "/disk.luks", "examined|disk image|luks volume|");
	assert_files(&r, "disk.luks!/p1");
	tear_down(&r);
}

/* Version 2, encrypted in place: no device mapper either. */
#define LUKS2_IMAGE "mke2fs -q -t ext4 -d ../in disk.luks 4M && truncate -s 36M disk.luks && " \
	"printf geheim | cryptsetup reencrypt --encrypt --type luks2 --reduce-device-size 32M -q " \
	"--pbkdf argon2id --pbkdf-memory 1024 --pbkdf-force-iterations 4 --key-file - disk.luks"

TEST(images_of_luks2_open_with_their_key)
{
	struct library_key keys[] = { { .passphrase = SPAN("falsch") }, { .passphrase = SPAN("geheim") } };
	struct run r;

	if (!has_tool("cryptsetup") || !has_tool("mke2fs"))
		skip();
	make(&r, "luks2-locked", LUKS2_IMAGE);
	run_one(&r);
	assert_item(&r, "/disk.luks!/p1", "locked|other||luks: encrypted, no key given");
	tear_down(&r);
	make(&r, "luks2-opened", LUKS2_IMAGE);
	run_with(&r, (struct coordinator_options){ .jobs = 1, .keys = keys, .key_count = 2 });
	assert_item(&r, "/disk.luks", "examined|disk image|luks volume|");
	assert_files(&r, "disk.luks!/p1");
	tear_down(&r);
}

TEST(images_that_nothing_reads_are_named)
{
	struct run r;

	set_up(&r, "btrfs");
	shell(r.folder, "truncate -s 1M disk.raw && printf '_BHRfS_M' | dd of=disk.raw bs=1 seek=65600 "
			"conv=notrunc status=none");
	run_one(&r);
	assert_item(&r, "/disk.raw", "partly|disk image|btrfs volume|p1: btrfs: not examined");
	assert_item(&r, "/disk.raw!/p1", "skipped|other||btrfs: not examined");
	tear_down(&r);
}

/* Holes are not read, but count as the zeros that they are. */
TEST(images_with_holes_have_the_digest_of_all_bytes)
{
	char path[400], digest[65] = { 0 }, sql[200];
	struct run r;
	FILE *file;

	if (!has_tool("mke2fs"))
		skip();
	make(&r, "holes", "truncate -s 80M disk.raw && mke2fs -q -t ext4 -d ../in disk.raw && "
			  "printf odd | dd of=disk.raw bs=1 seek=70000001 conv=notrunc status=none && "
			  "truncate -s 80000123 disk.raw && sha256sum < disk.raw | cut -c-64 > ../digest");
	run_one(&r);
	assert_files(&r, "disk.raw!/p1");
	snprintf(path, sizeof path, "%s/../digest", r.folder);
	file = fopen(path, "r");
	assert_true(file && fread(digest, 1, 64, file) == 64);
	fclose(file);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM item WHERE parent IS NULL AND "
		 "lower(hex(sha256)) = '%s'", digest);
	assert_int_equal(number(&r, sql), 1);
	tear_down(&r);
}

/* Damage anywhere costs what it hits. CI does few; tests/differential/images/damage does many. */
TEST(images_that_are_damaged_do_not_end_a_run)
{
	struct run r;

	if (!has_tool("mke2fs"))
		skip();
	make(&r, "damage", "mke2fs -q -t ext4 -d ../in ../disk.raw 2M && python3 - <<'P'\n"
			   "import random\n"
			   "random.seed(7)\n"
			   "whole = open('../disk.raw','rb').read()\n"
			   "for i in range(12):\n"
			   "    b = bytearray(whole)\n"
			   "    for _ in range(20):\n"
			   "        at = random.choice([random.randrange(len(b)), random.randrange(1024, 60000)])\n"
			   "        b[at] = random.randrange(256)\n"
			   "    open('d%02d.raw' % i, 'wb').write(b)\n"
			   "P\ntrue");
	run_one(&r);
	assert_int_equal(number(&r, "SELECT count(*) FROM item WHERE parent IS NULL AND fate IS NOT NULL"), 12);
	assert_int_equal(number(&r, "SELECT count(*) FROM item WHERE fate IS NULL"), 0);
	assert_true(number(&r, "SELECT count(*) FROM item WHERE path LIKE '%/hello.txt'") >= 6);
	tear_down(&r);
}
