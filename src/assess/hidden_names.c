#include "assess/hidden_names.h"

#include <inttypes.h>

#define RESOLVER_NAMES \
	"'dns.google', 'dns64.dns.google', 'cloudflare-dns.com', 'mozilla.cloudflare-dns.com', " \
	"'chrome.cloudflare-dns.com', 'security.cloudflare-dns.com', 'family.cloudflare-dns.com', " \
	"'one.one.one.one', '1dot1dot1dot1.cloudflare-dns.com', 'dns.quad9.net', 'dns9.quad9.net', " \
	"'dns10.quad9.net', 'dns11.quad9.net', 'doh.opendns.com', 'doh.familyshield.opendns.com', 'doh.umbrella.com', " \
	"'dns.nextdns.io', 'firefox.dns.nextdns.io', 'chromium.dns.nextdns.io', 'dns.adguard.com', " \
	"'dns.adguard-dns.com', 'unfiltered.adguard-dns.com', 'family.adguard-dns.com', 'doh.cleanbrowsing.org', " \
	"'dns.mullvad.net', 'doh.mullvad.net', 'doh.dns.sb', 'dns.alidns.com', 'doh.pub', 'doh.360.cn', " \
	"'dns.controld.com', 'freedns.controld.com', 'doh.xfinity.com', 'doh.libredns.gr', 'dns.switch.ch', " \
	"'dns.digitale-gesellschaft.ch', 'odvr.nic.cz', 'dns0.eu', 'wikimedia-dns.org', 'ordns.he.net', " \
	"'dns.twnic.tw', 'dns.njal.la', 'doh.applied-privacy.net', 'public.dns.iij.jp', 'private.canadianshield.cira.ca'"
#define RESOLVER_ENDS \
	"'1.1.1.1:443', '1.0.0.1:443', '8.8.8.8:443', '8.8.4.4:443', '9.9.9.9:443', '149.112.112.112:443', " \
	"'94.140.14.14:443', '94.140.15.15:443', '208.67.222.222:443', '208.67.220.220:443', " \
	"'[2606:4700:4700::1111]:443', '[2606:4700:4700::1001]:443', '[2001:4860:4860::8888]:443', " \
	"'[2001:4860:4860::8844]:443', '[2620:fe::fe]:443', '[2620:fe::9]:443'"

bool hidden_names_note(sqlite3 *db, const struct period *period, struct arena *arena, struct span *out,
		       struct err *err)
{
	/* In logs of servers the peer is who asked. */
	static const char sql[] =
		"SELECT count(*), coalesce(min(name), min(peer)) FROM trace WHERE kind = 'transfer' AND "
		"source NOT IN ('web server log', 'access log') AND (name IN (" RESOLVER_NAMES ") OR "
		"name LIKE '%.dns.nextdns.io' OR substr(peer, -4) = ':853' OR peer IN (" RESOLVER_ENDS ") OR "
		"substr(path, 1, 10) = '/dns-query' OR path LIKE 'http%://%/dns-query%') AND " QUERY_OF_PERIOD;
	sqlite3_stmt *q;
	uint64_t count;
	bool row, ok = query_prepare(db, sql, &q, err);

	*out = (struct span){ 0 };
	if (ok)
		query_bind_period(q, period);
	ok = ok && query_step(q, &row, err);
	count = ok && row ? query_u64(q, 0, 0) : 0;
	if (count)
		*out = arena_printf(arena, "%" PRIu64 " connection%s to resolvers over TLS, HTTPS or QUIC (%.*s): the names "
				    "asked for there, and data carried in them, are hidden from these records", count,
				    count == 1 ? "" : "s", SPAN_ARG(span_sub(query_span(q, 1), 0, 80)));
	sqlite3_finalize(q);
	return ok;
}
