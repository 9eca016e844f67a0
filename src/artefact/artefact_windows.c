/* The decoders of the family "windows". */
#include "artefact/windows.h"

/* Before Vista folders are called in the language of the machine; since then as in English. */
static const char startup_folders[] =
	"Programs/Startup/*|Programs/StartUp/*|Programme/Autostart/*|Programmes/Démarrage/*|Programas/Inicio/*|"
	"Programas/Inicializar/*|Programas/Iniciar/*|Programmi/Esecuzione automatica/*|Programma's/Opstarten/*|"
	"Program/Autostart/*|Programmer/Start/*|Programmer/Oppstart/*|Ohjelmat/Käynnistys/*|Programy/Autostart/*|"
	"Programy/Po spuštění/*|Programok/Indítópult/*|Programlar/Başlangıç/*|"
	"Программы/Автозагрузка/*|"
	"プログラム/スタートアップ/*|"
	"程序/启动/*|程式集/啟動/*|프로그램/시작프로그램/*";

/* Libraries that Windows asks for and brings on few machines; and those that Explorer finds beside itself first. */
static const char phantom_libraries[] =
	"System32/wlbsctrl.dll|System32/TSMSISrv.dll|System32/TSVIPSrv.dll|System32/wow64log.dll|System32/WptsExtensions.dll|"
	"System32/wbem/wbemcomn.dll|System32/edgegdi.dll|System32/SprintCSP.dll|System32/oci.dll|"
	"Windows/linkinfo.dll|Windows/ntshrui.dll|Windows/slc.dll|Windows/srvcli.dll|Windows/cscapi.dll|Windows/version.dll|"
	"Windows/cryptbase.dll|Windows/propsys.dll|Windows/dwmapi.dll|Windows/uxtheme.dll|Windows/fxsst.dll|"
	"Windows/cscui.dll|Windows/apphelp.dll|Windows/explorerframe.dll|*.exe.local/*.dll";

