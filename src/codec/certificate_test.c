#include "codec/certificate.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "test.h"

static void name(X509_NAME *to, const char *text)
{
	X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0);
}

static void extend(X509 *x, int kind, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, kind, value);

	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

/* A certificate that says that `issuer` made it, whoever did sign it. */
static X509 *make(const char *subject, const char *issuer, EVP_PKEY *own, EVP_PKEY *signer, bool is_authority)
{
	X509 *x = X509_new();

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	name(X509_get_subject_name(x), subject);
	name(X509_get_issuer_name(x), issuer);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, own);
	extend(x, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
	extend(x, NID_ext_key_usage, is_authority ? "serverAuth" : "codeSigning");
	X509_sign(x, signer, EVP_sha256());
	return x;
}

/* Whether a leaf that names the root, signed by `signer`, is said to be issued by it. */
static bool is_issued(EVP_PKEY *root_key, EVP_PKEY *signer, bool root_is_authority, EVP_PKEY *leaf_key)
{
	struct arena arena = arena_new(1 << 20);
	struct certificates chain = { 0 };
	X509 *root = make("Root", "Root", root_key, root_key, root_is_authority);
	X509 *leaf = make("Leaf", "Root", leaf_key, signer, false);
	STACK_OF(X509) *others = sk_X509_new_null();
	bool issued;

	sk_X509_push(others, root);
	certificates_chain(&chain, leaf, others, &arena);
	assert_true(chain.count >= 1 && chain.list[0].signs_code);
	issued = chain.count == 2 && chain.list[0].is_issued;
	sk_X509_free(others);
	X509_free(root);
	X509_free(leaf);
	arena_free(&arena);
	return issued;
}

TEST(certificate_chain_holds_only_where_the_issuer_signed)
{
	EVP_PKEY *root = EVP_EC_gen("P-256"), *leaf = EVP_EC_gen("P-256"), *stranger = EVP_EC_gen("P-256");

	assert_true(is_issued(root, root, true, leaf));
	/* Anybody can write somebody's name as the issuer's, and put that one's certificate beside it. */
	assert_false(is_issued(root, stranger, true, leaf));
	/* A certificate that was not given to issue others. */
	assert_false(is_issued(root, root, false, leaf));
	EVP_PKEY_free(root);
	EVP_PKEY_free(leaf);
	EVP_PKEY_free(stranger);
}
