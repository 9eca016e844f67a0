/* Mail in captures: who sends what to whom. */
#include "artefact/network_capture_support.h"

static bool take(void *lines, const struct trace *t)
{
	if (span_eq(t->what, SPAN("mail")))
		buf_printf(lines, "%.*s|%.*s|%.*s|%" PRId64 "|%.*s\n", SPAN_ARG(t->user), SPAN_ARG(t->name), SPAN_ARG(t->path),
			   (int64_t)t->bytes_out, SPAN_ARG(t->detail));
	else
		buf_printf(lines, "%.*s|%.*s|%" PRId64 "\n", SPAN_ARG(t->what), SPAN_ARG(t->protocol), (int64_t)t->bytes_out);
	return true;
}

struct talk {
	struct making m;
	uint32_t at[2];
};

static struct talk talk_new(void)
{
	struct talk t = { making_new(25), { 101, 501 } };

	segment(&t.m, false, 100, SYN, (struct span){ 0 });
	segment(&t.m, true, 500, SYN | ACK, (struct span){ 0 });
	return t;
}

static void say(struct talk *t, bool is_back, struct span bytes)
{
	segment(&t->m, is_back, t->at[is_back], ACK, bytes);
	t->at[is_back] += (uint32_t)bytes.len;
}

#define ENVELOPE "MAIL FROM:<eve@hq.example> SIZE=9\r\nRCPT TO:<a@out.example>\r\nrcpt to:<b@out.example>\r\n"
#define CONTENT "Subject: plans\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" \
	"Content-Disposition: attachment;\r\n\tfilename=\"plan.zip\"\r\n\r\nUEsDBA==\r\n..\r\n--b--\r\n"

TEST(network_tells_mails)
{
	struct talk t = talk_new();
	struct span content = SPAN(CONTENT);

	say(&t, true, SPAN("220 mx ESMTP\r\n"));
	say(&t, false, SPAN("EHLO pc\r\n" ENVELOPE "DATA\r\n"));
	say(&t, true, SPAN("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"));
	/* Cut within a line, and between the two bytes of its end. */
	say(&t, false, span_sub(content, 0, 100));
	say(&t, false, span_from(content, 100));
	say(&t, false, SPAN(".\r"));
	say(&t, false, SPAN("\n"));
	say(&t, true, SPAN("552 too much\r\n"));
	say(&t, false, SPAN("MAIL FROM:<>\r\nRCPT TO:<c@out.example>\r\nDATA\r\n"));
	say(&t, false, SPAN("\r\nshort"));
	making_expect(&t.m, take,
		"eve@hq.example|a@out.example, b@out.example|plan.zip|145|{\"subject\":\"plans\",\"attachments\":\"plan.zip\","
		"\"recipients\":2,\"status\":\"552\"}\n"
		"|c@out.example||7|{\"status\":\"not at its end\"}\n"
		"flow|smtp|300\n");
}

TEST(network_tells_mails_in_chunks_and_without_greeting)
{
	struct talk t = talk_new();

	say(&t, false, SPAN("EHLO pc\r\n" ENVELOPE "BDAT 10\r\n0123456789BDAT 20 LAST\r\nSubject: x\r\n\r\n123456"));
	say(&t, true, SPAN("250 ok\r\n"));
	making_expect(&t.m, take, "eve@hq.example|a@out.example, b@out.example|x|30|{\"subject\":\"x\",\"recipients\":2,"
				  "\"status\":\"250\"}\nflow|smtp|147\n");
}

TEST(network_counts_what_of_a_mail_the_capture_missed)
{
	struct talk t = talk_new();

	say(&t, true, SPAN("220 mx ESMTP\r\n"));
	say(&t, false, SPAN(ENVELOPE "DATA\r\nSubject: x\r\n\r\n0123456789\r\n"));
	t.at[0] += 5000;
	say(&t, false, SPAN("rest\r\nline\r\n.\r\n"));
	making_expect(&t.m, take, "eve@hq.example|a@out.example, b@out.example|x|5038|{\"subject\":\"x\",\"recipients\":2}\n"
				  "flow|smtp|132\n");
}
