#include "base/domain.h"

#define WORD(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

/*
 * Below a two-letter country, labels like these are registries' own. A short rule
 * that is wrong for few names: it then joins what belongs apart, never the reverse.
 */
static const struct span second_level[] = {
	WORD("ac"), WORD("co"), WORD("com"), WORD("edu"), WORD("gob"), WORD("gouv"), WORD("gov"),
	WORD("govt"), WORD("go"), WORD("gv"), WORD("id"), WORD("in-addr"), WORD("ip6"),
	WORD("ltd"), WORD("me"), WORD("mil"), WORD("ne"), WORD("net"), WORD("nhs"), WORD("nom"),
	WORD("or"), WORD("org"), WORD("plc"), WORD("police"), WORD("sch"), WORD("school")
};

/* Hosts of strangers' names: each name below is somebody else's. */
static const struct span hosts[] = {
	WORD("github.io"), WORD("gitlab.io"), WORD("netlify.app"), WORD("vercel.app"),
	WORD("herokuapp.com"), WORD("azurewebsites.net"), WORD("cloudapp.net"),
	WORD("blogspot.com"), WORD("workers.dev"), WORD("pages.dev"), WORD("web.app"),
	WORD("firebaseapp.com"), WORD("appspot.com"), WORD("ngrok.io"), WORD("ngrok-free.app"),
	WORD("duckdns.org"), WORD("dyndns.org"), WORD("no-ip.org"), WORD("ddns.net"),
	WORD("hopto.org"), WORD("zapto.org"), WORD("trycloudflare.com"), WORD("cloudfront.net"),
	WORD("s3.amazonaws.com"), WORD("blob.core.windows.net")
};

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

static bool is_second_level(struct span label)
{
	for (size_t i = 0; i < sizeof second_level / sizeof *second_level; i++)
		if (label.len == second_level[i].len && span_eq_nocase(label, second_level[i]))
			return true;
	return false;
}

bool domain_is_of(struct span name, struct span domain)
{
	size_t before = name.len - domain.len;

	return name.len >= domain.len && (!before || name.at[before - 1] == '.') &&
	       span_eq_nocase(span_from(name, before), domain);
}

/* Labels of the host of strangers' names that it is below; 0: none. */
static int host_labels(struct span name)
{
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		int labels = 1;

		if (!domain_is_of(name, hosts[i]))
			continue;
		for (size_t at = 0; at < hosts[i].len; at++)
			labels += hosts[i].at[at] == '.';
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
	    is_second_level(second))
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

size_t domain_information(struct span below)
{
	struct span rest = below;
	uint64_t n;

	for (int part = 0; part < 4; part++)
		if (!span_to_u64(span_split(&rest, '.'), &n) || n > 255)
			return domain_bytes(below);
	return 4;
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
