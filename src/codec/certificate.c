#include "codec/certificate.h"

#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <openssl/x509_vfy.h>
#include <time.h>

#define NAME_MAX_LENGTH 256
#define PKCS7_MAX ((size_t)16 << 20)
#define SERIAL_MAX 22		/* as DER: tag, length and the 20 bytes of RFC 5280 */

int64_t certificate_time(const ASN1_TIME *time)
{
	struct tm tm;

	return time && ASN1_TIME_to_tm(time, &tm) ? timegm(&tm) : CERTIFICATE_NO_TIME;
}

struct span certificate_object_name(const ASN1_OBJECT *object)
{
	const char *name = OBJ_nid2ln(OBJ_obj2nid(object));

	return span_text(name ? name : "undefined");
}

struct span certificate_hex(struct arena *arena, struct span bytes)
{
	uint8_t *hex = arena_alloc(arena, 2 * bytes.len);

	for (size_t i = 0; hex && i < bytes.len; i++) {
		hex[2 * i] = (uint8_t)"0123456789abcdef"[bytes.at[i] >> 4];
		hex[2 * i + 1] = (uint8_t)"0123456789abcdef"[bytes.at[i] & 15];
	}
	return span_of(hex, hex ? 2 * bytes.len : 0);
}

/* OpenSSL 3 escapes slashes; rules were written against versions that did not. */
static struct span one_line(X509_NAME *name, struct arena *arena)
{
	char line[NAME_MAX_LENGTH], *to = line;

	X509_NAME_oneline(name, line, sizeof line);
	for (const char *from = line; *from; from++) {
		if (from[0] != '\\' || from[1] != '/')
			*to++ = *from;
	}
	return arena_copy(arena, span_of(line, (size_t)(to - line)));
}

static struct span serial_of(const ASN1_INTEGER *serial, struct arena *arena)
{
	uint8_t der[SERIAL_MAX], *to = der, *text;
	int len = i2d_ASN1_INTEGER(serial, NULL);
	size_t bytes;

	if (len < 3 || len > SERIAL_MAX)
		return (struct span){ 0 };
	i2d_ASN1_INTEGER(serial, &to);
	bytes = (size_t)len - 2;
	text = arena_alloc(arena, 3 * bytes);
	for (size_t i = 0; text && i < bytes; i++) {
		text[3 * i] = (uint8_t)"0123456789abcdef"[der[2 + i] >> 4];
		text[3 * i + 1] = (uint8_t)"0123456789abcdef"[der[2 + i] & 15];
		text[3 * i + 2] = ':';
	}
	return span_of(text, text ? 3 * bytes - 1 : 0);
}

static struct certificate read_one(X509 *x509, struct arena *arena)
{
	struct certificate cert = { 0 };
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	int algorithm = X509_get_signature_nid(x509);
	char oid[128];
	int oid_len;

	if (X509_digest(x509, EVP_sha1(), digest, &len))
		cert.thumbprint = certificate_hex(arena, span_of(digest, len));
	cert.issuer = one_line(X509_get_issuer_name(x509), arena);
	cert.subject = one_line(X509_get_subject_name(x509), arena);
	cert.version = X509_get_version(x509) + 1;
	cert.serial = serial_of(X509_get0_serialNumber(x509), arena);
	cert.not_before = certificate_time(X509_get0_notBefore(x509));
	cert.not_after = certificate_time(X509_get0_notAfter(x509));
	cert.algorithm = span_text(OBJ_nid2ln(algorithm));
	cert.signs_code = X509_get_extended_key_usage(x509) & XKU_CODE_SIGN;
	oid_len = OBJ_obj2txt(oid, sizeof oid, OBJ_nid2obj(algorithm), 1);
	if (oid_len >= 0)
		cert.algorithm_oid = arena_copy(arena, span_text(oid));
	return cert;
}

void certificates_add(struct certificates *to, STACK_OF(X509) *stack, struct arena *arena)
{
	int count = stack ? sk_X509_num(stack) : 0;

	if (!to->list)
		to->list = ARENA_ARRAY(arena, CERTIFICATES_MAX, struct certificate);
	for (int i = 0; to->list && i < count && to->count < CERTIFICATES_MAX; i++)
		to->list[to->count++] = read_one(sk_X509_value(stack, i), arena);
}

/* OpenSSL checks signatures only of chains that end at a root it was given. */
static void check_links(struct certificates *chain, STACK_OF(X509) *stack, size_t from)
{
	int count = stack ? sk_X509_num(stack) : 0;

	for (int i = 0; i + 1 < count && from + (size_t)i < chain->count; i++) {
		X509 *issuer = sk_X509_value(stack, i + 1);
		EVP_PKEY *key = X509_get0_pubkey(issuer);

		chain->list[from + (size_t)i].is_issued = key && X509_check_ca(issuer) > 0 &&
							  X509_verify(sk_X509_value(stack, i), key) == 1;
	}
}

void certificates_chain(struct certificates *to, X509 *leaf, STACK_OF(X509) *others,
			struct arena *arena)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	/*
	 * Roots are not part of signatures, so the answer is "not trusted"; what is
	 * wanted is the chain that was built until then.
	 */
	if (store && context && sk_X509_num(others) <= CERTIFICATES_MAX &&
	    X509_STORE_CTX_init(context, store, leaf, others)) {
		size_t from = to->count;

		X509_verify_cert(context);
		certificates_add(to, X509_STORE_CTX_get0_chain(context), arena);
		check_links(to, X509_STORE_CTX_get0_chain(context), from);
	}
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
}

static struct span comma_name(X509_NAME *name, struct arena *arena)
{
	BIO *to = BIO_new(BIO_s_mem());
	struct span text = { 0 };
	char *bytes;
	long len;

	if (to && X509_NAME_print_ex(to, name, 0, ASN1_STRFLGS_UTF8_CONVERT |
				     XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN) >= 0) {
		len = BIO_get_mem_data(to, &bytes);
		for (long i = 0; i + 4 <= len; i++)
			if (!memcmp(bytes + i, "UID=", 4) && (!i || bytes[i - 1] == ' '))
				memcpy(bytes + i, "uid", 3);	/* as it is called there */
		text = arena_copy(arena, span_of(bytes, (size_t)len));
	}
	BIO_free(to);
	return text;
}

size_t certificate_names_of(struct span pkcs7, struct arena *arena, struct certificate_names **out)
{
	const uint8_t *at = pkcs7.at;
	PKCS7 *p7 = pkcs7.len && pkcs7.len <= PKCS7_MAX ? d2i_PKCS7(NULL, &at, (long)pkcs7.len) : NULL;
	STACK_OF(X509) *stack = p7 && PKCS7_type_is_signed(p7) && p7->d.sign ? p7->d.sign->cert : NULL;
	int count = stack ? sk_X509_num(stack) : 0;

	if (count > CERTIFICATES_MAX)
		count = CERTIFICATES_MAX;
	*out = ARENA_ARRAY(arena, (size_t)count, struct certificate_names);
	for (int i = 0; *out && i < count; i++) {
		X509 *one = sk_X509_value(stack, i);

		(*out)[i].issuer = comma_name(X509_get_issuer_name(one), arena);
		(*out)[i].subject = comma_name(X509_get_subject_name(one), arena);
	}
	PKCS7_free(p7);
	return *out ? (size_t)count : 0;
}
