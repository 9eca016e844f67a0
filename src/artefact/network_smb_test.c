/* Files of shares in captures, as SMB 1 and 2 carry them. */
#include "artefact/network_capture_support.h"

#include "base/utf8.h"

enum { LOGON = 1, TREE = 3, CREATE = 5, CLOSE = 6, READ = 8, WRITE = 9, SET_INFO = 17, ANSWER = 1, RELATED = 4 };

/* The two ends of a conversation, and where each is in its numbers. */
struct talk {
	struct making m;
	uint32_t at[2];
};

static struct talk talk_new(void)
{
	struct talk t = { making_new(445), { 101, 501 } };

	segment(&t.m, false, 100, SYN, (struct span){ 0 });
	segment(&t.m, true, 500, SYN | ACK, (struct span){ 0 });
	return t;
}

static void say(struct talk *t, bool is_back, struct span bytes)
{
	segment(&t->m, is_back, t->at[is_back], ACK, bytes);
	t->at[is_back] += (uint32_t)bytes.len;
}

/* With the frame's length in front; of one whose rest comes later, what `more` adds. */
static void say_frame(struct talk *t, bool is_back, struct buf *message, size_t more)
{
	struct buf frame = buf_new((size_t)64 << 10);

	add_u32be(&frame, (uint32_t)(buf_span(message).len + more));
	buf_add(&frame, buf_span(message));
	say(t, is_back, buf_span(&frame));
	buf_free(&frame);
	buf_free(message);
}

static void add_zeros(struct buf *to, size_t count)
{
	while (count--)
		buf_add_u8(to, 0);
}

static void add_wide(struct buf *to, const char *text)
{
	for (; *text; text++)
		buf_add_u16le(to, (uint8_t)*text);
}

struct head {
	uint16_t command;
	uint32_t flags, status, next;
	uint64_t id;
};

/* MS-SMB2, 2.2.1.2: of session 9 and share 5. */
static void add_head(struct buf *to, struct head h)
{
	buf_add(to, SPAN("\xfeSMB\x40\0\1\0"));
	buf_add_u32le(to, h.status);
	buf_add_u16le(to, h.command);
	buf_add_u16le(to, 1);
	buf_add_u32le(to, h.flags);
	buf_add_u32le(to, h.next);
	buf_add_u64le(to, h.id);
	buf_add_u32le(to, 0);
	buf_add_u32le(to, 5);
	buf_add_u64le(to, 9);
	add_zeros(to, 16);
}

static struct buf message(struct head h)
{
	struct buf b = buf_new((size_t)64 << 10);

	add_head(&b, h);
	return b;
}

static void add_file(struct buf *to, uint64_t number)
{
	buf_add_u64le(to, number);
	buf_add_u64le(to, number);
}

static void answer_plain(struct talk *t, uint16_t command, uint64_t id, uint32_t status)
{
	struct buf b = message((struct head){ command, ANSWER, status, 0, id });

	add_zeros(&b, 60);
	say_frame(t, true, &b, 0);
}

static void ask_tree(struct talk *t, uint64_t id, const char *path)
{
	struct buf b = message((struct head){ TREE, 0, 0, 0, id });

	buf_add(&b, SPAN("\x09\0\0\0\x48\0"));
	buf_add_u16le(&b, (uint16_t)(2 * strlen(path)));
	add_wide(&b, path);
	say_frame(t, false, &b, 0);
	answer_plain(t, TREE, id, 0);
}

static void add_create(struct buf *b, const char *name)
{
	buf_add_u16le(b, 57);
	add_zeros(b, 42);
	buf_add_u16le(b, 120);
	buf_add_u16le(b, (uint16_t)(2 * strlen(name)));
	add_zeros(b, 8);
	add_wide(b, name);
}

static void open_file(struct talk *t, uint64_t id, const char *name, uint64_t number, uint32_t status)
{
	struct buf ask = message((struct head){ CREATE, 0, 0, 0, id });
	struct buf answer = message((struct head){ CREATE, ANSWER, status, 0, id });

	add_create(&ask, name);
	say_frame(t, false, &ask, 0);
	buf_add_u16le(&answer, 89);
	add_zeros(&answer, 62);
	add_file(&answer, number);
	add_zeros(&answer, 8);
	say_frame(t, true, &answer, 0);
}

