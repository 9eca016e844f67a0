#include "codec/authenticode.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>

#include "codec/countersignature.h"
#include "codec/der.h"

#define OID_INDIRECT_DATA "1.3.6.1.4.1.311.2.1.4"
#define OID_OPUS_INFO "1.3.6.1.4.1.311.2.1.12"
#define OID_NESTED "1.3.6.1.4.1.311.2.4.1"
#define OID_RFC3161 "1.3.6.1.4.1.311.3.3.1"
#define MAX_ATTRIBUTES 16
#define MAX_DEPTH 4
#define MAX_SIGNERS 16

struct parser {
	struct arena *arena;
	struct signatures *out;
};

void authenticode_prepare(void)
{
	struct arena arena = arena_new((size_t)1 << 20);
	struct signatures none;

	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_ADD_ALL_DIGESTS |
			    OPENSSL_INIT_ADD_ALL_CIPHERS, NULL);
	authenticode_digest(SPAN("md5"), NULL, 0, &arena);
	authenticode_digest(SPAN("sha1"), NULL, 0, &arena);
	authenticode_digest(SPAN("sha256"), NULL, 0, &arena);
	authenticode_parse(SPAN("\x30"), &arena, &none);
	arena_free(&arena);
}

static bool is_object(const ASN1_OBJECT *object, const char *oid)
{
	char text[80];

	return object && OBJ_obj2txt(text, sizeof text, object, 1) > 0 && strcmp(text, oid) == 0;
}

/*
 * SpcIndirectDataContent: SEQUENCE { SEQUENCE { OID, ANY OPTIONAL }, DigestInfo { SEQUENCE
 * { OID algorithm, ANY OPTIONAL }, OCTET STRING digest } }. False where it is not wholly so.
 */
static bool read_content(const ASN1_STRING *content, struct parser *p, struct signature *out)
{
	struct span der = span_of(content->data, (size_t)content->length);
	struct span outer = der_take(&der, V_ASN1_SEQUENCE);
	const uint8_t *at = outer.at, *end = at + outer.len;
	X509_ALGOR *data = d2i_X509_ALGOR(NULL, &at, (long)outer.len);
	X509_SIG *info = data ? d2i_X509_SIG(NULL, &at, (long)(end - at)) : NULL;
	bool whole = info && at == end;
	const X509_ALGOR *algorithm;
	const ASN1_OCTET_STRING *digest;

	if (whole) {
		X509_SIG_get0(info, &algorithm, &digest);
		out->digest_algorithm =
			arena_copy(p->arena, certificate_object_name(algorithm->algorithm));
		if (digest->length > 0)
			out->digest = arena_copy(p->arena, span_of(digest->data, (size_t)digest->length));
	}
	X509_SIG_free(info);
	X509_ALGOR_free(data);
	return whole;
}

/* The content of the signed data, where it is of that kind. */
static const ASN1_STRING *content_of(const PKCS7 *p7, const char *oid)
{
	const PKCS7 *inner = p7->d.sign->contents;

	if (!inner || !is_object(inner->type, oid) || !inner->d.other ||
	    ASN1_TYPE_get(inner->d.other) != V_ASN1_SEQUENCE)
		return NULL;
	return inner->d.other->value.sequence;
}

static struct span to_utf8(struct span bytes, int type, struct arena *arena)
{
	ASN1_STRING *text = ASN1_STRING_type_new(type);
	struct span converted = { 0 };
	unsigned char *utf8 = NULL;
	int len = -1;

	if (text && ASN1_STRING_set(text, bytes.at, (int)bytes.len))
		len = ASN1_STRING_to_UTF8(&utf8, text);
	if (len >= 0)
		converted = arena_copy(arena, span_of(utf8, (size_t)len));
	OPENSSL_free(utf8);
	ASN1_STRING_free(text);
	return converted;
}

/* SpcSpOpusInfo: SEQUENCE { [0] { [0] BMPSTRING or [1] IA5STRING } OPTIONAL, … } */
static struct span program_name(const ASN1_TYPE *attribute, struct arena *arena)
{
	struct span der, outer, choice, name;

	if (!attribute || ASN1_TYPE_get(attribute) != V_ASN1_SEQUENCE)
		return (struct span){ 0 };
	der = span_of(attribute->value.sequence->data, (size_t)attribute->value.sequence->length);
	outer = der_take(&der, V_ASN1_SEQUENCE);
	choice = der_take(&outer, 0);
	name = der_take(&choice, 0);
	if (name.at)
		return to_utf8(name, V_ASN1_BMPSTRING, arena);
	name = der_take(&choice, 1);
	return name.at ? to_utf8(name, V_ASN1_IA5STRING, arena) : (struct span){ 0 };
}