const struct artefact_decoder artefact_windows[] = {
	{ .name = "prefetch", CLASS_FILE_SYSTEM, .kind = "prefetch", .decode = windows_prefetch },
	{ .name = "prefetch", CLASS_FILE_SYSTEM, .kind = "compressed prefetch", .decode = windows_prefetch },
	{ .name = "scheduled tasks", CLASS_CONFIGURATION, .kind = "utf-16 xml", .decode = windows_task, .of_place = true },
	{ .name = "scheduled tasks", CLASS_CONFIGURATION, .kind = "xml", .decode = windows_task, .of_place = true },
	{ .name = "scheduled tasks", CLASS_CONFIGURATION, .paths = "*.job", .decode = windows_job, .of_place = true },
	{ .name = "shortcuts", CLASS_FILE_SYSTEM, .kind = "lnk", .decode = windows_lnk, .of_place = true },
	{ .name = "jump lists", CLASS_FILE_SYSTEM, .paths = "*.automaticDestinations-ms", .decode = windows_jump_list },
	{ .name = "jump lists", CLASS_FILE_SYSTEM, .paths = "*.customDestinations-ms", .decode = windows_custom_list },
	{ .name = "startup folders", CLASS_CONFIGURATION, .paths = startup_folders,
	  .decode = windows_startup, .of_place = true },
	{ .name = "windows start files", CLASS_CONFIGURATION, .paths = "win.ini|system.ini", .decode = windows_ini,
	  .of_place = true },
	{ .name = "windows start files", CLASS_CONFIGURATION, .paths = "autorun.inf", .decode = windows_autorun,
	  .of_place = true },
	{ .name = "windows start files", CLASS_CONFIGURATION,
	  .paths = "Setup/Scripts/SetupComplete.cmd|Setup/Scripts/ErrorHandler.cmd|Setup/Scripts/PartnerSetupComplete.cmd|"
		   "Windows/Setup/Scripts/*.cmd|Recovery/OEM/*.cmd|Recovery/AutoApply/*.cmd|Windows/winstart.bat",
	  .decode = windows_setup_script, .of_place = true },
	{ .name = "windows start files", CLASS_CONFIGURATION, .paths = "*unattend*.xml|sysprep.xml", .decode = windows_unattend,
	  .of_place = true },
	{ .name = "windows start files", CLASS_CONFIGURATION, .paths = phantom_libraries, .decode = windows_phantom,
	  .of_place = true },
	{ .name = "windows start files", CLASS_CONFIGURATION,
	  .paths = "System32/sethc.exe|System32/utilman.exe|System32/osk.exe|System32/magnify.exe|System32/narrator.exe|"
		   "System32/displayswitch.exe|System32/atbroker.exe", .decode = windows_logon_screen, .of_place = true },
	{ .name = "shim databases", CLASS_CONFIGURATION, .paths = "*.sdb", .decode = windows_shim, .of_place = true },
	{ .name = "web server modules", CLASS_CONFIGURATION, .paths = "applicationHost.config|web.config", .decode = windows_iis,
	  .of_place = true },
	{ .name = "exchange agents", CLASS_CONFIGURATION, .paths = "Shared/agents.config", .decode = windows_exchange,
	  .of_place = true },
	{ .name = "program settings", CLASS_CONFIGURATION, .paths = "*.exe.config", .decode = windows_program_settings,
	  .of_place = true },
	{ .name = "policy preferences", CLASS_CONFIGURATION,
	  .paths = "ScheduledTasks/ScheduledTasks.xml|Preferences/Services/Services.xml|Preferences/Registry/Registry.xml",
	  .decode = windows_policy_preferences, .of_place = true },
	{ .name = "srum", CLASS_DATABASE, .kind = "ese database", .decode = windows_srum },
	{ .name = "webcache", CLASS_DATABASE, .kind = "ese database", .decode = windows_webcache },
	{ .name = "user access logging", CLASS_DATABASE, .kind = "ese database", .decode = windows_ual },
	{ .name = "windows search", CLASS_DATABASE, .kind = "ese database", .decode = windows_search },
	{ .name = "bits", CLASS_DATABASE, .kind = "ese database", .decode = windows_bits },
	{ .name = "bits", CLASS_DATABASE, .paths = "qmgr0.dat|qmgr1.dat", .decode = windows_bits_old },
	{ .name = "browser history", CLASS_DATABASE, .kind = "sqlite", .decode = windows_chromium, .is_risky = true },
	{ .name = "browser history", CLASS_DATABASE, .kind = "sqlite", .decode = windows_firefox, .is_risky = true },
	{ .name = "browser history", CLASS_DATABASE, .kind = "sqlite", .decode = windows_safari, .is_risky = true },
	{ .name = "browser cookies", CLASS_DATABASE, .kind = "sqlite", .decode = windows_cookies, .is_risky = true },
	{ .name = "browser passwords", CLASS_DATABASE, .kind = "sqlite", .paths = "Login Data*",
	  .decode = windows_chromium_logins, .is_risky = true },
	{ .name = "browser forms", CLASS_DATABASE, .kind = "sqlite", .paths = "Web Data*|formhistory.sqlite*",
	  .decode = windows_forms, .is_risky = true },
	{ .name = "browser extensions", CLASS_CONFIGURATION, .paths = "Extensions/*/*/manifest.json",
	  .decode = windows_extension, .of_place = true },
	{ .name = "browser extensions", CLASS_CONFIGURATION, .paths = "Secure Preferences|*/Preferences",
	  .decode = windows_chromium_preferences, .of_place = true },
	{ .name = "browser extensions", CLASS_CONFIGURATION,
	  .paths = "Profiles/*/extensions.json|firefox/*/extensions.json|*.default*/extensions.json",
	  .decode = windows_firefox_extensions, .of_place = true },
	{ .name = "browser preferences", CLASS_CONFIGURATION, .paths = "Profiles/*/prefs.js|Profiles/*/user.js|"
		   "firefox/*/prefs.js|firefox/*/user.js", .decode = windows_firefox_preferences, .of_place = true },
	{ .name = "thumbnails", CLASS_FILE_SYSTEM, .kind = "thumbnail cache", .decode = windows_thumbcache, .of_place = true },
	{ .name = "activity history", CLASS_DATABASE, .kind = "sqlite", .decode = windows_activities, .is_risky = true },
	{ .name = "recall", CLASS_DATABASE, .kind = "sqlite", .paths = "ukg.db", .decode = windows_recall, .is_risky = true },
	{ .name = "diagnostic data", CLASS_DATABASE, .kind = "sqlite", .paths = "EventTranscript*.db",
	  .decode = windows_event_transcript, .is_risky = true },
	{ .name = "compatibility assistant", CLASS_TEXT_LOG, .paths = "PcaAppLaunchDic.txt", .decode = windows_pca_launches },
	{ .name = "compatibility assistant", CLASS_TEXT_LOG, .paths = "PcaGeneralDb*.txt", .decode = windows_pca_events },
	{ .name = "error reports", CLASS_TEXT_LOG, .paths = "Report.wer", .decode = windows_error_report, .of_place = true },
	{ .name = "wmi subscriptions", CLASS_DATABASE, .paths = "OBJECTS.DATA", .decode = windows_wmi },
	{ .name = "defender", CLASS_TEXT_LOG, .paths = "DetectionHistory/*/*|windefender_history/*",
	  .decode = windows_defender_detection },
	{ .name = "defender", CLASS_TEXT_LOG, .paths = "MPLog*.log", .decode = windows_defender_log },
	{ .name = "defender", CLASS_TEXT_LOG, .paths = "Windows Defender/Quarantine/Entries/*",
	  .decode = windows_quarantine, .of_place = true },
	{ .name = "windows firewall log", CLASS_NETWORK_LOG, .paths = "*firewall*.log|*firewall*.log.old",
	  .decode = windows_firewall },
	{ .name = "device set-up log", CLASS_TEXT_LOG, .paths = "setupapi*.log", .decode = windows_setupapi },
	{ .name = "powershell transcripts", CLASS_TEXT_LOG, .kind = "powershell transcript", .decode = windows_transcript },
	{ .name = "powershell history", CLASS_TEXT_LOG, .paths = "*Host_history.txt",
	  .decode = windows_console_history, .of_place = true },
	{ .name = "powershell profiles", CLASS_CONFIGURATION,
	  .paths = "WindowsPowerShell/*profile.ps1|PowerShell/*profile.ps1|WindowsPowerShell/v1.0/*profile.ps1|"
		   "PowerShell/7/*profile.ps1|PowerShell/7-preview/*profile.ps1", .decode = windows_profile, .of_place = true },
	{ .name = "office start-up", CLASS_CONFIGURATION,
	  .paths = "XLSTART/*|Word/STARTUP/*|Office1*/STARTUP/*|Microsoft/AddIns/*|Outlook/VbaProject.OTM|Templates/Normal.dotm|"
		   "Templates/NormalEmail.dotm",
	  .decode = windows_office_start, .of_place = true },
	{ .name = "policy scripts", CLASS_CONFIGURATION, .paths = "Scripts/scripts.ini|Scripts/psscripts.ini",
	  .decode = windows_policy_scripts, .of_place = true },
	{ .name = "remote control and cloud logs", CLASS_TEXT_LOG, .paths = windows_remote_paths,
	  .decode = windows_remote_log },
	{ .name = "teamviewer connections", CLASS_TEXT_LOG, .paths = "Connections.txt|connections_incoming.txt",
	  .decode = windows_teamviewer },
	{ .name = "anydesk connections", CLASS_TEXT_LOG, .paths = "connection_trace.txt", .decode = windows_anydesk_sessions },
	{ .name = "anydesk files", CLASS_TEXT_LOG, .paths = "file_transfer_trace.txt", .decode = windows_anydesk_files },
	{ .name = "splashtop files", CLASS_TEXT_LOG, .paths = "FTCLog.txt", .decode = windows_splashtop_files },
	{ .name = "rustdesk", CLASS_CONFIGURATION, .paths = "RustDesk/config/peers/*.toml|RustDesk/config/RustDesk*.toml",
	  .decode = windows_rustdesk, .of_place = true },
	{ .name = "screenconnect", CLASS_CONFIGURATION,
	  .paths = "ScreenConnect Client*/user.config|ScreenConnect Client*/system.config|ScreenConnect Client*/app.config|"
		   "scre..tion_*/user.config|scre..tion_*/*/user.config|scre..tion_*/*/*/user.config|scre..tion_*/system.config|"
		   "scre..tion_*/app.config",
	  .decode = windows_screenconnect, .of_place = true },
	{ .name = "remote desktop client", CLASS_CONFIGURATION, .paths = "*.rdp", .decode = windows_rdp_file, .of_place = true },
	{ .name = "remote desktop cache", CLASS_OTHER, .paths = "bcache*.bmc|Cache*.bin",
	  .decode = windows_rdp_cache, .of_place = true },
	{ .name = "onedrive logs", CLASS_TEXT_LOG, .paths = "*.odl|*.odlgz|*.odlsent|*.aodl", .decode = windows_odl },
	{ .name = "rclone", CLASS_CONFIGURATION, .paths = "rclone.conf", .decode = windows_rclone, .of_place = true },
	{ .name = "winscp", CLASS_CONFIGURATION, .paths = "WinSCP.ini", .decode = windows_winscp, .of_place = true },
	{ .name = "filezilla", CLASS_CONFIGURATION, .paths = "sitemanager.xml|recentservers.xml|filezilla.xml",
	  .decode = windows_filezilla, .of_place = true },
	{ .name = "filezilla", CLASS_DATABASE, .kind = "sqlite", .paths = "queue.sqlite3",
	  .decode = windows_filezilla_queue, .is_risky = true },
	{ .name = "onedrive files", CLASS_DATABASE, .kind = "sqlite", .paths = "SyncEngineDatabase.db",
	  .decode = windows_onedrive, .is_risky = true },
	{ .name = "google drive files", CLASS_DATABASE, .kind = "sqlite", .paths = "metadata_sqlite_db",
	  .decode = windows_google_drive, .is_risky = true },
	{ .name = "google drive files", CLASS_DATABASE, .kind = "sqlite", .paths = "snapshot.db",
	  .decode = windows_google_sync, .is_risky = true },
	{ .name = "google drive account", CLASS_DATABASE, .kind = "sqlite", .paths = "sync_config.db",
	  .decode = windows_google_account, .is_risky = true },
	{ .name = "dropbox history", CLASS_DATABASE, .kind = "sqlite", .paths = "sync_history.db",
	  .decode = windows_dropbox_history, .is_risky = true },
	{ .name = "dropbox account", CLASS_CONFIGURATION, .paths = "Dropbox/info.json|.dropbox/info.json",
	  .decode = windows_dropbox, .of_place = true },
};
const size_t artefact_windows_count = sizeof artefact_windows / sizeof *artefact_windows;
