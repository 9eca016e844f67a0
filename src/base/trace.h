/*
 * trace: one thing that an artefact says about the machine, in the field's terms.
 *
 * A log speaks in events (event.h); everything else that a machine leaves behind
 * (registry, prefetch, file-system journals, captures, package databases,
 * configuration) is decoded into traces. Analysers, the ledger of executables,
 * the inventory of what starts and the time line read traces and never the
 * artefacts themselves, so a new artefact needs no change in any of them.
 *
 * Spans are borrowed UTF-8 (whoever decodes converts; ill-formed text is kept as
 * it is), empty where the artefact does not say. Numbers are TRACE_NO_NUMBER,
 * times TIME_NONE where it does not. What is only inferred says so in `source`.
 *
 * kind        what (stable words)             columns that matter
 * AUTOSTART   run key, service, driver, task, wmi, com, ifeo, winlogon, lsa,
 *             appinit, print monitor, startup folder, bits job, cron, at, unit, timer,
 *             generator, rc script, profile, preload, pam, udev, module,
 *             unit link, rc link, program link, ssh key, sudoers, package hook, xdg autostart,
 *             package key, package source, root certificate, network share, lingering user,
 *             unit preset (who gives rights or code; `program` is "ALL"), system extension,
 *             dbus service, supervisor, kernel command, kernel helper, log hook, login shell, ...
 *                                             path: where it is written (key and value, file and
 *                                             line); name: of the entry; command: what is started,
 *                                             as written; program: the file that this names; user:
 *                                             as whom; time: last write; technique
 * TRANSFER    flow, upload, download, tls (a name, no bytes), session (who or with what: ssh, rdp,
 *             smb, ...; no bytes), srum, proxy, web, firewall, cloud, mail, copy
 *                                             local, peer: "address:port"; name: domain, SNI, URL host;
 *                                             protocol; bytes_out, bytes_in (out: leaving the machine,
 *                                             or `local` of a flow); count: packets or requests;
 *                                             time..last; program, user; path: file or URL path
 * DNS         query, answer                   name: asked for; protocol: record type; local: client;
 *                                             peer: server; "*.domain": many names below it, summed;
 *                                             bytes_out, bytes_in; count; detail: answers
 * EXECUTION   ran, present                    program: path; time: (last) run; count: runs; digest;
 *                                             command; "present": known to the machine, perhaps not run
 * FILE        created, deleted, renamed, written, opened, archived, downloaded, recycled,
 *             overwritten, times differ, beginning destroyed (of a disk or
 *             volume), thumbnail, snapshot (path: of the volume), ...
 *                                             path; name: old name; bytes_in: size; program, user
 * SESSION     logon, logoff, failed logon, remote desktop, remote control, saved session, shell,
 *             boot, shutdown
 *                                             user; peer: from where; protocol; time..last; program.
 *                                             One that went out from here has no peer: name says to where
 * DEVICE      usb storage, usb, portable device, disk, bluetooth, memory card, firewire, volume,
 *             network share, printer, network, device
 *                                             name: what it is; path: drive letter, mount; digest: serial
 * PROGRAM     elf, pe, script, ...            one an executable: path; digest: "md5:" for package
 *                                             databases; name: signer; protocol: "signed", "bad
 *                                             signature", "unsigned", ""; bytes_in: size; detail:
 *                                             {"sha1":..,"authentihash":..,"entropy":..}
 * KNOWN       package file, catalogue         path: of the file; digest: "md5:hex", "sha1:..",
 *                                             "sha256:.."; name: package and version; protocol: "deb",
 *                                             "rpm", "catalogue"; of a catalogue command: "signed",
 *                                             "issuer not known"
 * ACCOUNT     user, group, key, added, deleted, joined (name: the group), changed,
 *             password changed                user; name; path: home; detail
 * HOST        name, system, zone, install, address, collection
 *                                             name: the value. One of each a machine; "name" is what
 *                                             every trace of the same source belongs to.
 *                                             "collection": program: the tool of triage; name: the
 *                                             host that it says; time: when; protocol: "beside"
 *                                             where its record lies next to the archive
 * SETTING     firewall, proxy, hosts entry, dns server, defence off, audit policy, log size,
 *             history off, restore off, log off, uac, remote desktop, credential
 *             protection, defence exclusion, hidden account, firewall rule, share,
 *             pending rename, deleted key, deleted value, deleted job (of BITS), form entry (name: field),
 *             cloud account (command: folder), immutable, append only, access list (command:
 *             who and what), ...
 *                                             path: where; name: which; command: value; technique
 *                                             where it weakens the machine
 * PROCESS     running, socket, module, open file   of a live machine: program, command, user, local,
 *                                             peer; detail: {"pid":..}
 * MATCH       id of a Sigma correlation       an event that it counts, for joining over all logs:
 *                                             time; count: which of its rules; bytes_in: record id;
 *                                             detail: group-by values; command: counted value.
 *                                             Not on the time line
 */
#ifndef KANSHIKI_BASE_TRACE_H
#define KANSHIKI_BASE_TRACE_H

#include "base/timestamp.h"

enum trace_kind { TRACE_AUTOSTART, TRACE_TRANSFER, TRACE_DNS, TRACE_EXECUTION, TRACE_FILE,
		  TRACE_SESSION, TRACE_DEVICE, TRACE_PROGRAM, TRACE_KNOWN, TRACE_ACCOUNT, TRACE_HOST,
		  TRACE_SETTING, TRACE_PROCESS, TRACE_MATCH, TRACE_KIND_COUNT };

#define TRACE_NO_NUMBER UINT64_MAX

struct trace {
	enum trace_kind kind;
	struct span what;		/* never empty */
	timestamp time, last;
	struct span source;		/* what says so: "prefetch, last run", "$FN modified" */
	struct span host, user, program, path, name, command;
	struct span local, peer, protocol;
	struct span digest;		/* "sha256:0123…", lower case */
	struct span technique;		/* ATT&CK ids, separated by spaces */
	uint64_t bytes_out, bytes_in, count;
	uint64_t offset;		/* in the item */
	struct span summary;		/* one line for people, for the time line */
	struct span detail;		/* a JSON object, or empty */
	bool of_place;			/* told of this place, not of its content: set by the examiner */
};

/* All numbers and times unknown. */
struct trace trace_new(enum trace_kind kind, const char *what);
/* "autostart"; "" for an unknown number. */
const char *trace_kind_name(enum trace_kind kind);
bool trace_kind_of_name(struct span name, enum trace_kind *out);

#endif
