#include "formats/local_name/local_name.h"

#include "base/buf.h"
#include "test.h"

static void take(void *context, const uint8_t address[16], struct span name)
{
	buf_printf(context, "%u.%u.%u.%u %.*s\n", address[12], address[13], address[14], address[15], SPAN_ARG(name));
}

/* Whatever is cut off, nothing else is told. */
static void expect(enum local_name_form form, struct span bytes, const char *want)
{
	struct buf lines = buf_new(1000);

	for (size_t len = 0; len <= bytes.len; len++) {
		buf_clear(&lines);
		local_name_read(form, span_sub(bytes, 0, len), take, &lines);
		buf_add_u8(&lines, 0);
		if (len == bytes.len || lines.at[0])
			assert_string_equal((const char *)lines.at, want);
	}
	buf_free(&lines);
}

static struct buf dhcp(uint8_t asks, struct span own, struct span options)
{
	struct buf b = buf_new(1000);

	buf_add_u8(&b, asks);
	while (b.len < 12)
		buf_add_u8(&b, 0);
	buf_add(&b, own);
	while (b.len < 236)
		buf_add_u8(&b, 0);
	buf_add(&b, SPAN("\x63\x82\x53\x63"));
	buf_add(&b, options);
	return b;
}

TEST(local_name_reads_who_asks_for_an_address)
{
	struct buf b = dhcp(1, SPAN("\0\0\0\0"), SPAN("\x35\1\3\0\x32\4\x0a\0\0\5\x0c\x0a" "EVE-LAPTOP\xff"));

	expect(LOCAL_NAME_DHCP, buf_span(&b), "10.0.0.5 EVE-LAPTOP\n");
	buf_free(&b);
	/* Its own address again; the full name, where no other is told. An offer is none. */
	b = dhcp(1, SPAN("\x0a\0\0\6"), SPAN("\x51\x09\0\0\0pc.hqX" "\x35\1\3\xff"));
	expect(LOCAL_NAME_DHCP, buf_span(&b), "10.0.0.6 pc.hqX\n");
	buf_free(&b);
	b = dhcp(2, SPAN("\x0a\0\0\6"), SPAN("\x0c\2pc\x35\1\3\xff"));
	expect(LOCAL_NAME_DHCP, buf_span(&b), "");
	buf_free(&b);
}

#define PC_1 "\x20" "FAEDCNDBCACACACACACACACACACACAAA\0"	/* "PC-1", of a workstation */
#define GROUP_1 "\x20" "FAEDCNDBCACACACACACACACACACACABN\0"	/* of an election */

TEST(local_name_reads_claims_of_netbios)
{
	expect(LOCAL_NAME_NETBIOS, SPAN("\0\1\x29\x10\0\1\0\0\0\0\0\1" PC_1 "\0\x20\0\1" "\xc0\x0c\0\x20\0\1\0\4\x93\xe0\0\6"
					"\0\0\x0a\0\0\7"), "10.0.0.7 PC-1\n");
	/* A group's name, and one of another kind. */
	expect(LOCAL_NAME_NETBIOS, SPAN("\0\1\x29\x10\0\1\0\0\0\0\0\1" PC_1 "\0\x20\0\1" "\xc0\x0c\0\x20\0\1\0\4\x93\xe0\0\6"
					"\x80\0\x0a\0\0\7"), "");
	expect(LOCAL_NAME_NETBIOS, SPAN("\0\1\x29\x10\0\1\0\0\0\0\0\1" GROUP_1 "\0\x20\0\1" "\xc0\x0c\0\x20\0\1\0\4\x93\xe0\0\6"
					"\0\0\x0a\0\0\7"), "");
	/* The answer to a question. */
	expect(LOCAL_NAME_NETBIOS, SPAN("\0\1\x85\0\0\0\0\1\0\0\0\0" PC_1 "\0\x20\0\1\0\4\x93\xe0\0\6\0\0\x0a\0\0\x08"),
	       "10.0.0.8 PC-1\n");
	expect(LOCAL_NAME_NETBIOS_DATAGRAM, SPAN("\x11\x0a\0\1\x0a\0\0\x09\0\x8a\0\x10\0\0" PC_1), "10.0.0.9 PC-1\n");
}

TEST(local_name_reads_answers_by_multicast)
{
	expect(LOCAL_NAME_MULTICAST, SPAN("\0\0\x84\0\0\0\0\1\0\0\0\0\2pc\5local\0\0\1\x80\1\0\0\0\x78\0\4\x0a\0\0\x0a"),
	       "10.0.0.10 pc.local\n");
	/* A question tells nobody's name. */
	expect(LOCAL_NAME_MULTICAST, SPAN("\0\0\0\0\0\0\0\1\0\0\0\0\2pc\5local\0\0\1\x80\1\0\0\0\x78\0\4\x0a\0\0\x0a"), "");
}