static bool signature_holds(PKCS7 *p7, PKCS7_SIGNER_INFO *si, X509 *signer,
			    const ASN1_STRING *content)
{
	struct span bytes = span_of(content->data, (size_t)content->length), der = bytes;
	BIO *data, *chain;
	char buffer[4096];
	bool ok;

	/* In version 1 what is signed is the content without its own tag and length. */
	if (ASN1_INTEGER_get(p7->d.sign->version) == 1)
		bytes = der_take(&der, V_ASN1_SEQUENCE);
	data = BIO_new_mem_buf(bytes.at, (int)bytes.len);
	chain = data ? PKCS7_dataInit(p7, data) : NULL;
	if (!chain) {
		BIO_free(data);
		return false;
	}
	while (BIO_read(chain, buffer, sizeof buffer) > 0)
		continue;
	ok = PKCS7_signatureVerify(chain, p7, si, signer) == 1;
	BIO_free_all(chain);
	return ok;
}

/* OpenSSL looks for each signer among all certificates; Authenticode has one signer. */
static bool is_small(PKCS7 *p7)
{
	return sk_X509_num(p7->d.sign->cert) <= CERTIFICATES_MAX &&
	       sk_PKCS7_SIGNER_INFO_num(PKCS7_get_signer_info(p7)) <= MAX_SIGNERS;
}

static void read_signer(struct parser *p, PKCS7 *p7, PKCS7_SIGNER_INFO *si,
			const ASN1_STRING *content, struct signature *out)
{
	STACK_OF(X509) *certs = p7->d.sign->cert;
	STACK_OF(X509) *signers = is_small(p7) ? PKCS7_get0_signers(p7, certs, 0) : NULL;
	X509 *signer = signers ? sk_X509_value(signers, 0) : NULL;
	const ASN1_TYPE *digest = PKCS7_get_signed_attribute(si, NID_pkcs9_messageDigest);
	ASN1_OBJECT *opus;

	sk_X509_free(signers);
	if (!signer)
		return;
	out->is_told = true;
	certificates_chain(&out->chain, signer, certs, p->arena);
	if (!digest || ASN1_TYPE_get(digest) != V_ASN1_OCTET_STRING)
		return;
	out->signer_digest_algorithm =
		arena_copy(p->arena, certificate_object_name(si->digest_alg->algorithm));
	out->signer_digest = arena_copy(p->arena, span_of(digest->value.octet_string->data,
							  (size_t)digest->value.octet_string->length));
	opus = OBJ_txt2obj(OID_OPUS_INFO, 1);
	for (int i = 0; opus && i < sk_X509_ATTRIBUTE_num(si->auth_attr); i++) {
		X509_ATTRIBUTE *attribute = sk_X509_ATTRIBUTE_value(si->auth_attr, i);

		if (OBJ_cmp(X509_ATTRIBUTE_get0_object(attribute), opus) == 0) {
			out->program_name = program_name(X509_ATTRIBUTE_get0_type(attribute, 0),
							 p->arena);
			break;
		}
	}
	ASN1_OBJECT_free(opus);
	out->verified = signature_holds(p7, si, signer, content);
}

typedef void attribute_fn(struct parser *p, struct span der, PKCS7 *p7, PKCS7_SIGNER_INFO *si,
			  size_t signature, int depth);

/* Calls `read` for each value of the first unauthenticated attribute of that kind. */
static void each_value(struct parser *p, PKCS7 *p7, PKCS7_SIGNER_INFO *si, const char *oid,
		       attribute_fn *read, size_t signature, int depth)
{
	for (int i = 0; i < sk_X509_ATTRIBUTE_num(si->unauth_attr); i++) {
		X509_ATTRIBUTE *attribute = sk_X509_ATTRIBUTE_value(si->unauth_attr, i);
		int count = X509_ATTRIBUTE_count(attribute);

		if (!is_object(X509_ATTRIBUTE_get0_object(attribute), oid))
			continue;
		for (int j = 0; j < count && j < MAX_ATTRIBUTES; j++) {
			ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, j);

			if (!value || ASN1_TYPE_get(value) != V_ASN1_SEQUENCE)
				return;
			read(p, span_of(value->value.sequence->data,
					(size_t)value->value.sequence->length),
			     p7, si, signature, depth);
		}
		return;
	}
}

static void parse_one(struct parser *p, struct span blob, int depth);

static void read_nested(struct parser *p, struct span der, PKCS7 *p7, PKCS7_SIGNER_INFO *si,
			size_t signature, int depth)
{
	parse_one(p, der, depth + 1);
}

static struct countersignature *add_countersignature(struct parser *p, size_t signature)
{
	struct signature *s = &p->out->list[signature];

	if (!s->countersignatures)
		s->countersignatures = ARENA_ARRAY(p->arena, 2 * MAX_ATTRIBUTES,
						   struct countersignature);
	return s->countersignatures ? &s->countersignatures[s->countersignature_count++] : NULL;
}

