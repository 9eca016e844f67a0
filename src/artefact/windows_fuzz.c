#include "artefact/decode_support.h"
#include "artefact/windows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which decoder; what its path must be. Formats have harnesses of their own. */
static const struct { artefact_fn *decode; const char *path; } decoders[] = {
	{ windows_prefetch, "x.pf" }, { windows_task, "Tasks/x" }, { windows_job, "x.job" }, { windows_lnk, "Recent/x.lnk" },
	{ windows_jump_list, "x.automaticDestinations-ms" }, { windows_custom_list, "x.customDestinations-ms" },
	{ windows_srum, "SRUDB.dat" }, { windows_webcache, "WebCacheV01.dat" }, { windows_bits, "qmgr.db" },
	{ windows_chromium_preferences, "Secure Preferences" },
	{ windows_firefox_extensions, "extensions.json" }, { windows_firefox_preferences, "Profiles/x/prefs.js" },
	{ windows_bits_old, "qmgr0.dat" }, { windows_wmi, "OBJECTS.DATA" }, { windows_defender_detection, "x" },
	{ windows_defender_log, "MPLog-x.log" }, { windows_firewall, "pfirewall.log" }, { windows_setupapi, "setupapi.dev.log" },
	{ windows_transcript, "transcript.txt" }, { windows_console_history, "ConsoleHost_history.txt" },
	{ windows_policy_scripts, "Scripts/scripts.ini" }, { windows_remote_log, "ad.trace" },
	{ windows_remote_log, "TeamViewer15_Logfile.log" }, { windows_teamviewer, "connections_incoming.txt" },
	{ windows_rdp_file, "x.rdp" }, { windows_rdp_cache, "bcache24.bmc" }, { windows_odl, "x.odl" },
	{ windows_dropbox, "Dropbox/info.json" },
	{ windows_rclone, "rclone.conf" }, { windows_filezilla, "sitemanager.xml" }, { windows_extension, "manifest.json" },
	{ windows_chromium, "History" }, { windows_firefox, "places.sqlite" }, { windows_startup, "x" },
	{ windows_screenconnect, "system.config" }, { windows_thumbcache, "thumbcache_96.db" },
	{ windows_anydesk_sessions, "connection_trace.txt" }, { windows_anydesk_files, "file_transfer_trace.txt" },
	{ windows_splashtop_files, "FTCLog.txt" }, { windows_remote_log, "SPLog.txt" },
	{ windows_rustdesk, "RustDesk/config/peers/1.toml" }, { windows_rdp_cache, "Cache0000.bin" },
	{ windows_pca_launches, "PcaAppLaunchDic.txt" }, { windows_pca_events, "PcaGeneralDb0.txt" },
	{ windows_error_report, "Report.wer" }, { windows_event_transcript, "EventTranscript.db" },
	{ windows_recall, "ukg.db" }, { windows_dropbox_history, "sync_history.db" },
	{ windows_shim, "x.sdb" }, { windows_ini, "win.ini" }, { windows_autorun, "autorun.inf" },
	{ windows_unattend, "unattend.xml" }, { windows_iis, "web.config" }, { windows_exchange, "agents.config" },
	{ windows_program_settings, "x.exe.config" }, { windows_policy_preferences, "ScheduledTasks.xml" },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct told t = { .most = 2000 };
	size_t which;

	if (!size)
		return 0;
	which = data[0] % (sizeof decoders / sizeof *decoders);
	told_run(&t, decoders[which].decode, span_of(data + 1, size - 1), decoders[which].path, "", NULL);
	told_free(&t);
	return 0;
}
