#include "codec/countersignature.h"

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>

#define RECOVERED_MAX 8192	/* more than an RSA key of 16384 bits gives back */

static struct span span_of_string(const ASN1_STRING *s)
{
	return span_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static struct span digest_with(const EVP_MD *method, struct span bytes,
			       uint8_t out[EVP_MAX_MD_SIZE])
{
	unsigned len = 0;

	if (!EVP_Digest(bytes.at, bytes.len, out, &len, method, NULL))
		len = 0;
	return span_of(out, len);
}

static bool is_type(const ASN1_TYPE *attribute, int type)
{
	return attribute && ASN1_TYPE_get(attribute) == type;
}

/* A digest comes bare or wrapped in a DigestInfo, which ends with it. */
static bool holds_digest(struct span recovered, struct span digest)
{
	const uint8_t *at = recovered.at;
	X509_SIG *info;
	const ASN1_OCTET_STRING *inner;
	bool same;

	if (recovered.len == digest.len)
		return span_eq(recovered, digest);
	info = d2i_X509_SIG(NULL, &at, (long)recovered.len);
	if (!info)
		return false;
	X509_SIG_get0(info, NULL, &inner);
	same = span_eq(span_of_string(inner), digest);
	X509_SIG_free(info);
	return same;
}

/* Whether the signer's key signed the authenticated attributes. */
static bool attributes_signed(PKCS7_SIGNER_INFO *si, X509 *signer, const EVP_MD *method)
{
	uint8_t recovered[RECOVERED_MAX], digest[EVP_MAX_MD_SIZE], *der = NULL;
	size_t len = sizeof recovered;
	EVP_PKEY *key = X509_get0_pubkey(signer);
	EVP_PKEY_CTX *context = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	int der_len = ASN1_item_i2d((ASN1_VALUE *)si->auth_attr, &der,
				    ASN1_ITEM_rptr(PKCS7_ATTR_VERIFY));
	struct span encrypted = span_of_string(si->enc_digest);
	bool ok = false;

	if (context && der_len > 0 && EVP_PKEY_get_size(key) <= (int)sizeof recovered &&
	    EVP_PKEY_verify_recover_init(context) == 1 &&
	    EVP_PKEY_verify_recover(context, recovered, &len, encrypted.at, encrypted.len) == 1)
		ok = holds_digest(span_of(recovered, len),
				  digest_with(method, span_of(der, (size_t)der_len), digest));
	EVP_PKEY_CTX_free(context);
	OPENSSL_free(der);
	return ok;
}

static void read_pkcs9(PKCS7_SIGNER_INFO *si, struct span signed_bytes, STACK_OF(X509) *certificates,
		       struct arena *arena, struct countersignature *out)
{
	const ASN1_TYPE *time = PKCS7_get_signed_attribute(si, NID_pkcs9_signingTime);
	const ASN1_TYPE *message = PKCS7_get_signed_attribute(si, NID_pkcs9_messageDigest);
	const EVP_MD *method = EVP_get_digestbyobj(si->digest_alg->algorithm);
	uint8_t digest[EVP_MAX_MD_SIZE];
	X509 *signer;

	out->digest_algorithm =
		arena_copy(arena, certificate_object_name(si->digest_alg->algorithm));
	if (!is_type(time, V_ASN1_UTCTIME) && !is_type(time, V_ASN1_GENERALIZEDTIME))
		return;
	out->time = certificate_time(time->value.asn1_string);
	signer = X509_find_by_issuer_and_serial(certificates, si->issuer_and_serial->issuer,
						si->issuer_and_serial->serial);
	if (!signer)
		return;
	certificates_chain(&out->chain, signer, certificates, arena);
	if (!is_type(message, V_ASN1_OCTET_STRING) || !method)
		return;
	out->digest = arena_copy(arena, span_of_string(message->value.octet_string));
	out->verified = attributes_signed(si, signer, method) &&
			span_eq(digest_with(method, signed_bytes, digest), out->digest);
}

void countersignature_pkcs9(struct span der, struct span signed_bytes, STACK_OF(X509) *certificates,
			    struct arena *arena, struct countersignature *out)
{
	const uint8_t *at = der.at;
	PKCS7_SIGNER_INFO *si = d2i_PKCS7_SIGNER_INFO(NULL, &at, (long)der.len);

