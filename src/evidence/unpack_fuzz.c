/* Archives: what identification says, and walking their members within bounds. */
#include "evidence/identify.h"
#include "evidence/unpack.h"

#define MEMBERS 64
#define BYTES ((size_t)1 << 20)

static void walk(struct unpack *u)
{
	struct unpack_member member;
	struct buf content = buf_new(BYTES * 3);
	struct err err;
	bool more = true, end;

	for (int i = 0; more && i < MEMBERS; i++) {
		if (unpack_next(u, &member, &more, &err) != UNPACK_MEMBER)
			break;
		if (member.path.len && !member.path.at)
			__builtin_trap();
		buf_clear(&content);
		for (end = false; !end && content.len < BYTES;)
			if (!unpack_read(u, &content, &end, &err))
				break;
	}
	unpack_format(u);
	buf_free(&content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool prepared;
	struct identity identity = identify(span_of(data, size));
	struct unpack *u;
	struct err err;

	if (!prepared)
		unpack_prepare();
	prepared = true;
	if (!identity.kind)
		__builtin_trap();
	u = unpack_open(span_of(data, size), SPAN("folder/name.gz"), &err);
	if (u)
		walk(u);
	unpack_free(u);
	return 0;
}
