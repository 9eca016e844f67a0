#include "codec/rfc3161.h"

#include <openssl/err.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

static bool failed(const char *doing, enum err_code code, struct err *err)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return err_set(err, code, ERR_NO_OFFSET, "%s: %s", doing, reason ? reason : "malformed");
}

static bool set_imprint(TS_REQ *request, const uint8_t sha256[SHA256_SIZE])
{
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	bool ok = imprint && algorithm &&
		  X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) &&
		  TS_MSG_IMPRINT_set_algo(imprint, algorithm) &&
		  TS_MSG_IMPRINT_set_msg(imprint, (uint8_t *)(uintptr_t)sha256, SHA256_SIZE) &&
		  TS_REQ_set_msg_imprint(request, imprint);

	X509_ALGOR_free(algorithm);
	TS_MSG_IMPRINT_free(imprint);
	return ok;
}

bool rfc3161_request(struct buf *to, const uint8_t sha256[SHA256_SIZE], struct err *err)
{
	TS_REQ *request = TS_REQ_new();
	uint8_t *der = NULL;
	int len = -1;

	if (request && TS_REQ_set_version(request, 1) && set_imprint(request, sha256) &&
	    TS_REQ_set_cert_req(request, 1))
		len = i2d_TS_REQ(request, &der);
	TS_REQ_free(request);
	if (len <= 0)
		return failed("cannot make a time-stamp request", ERR_IO, err);
	buf_add(to, span_of(der, (size_t)len));
	OPENSSL_free(der);
	return true;
}

static bool granted(TS_RESP *response, struct err *err)
{
	TS_STATUS_INFO *status = TS_RESP_get_status_info(response);
	long code = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status));
	const STACK_OF(ASN1_UTF8STRING) *text = TS_STATUS_INFO_get0_text(status);
	const ASN1_STRING *first = sk_ASN1_UTF8STRING_num(text) > 0 ?
					   sk_ASN1_UTF8STRING_value(text, 0) : NULL;
	struct span reason = first ? span_of(ASN1_STRING_get0_data(first),
					     (size_t)ASN1_STRING_length(first))
				   : SPAN("no reason given");

	if (code == TS_STATUS_GRANTED || code == TS_STATUS_GRANTED_WITH_MODS)
		return true;
	return err_set(err, ERR_DENIED, ERR_NO_OFFSET, "the authority refused (%ld): %.*s", code,
		       SPAN_ARG(span_sub(reason, 0, 120)));
}

bool rfc3161_token(struct span response, struct buf *to, struct err *err)
{
	const uint8_t *at = response.at;
	TS_RESP *parsed = response.len <= RFC3161_MAX ? d2i_TS_RESP(NULL, &at, (long)response.len)
						      : NULL;
	uint8_t *der = NULL;
	int len = -1;

	if (!parsed)
		return failed("this is no time-stamp response", ERR_CORRUPT, err);
	if (!granted(parsed, err)) {
		TS_RESP_free(parsed);
		return false;
	}
	if (TS_RESP_get_token(parsed))
		len = i2d_PKCS7(TS_RESP_get_token(parsed), &der);
	TS_RESP_free(parsed);
	if (len <= 0)
		return failed("the response has no token", ERR_CORRUPT, err);
	buf_add(to, span_of(der, (size_t)len));
	OPENSSL_free(der);
	return true;
}

static bool read_time(const ASN1_GENERALIZEDTIME *stated, timestamp *out)
{
	struct tm tm;

	if (!stated || !ASN1_TIME_to_tm(stated, &tm))
		return false;
	*out = timestamp_of_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
				  tm.tm_min, tm.tm_sec, 0);
	return *out != TIME_NONE;
}

static void read_authority(PKCS7 *token, struct rfc3161 *out)
{
	STACK_OF(X509) *signers = PKCS7_get0_signers(token, NULL, 0);

	if (signers && sk_X509_num(signers) > 0)
		X509_NAME_oneline(X509_get_subject_name(sk_X509_value(signers, 0)), out->authority,
				  sizeof out->authority);
	sk_X509_free(signers);
}

/* By the certificate that the token brings along; nobody vouches for that. */
static bool signed_by_itself(PKCS7 *token)
{
	BIO *sink = BIO_new(BIO_s_null());
	bool ok = sink && PKCS7_verify(token, NULL, NULL, NULL, sink, PKCS7_NOVERIFY) == 1;

	BIO_free(sink);
	return ok;
}

static bool check_token(PKCS7 *token, const uint8_t sha256[SHA256_SIZE], const char *ca_file)
{
	TS_VERIFY_CTX *context = TS_VERIFY_CTX_new();
	uint8_t *imprint = OPENSSL_memdup(sha256, SHA256_SIZE);
	int flags = TS_VFY_VERSION | TS_VFY_IMPRINT | (ca_file ? TS_VFY_SIGNATURE : 0);
	X509_STORE *store = ca_file ? X509_STORE_new() : NULL;
	bool ok = context && imprint && (!ca_file || (store && X509_STORE_load_file(store, ca_file)));

	/* The context owns what it is given. */
	if (context && imprint)
		TS_VERIFY_CTX_set_imprint(context, imprint, SHA256_SIZE);
	else
		OPENSSL_free(imprint);
	if (context && store)
		TS_VERIFY_CTX_set_store(context, store);
	if (context)
		TS_VERIFY_CTX_set_flags(context, flags);
	ok = ok && TS_RESP_verify_token(context, token) == 1 && (ca_file || signed_by_itself(token));
	TS_VERIFY_CTX_free(context);
	return ok;
}

/* DER has one form for one value: bytes that were changed without effect show here. */
static bool is_canonical(PKCS7 *token, struct span bytes)
{
	uint8_t *der = NULL;
	int len = i2d_PKCS7(token, &der);
	bool same = len > 0 && span_eq(span_of(der, (size_t)len), bytes);

	OPENSSL_free(der);
	return same;
}

bool rfc3161_check(struct span token, const uint8_t sha256[SHA256_SIZE], const char *ca_file,
		   struct rfc3161 *out, struct err *err)
{
	const uint8_t *at = token.at;
	PKCS7 *parsed = token.len <= RFC3161_MAX ? d2i_PKCS7(NULL, &at, (long)token.len) : NULL;
	TS_TST_INFO *info = parsed ? PKCS7_to_TS_TST_INFO(parsed) : NULL;
	bool ok;

	*out = (struct rfc3161){ .time = TIME_NONE };
	ok = info && is_canonical(parsed, token) && read_time(TS_TST_INFO_get_time(info), &out->time);
	if (ok)
		read_authority(parsed, out);
	ok = ok && check_token(parsed, sha256, ca_file);
	TS_TST_INFO_free(info);
	PKCS7_free(parsed);
	return ok || failed("the time stamp does not hold", ERR_CORRUPT, err);
}
