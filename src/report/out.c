#include "report/out.h"

#include <errno.h>

#define PIECE ((size_t)1 << 16)
#define MOST ((size_t)1 << 30)

struct out out_new(FILE *to)
{
	return (struct out){ .to = to, .buf = buf_new(MOST) };
}

static void hand_on(struct out *out)
{
	if (out->buf.overflow || fwrite(out->buf.at, 1, out->buf.len, out->to) != out->buf.len)
		out->failed = true;
	buf_clear(&out->buf);
}

void out_pass(struct out *out)
{
	if (out->buf.len >= PIECE || out->buf.overflow)
		hand_on(out);
}

bool out_end(struct out *out, struct err *err)
{
	errno = 0;
	if (out->buf.len || out->buf.overflow)
		hand_on(out);
	buf_free(&out->buf);
	if (fflush(out->to) || ferror(out->to))
		out->failed = true;
	return !out->failed || err_errno(err, errno ? errno : EIO, "cannot write");
}
