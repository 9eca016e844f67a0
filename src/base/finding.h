/*
 * finding: the vocabulary that every layer from rules to report shares.
 *
 * A finding says: this rule (or built-in check) held for this place in this
 * item, and here is what it saw. All spans are borrowed UTF-8 unless said
 * otherwise; who stores a finding copies it.
 */
#ifndef KANSHIKI_BASE_FINDING_H
#define KANSHIKI_BASE_FINDING_H

#include "base/timestamp.h"

enum harm { HARM_NONE, HARM_IMPLANT, HARM_THEFT, HARM_CONTROL, HARM_DESTRUCTION, HARM_OBSTRUCTION,
	    HARM_COUNT };
enum level { LEVEL_INFORMATIONAL, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_CRITICAL,
	     LEVEL_COUNT };
/* builtin: a check of the examiner on one record; analyser: what src/assess infers from traces. */
enum engine { ENGINE_SIGMA, ENGINE_YARA, ENGINE_INDICATOR, ENGINE_BUILTIN, ENGINE_ANALYSER, ENGINE_COUNT };

/*
 * What becomes of an item, exactly one each:
 *   examined    read to its end by everything that applies
 *   partly      read in part: damaged, or a stated limit was reached
 *   failed      could not examine: crash, timeout, I/O error, format refused
 *   locked      encrypted, no key
 *   denied      could not be opened for lack of permission
 *   duplicate   the same content was examined at another place
 *   skipped     nothing to examine by its nature: directory, socket, device, link
 */
enum fate { FATE_NONE, FATE_EXAMINED, FATE_PARTLY, FATE_FAILED, FATE_LOCKED, FATE_DENIED,
	    FATE_DUPLICATE, FATE_SKIPPED, FATE_COUNT };

/*
 * How the reason of a fate ends where only what came after a time is missing: this, and the
 * time as "2026-11-21T21:26:59Z". Coverage of a period before it takes the item for examined.
 */
#define REASON_WHOLE_UNTIL "; it is whole until "
bool reason_is_whole_until(struct span reason);

/*
 * Classes of evidence, for coverage. An item belongs to the class that its
 * content is; an event log also tells which channels and period it covers.
 */
enum evidence_class { CLASS_OTHER, CLASS_EVENT_LOG, CLASS_TEXT_LOG, CLASS_EXECUTABLE, CLASS_SCRIPT,
		      CLASS_DOCUMENT, CLASS_ARCHIVE, CLASS_DISK_IMAGE, CLASS_CAPTURE,
		      CLASS_NETWORK_LOG, CLASS_REGISTRY, CLASS_FILE_SYSTEM, CLASS_MEMORY,
		      CLASS_DATABASE, CLASS_CONFIGURATION, CLASS_COUNT };

struct finding {
	enum engine engine;
	enum harm harm;
	enum level level;
	struct span rule;		/* rule id (Sigma) or name (YARA) */
	struct span title;
	struct span techniques;		/* "T1070.001 T1003", ids only, space separated */
	struct span references;		/* rule file, for the reader */
	uint64_t offset;		/* into the item, or UINT64_MAX */
	uint64_t record_id;		/* of the event, or UINT64_MAX */
	timestamp time;			/* of the event, or TIME_NONE */
	struct span host;
	struct span user;
	struct span matched;		/* JSON: {"field":"value"} or [{"string":"$a","offset":1,"hex":"..","text":".."}] */
	struct span detail;		/* JSON: further event fields worth keeping, or empty */
};

/* Lower-case words, as in the case file and in JSON; "" for an unknown number. */
const char *harm_name(enum harm harm);
const char *level_name(enum level level);
const char *engine_name(enum engine engine);
const char *fate_name(enum fate fate);
const char *evidence_class_name(enum evidence_class evidence_class);
bool level_of_name(struct span name, enum level *out);
bool harm_of_name(struct span name, enum harm *out);
bool engine_of_name(struct span name, enum engine *out);
bool fate_of_name(struct span name, enum fate *out);
bool evidence_class_of_name(struct span name, enum evidence_class *out);

/*
 * The harm that an ATT&CK technique or tactic tag stands for ("attack.t1486",
 * "attack.exfiltration", "T1070.001"), for rules that do not name one; the most
 * telling tag of a rule wins. HARM_NONE where it says nothing.
 */
enum harm harm_of_tag(struct span tag);

#endif
