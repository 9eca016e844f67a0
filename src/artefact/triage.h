/* triage: what tools of triage write about their own run. */
#ifndef KANSHIKI_ARTEFACT_TRIAGE_H
#define KANSHIKI_ARTEFACT_TRIAGE_H

#include "artefact/artefact.h"

artefact_fn triage_velociraptor, triage_velociraptor_context, triage_kape_console,
	triage_kape_copies, triage_uac, triage_uac_log, triage_manifest, triage_uac_processes, triage_uac_ss, triage_uac_netstat,
	triage_uac_modules, triage_uac_who, triage_uac_bodyfile;

#endif
