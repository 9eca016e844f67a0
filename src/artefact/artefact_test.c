#include "artefact/artefact.h"
#include "test.h"

TEST(paths_match_by_their_last_parts)
{
	assert_true(artefact_path_matches("etc/crontab", SPAN("etc/crontab")));
	assert_true(artefact_path_matches("etc/crontab", SPAN("/mnt/x.E01!/p1/etc/crontab")));
	assert_true(artefact_path_matches("a|etc/cron.d/*", SPAN("/r/etc/cron.d/job")));
	assert_true(artefact_path_matches("Users/*/NTUSER.DAT", SPAN("C\\users\\ann\\ntuser.dat")));
	assert_true(artefact_path_matches("*.pf", SPAN("CMD.EXE-1234.pf")));
	assert_true(artefact_path_matches("x*y*z", SPAN("/x12y3yz")));
	assert_true(artefact_path_matches("*%4Operational.evtx", SPAN("a/Windows-X%4Operational.evtx")));
	assert_true(artefact_path_matches("*%4Operational.evtx", SPAN("a/Windows-X%254Operational.evtx")));
	assert_true(artefact_path_matches("$Extend/$UsnJrnl:$J", SPAN("C%3A/$Extend/$UsnJrnl%3A$J")));
	assert_false(artefact_path_matches("etc/crontab", SPAN("/r/etc%2Fcrontab")));
	assert_false(artefact_path_matches("etc/crontab", SPAN("/r/myetc/crontab")));
	assert_false(artefact_path_matches("etc/crontab", SPAN("crontab")));
	assert_false(artefact_path_matches("etc/cron.d/*", SPAN("/r/etc/cron.d/sub/job")));
	assert_false(artefact_path_matches("*.pf", SPAN("a.pf/b")));
}
