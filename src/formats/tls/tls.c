#include "formats/tls/tls.h"

#include "formats/tls/tls_hello.h"

enum { RECORD_CHANGE_CIPHER = 20, RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, RECORD_DATA = 23 };
enum { MESSAGE_CLIENT_HELLO = 1, MESSAGE_SERVER_HELLO = 2, MESSAGE_CERTIFICATE = 11,
       MESSAGE_KEY_EXCHANGE = 12, MESSAGE_DONE = 14 };
#define DER_VERSION 0xa0

/* ---- certificates: two names out of the first ---- */

/* The content of the next element; an empty span at the end or at damage. */
static struct span der_take(struct cursor *c, uint8_t *tag)
{
	uint32_t len;

	*tag = cursor_u8(c);
	len = cursor_u8(c);
	if (len == 0x81)
		len = cursor_u8(c);
	else if (len == 0x82)
		len = cursor_u16be(c);
	else if (len > 0x7f)
		c->short_read = true;
	return cursor_take(c, len);
}

static void keep_text(char *to, size_t room, struct span text)
{
	size_t len = text.len < room - 1 ? text.len : room - 1;

	for (size_t i = 0; i < len; i++)
		to[i] = (char)(text.at[i] < 32 || text.at[i] == 127 ? '?' : text.at[i]);
	to[len] = 0;
}

/* Common name 2.5.4.3, else organisation 2.5.4.10. */
static void take_name(struct span name, char *to, size_t room)
{
	struct cursor sets = cursor_of(name);
	uint8_t tag;

	while (cursor_left(&sets)) {
		struct cursor set = cursor_of(der_take(&sets, &tag));
		struct cursor pair = cursor_of(der_take(&set, &tag));
		struct span id = der_take(&pair, &tag);
		struct span value = der_take(&pair, &tag);

		if (pair.short_read || sets.short_read)
			return;
		if (span_eq(id, SPAN("\x55\x04\x03")) || (span_eq(id, SPAN("\x55\x04\x0a")) && !*to))
			keep_text(to, room, value);
	}
}

static void take_certificate(struct span body, struct tls *out)
{
	struct cursor c = cursor_of(body), at;
	uint32_t len;
	uint8_t tag;

	cursor_skip(&c, 3);
	len = (uint32_t)cursor_u8(&c) << 16;
	len |= cursor_u16be(&c);
	at = cursor_of(cursor_take(&c, len));
	at = cursor_of(der_take(&at, &tag));
	at = cursor_of(der_take(&at, &tag));
	der_take(&at, &tag);
	if (tag == DER_VERSION)
		der_take(&at, &tag);			/* serial */
	der_take(&at, &tag);				/* signature algorithm */
	take_name(der_take(&at, &tag), out->issuer, sizeof out->issuer);
	der_take(&at, &tag);				/* validity */
	take_name(der_take(&at, &tag), out->subject, sizeof out->subject);
}

/* ---- messages ---- */

/* True: nothing more of interest comes in the clear. */
static bool take_message(uint8_t type, struct span body, struct tls *out)
{
	switch (type) {
	case MESSAGE_CLIENT_HELLO:
		tls_client_hello(body, out);
		return true;
	case MESSAGE_SERVER_HELLO:
		tls_server_hello(body, out);
		return out->version >= 0x0304;
	case MESSAGE_CERTIFICATE:
		take_certificate(body, out);
		return true;
	case MESSAGE_KEY_EXCHANGE:
	case MESSAGE_DONE:
		return true;
	default:
		return false;
	}
}

static bool take_messages(struct span joined, struct tls *out)
{
	struct cursor c = cursor_of(joined);

	for (;;) {
		uint8_t type = cursor_u8(&c);
		uint32_t len = (uint32_t)cursor_u8(&c) << 16;
		struct span body;

		len |= cursor_u16be(&c);
		body = cursor_take(&c, len);
		if (c.short_read)
			return false;
		if (take_message(type, body, out))
			return true;
	}
}

enum tls_state tls_read_messages(struct span bytes, struct tls *out)
{
	*out = (struct tls){ .is_quic = true };
	return take_messages(bytes, out) ? TLS_WHOLE : TLS_MORE;
}

enum tls_state tls_read(struct span bytes, struct tls *out)
{
	struct buf joined = buf_new(TLS_HEAD_MAX);
	struct cursor c = cursor_of(bytes);
	enum tls_state state = TLS_MORE;

	*out = (struct tls){ .is_client = false };
	while (state == TLS_MORE && cursor_left(&c) >= 5) {
		struct span h = cursor_take(&c, 5);
		size_t len = load_u16be(h.at + 3);

		if (h.at[0] < RECORD_CHANGE_CIPHER || h.at[0] > RECORD_DATA || h.at[1] != 3 ||
		    h.at[2] > 4 || len > 0x4800) {
			state = joined.len ? TLS_WHOLE : TLS_NONE;
		} else if (h.at[0] != RECORD_HANDSHAKE) {
			state = TLS_WHOLE;
		} else {
			buf_add(&joined, cursor_take(&c, len < cursor_left(&c) ? len : cursor_left(&c)));
			if (take_messages(buf_span(&joined), out) || joined.overflow)
				state = TLS_WHOLE;
		}
	}
	buf_free(&joined);
	return state;
}

const char *tls_version_name(uint16_t version)
{
	switch (version) {
	case 0x0300:
		return "SSL 3.0";
	case 0x0301:
		return "TLS 1.0";
	case 0x0302:
		return "TLS 1.1";
	case 0x0303:
		return "TLS 1.2";
	case 0x0304:
		return "TLS 1.3";
	default:
		return "";
	}
}
