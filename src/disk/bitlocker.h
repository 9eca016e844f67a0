/*
 * bitlocker: volumes of Windows 7 and later, AES-XTS and AES-CBC of 128 and 256 bits,
 * opened with a password, a recovery password, a startup key, or the key that lies on a volume
 * whose protection is suspended; also while they are being encrypted or decrypted, and those
 * of BitLocker To Go. Debian's libbde reads what is older (Vista, the diffuser); it
 * cannot read AES-XTS of 256 bits, nor a volume whose first metadata are damaged.
 *
 * Known from libbde's documentation of the format; what of it is read: three copies of the
 * metadata, protectors, the volume's key, and where the first sectors are kept. What the
 * metadata and these sectors take is shown as zeros, as Windows does.
 */
#ifndef KANSHIKI_DISK_BITLOCKER_H
#define KANSHIKI_DISK_BITLOCKER_H

#include "disk/luks.h"

/*
 * `of` is borrowed. *used: the master key, which as `volume_key` spares the work of a
 * password. NULL with ERR_UNSUPPORTED: of a method that is not read here;
 * ERR_DENIED: no key given opens it; ERR_CORRUPT: no copy of the metadata can be read.
 */
struct blocks *bitlocker_open(struct blocks *of, const struct library_key *keys, size_t count,
			      struct luks_key *used, struct err *err);
/* Whether these bytes are those of a file *.BEK. */
bool bitlocker_is_startup_key(struct span file);
/* Says whether none was given or none fits; false. */
bool bitlocker_denied(const struct library_key *keys, size_t count, struct err *err);

#endif