static struct span signed_bytes(const PKCS7_SIGNER_INFO *si)
{
	return span_of(si->enc_digest->data, (size_t)si->enc_digest->length);
}

static void read_pkcs9(struct parser *p, struct span der, PKCS7 *p7, PKCS7_SIGNER_INFO *si,
		       size_t signature, int depth)
{
	struct countersignature *to = add_countersignature(p, signature);

	if (to)
		countersignature_pkcs9(der, signed_bytes(si), p7->d.sign->cert, p->arena, to);
}

static void read_rfc3161(struct parser *p, struct span der, PKCS7 *p7, PKCS7_SIGNER_INFO *si,
			 size_t signature, int depth)
{
	struct countersignature *to = add_countersignature(p, signature);

	if (to)
		countersignature_rfc3161(der, signed_bytes(si),
					 &p->out->list[signature].certificates, p->arena, to);
}

static void read_signed_data(struct parser *p, PKCS7 *p7, size_t index, int depth)
{
	struct signature *out = &p->out->list[index];
	PKCS7_SIGNER_INFO *si;
	const ASN1_STRING *content;

	certificates_add(&out->certificates, p7->d.sign->cert, p->arena);
	content = content_of(p7, OID_INDIRECT_DATA);
	out->is_told = !content || !read_content(content, p, out);
	if (out->is_told)
		return;
	out->has_signer = true;
	si = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(p7), 0);
	out->is_told = si && !is_small(p7);
	if (!si)
		return;
	each_value(p, p7, si, OID_NESTED, read_nested, index, depth);
	each_value(p, p7, si, "1.2.840.113549.1.9.6", read_pkcs9, index, depth);
	each_value(p, p7, si, OID_RFC3161, read_rfc3161, index, depth);
	read_signer(p, p7, si, content, out);
}

static void parse_one(struct parser *p, struct span blob, int depth)
{
	const uint8_t *at = blob.at;
	size_t index = p->out->count;
	PKCS7 *p7;

	if (depth > MAX_DEPTH || index >= AUTHENTICODE_MAX_SIGNATURES)
		return;
	p->out->count++;
	p7 = d2i_PKCS7(NULL, &at, (long)blob.len);
	if (p7 && PKCS7_type_is_signed(p7) && p7->d.sign)
		read_signed_data(p, p7, index, depth);
	PKCS7_free(p7);
}

static void leave_out_unsigned(struct signatures *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++) {
		if (all->list[i].has_signer || all->list[i].is_told)
			all->list[kept++] = all->list[i];
	}
	all->count = kept;
}

void authenticode_parse(struct span blob, struct arena *arena, struct signatures *out)
{
	struct parser p = { .arena = arena, .out = out };

	*out = (struct signatures){ 0 };
	if (blob.len == 0 || blob.len > AUTHENTICODE_MAX_BLOB)
		return;
	out->list = ARENA_ARRAY(arena, AUTHENTICODE_MAX_SIGNATURES, struct signature);
	if (out->list)
		parse_one(&p, blob, 0);
	leave_out_unsigned(out);
	ERR_clear_error();
}

bool authenticode_signed_list(struct span blob, const char *oid, struct arena *arena,
			      struct signature *out, struct span *content)
{
	struct parser p = { .arena = arena };
	const uint8_t *at = blob.at;
	PKCS7 *p7 = blob.len <= AUTHENTICODE_MAX_BLOB ? d2i_PKCS7(NULL, &at, (long)blob.len) : NULL;
	const ASN1_STRING *bytes = p7 && PKCS7_type_is_signed(p7) && p7->d.sign ? content_of(p7, oid) : NULL;
	PKCS7_SIGNER_INFO *si = bytes ? sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(p7), 0) : NULL;

	*out = (struct signature){ 0 };
	if (bytes)
		*content = arena_copy(arena, span_of(bytes->data, (size_t)bytes->length));
	if (si) {
		certificates_add(&out->certificates, p7->d.sign->cert, arena);
		out->has_signer = true;
		read_signer(&p, p7, si, bytes, out);
	}
	PKCS7_free(p7);
	ERR_clear_error();
	return bytes;
}

struct span authenticode_digest(struct span algorithm, const struct span *pieces, size_t count,
				struct arena *arena)
{
	char *name = arena_text(arena, algorithm);
	const EVP_MD *method = name ? EVP_get_digestbyname(name) : NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	bool ok = method && context && EVP_DigestInit_ex(context, method, NULL);

	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(context, pieces[i].at, pieces[i].len);
	ok = ok && EVP_DigestFinal_ex(context, digest, &len);
	EVP_MD_CTX_free(context);
	return ok ? arena_copy(arena, span_of(digest, len)) : (struct span){ 0 };
}
