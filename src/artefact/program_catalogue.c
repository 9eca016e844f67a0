/* Catalogues of Windows: whose digests a signer vouches for. */
#include "artefact/program.h"
#include "artefact/tell.h"
#include "codec/catalogue.h"

/* Microsoft's largest have some thousands. */
#define MEMBERS_MOST 200000

static struct span hex_of(struct span bytes, struct buf *to)
{
	buf_clear(to);
	buf_text(to, bytes.len == 20 ? "sha1:" : "sha256:");
	buf_hex(to, bytes);
	return buf_span(to);
}

/* Members of a list whose signature does not hold are anybody's word, and not told. */
bool program_catalogue(const struct artefact *a, struct err *err)
{
	struct catalogue_member member;
	struct catalogue list;
	struct trace t = trace_new(TRACE_KNOWN, "catalogue");
	struct buf digest = buf_new(128);
	size_t told = 0;

	if (!catalogue_open(a->bytes, a->arena, &list, err))
		return false;
	if (!list.signature.verified || !list.signature.chain.count) {
		a->short_of(a->context, "its signature does not hold: it vouches for nothing");
		return true;
	}
	t.name = program_common_name(list.signature.chain.list[0].subject);
	t.protocol = SPAN("catalogue");
	t.command = program_is_anchored(&list.signature) ? SPAN("signed") : SPAN("issuer not known");
	if (list.made) {
		t.time = timestamp_of_unix(list.made, 0);
		t.source = SPAN("catalogue made");
	}
	while (catalogue_next(&list, &member)) {
		if (told++ == MEMBERS_MOST) {
			a->short_of(a->context, "over %d members", MEMBERS_MOST);
			break;
		}
		t.digest = hex_of(member.digest, &digest);
		t.path = member.name.len ? member.name : SPAN("-");
		if (!a->trace(a->context, &t))
			break;
	}
	buf_free(&digest);
	return true;
}
