#include "formats/tls/tls_hello.h"

#include "codec/digest.h"

#include <stdio.h>
#include <stdlib.h>

#define LIST_MOST 512

enum { EXTENSION_NAME = 0, EXTENSION_GROUPS = 10, EXTENSION_POINTS = 11, EXTENSION_SIGNATURES = 13,
       EXTENSION_ALPN = 16, EXTENSION_VERSIONS = 43, EXTENSION_HIDDEN = 0xfe0d };

struct list {
	uint16_t at[LIST_MOST];
	size_t count;
};

struct hello {
	uint16_t version, offered;	/* as the message says; highest of the extension */
	struct list ciphers, extensions, groups, signatures, points;
	bool has_name;
	struct span alpn;
};

/* RFC 8701: values that are there to be ignored. */
static bool is_grease(uint16_t n)
{
	return (n & 0x0f0f) == 0x0a0a && n >> 8 == (n & 0xff);
}

static void list_add(struct list *l, uint16_t n)
{
	if (!is_grease(n) && l->count < LIST_MOST)
		l->at[l->count++] = n;
}

static void take_list(struct span bytes, struct list *l)
{
	struct cursor c = cursor_of(bytes);

	while (cursor_left(&c) >= 2)
		list_add(l, cursor_u16be(&c));
}

/* A list with its length in front, of one or two bytes. */
static struct span counted(struct span bytes, int width)
{
	struct cursor c = cursor_of(bytes);

	return cursor_take(&c, width == 1 ? cursor_u8(&c) : cursor_u16be(&c));
}

static void keep(char *to, size_t room, struct span text)
{
	size_t len = text.len < room - 1 ? text.len : room - 1;

	for (size_t i = 0; i < len; i++)
		to[i] = (char)(text.at[i] < 33 || text.at[i] > 126 ? '?' : text.at[i]);
	to[len] = 0;
}

/* Two digits a byte, and the end of a text. */
static void write_hex(char *to, const uint8_t *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		*to++ = digits[bytes[i] >> 4];
		*to++ = digits[bytes[i] & 15];
	}
	*to = 0;
}

static void take_server_name(struct span body, struct tls *out)
{
	struct cursor c = cursor_of(counted(body, 2));

	if (cursor_u8(&c) == 0)
		keep(out->name, sizeof out->name, cursor_take(&c, cursor_u16be(&c)));
}

/* The highest that is known. */
static void take_versions(struct hello *h, struct span bytes)
{
	struct cursor c = cursor_of(bytes);

	while (cursor_left(&c) >= 2) {
		uint16_t version = cursor_u16be(&c);

		if (!is_grease(version) && version > h->offered && version < 0x0400)
			h->offered = version;
	}
}

static void take_extension(struct hello *h, uint16_t type, struct span body, struct tls *out)
{
	struct span points;

	switch (type) {
	case EXTENSION_NAME:
		h->has_name = true;
		take_server_name(body, out);
		break;
	case EXTENSION_GROUPS:
		take_list(counted(body, 2), &h->groups);
		break;
	case EXTENSION_SIGNATURES:
		take_list(counted(body, 2), &h->signatures);
		break;
	case EXTENSION_POINTS:
		points = counted(body, 1);
		for (size_t i = 0; i < points.len; i++)
			list_add(&h->points, points.at[i]);
		break;
	case EXTENSION_ALPN:
		h->alpn = counted(counted(body, 2), 1);
		break;
	case EXTENSION_HIDDEN:
		out->has_hidden_name = true;
		break;
	case EXTENSION_VERSIONS:
		take_versions(h, counted(body, 1));
		break;
	default:
		break;
	}
}

static void take_extensions(struct hello *h, struct cursor *c, struct tls *out)
{
	struct cursor at = cursor_of(cursor_take(c, cursor_u16be(c)));

	while (cursor_left(&at) >= 4) {
		uint16_t type = cursor_u16be(&at);
		struct span body = cursor_take(&at, cursor_u16be(&at));

		if (at.short_read)
			return;
		list_add(&h->extensions, type);
		take_extension(h, type, body, out);
	}
}

static void add_decimal(struct buf *to, const struct list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (i)
			buf_add_u8(to, '-');
		buf_decimal(to, l->at[i]);
	}
}

