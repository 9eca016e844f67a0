/*
 * smb: one direction of a connection of SMB 1, 2 or 3 that is not encrypted, as far as
 * it says who opens what, and how much of it is read and written.
 *
 * Fed with the bytes of the stream as they come. Of each message the first SMB_HEAD bytes
 * are looked at, once; what files hold passes by and is counted. What is missing in the
 * middle of that is no matter (smb_skip); elsewhere the direction goes on where a segment
 * begins with a message (smb_begins). Messages that are encrypted or compressed are told
 * as such. Sources: [MS-SMB2], [MS-CIFS], [MS-SMB], RFC 1002; docs/formats/smb.md.
 */
#ifndef KANSHIKI_FORMATS_SMB_H
#define KANSHIKI_FORMATS_SMB_H

#include "base/span.h"

#define SMB_HEAD 2048			/* of a message: more than the longest name of a file takes */
#define SMB_FRAME 4			/* what stands before each message, with its length */

enum smb_kind { SMB_OTHER, SMB_LOGON, SMB_TREE, SMB_OPEN, SMB_READ, SMB_WRITE, SMB_CLOSE, SMB_RENAME,
		SMB_DELETE, SMB_ENCRYPTED, SMB_COMPRESSED };

#define SMB_STATUS_PENDING 0x103u	/* another answer comes */
#define SMB_STATUS_MORE 0xc0000016u	/* of a logon: it goes on */
#define SMB_STATUS_OVERFLOW 0x80000005u	/* of a pipe: there is more to read */

/* Of one file that is open; 0 and 0: none. */
struct smb_file_id {
	uint64_t a, b;
};

struct smb_message {
	enum smb_kind kind;
	bool is_answer, is_old;		/* `is_old`: SMB 1 */
	bool is_related;		/* of the file of the message before it in the same frame */
	uint32_t status;		/* of an answer; 0: it succeeded */
	uint64_t id;			/* the same of a question and its answer */
	uint32_t tree;			/* the share */
	uint64_t session;		/* whose; 0 before a logon succeeds */
	struct smb_file_id file;
	struct span name, other;	/* of a share or a file; of what is renamed, new and old; of a logon, user and domain */
	bool is_unicode;		/* names are UTF-16LE */
	bool deletes;			/* of what is opened: it is gone when it is closed */
	struct span token;		/* of a logon: SPNEGO or NTLM */
};

struct smb_events {
	/* The spans are good until it returns. */
	void (*message)(void *context, const struct smb_message *m);
	/* Of the last message: bytes of a file that passed. */
	void (*data)(void *context, uint64_t bytes);
	void *context;
};

struct smb {
	uint8_t frame[SMB_FRAME];
	uint32_t frame_len;
	uint32_t frame_left;		/* of the frame's messages, what did not come yet */
	uint32_t unit_left;		/* of the message at hand */
	uint32_t unit_at;		/* what came of it */
	uint32_t data_from, data_to;	/* where in it the file's bytes are */
	bool is_sized, is_told;		/* the end of the message is known; its head was looked at */
	uint32_t head_len;
	uint8_t head[SMB_HEAD];
};

/* Whether the bytes are a frame with a message of SMB; the first eight are enough. */
bool smb_begins(struct span bytes);
/* Before a frame. */
void smb_begin(struct smb *s);
/* False: what follows is no frame. */
bool smb_feed(struct smb *s, struct span bytes, const struct smb_events *events);
/* The same of bytes that are not there; false: where the next message begins is not known. */
bool smb_skip(struct smb *s, uint64_t missing, const struct smb_events *events);

/* ---- smb1.c, smb2.c: one message, cut off at `unit.len` ---- */

struct smb_data {
	uint32_t from, to;		/* in the message, `to` perhaps beyond its end */
};

/* SMB 1 has several commands in one message: each is told, the last with the file's bytes. */
void smb1_read(struct span unit, const struct smb_events *events, struct smb_data *data);
void smb2_read(struct span unit, const struct smb_events *events, struct smb_data *data);

#endif