static void add_write(struct buf *b, uint64_t number, uint32_t bytes)
{
	buf_add_u16le(b, 49);
	buf_add_u16le(b, 112);
	buf_add_u32le(b, bytes);
	buf_add_u64le(b, 0);
	add_file(b, number);
	add_zeros(b, 16);
}

static void ask_write(struct talk *t, uint64_t id, uint64_t number, uint32_t bytes, size_t there)
{
	struct buf b = message((struct head){ WRITE, 0, 0, 0, id });

	add_write(&b, number, bytes);
	add_zeros(&b, there);
	say_frame(t, false, &b, bytes - there);
}

static void ask_file(struct talk *t, uint16_t command, uint64_t id, uint64_t number)
{
	struct buf b = message((struct head){ command, 0, 0, 0, id });

	add_zeros(&b, command == READ ? 16 : 8);
	add_file(&b, number);
	add_zeros(&b, command == READ ? 17 : 0);
	say_frame(t, false, &b, 0);
}

static void answer_read(struct talk *t, uint64_t id, uint32_t bytes, size_t there)
{
	struct buf b = message((struct head){ READ, ANSWER, 0, 0, id });

	buf_add(&b, SPAN("\x11\0\x50\0"));
	buf_add_u32le(&b, bytes);
	add_zeros(&b, 8 + there);
	say_frame(t, true, &b, bytes - there);
}

static bool take(void *lines, const struct trace *t)
{
	if (span_eq(t->what, SPAN("flow"))) {
		buf_printf(lines, "%.*s|%.*s|%.*s|%.*s%s\n", SPAN_ARG(t->protocol), SPAN_ARG(t->name), SPAN_ARG(t->path),
			   SPAN_ARG(t->user), span_has_any(t->detail, "\"smb\":\"") ? "|not all" : "");
		return true;
	}
	buf_printf(lines, "%.*s|%.*s|%.*s|%.*s|%" PRId64 "|%" PRId64 "\n", SPAN_ARG(t->what), SPAN_ARG(t->path),
		   SPAN_ARG(t->name), SPAN_ARG(t->user), (int64_t)t->bytes_out, (int64_t)t->bytes_in);
	return true;
}

static void expect(struct talk *t, const char *want)
{
	making_expect(&t->m, take, want);
}

TEST(network_tells_files_that_are_written_to_a_share_and_read_from_it)
{
	struct talk t = talk_new();

	ask_tree(&t, 1, "\\\\fs.hq\\data");
	open_file(&t, 2, "a\\pay.zip", 7, 0);
	ask_write(&t, 3, 7, 1000, 300);
	say(&t, false, span_of((const uint8_t[700]){ 0 }, 700));
	answer_plain(&t, WRITE, 3, 0);
	ask_write(&t, 4, 7, 50, 50);
	ask_file(&t, CLOSE, 5, 7);
	answer_plain(&t, CLOSE, 5, 0);
	open_file(&t, 6, "b.txt", 8, 0);
	ask_file(&t, READ, 7, 8);
	ask_file(&t, CLOSE, 8, 8);
	/* An answer that waits says nothing; what comes behind a question to close belongs to the file. */
	answer_plain(&t, READ, 7, 0x103);
	answer_read(&t, 7, 600, 600);
	answer_plain(&t, CLOSE, 8, 0);
	/* What could not be opened was not there. */
	open_file(&t, 9, "c.txt", 9, 0xc0000022);
	expect(&t, "upload|\\\\fs.hq\\data\\a\\pay.zip|||1050|0\n"
		   "download|\\\\fs.hq\\data\\b.txt|||0|600\n"
		   "smb|fs.hq|\\\\fs.hq\\data|\n");
}

