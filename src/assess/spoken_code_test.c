#include "assess/spoken_code.h"
#include "test.h"

static const char *const speaks[] = {
	"sh -c 'cat /x'", "/bin/bash -lc id", "cat /x | sh", "cat /x|/usr/bin/bash -s", "curl x | sudo bash",
	"python3 -c 'import os'", "/usr/bin/python3.11 -c x", "perl -ne print", "awk 'BEGIN{system(1)}'",
	"[ sh, -c, \"cat /x\" ]", "!sh -c \"cat /x\"", "exec 5<>/dev/tcp/203.0.113.9/53", "bash <<< id",
	"nice -n 5 env A=1 ruby -e x", "su -c id", "node --eval x",
};

static const char *const starts[] = {
	"/usr/bin/rsync -a /srv /mnt", "sh /usr/local/bin/x -c", "bash -x /usr/local/bin/x -c y", "python3 /x.py -c",
	"test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )", "/usr/bin/finger -c",
	"ps aux | grep -c sh", "", "awk --version", "/opt/sh/run -c", "tar c /etc | gzip -c > /srv/x",
};

TEST(code_in_a_command_is_told_from_a_file)
{
	for (size_t i = 0; i < sizeof speaks / sizeof *speaks; i++)
		if (!spoken_code(span_text(speaks[i])))
			fail_msg("holds code: %s", speaks[i]);
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (spoken_code(span_text(starts[i])))
			fail_msg("starts a file: %s", starts[i]);
}
