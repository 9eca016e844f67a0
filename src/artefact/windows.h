/* windows: the decoders of the family "windows" (all but registry and NTFS metadata). */
#ifndef KANSHIKI_ARTEFACT_WINDOWS_H
#define KANSHIKI_ARTEFACT_WINDOWS_H

#include "artefact/tell.h"

bool windows_activities(const struct artefact *a, struct err *err);
bool windows_autorun(const struct artefact *a, struct err *err);
bool windows_anydesk_files(const struct artefact *a, struct err *err);
bool windows_anydesk_sessions(const struct artefact *a, struct err *err);
bool windows_bits(const struct artefact *a, struct err *err);
bool windows_bits_old(const struct artefact *a, struct err *err);
bool windows_chromium(const struct artefact *a, struct err *err);
bool windows_chromium_preferences(const struct artefact *a, struct err *err);
bool windows_chromium_logins(const struct artefact *a, struct err *err);
bool windows_console_history(const struct artefact *a, struct err *err);
bool windows_cookies(const struct artefact *a, struct err *err);
bool windows_custom_list(const struct artefact *a, struct err *err);
bool windows_defender_detection(const struct artefact *a, struct err *err);
bool windows_defender_log(const struct artefact *a, struct err *err);
bool windows_error_report(const struct artefact *a, struct err *err);
bool windows_event_transcript(const struct artefact *a, struct err *err);
bool windows_exchange(const struct artefact *a, struct err *err);
bool windows_extension(const struct artefact *a, struct err *err);
bool windows_filezilla(const struct artefact *a, struct err *err);
bool windows_filezilla_queue(const struct artefact *a, struct err *err);
bool windows_onedrive(const struct artefact *a, struct err *err);
bool windows_google_account(const struct artefact *a, struct err *err);
bool windows_google_drive(const struct artefact *a, struct err *err);
bool windows_google_sync(const struct artefact *a, struct err *err);
bool windows_dropbox(const struct artefact *a, struct err *err);
bool windows_dropbox_history(const struct artefact *a, struct err *err);
bool windows_firefox(const struct artefact *a, struct err *err);
bool windows_firefox_extensions(const struct artefact *a, struct err *err);
bool windows_firefox_preferences(const struct artefact *a, struct err *err);
bool windows_firewall(const struct artefact *a, struct err *err);
bool windows_forms(const struct artefact *a, struct err *err);
bool windows_iis(const struct artefact *a, struct err *err);
bool windows_ini(const struct artefact *a, struct err *err);
bool windows_job(const struct artefact *a, struct err *err);
bool windows_jump_list(const struct artefact *a, struct err *err);
bool windows_logon_screen(const struct artefact *a, struct err *err);
bool windows_lnk(const struct artefact *a, struct err *err);
bool windows_odl(const struct artefact *a, struct err *err);
bool windows_office_start(const struct artefact *a, struct err *err);
bool windows_pca_events(const struct artefact *a, struct err *err);
bool windows_pca_launches(const struct artefact *a, struct err *err);
bool windows_phantom(const struct artefact *a, struct err *err);
bool windows_policy_preferences(const struct artefact *a, struct err *err);
bool windows_policy_scripts(const struct artefact *a, struct err *err);
bool windows_prefetch(const struct artefact *a, struct err *err);
bool windows_profile(const struct artefact *a, struct err *err);
bool windows_program_settings(const struct artefact *a, struct err *err);
bool windows_quarantine(const struct artefact *a, struct err *err);
bool windows_rclone(const struct artefact *a, struct err *err);
bool windows_rdp_cache(const struct artefact *a, struct err *err);
bool windows_rdp_file(const struct artefact *a, struct err *err);
bool windows_recall(const struct artefact *a, struct err *err);
bool windows_remote_log(const struct artefact *a, struct err *err);
bool windows_rustdesk(const struct artefact *a, struct err *err);
bool windows_safari(const struct artefact *a, struct err *err);
bool windows_screenconnect(const struct artefact *a, struct err *err);
bool windows_search(const struct artefact *a, struct err *err);
bool windows_setup_script(const struct artefact *a, struct err *err);
bool windows_setupapi(const struct artefact *a, struct err *err);
bool windows_shim(const struct artefact *a, struct err *err);
bool windows_splashtop_files(const struct artefact *a, struct err *err);
bool windows_srum(const struct artefact *a, struct err *err);
bool windows_startup(const struct artefact *a, struct err *err);
bool windows_task(const struct artefact *a, struct err *err);
bool windows_teamviewer(const struct artefact *a, struct err *err);
bool windows_thumbcache(const struct artefact *a, struct err *err);
bool windows_transcript(const struct artefact *a, struct err *err);
bool windows_ual(const struct artefact *a, struct err *err);
bool windows_unattend(const struct artefact *a, struct err *err);
bool windows_webcache(const struct artefact *a, struct err *err);
bool windows_winscp(const struct artefact *a, struct err *err);
bool windows_wmi(const struct artefact *a, struct err *err);

struct ese;
/* ese_open() with the transaction logs that lie beside the database. */
bool windows_ese_open(const struct artefact *a, struct ese *db, struct err *err);
/* What of the database could not be read, or stands in its logs only. */
void windows_ese_end(const struct artefact *a, const struct ese *db);

/* Where logs of remote-control and cloud programs lie. */
extern const char windows_remote_paths[];

#endif