/* As macOS and Windows do: open, write and close in one frame, the last two of the file before them. */
TEST(network_tells_a_file_that_is_written_in_one_frame)
{
	struct talk t = talk_new();
	struct buf b = message((struct head){ CREATE, 0, 0, 136, 2 });
	struct buf answer = message((struct head){ CREATE, ANSWER, 0, 152, 2 });

	ask_tree(&t, 1, "\\\\fs\\d");
	add_create(&b, "x");
	add_zeros(&b, 136 - 122);
	add_head(&b, (struct head){ WRITE, RELATED, 0, 136, 3 });
	add_write(&b, UINT64_MAX, 24);
	add_zeros(&b, 24);
	add_head(&b, (struct head){ CLOSE, RELATED, 0, 0, 4 });
	add_zeros(&b, 8);
	add_file(&b, UINT64_MAX);
	say_frame(&t, false, &b, 0);
	buf_add_u16le(&answer, 89);
	add_zeros(&answer, 62);
	add_file(&answer, 7);
	add_zeros(&answer, 8);
	add_head(&answer, (struct head){ WRITE, ANSWER | RELATED, 0, 80, 3 });
	add_zeros(&answer, 16);
	add_head(&answer, (struct head){ CLOSE, ANSWER | RELATED, 0, 0, 4 });
	add_zeros(&answer, 60);
	say_frame(&t, true, &answer, 0);
	expect(&t, "upload|\\\\fs\\d\\x|||24|0\n"
		   "smb|fs|\\\\fs\\d|\n");
}

TEST(network_counts_what_of_a_file_the_capture_missed)
{
	struct talk t = talk_new();

	ask_tree(&t, 1, "\\\\fs\\d");
	open_file(&t, 2, "x", 7, 0);
	ask_write(&t, 3, 7, 50000, 100);
	/* Then 49,800 bytes that were not recorded, and the rest. */
	t.at[0] += 49800;
	say(&t, false, span_of((const uint8_t[100]){ 0 }, 100));
	ask_write(&t, 4, 7, 10, 10);
	expect(&t, "upload|\\\\fs\\d\\x|||50010|0\n"
		   "smb|fs|\\\\fs\\d|\n");
	/* Where the gap goes over the end, what follows is read from the next message on. */
	t = talk_new();
	ask_tree(&t, 1, "\\\\fs\\d");
	open_file(&t, 2, "x", 7, 0);
	ask_write(&t, 3, 7, 50000, 100);
	t.at[0] += 50000;
	say(&t, false, span_of((const uint8_t[100]){ 0 }, 100));
	ask_write(&t, 4, 7, 10, 10);
	expect(&t, "upload|\\\\fs\\d\\x|||50010|0\n"
		   "smb|fs|\\\\fs\\d||not all\n");
}

TEST(network_tells_files_that_were_open_before_the_capture)
{
	struct talk t = { making_new(445), { 101, 501 } };

	say(&t, false, SPAN("the rest of something"));
	ask_write(&t, 3, 7, 50, 50);
	expect(&t, "upload||||50|0\nsmb|||\n");
}

TEST(network_tells_what_is_renamed_and_deleted_on_a_share)
{
	struct talk t = talk_new();
	struct buf b = message((struct head){ SET_INFO, 0, 0, 0, 3 });

	ask_tree(&t, 1, "\\\\fs\\d");
	open_file(&t, 2, "plan.doc", 7, 0);
	buf_add(&b, SPAN("\x21\0\1\x0a\x26\0\0\0\x60\0\0\0\0\0\0\0"));
	add_file(&b, 7);
	add_zeros(&b, 16);
	buf_add_u32le(&b, 18);
	add_wide(&b, "plan.lock");
	say_frame(&t, false, &b, 0);
	answer_plain(&t, SET_INFO, 3, 0);
	b = message((struct head){ SET_INFO, 0, 0, 0, 4 });
	buf_add(&b, SPAN("\x21\0\1\x0d\1\0\0\0\x60\0\0\0\0\0\0\0"));
	add_file(&b, 7);
	buf_add_u8(&b, 1);
	say_frame(&t, false, &b, 0);
	answer_plain(&t, SET_INFO, 4, 0);
	ask_file(&t, CLOSE, 5, 7);
	answer_plain(&t, CLOSE, 5, 0);
	expect(&t, "renamed|\\\\fs\\d\\plan.lock|\\\\fs\\d\\plan.doc||-1|-1\n"
		   "deleted|\\\\fs\\d\\plan.lock|||-1|-1\n"
		   "smb|fs|\\\\fs\\d|\n");
}

