#include "formats/ntlm/ntlm.h"

#include "test.h"

/* As [MS-NLMP] 4.2.4.3 has it, without its answers: Domain, User and COMPUTER. */
TEST(ntlm_reads_who_logs_on)
{
	struct ntlm n;
	struct span logon = SPAN("..NTLMSSP\0\3\0\0\0" "\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\0"
		"\x0c\0\x0c\0\x48\0\0\0" "\x08\0\x08\0\x54\0\0\0" "\x10\0\x10\0\x5c\0\0\0" "\0\0\0\0\0\0\0\0"
		"\x35\x82\x80\xe2" "\0\0\0\0\0\0\0\0"
		"D\0o\0m\0a\0i\0n\0" "U\0s\0e\0r\0" "C\0O\0M\0P\0U\0T\0E\0R\0");

	assert_true(ntlm_read(logon, &n));
	assert_false(n.is_challenge);
	assert_string_equal(n.user, "User");
	assert_string_equal(n.domain, "Domain");
	assert_string_equal(n.machine, "COMPUTER");
	/* What lies beyond the end is not there; of less nothing is left. */
	for (size_t len = 0; len < logon.len; len++)
		if (ntlm_read(span_sub(logon, 0, len), &n))
			assert_true(!*n.machine && (!*n.user || !strcmp(n.user, "User")));
}

TEST(ntlm_reads_what_a_server_calls_itself)
{
	struct ntlm n;

	assert_true(ntlm_read(SPAN("NTLMSSP\0\2\0\0\0" "\6\0\6\0\x30\0\0\0" "\1\2\2\0" "01234567" "\0\0\0\0\0\0\0\0"
				   "\x18\0\x18\0\x36\0\0\0" "O\0F\0F\0"
				   "\1\0\4\0S\0V\0" "\3\0\x08\0s\0.\0h\0v\0" "\0\0\0\0"), &n));
	assert_true(n.is_challenge);
	assert_string_equal(n.domain, "OFF");
	assert_string_equal(n.machine, "s.hv");
	assert_false(ntlm_read(SPAN("NTLMSSP\0\1\0\0\0"), &n));
	assert_false(ntlm_read(SPAN("NTLMSSP"), &n));
}
