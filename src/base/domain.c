#include "base/domain.h"

/*
 * Below a two-letter country, labels like these are registries' own. A short rule
 * that is wrong for few names: it then joins what belongs apart, never the reverse.
 */
static const char *const second_level[] = { "ac", "co", "com", "edu", "gob", "gouv", "gov", "govt",
	"go", "gv", "id", "in-addr", "ip6", "ltd", "me", "mil", "ne", "net", "nhs", "nom", "or", "org",
	"plc", "police", "sch", "school" };

/* Hosts of strangers' names: each name below is somebody else's. */
static const char *const hosts[] = { "github.io", "gitlab.io", "netlify.app", "vercel.app",
	"herokuapp.com", "azurewebsites.net", "cloudapp.net", "blogspot.com", "workers.dev",
	"pages.dev", "web.app", "firebaseapp.com", "appspot.com", "ngrok.io", "ngrok-free.app",
	"duckdns.org", "dyndns.org", "no-ip.org", "ddns.net", "hopto.org", "zapto.org",
	"trycloudflare.com", "cloudfront.net", "s3.amazonaws.com", "blob.core.windows.net" };

/* Where the last `labels` labels begin; SIZE_MAX where there are not so many. */
static size_t last_labels(struct span name, int labels)
{
	size_t at = name.len;

	while (at) {
		if (name.at[at - 1] == '.' && !--labels)
			return at;
		at--;
	}
	return labels == 1 ? 0 : SIZE_MAX;
}

static bool is_in(const char *const *list, size_t count, struct span word)
{
	for (size_t i = 0; i < count; i++)
		if (span_eq_nocase(span_text(list[i]), word))
			return true;
	return false;
}

/* Labels of the host of strangers' names that it is below; 0: none. */
static int host_labels(struct span name)
{
	for (int labels = 4; labels >= 2; labels--) {
		size_t at = last_labels(name, labels);

		if (at != SIZE_MAX && is_in(hosts, sizeof hosts / sizeof *hosts, span_from(name, at)))
			return labels;
	}
	return 0;
}

static int suffix_labels(struct span name)
{
	size_t two = last_labels(name, 2);
	int host = host_labels(name);
	struct span top, second;

	if (host || two == SIZE_MAX)
		return host ? host : 1;
	second = span_from(name, two);
	second = span_split(&second, '.');
	top = span_from(name, last_labels(name, 1));
	if ((top.len == 2 || span_eq_nocase(top, SPAN("arpa"))) &&
	    is_in(second_level, sizeof second_level / sizeof *second_level, second))
		return 2;
	return 1;
}

uint8_t domain_take_byte(struct span *name)
{
	uint8_t byte = name->at[0];
	uint64_t code;

	if (byte == '\\' && name->len >= 4 && span_to_u64(span_sub(*name, 1, 3), &code) && code < 256) {
		*name = span_from(*name, 4);
		return (uint8_t)code;
	}
	*name = span_from(*name, 1);
	return byte;
}

size_t domain_bytes(struct span name)
{
	size_t bytes = 0;

	for (; name.len; bytes++)
		domain_take_byte(&name);
	return bytes;
}

bool domain_is_given(struct span name)
{
	return host_labels(name) > 0;
}

bool domain_is_address(struct span text)
{
	size_t colon = span_find_byte(text, 0, ':'), digits = 0;

	/* No name has two colons. */
	if (colon != SIZE_MAX && span_find_byte(text, colon + 1, ':') != SIZE_MAX)
		return true;
	text = span_sub(text, 0, colon);
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] != '.' && (text.at[i] < '0' || text.at[i] > '9'))
			return false;
		digits += text.at[i] != '.';
	}
	return digits > 0;
}

struct span domain_registered(struct span name)
{
	size_t at;

	if (name.len && name.at[name.len - 1] == '.')
		name.len--;
	if (domain_is_address(name))
		return name;
	at = last_labels(name, suffix_labels(name) + 1);
	return at == SIZE_MAX ? name : span_from(name, at);
}

struct span domain_below(struct span name)
{
	struct span registered;

	if (name.len && name.at[name.len - 1] == '.')
		name.len--;
	registered = domain_registered(name);
	return span_sub(name, 0, name.len > registered.len ? name.len - registered.len - 1 : 0);
}