	if (si)
		read_pkcs9(si, signed_bytes, certificates, arena, out);
	PKCS7_SIGNER_INFO_free(si);
}

static TS_TST_INFO *token_info(CMS_ContentInfo *cms)
{
	const ASN1_OBJECT *type = CMS_get0_eContentType(cms);
	ASN1_OCTET_STRING **content = CMS_get0_content(cms);
	const uint8_t *at;

	if (!type || OBJ_obj2nid(type) != NID_id_smime_ct_TSTInfo || !content || !*content)
		return NULL;
	at = ASN1_STRING_get0_data(*content);
	return d2i_TS_TST_INFO(NULL, &at, ASN1_STRING_length(*content));
}

/* Among the certificates that the token holds; borrowed, NULL: not there. */
static X509 *find_signer(CMS_SignerInfo *si, STACK_OF(X509) *held)
{
	for (int i = 0; i < sk_X509_num(held) && i < CERTIFICATES_MAX; i++) {
		if (CMS_SignerInfo_cert_cmp(si, sk_X509_value(held, i)) == 0)
			return sk_X509_value(held, i);
	}
	return NULL;
}

/* That the token's signer signed its content. */
static bool token_signed(CMS_ContentInfo *cms, CMS_SignerInfo *si, X509 *signer)
{
	BIO *bio = CMS_dataInit(cms, NULL);
	char buffer[4096];
	bool ok;

	while (bio && BIO_read(bio, buffer, sizeof buffer) > 0)
		continue;
	CMS_SignerInfo_set1_signer_cert(si, signer);
	ok = bio && CMS_SignerInfo_verify(si) == 1 && CMS_SignerInfo_verify_content(si, bio) == 1;
	BIO_free_all(bio);
	return ok;
}

static void read_imprint(TS_MSG_IMPRINT *imprint, struct span signed_bytes, struct arena *arena,
			 struct countersignature *out)
{
	const ASN1_OBJECT *algorithm = TS_MSG_IMPRINT_get_algo(imprint)->algorithm;
	const EVP_MD *method = EVP_get_digestbyobj(algorithm);
	uint8_t digest[EVP_MAX_MD_SIZE];

	out->digest_algorithm = arena_copy(arena, certificate_object_name(algorithm));
	out->digest = arena_copy(arena, span_of_string(TS_MSG_IMPRINT_get_msg(imprint)));
	out->verified = method && out->digest.len &&
			span_eq(digest_with(method, signed_bytes, digest), out->digest);
}

static void read_token(CMS_ContentInfo *cms, TS_TST_INFO *token, struct span signed_bytes,
		       struct certificates *certificates, struct arena *arena,
		       struct countersignature *out)
{
	STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
	CMS_SignerInfo *si = infos ? sk_CMS_SignerInfo_value(infos, 0) : NULL;
	STACK_OF(X509) *held = CMS_get1_certs(cms);
	X509 *signer = si ? find_signer(si, held) : NULL;
	TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(token);

	out->time = certificate_time(TS_TST_INFO_get_time(token));
	if (signer) {
		certificates_add(certificates, held, arena);
		certificates_chain(&out->chain, signer, held, arena);
		if (imprint)
			read_imprint(imprint, signed_bytes, arena, out);
		out->verified = out->verified && TS_TST_INFO_get_version(token) == 1 &&
				token_signed(cms, si, signer);
	}
	sk_X509_pop_free(held, X509_free);
}

void countersignature_rfc3161(struct span der, struct span signed_bytes,
			      struct certificates *certificates, struct arena *arena,
			      struct countersignature *out)
{
	const uint8_t *at = der.at;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
	TS_TST_INFO *token = cms ? token_info(cms) : NULL;

	if (token)
		read_token(cms, token, signed_bytes, certificates, arena, out);
	TS_TST_INFO_free(token);
	CMS_ContentInfo_free(cms);
}
