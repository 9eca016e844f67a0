#include "codec/catalogue.h"

#include <openssl/asn1.h>

#include "base/utf8.h"
#include "codec/der.h"

#define OID_TRUST_LIST "1.3.6.1.4.1.311.10.1"
/* As DER: 1.3.6.1.4.1.311.2.1.4, and 1.3.6.1.4.1.311.12.2.1 */
#define INDIRECT_DATA SPAN("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x04")
#define NAME_VALUE SPAN("\x2b\x06\x01\x04\x01\x82\x37\x0c\x02\x01")
#define MAX_ATTRIBUTES 32

/*
 * CertificateTrustList: { version OPTIONAL, SEQUENCE OF usage, OCTET STRING name
 * OPTIONAL, INTEGER number OPTIONAL, UTCTime made, UTCTime next OPTIONAL,
 * SEQUENCE algorithm, SEQUENCE OF member }
 */
bool catalogue_open(struct span file, struct arena *arena, struct catalogue *out, struct err *err)
{
	struct span content = { 0 }, time;

	*out = (struct catalogue){ .arena = arena };
	if (!authenticode_signed_list(file, OID_TRUST_LIST, arena, &out->signature, &content))
		return err_set(err, ERR_UNSUPPORTED, 0, "no catalogue of signed digests");
	content = der_take(&content, V_ASN1_SEQUENCE);
	der_take(&content, V_ASN1_INTEGER);
	der_take(&content, V_ASN1_SEQUENCE);
	der_take(&content, V_ASN1_OCTET_STRING);
	der_take(&content, V_ASN1_INTEGER);
	time = der_take(&content, V_ASN1_UTCTIME);
	if (time.len && time.len < 32) {
		ASN1_TIME *made = ASN1_STRING_type_new(V_ASN1_UTCTIME);

		if (made && ASN1_STRING_set(made, time.at, (int)time.len))
			out->made = certificate_time(made);
		ASN1_STRING_free(made);
	}
	der_take(&content, V_ASN1_UTCTIME);
	if (!der_take(&content, V_ASN1_SEQUENCE).at)
		return err_set(err, ERR_CORRUPT, 0, "a catalogue without its kind of members");
	out->members = der_take(&content, V_ASN1_SEQUENCE);
	return true;
}

static bool is_taken(struct span digest)
{
	return digest.len == 20 || digest.len == 32;
}

/* SEQUENCE { SEQUENCE data, SEQUENCE { SEQUENCE algorithm, OCTET STRING digest } } */
static struct span digest_of_data(struct span value)
{
	struct span data = der_take(&value, V_ASN1_SEQUENCE), info;

	der_take(&data, V_ASN1_SEQUENCE);
	info = der_take(&data, V_ASN1_SEQUENCE);
	der_take(&info, V_ASN1_SEQUENCE);
	return der_take(&info, V_ASN1_OCTET_STRING);
}

/* { BMPString tag, INTEGER flags, OCTET STRING value }: behind "File" stands a name in UTF-16. */
static struct span name_of(struct span value, struct arena *arena)
{
	struct span pair = der_take(&value, V_ASN1_SEQUENCE), name, copy;
	struct span tag = der_take(&pair, V_ASN1_BMPSTRING);
	struct buf text = buf_new(4096);

	der_take(&pair, V_ASN1_INTEGER);
	name = der_take(&pair, V_ASN1_OCTET_STRING);
	if (!span_eq(tag, SPAN("\0F\0i\0l\0e")) || name.len > 1024)
		return (struct span){ 0 };
	utf8_add_utf16le(&text, name);
	copy = arena_copy(arena, span_sub(buf_span(&text), 0, span_find_byte(buf_span(&text), 0, 0)));
	buf_free(&text);
	return copy;
}

static int nibble_of(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10
	     : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The name of a member: its digest, as bytes or as hex digits in UTF-16. */
static struct span digest_of_name(struct span name, struct arena *arena)
{
	size_t digits = name.len / 4;
	uint8_t *bytes;

	if (is_taken(name))
		return name;
	if ((digits != 20 && digits != 32) || !(bytes = arena_alloc(arena, digits)))
		return (struct span){ 0 };
	for (size_t i = 0; i < digits; i++) {
		int high = nibble_of(name.at[4 * i]), low = nibble_of(name.at[4 * i + 2]);

		if (high < 0 || low < 0)
			return (struct span){ 0 };
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return span_of(bytes, digits);
}

static void read_attributes(struct span set, struct arena *arena, struct catalogue_member *out)
{
	for (int i = 0; i < MAX_ATTRIBUTES && set.len; i++) {
		struct span attribute = der_take(&set, V_ASN1_SEQUENCE), oid, values;

		if (!attribute.at)
			return;
		oid = der_take(&attribute, V_ASN1_OBJECT);
		values = der_take(&attribute, V_ASN1_SET);
		if (span_eq(oid, INDIRECT_DATA) && is_taken(digest_of_data(values)))
			out->digest = digest_of_data(values);
		else if (span_eq(oid, NAME_VALUE) && !out->name.len)
			out->name = name_of(values, arena);
	}
}

bool catalogue_next(struct catalogue *c, struct catalogue_member *out)
{
	while (c->members.len) {
		struct span member = der_take(&c->members, V_ASN1_SEQUENCE), name;

		if (!member.at)
			return false;
		name = der_take(&member, V_ASN1_OCTET_STRING);
		*out = (struct catalogue_member){ .digest = digest_of_name(name, c->arena) };
		read_attributes(der_take(&member, V_ASN1_SET), c->arena, out);
		if (is_taken(out->digest))
			return true;
	}
	return false;
}
