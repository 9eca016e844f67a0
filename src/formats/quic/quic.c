#include "formats/quic/quic.h"

enum { VERSION_1 = 1, VERSION_2 = 0x6b3343cf };
#define DRAFT 0xff000000u
enum { FRAME_PADDING = 0, FRAME_PING = 1, FRAME_ACK = 2, FRAME_ACK_ECN = 3, FRAME_CRYPTO = 6 };
enum { LONG_HEADER = 0x80, FIXED = 0x40, SAMPLE_AT = 4, SAMPLE = 16 };
#define PLAIN_MOST ((size_t)64 << 10)
#define RANGES_MOST 256

static const uint8_t salt_1[] = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
				  0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a };
static const uint8_t salt_2[] = { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
				  0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 };
static const uint8_t salt_draft_29[] = { 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
					 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 };
static const uint8_t salt_draft_23[] = { 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
					 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 };

/* NULL: a version whose keys we do not know. */
static const uint8_t *salt_of(uint32_t version)
{
	uint32_t draft = version - DRAFT;

	if (version == VERSION_1 || (draft >= 33 && draft <= 34))
		return salt_1;
	if (version == VERSION_2)
		return salt_2;
	if (draft >= 29 && draft <= 32)
		return salt_draft_29;
	return draft >= 23 && draft <= 28 ? salt_draft_23 : NULL;
}

/* RFC 9000, 16: two bits tell the size. */
static uint64_t take_number(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	uint64_t n = first & 0x3f;

	for (unsigned i = 1; i < 1u << (first >> 6); i++)
		n = n << 8 | cursor_u8(c);
	return n;
}

/* ---- packets ---- */

struct initial {
	uint32_t version;
	struct span id, sealed, whole;	/* `whole` ends with the packet, `sealed` begins with its number */
};

/* One of the packets of a datagram; false: no other follows that could be told apart. */
static bool take_packet(struct cursor *c, struct initial *out, bool *is_initial)
{
	struct cursor all = *c;
	struct span rest = cursor_take(&all, cursor_left(c));
	struct cursor at = cursor_of(rest);
	uint8_t first = cursor_u8(&at), type;
	uint64_t len;
	size_t head;

	*is_initial = false;
	*out = (struct initial){ .version = cursor_u32be(&at) };
	out->id = cursor_take(&at, cursor_u8(&at));
	cursor_skip(&at, cursor_u8(&at));
	if (at.short_read || (first & (LONG_HEADER | FIXED)) != (LONG_HEADER | FIXED) ||
	    !salt_of(out->version) || out->id.len > QUIC_ID_MOST)
		return false;
	type = first >> 4 & 3;
	*is_initial = type == (out->version == VERSION_2 ? 1 : 0);
	if (*is_initial)
		cursor_skip(&at, take_number(&at));
	else if (type == (out->version == VERSION_2 ? 0 : 3))
		return false;			/* a retry has no length */
	len = take_number(&at);
	head = at.at;
	out->sealed = cursor_take(&at, len);
	out->whole = span_sub(rest, 0, head + out->sealed.len);
	cursor_skip(c, at.at);
	return !at.short_read;
}

static bool derive(const struct initial *p, struct quic_keys *out)
{
	bool is_2 = p->version == VERSION_2;
	uint8_t initial[SHA256_SIZE], client[SHA256_SIZE];

	return cipher_hmac(span_of(salt_of(p->version), sizeof salt_1), p->id, initial) &&
	       cipher_expand_label(initial, "client in", client, sizeof client) &&
	       cipher_expand_label(client, is_2 ? "quicv2 key" : "quic key", out->key, sizeof out->key) &&
	       cipher_expand_label(client, is_2 ? "quicv2 iv" : "quic iv", out->iv, sizeof out->iv) &&
	       cipher_expand_label(client, is_2 ? "quicv2 hp" : "quic hp", out->hp, sizeof out->hp);
}

