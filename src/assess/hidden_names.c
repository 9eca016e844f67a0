#include "assess/hidden_names.h"

#include "base/map.h"

#include <inttypes.h>

static const char *const resolver_names[] = {
	"dns.google", "dns64.dns.google", "cloudflare-dns.com", "mozilla.cloudflare-dns.com",
	"chrome.cloudflare-dns.com", "security.cloudflare-dns.com", "family.cloudflare-dns.com",
	"one.one.one.one", "1dot1dot1dot1.cloudflare-dns.com", "dns.quad9.net", "dns9.quad9.net",
	"dns10.quad9.net", "dns11.quad9.net", "doh.opendns.com", "doh.familyshield.opendns.com",
	"doh.umbrella.com", "dns.nextdns.io", "firefox.dns.nextdns.io", "chromium.dns.nextdns.io",
	"dns.adguard.com", "dns.adguard-dns.com", "unfiltered.adguard-dns.com", "family.adguard-dns.com",
	"doh.cleanbrowsing.org", "dns.mullvad.net", "doh.mullvad.net", "doh.dns.sb", "dns.alidns.com",
	"doh.pub", "doh.360.cn", "dns.controld.com", "freedns.controld.com", "doh.xfinity.com",
	"doh.libredns.gr", "dns.switch.ch", "dns.digitale-gesellschaft.ch", "odvr.nic.cz", "dns0.eu",
	"wikimedia-dns.org", "ordns.he.net", "dns.twnic.tw", "dns.njal.la", "doh.applied-privacy.net",
	"public.dns.iij.jp", "private.canadianshield.cira.ca",
};
static const char *const resolver_ends[] = {
	"1.1.1.1:443", "1.0.0.1:443", "8.8.8.8:443", "8.8.4.4:443", "9.9.9.9:443", "149.112.112.112:443",
	"94.140.14.14:443", "94.140.15.15:443", "208.67.222.222:443", "208.67.220.220:443",
	"[2606:4700:4700::1111]:443", "[2606:4700:4700::1001]:443", "[2001:4860:4860::8888]:443",
	"[2001:4860:4860::8844]:443", "[2620:fe::fe]:443", "[2620:fe::9]:443",
};

/* What is looked for, and what was found of it. */
struct resolvers {
	struct map names, ends;
	uint64_t count;
	struct span first_name, first_peer;	/* the least in the order of bytes; in `arena` */
	struct arena *arena;
};

static bool add_all(struct map *m, const char *const *texts, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		void **slot = map_slot(m, span_text(texts[i]));

		if (!slot)
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
		*slot = m;
	}
	return true;
}

static bool resolvers_new(struct resolvers *r, struct arena *arena, struct err *err)
{
	*r = (struct resolvers){ .names = map_new(arena), .ends = map_new(arena), .arena = arena };
	return add_all(&r->names, resolver_names, sizeof resolver_names / sizeof *resolver_names, err) &&
	       add_all(&r->ends, resolver_ends, sizeof resolver_ends / sizeof *resolver_ends, err);
}

/* A customer's own name below the resolver's; port 853; the path, as a server or a proxy has it. */
static bool is_hidden(const struct resolvers *r, struct span name, struct span peer, struct span path)
{
	const struct span below = SPAN(".dns.nextdns.io");
	size_t host;

	if (map_get(&r->names, name) || map_get(&r->ends, peer) || span_ends(peer, SPAN(":853")) ||
	    span_starts(path, SPAN("/dns-query")) ||
	    (name.len >= below.len && span_eq_nocase(span_from(name, name.len - below.len), below)))
		return true;
	if (path.len < 4 || !span_eq_nocase(span_sub(path, 0, 4), SPAN("http")))
		return false;
	host = span_find(path, 4, SPAN("://"));
	return host != SIZE_MAX && span_has_any(span_from(path, host + 3), "/dns-query");
}

static void keep_least(struct resolvers *r, struct span *least, struct span text)
{
	if (text.len && (!least->len || span_cmp(text, *least) < 0))
		*least = arena_copy(r->arena, text);
}

static bool count_hidden(sqlite3 *db, const struct period *period, struct resolvers *r, struct err *err)
{
	/* In logs of servers the peer is who asked. */
	static const char sql[] = "SELECT name, peer, path FROM trace WHERE kind = 'transfer' AND "
				  "source NOT IN ('web server log', 'access log') AND " QUERY_OF_PERIOD;
	sqlite3_stmt *q;
	bool row, ok = query_prepare(db, sql, &q, err);

	if (ok)
		query_bind_period(q, period);
	while (ok && (ok = query_step(q, &row, err)) && row) {
		struct span name = query_span(q, 0), peer = query_span(q, 1);

		if (!is_hidden(r, name, peer, query_span(q, 2)))
			continue;
		r->count++;
		keep_least(r, &r->first_name, name);
		keep_least(r, &r->first_peer, peer);
	}
	sqlite3_finalize(q);
	return ok;
}

bool hidden_names_note(sqlite3 *db, const struct period *period, struct arena *arena, struct span *out,
		       struct err *err)
{
	struct resolvers r;

	*out = (struct span){ 0 };
	if (!resolvers_new(&r, arena, err) || !count_hidden(db, period, &r, err))
		return false;
	if (r.count)
		*out = arena_printf(arena, "%" PRIu64 " connection%s to resolvers over TLS, HTTPS or QUIC (%.*s): the names "
				    "asked for there, and data carried in them, are hidden from these records", r.count,
				    r.count == 1 ? "" : "s",
				    SPAN_ARG(span_sub(r.first_name.len ? r.first_name : r.first_peer, 0, 80)));
	return true;
}