/* [MS-NLMP]'s message within the question of SMB 2; a logon that fails is told too. */
TEST(network_tells_who_logs_on_to_a_server)
{
	static const struct span token = { (const uint8_t *)"NTLMSSP\0\3\0\0\0" "\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\0"
		"\4\0\4\0\x40\0\0\0" "\6\0\6\0\x44\0\0\0" "\4\0\4\0\x4a\0\0\0" "\0\0\0\0\0\0\0\0" "\1\2\0\0"
		"H\0Q\0" "e\0v\0e\0" "P\0C\0", 78 };
	struct talk t = talk_new();

	for (unsigned i = 0; i < 2; i++) {
		struct buf b = message((struct head){ LOGON, 0, 0, 0, 1 + i });

		buf_add(&b, SPAN("\x19\0\0\0\0\0\0\0\0\0\0\0\x58\0"));
		buf_add_u16le(&b, (uint16_t)token.len);
		add_zeros(&b, 8);
		buf_add(&b, token);
		say_frame(&t, false, &b, 0);
		answer_plain(&t, LOGON, 1 + i, i ? 0 : 0xc000006d);
	}
	ask_tree(&t, 3, "\\\\fs\\IPC$");
	open_file(&t, 4, "svcctl", 7, 0);
	expect(&t, "session|||HQ\\eve|-1|-1\n"
		   "session|||HQ\\eve|-1|-1\n"
		   "session|\\\\fs\\IPC$\\svcctl||HQ\\eve|0|0\n"
		   "smb|fs|\\\\fs\\IPC$|HQ\\eve\n");
}

TEST(network_says_of_smb_that_it_is_encrypted)
{
	struct talk t = talk_new();

	say(&t, false, SPAN("\0\0\0\x0c\xfdSMB12345678"));
	expect(&t, "smb||||not all\n");
}

/* ---- SMB 1 ---- */

static void say_old(struct talk *t, bool is_back, uint8_t command, struct span words, struct span bytes, uint16_t id)
{
	struct buf b = buf_new((size_t)8 << 10);

	buf_add(&b, SPAN("\xffSMB"));
	buf_add_u8(&b, command);
	add_zeros(&b, 4);
	buf_add_u8(&b, is_back ? 0x88 : 8);
	buf_add(&b, SPAN("\1\xc0"));
	add_zeros(&b, 12);
	buf_add_u16le(&b, 5);
	buf_add_u16le(&b, 1);
	buf_add_u16le(&b, 9);
	buf_add_u16le(&b, id);
	buf_add_u8(&b, (uint8_t)(words.len / 2));
	buf_add(&b, words);
	buf_add_u16le(&b, (uint16_t)bytes.len);
	buf_add(&b, bytes);
	say_frame(t, is_back, &b, 0);
}

TEST(network_tells_files_of_the_first_smb)
{
	struct talk t = talk_new();

	say_old(&t, false, 0x75, SPAN("\xff\0\0\0\0\0\1\0"), SPAN("\0\\\0\\\0f\0s\0\\\0d\0\0\0A:\0"), 1);
	say_old(&t, true, 0x75, SPAN("\xff\0\0\0\0\0"), SPAN(""), 1);
	say_old(&t, false, 0xa2, span_of((const uint8_t[48]){ 0xff, [5] = 4 }, 48), SPAN("\0\\\0x\0"), 2);
	say_old(&t, true, 0xa2, SPAN("\xff\0\0\0\0\7\0\0"), SPAN(""), 2);
	say_old(&t, false, 0x2f, span_of((const uint8_t[26]){ 0xff, [4] = 7, [20] = 20, [22] = 62 }, 26),
		SPAN("\0" "0123456789abcdefghij"), 3);
	say_old(&t, false, 0x04, SPAN("\7\0\0\0\0\0"), SPAN(""), 4);
	say_old(&t, true, 0x04, SPAN(""), SPAN(""), 4);
	say_old(&t, false, 0x06, SPAN("\0\0"), SPAN("\4\\\0y\0\0\0"), 5);
	say_old(&t, true, 0x06, SPAN(""), SPAN(""), 5);
	expect(&t, "upload|\\\\fs\\d\\x|||20|0\n"
		   "deleted|\\\\fs\\d\\y|||-1|-1\n"
		   "smb|fs|\\\\fs\\d|\n");
}
