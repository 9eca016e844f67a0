#include "rules/yara/module.h"

#include "codec/json_read.h"

/*
 * The report of a Cuckoo sandbox, given with -x cuckoo=FILE. Without one every
 * answer is 0, as in YARA.
 */
struct state {
	const struct json *network, *keys, *files, *mutexes;
};

static const struct state nothing;

static const struct state *state_of(const struct yara_call *c)
{
	return c->root->state ? c->root->state : &nothing;
}

static const struct json *first_of(const struct json *list)
{
	return list && list->kind == JSON_ARRAY ? list->first : NULL;
}

static bool fits(struct yara_call *c, struct span text)
{
	return text.at && yara_call_matches(c, c->arguments[0].regex, text);
}

/* Whether one of the strings fits. */
static void match_strings(struct yara_call *c, const struct json *list)
{
	bool found = false;

	for (const struct json *one = first_of(list); one && !found; one = one->next)
		found = one->kind == JSON_STRING && fits(c, one->text);
	yara_return_integer(c, found);
}

static void dns_lookup(struct yara_call *c)
{
	const struct json *list = json_member(state_of(c)->network, "domains");
	const char *name = list ? "domain" : "hostname";
	bool found = false;

	/* Older versions of Cuckoo wrote "dns" alone. */
	if (!list)
		list = json_member(state_of(c)->network, "dns");
	for (const struct json *one = first_of(list); one && !found; one = one->next)
		found = json_member_text(one, "ip").at && fits(c, json_member_text(one, name));
	yara_return_integer(c, found);
}

static void match_requests(struct yara_call *c, bool get, bool post)
{
	const struct json *list = json_member(state_of(c)->network, "http");
	bool found = false;

	for (const struct json *one = first_of(list); one && !found; one = one->next) {
		struct span method = json_member_text(one, "method");

		found = ((get && span_eq_nocase(method, SPAN("get"))) ||
			 (post && span_eq_nocase(method, SPAN("post")))) &&
			fits(c, json_member_text(one, "uri"));
	}
	yara_return_integer(c, found);
}

static void http_request(struct yara_call *c)
{
	match_requests(c, true, true);
}

static void http_get(struct yara_call *c)
{
	match_requests(c, true, false);
}

static void http_post(struct yara_call *c)
{
	match_requests(c, false, true);
}

static void http_user_agent(struct yara_call *c)
{
	const struct json *list = json_member(state_of(c)->network, "http");
	bool found = false;

	for (const struct json *one = first_of(list); one && !found; one = one->next)
		found = fits(c, json_member_text(one, "user-agent"));
	yara_return_integer(c, found);
}

static void host(struct yara_call *c)
{
	match_strings(c, json_member(state_of(c)->network, "hosts"));
}

static void match_connections(struct yara_call *c, const char *protocol)
{
	const struct json *list = json_member(state_of(c)->network, protocol);
	bool found = false;

	for (const struct json *one = first_of(list); one && !found; one = one->next) {
		const struct json *port = json_member(one, "dport");
		int64_t n;

		found = port && port->kind == JSON_NUMBER && span_to_i64(port->text, &n) &&
			n == c->arguments[1].integer && fits(c, json_member_text(one, "dst"));
	}
	yara_return_integer(c, found);
}

static void tcp(struct yara_call *c)
{
	match_connections(c, "tcp");
}

static void udp(struct yara_call *c)
{
	match_connections(c, "udp");
}

static void key_access(struct yara_call *c)
{
	match_strings(c, state_of(c)->keys);
}

static void file_access(struct yara_call *c)
{
	match_strings(c, state_of(c)->files);
}

static void mutex(struct yara_call *c)
{
	match_strings(c, state_of(c)->mutexes);
}

#define ONE(name, its) static const struct yara_function name##_overloads[] = { { its, 'i', name }, { 0 } }

ONE(dns_lookup, "r");
ONE(http_request, "r");
ONE(http_get, "r");
ONE(http_post, "r");
ONE(http_user_agent, "r");
ONE(host, "r");
ONE(tcp, "ri");
ONE(udp, "ri");
ONE(key_access, "r");
ONE(file_access, "r");
ONE(mutex, "r");

static const struct yara_field network[] = {
	YARA_FUNCTION_FIELD("dns_lookup", dns_lookup_overloads),
	YARA_FUNCTION_FIELD("http_get", http_get_overloads),
	YARA_FUNCTION_FIELD("http_post", http_post_overloads),
	YARA_FUNCTION_FIELD("http_request", http_request_overloads),
	YARA_FUNCTION_FIELD("http_user_agent", http_user_agent_overloads),
	YARA_FUNCTION_FIELD("host", host_overloads),
	YARA_FUNCTION_FIELD("tcp", tcp_overloads),
	YARA_FUNCTION_FIELD("udp", udp_overloads),
	YARA_END,
};

static const struct yara_field registry[] = {
	YARA_FUNCTION_FIELD("key_access", key_access_overloads), YARA_END,
};

static const struct yara_field filesystem[] = {
	YARA_FUNCTION_FIELD("file_access", file_access_overloads), YARA_END,
};

static const struct yara_field sync[] = {
	YARA_FUNCTION_FIELD("mutex", mutex_overloads), YARA_END,
};

static const struct yara_field fields[] = {
	YARA_STRUCT_FIELD("network", network), YARA_STRUCT_FIELD("registry", registry),
	YARA_STRUCT_FIELD("filesystem", filesystem), YARA_STRUCT_FIELD("sync", sync), YARA_END,
};

static bool load(struct yara_load *l)
{
	struct state *s = ARENA_NEW(l->arena, struct state);
	const struct json *summary;
	struct json *report;
	struct err err;

	/* The functions stand in structs, which must be there to be called. */
	yara_struct(l->root, "network");
	yara_struct(l->root, "registry");
	yara_struct(l->root, "filesystem");
	yara_struct(l->root, "sync");
	if (!s || l->module_data.len == 0 || !json_read(l->module_data, l->arena, &report, &err))
		return false;
	summary = json_member(json_member(report, "behavior"), "summary");
	s->network = json_member(report, "network");
	s->keys = json_member(summary, "keys");
	s->files = json_member(summary, "files");
	s->mutexes = json_member(summary, "mutexes");
	l->root->state = s;
	return true;
}

const struct yara_module yara_module_cuckoo = { .name = "cuckoo", .fields = fields, .load = load };
