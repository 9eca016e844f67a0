/* The decoders of the family "windows". */
#include "artefact/windows.h"

const struct artefact_decoder artefact_windows[] = {
	{ .name = "prefetch", CLASS_FILE_SYSTEM, .kind = "prefetch", .decode = windows_prefetch },
	{ .name = "prefetch", CLASS_FILE_SYSTEM, .kind = "compressed prefetch", .decode = windows_prefetch },
	{ .name = "scheduled tasks", CLASS_CONFIGURATION, .kind = "utf-16 xml", .decode = windows_task, .of_place = true },
	{ .name = "scheduled tasks", CLASS_CONFIGURATION, .kind = "xml", .decode = windows_task, .of_place = true },
	{ .name = "scheduled tasks", CLASS_CONFIGURATION, .paths = "*.job", .decode = windows_job, .of_place = true },
	{ .name = "shortcuts", CLASS_FILE_SYSTEM, .kind = "lnk", .decode = windows_lnk, .of_place = true },
	{ .name = "jump lists", CLASS_FILE_SYSTEM, .paths = "*.automaticDestinations-ms", .decode = windows_jump_list },
	{ .name = "jump lists", CLASS_FILE_SYSTEM, .paths = "*.customDestinations-ms", .decode = windows_custom_list },
	{ .name = "startup folders", CLASS_CONFIGURATION, .paths = "Programs/Startup/*|Programme/Autostart/*",
	  .decode = windows_startup, .of_place = true },
	{ .name = "srum", CLASS_DATABASE, .kind = "ese database", .decode = windows_srum },
	{ .name = "webcache", CLASS_DATABASE, .kind = "ese database", .decode = windows_webcache },
	{ .name = "bits", CLASS_DATABASE, .kind = "ese database", .decode = windows_bits },
	{ .name = "bits", CLASS_DATABASE, .paths = "qmgr0.dat|qmgr1.dat", .decode = windows_bits_old },
	{ .name = "browser history", CLASS_DATABASE, .kind = "sqlite", .decode = windows_chromium, .is_risky = true },
	{ .name = "browser history", CLASS_DATABASE, .kind = "sqlite", .decode = windows_firefox, .is_risky = true },
	{ .name = "browser history", CLASS_DATABASE, .kind = "sqlite", .decode = windows_safari, .is_risky = true },
	{ .name = "browser cookies", CLASS_DATABASE, .kind = "sqlite", .decode = windows_cookies, .is_risky = true },
	{ .name = "browser passwords", CLASS_DATABASE, .kind = "sqlite", .paths = "Login Data*",
	  .decode = windows_chromium_logins, .is_risky = true },
	{ .name = "browser extensions", CLASS_CONFIGURATION, .paths = "Extensions/*/*/manifest.json",
	  .decode = windows_extension, .of_place = true },
	{ .name = "activity history", CLASS_DATABASE, .kind = "sqlite", .decode = windows_activities, .is_risky = true },
};
const size_t artefact_windows_count = sizeof artefact_windows / sizeof *artefact_windows;