/* JA3: MD5 of "version,ciphers,extensions,groups,points". */
static void make_ja3(const struct hello *h, char out[33])
{
	struct buf text = buf_new((size_t)1 << 16);
	const struct list *lists[] = { &h->ciphers, &h->extensions, &h->groups, &h->points };
	uint8_t digest[DIGEST_MAX];

	buf_decimal(&text, h->version);
	for (size_t i = 0; i < 4; i++) {
		buf_add_u8(&text, ',');
		add_decimal(&text, lists[i]);
	}
	digest_of(DIGEST_MD5, buf_span(&text), digest);
	buf_free(&text);
	write_hex(out, digest, 16);
}

static int compare(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void add_hex(struct buf *to, const struct list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const uint8_t number[] = { (uint8_t)(l->at[i] >> 8), (uint8_t)l->at[i] };

		if (i)
			buf_add_u8(to, ',');
		buf_hex(to, span_of(number, sizeof number));
	}
}

/* The first twelve digits of SHA-256; zeros for nothing. */
static void short_digest(struct span text, char out[13])
{
	uint8_t digest[SHA256_SIZE] = { 0 };

	if (text.len)
		sha256_of(text, digest);
	write_hex(out, digest, 6);
}

static char alpn_letter(struct span alpn, bool last)
{
	uint8_t c = alpn.len ? alpn.at[last ? alpn.len - 1 : 0] : '0';

	return (char)((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? c : '9');
}

static const char *ja4_version(uint16_t version)
{
	return version == 0x0304 ? "13" : version == 0x0303 ? "12" : version == 0x0302 ? "11" :
	       version == 0x0301 ? "10" : version == 0x0300 ? "s3" : "00";
}

static void make_ja4(const struct hello *h, char way, char out[37])
{
	struct buf text = buf_new((size_t)1 << 16);
	struct list ciphers = h->ciphers, extensions = { .count = 0 };
	size_t cipher_count = ciphers.count < 99 ? ciphers.count : 99;
	size_t extension_count = h->extensions.count < 99 ? h->extensions.count : 99;
	char first[13], second[13];

	qsort(ciphers.at, ciphers.count, sizeof *ciphers.at, compare);
	for (size_t i = 0; i < h->extensions.count; i++)
		if (h->extensions.at[i] != EXTENSION_NAME && h->extensions.at[i] != EXTENSION_ALPN)
			list_add(&extensions, h->extensions.at[i]);
	qsort(extensions.at, extensions.count, sizeof *extensions.at, compare);
	add_hex(&text, &ciphers);
	short_digest(buf_span(&text), first);
	buf_clear(&text);
	add_hex(&text, &extensions);
	if (text.len && h->signatures.count) {
		buf_add_u8(&text, '_');
		add_hex(&text, &h->signatures);
	}
	short_digest(buf_span(&text), second);
	buf_free(&text);
	snprintf(out, 37, "%c%s%c%02u%02u%c%c_%s_%s", way, ja4_version(h->offered), h->has_name ? 'd' : 'i',
		 (unsigned)cipher_count, (unsigned)extension_count, alpn_letter(h->alpn, false),
		 alpn_letter(h->alpn, true), first, second);
}

void tls_client_hello(struct span body, struct tls *out)
{
	struct hello h = { .version = 0 };
	struct cursor c = cursor_of(body);

	h.version = cursor_u16be(&c);
	cursor_skip(&c, 32);
	cursor_skip(&c, cursor_u8(&c));
	take_list(cursor_take(&c, cursor_u16be(&c)), &h.ciphers);
	cursor_skip(&c, cursor_u8(&c));
	if (c.short_read)
		return;
	if (cursor_left(&c) >= 2)
		take_extensions(&h, &c, out);
	if (!h.offered)
		h.offered = h.version;
	out->is_client = true;
	out->version = h.offered;
	keep(out->alpn, sizeof out->alpn, h.alpn);
	make_ja3(&h, out->ja3);
	make_ja4(&h, out->is_quic ? 'q' : 't', out->ja4);
}

void tls_server_hello(struct span body, struct tls *out)
{
	struct hello h = { .version = 0 };
	struct cursor c = cursor_of(body), at;

	h.version = cursor_u16be(&c);
	cursor_skip(&c, 32);
	cursor_skip(&c, cursor_u8(&c));
	cursor_skip(&c, 3);
	if (c.short_read)
		return;
	at = cursor_of(cursor_left(&c) >= 2 ? cursor_take(&c, cursor_u16be(&c)) : (struct span){ 0 });
	while (cursor_left(&at) >= 4) {
		uint16_t type = cursor_u16be(&at);
		struct span value = cursor_take(&at, cursor_u16be(&at));

		if (type == EXTENSION_VERSIONS && value.len == 2)
			h.version = load_u16be(value.at);
	}
	out->is_server = true;
	out->version = h.version;
}
