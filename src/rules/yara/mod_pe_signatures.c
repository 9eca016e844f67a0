#include "rules/yara/mod_pe.h"

#include "formats/pe/pe_signature.h"

static void set_text(struct yara_object *to, const char *name, struct span text)
{
	if (text.at)
		yara_set_string(to, name, text);
}

static void set_hex(struct yara_object *to, const char *name, struct span bytes)
{
	if (to && bytes.at)
		yara_set_string(to, name, certificate_hex(to->arena, bytes));
}

static void set_certificate(struct yara_object *to, const struct certificate *cert)
{
	set_text(to, "thumbprint", cert->thumbprint);
	set_text(to, "issuer", cert->issuer);
	set_text(to, "subject", cert->subject);
	yara_set_integer(to, "version", cert->version);
	set_text(to, "algorithm", cert->algorithm);
	set_text(to, "algorithm_oid", cert->algorithm_oid);
	set_text(to, "serial", cert->serial);
	yara_set_integer(to, "not_before", cert->not_before);
	yara_set_integer(to, "not_after", cert->not_after);
}

static void set_list(struct yara_object *to, const char *count, const char *name,
		     const struct certificates *from)
{
	struct yara_object *list = to ? yara_array(to, name) : NULL;

	yara_set_integer(to, count, (int64_t)from->count);
	for (size_t i = 0; list && i < from->count; i++)
		set_certificate(yara_array_add_struct(list), &from->list[i]);
}

static void set_signer(struct yara_object *to, const struct signature *s)
{
	struct yara_object *info = to ? yara_struct(to, "signer_info") : NULL;

	if (!s->has_signer || !info)
		return;
	if (s->chain.count)
		set_certificate(to, &s->chain.list[0]);
	set_text(info, "program_name", s->program_name);
	set_text(info, "digest_alg", s->signer_digest_algorithm);
	set_hex(info, "digest", s->signer_digest);
	set_list(info, "length_of_chain", "chain", &s->chain);
}

static void set_countersignatures(struct yara_object *to, const struct signature *s)
{
	struct yara_object *list = to ? yara_array(to, "countersignatures") : NULL;

	yara_set_integer(to, "number_of_countersignatures", (int64_t)s->countersignature_count);
	for (size_t i = 0; list && i < s->countersignature_count; i++) {
		const struct countersignature *from = &s->countersignatures[i];
		struct yara_object *one = yara_array_add_struct(list);

		yara_set_integer(one, "verified", from->verified);
		set_text(one, "digest_alg", from->digest_algorithm);
		yara_set_integer(one, "sign_time", from->time);
		set_hex(one, "digest", from->digest);
		set_list(one, "length_of_chain", "chain", &from->chain);
	}
}

static void set_signature(struct yara_object *to, const struct pe_signature *from)
{
	const struct signature *s = from->signature;

	yara_set_integer(to, "verified", from->verified);
	set_text(to, "digest_alg", s->digest_algorithm);
	set_hex(to, "digest", s->digest);
	set_hex(to, "file_digest", from->file_digest);
	set_list(to, "number_of_certificates", "certificates", &s->certificates);
	set_signer(to, s);
	set_countersignatures(to, s);
}

void pe_fill_signatures(struct yara_object *root)
{
	struct pe_module *m = pe_module_of(root);
	struct yara_object *list = m ? yara_array(root, "signatures") : NULL;
	struct pe_signatures signatures;
	bool any = false;

	if (!list)
		return;
	pe_signatures_read(&m->pe, m->arena, &signatures);
	for (size_t i = 0; i < signatures.count; i++) {
		set_signature(yara_array_add_struct(list), &signatures.list[i]);
		any = any || signatures.list[i].verified;
	}
	yara_set_integer(root, "is_signed", any);
	yara_set_integer(root, "number_of_signatures", (int64_t)signatures.count);
}