/* RFC 9001, 5.4: the header's protection goes, then the payload is opened. */
static bool open_packet(const struct quic_keys *keys, const struct initial *p, struct buf *plain)
{
	struct span sample = span_sub(p->sealed, SAMPLE_AT, SAMPLE);
	struct buf header = buf_new(p->whole.len);
	uint8_t mask[16], nonce[CIPHER_NONCE];
	size_t head = p->whole.len - p->sealed.len, number;
	bool ok;

	buf_clear(plain);
	if (sample.len < SAMPLE || !cipher_block(keys->hp, sample.at, mask))
		return false;
	number = ((p->whole.at[0] ^ mask[0]) & 3u) + 1;
	ok = buf_add(&header, span_sub(p->whole, 0, head + number));
	memcpy(nonce, keys->iv, sizeof nonce);
	if (ok)
		header.at[0] ^= mask[0] & 0x0f;
	for (size_t i = 0; ok && i < number; i++) {
		header.at[head + i] ^= mask[1 + i];
		nonce[sizeof nonce - number + i] ^= header.at[head + i];
	}
	ok = ok && cipher_open_gcm(keys->key, nonce, buf_span(&header), span_from(p->sealed, number), plain);
	buf_free(&header);
	return ok;
}

/* Keys follow from the first id of a connection: later packets bear the server's. */
static bool open_any(struct quic *q, const struct initial *p, struct buf *plain)
{
	struct quic_keys keys;

	if (q->has_keys && open_packet(&q->keys, p, plain))
		return true;
	if (q->has_keys && q->version == p->version && span_eq(span_of(q->id, q->id_len), p->id))
		return false;
	if (!derive(p, &keys) || !open_packet(&keys, p, plain))
		return false;
	q->keys = keys;
	q->has_keys = true;
	q->version = p->version;
	q->id_len = p->id.len;
	if (p->id.len)
		memcpy(q->id, p->id.at, p->id.len);
	return true;
}

/* ---- frames ---- */

static void keep_piece(struct quic *q, uint64_t at, struct span piece)
{
	if (at >= sizeof q->bytes)
		return;
	piece = span_sub(piece, 0, sizeof q->bytes - at);
	for (size_t i = 0; i < piece.len; i++) {
		q->bytes[at + i] = piece.at[i];
		q->there[(at + i) / 8] |= (uint8_t)(1u << (at + i) % 8);
	}
	while (q->len < sizeof q->bytes && q->there[q->len / 8] >> q->len % 8 & 1)
		q->len++;
}

static void skip_acknowledgement(struct cursor *c, bool has_counts)
{
	uint64_t ranges;

	take_number(c);
	take_number(c);
	ranges = take_number(c);
	if (ranges > RANGES_MOST)
		c->short_read = true;
	for (uint64_t i = 0; i < 2 * ranges + 1 && !c->short_read; i++)
		take_number(c);
	for (int i = 0; has_counts && i < 3; i++)
		take_number(c);
}

static void take_frames(struct quic *q, struct span plain)
{
	struct cursor c = cursor_of(plain);
	uint64_t at;

	while (cursor_left(&c) && !c.short_read) {
		switch (cursor_u8(&c)) {
		case FRAME_PADDING:
		case FRAME_PING:
			break;
		case FRAME_ACK:
			skip_acknowledgement(&c, false);
			break;
		case FRAME_ACK_ECN:
			skip_acknowledgement(&c, true);
			break;
		case FRAME_CRYPTO:
			at = take_number(&c);
			keep_piece(q, at, cursor_take(&c, take_number(&c)));
			break;
		default:
			return;
		}
	}
}

bool quic_is_likely(struct span datagram)
{
	struct cursor c = cursor_of(datagram);
	struct initial p;
	bool is_initial;

	return take_packet(&c, &p, &is_initial);
}

enum tls_state quic_take(struct quic *q, struct span datagram, struct tls *out)
{
	struct cursor c = cursor_of(datagram);
	struct buf plain = buf_new(PLAIN_MOST);
	struct initial p;
	bool is_initial;

	while (cursor_left(&c) && take_packet(&c, &p, &is_initial))
		if (is_initial && open_any(q, &p, &plain))
			take_frames(q, buf_span(&plain));
	buf_free(&plain);
	return tls_read_messages(span_of(q->bytes, q->len), out);
}
