#include "assess/usual_rights.h"
#include "test.h"

TEST(what_packages_install_setuid_is_usual)
{
	assert_true(usual_set_user_id(SPAN("/usr/bin/sudo")));
	assert_true(usual_set_user_id(SPAN("/mnt/x/usr/lib/dbus-1.0/dbus-daemon-launch-helper")));
	assert_false(usual_set_user_id(SPAN("/usr/bin/find")));
	assert_false(usual_set_user_id(SPAN("/usr/bin/dash")));
	assert_false(usual_set_user_id(SPAN("/usr/bin/")));
}

TEST(what_packages_install_setgid_is_usual)
{
	assert_true(usual_set_group_id(SPAN("/usr/bin/chage")));
	assert_true(usual_set_group_id(SPAN("disk.E01!/p1/usr/games/nethack")));
	assert_false(usual_set_group_id(SPAN("/usr/bin/cat")));
}

TEST(mighty_capabilities_are_told_from_those_that_open_sockets)
{
	assert_true(usual_capabilities(SPAN("/usr/bin/ping"), SPAN("cap_net_raw")));
	assert_true(usual_capabilities(SPAN("/usr/bin/newuidmap"), SPAN("cap_setuid")));
	assert_false(usual_capabilities(SPAN("/usr/bin/python3.11"), SPAN("cap_setuid")));
	assert_false(usual_capabilities(SPAN("/usr/bin/tar"), SPAN("cap_net_raw,cap_dac_read_search")));
}
