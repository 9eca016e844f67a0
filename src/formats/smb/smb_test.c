#include "formats/smb/smb.h"

#include "test.h"

TEST(smb_begins_with_a_frame)
{
	assert_true(smb_begins(SPAN("\0\0\0\x40\xfeSMB")));
	assert_false(smb_begins(SPAN("\0\0\0\x40\xfeSMC")));
}
