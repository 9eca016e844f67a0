/*
 * Accounts: of the machine (SAM), and those with a profile on it (ProfileList). No
 * secret is decoded: hashes stay where they are.
 */
#include "artefact/registry.h"
#include "artefact/windows_path.h"

#define V_TABLE 0xcc			/* offsets in the value V count from behind its table */
#define C_TABLE 0x34
#define DISABLED 1		/* of the flags of an account */
#define NO_PASSWORD_NEEDED 4
#define PASSWORD_STAYS 0x200

/* The text that the pair (offset, length) at `at` of `data` leads to. */
static struct span text_at(struct registry *r, struct span data, size_t at, size_t base)
{
	struct cursor c = cursor_of(data);
	uint32_t offset, len;

	cursor_seek(&c, at);
	offset = cursor_u32le(&c);
	len = cursor_u32le(&c);
	cursor_seek(&c, base);
	cursor_skip(&c, offset);
	return tell_utf16(&r->scratch, cursor_take(&c, len));
}

/* When the account's name was entered: the account's age, unless it was renamed. */
static timestamp created(struct registry *r, struct span name)
{
	struct regf_key key;
	struct span path = REGISTRY_TEXT(r, "SAM\\Domains\\Account\\Users\\Names\\%.*s", SPAN_ARG(name));

	return regf_find(&r->top, path, &key) ? key.written : TIME_NONE;
}

/* What the account's owner runs at each logon, by its name in NETLOGON or by its path. */
static void tell_logon_script(struct registry *r, const struct regf_key *key, struct span account, struct span script)
{
	struct trace t = trace_new(TRACE_AUTOSTART, "logon script");

	t.name = t.user = account;
	t.command = script;
	t.program = windows_program_of(script, account, &r->scratch);
	t.path = registry_path(r, key);
	t.time = key->written;
	t.source = SPAN("SAM, key last written");
	t.technique = SPAN("T1037");
	t.summary = REGISTRY_TEXT(r, "at logon %.*s runs %.*s", SPAN_ARG(account), SPAN_ARG(script));
	if (script.len)
		registry_tell(r, &t);
}

/*
 * The key is called by the account's number, which stands in its data too. Who writes
 * another's there logs on with that one's rights.
 */
static uint64_t number_of(struct span key)
{
	struct buf text = buf_new(32);
	uint64_t number = 0;

	buf_printf(&text, "0x%.*s", SPAN_ARG(key));
	if (!span_to_u64(buf_span(&text), &number))
		number = 0;
	buf_free(&text);
	return number;
}

static void take_user(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct trace t = trace_new(TRACE_ACCOUNT, "user");
	uint64_t number = number_of(wild);
	struct span f = registry_data(key, "F"), v = registry_data(key, "V");
	struct cursor c = cursor_of(f);
	struct tell_detail d;
	uint32_t id, flags;

	if (!v.len || f.len < 0x44)
		return;
	cursor_seek(&c, 0x30);
	id = cursor_u32le(&c);
	cursor_skip(&c, 4);
	flags = cursor_u16le(&c);
	t.name = t.user = text_at(r, v, 0x0c, V_TABLE);
	t.path = registry_path(r, key);
	t.time = created(r, t.name);
	t.last = registry_filetime(f, 8);
	t.source = SPAN("SAM: name entered; last: last logon");
	tell_detail_begin(&d);
	tell_detail_number(&d, "id", id);
	if (number && number != id) {
		tell_detail_number(&d, "id_of_its_key", number);
		t.technique = SPAN("T1098");
	}
	tell_detail_text(&d, "full_name", text_at(r, v, 0x18, V_TABLE));
	tell_detail_text(&d, "comment", text_at(r, v, 0x24, V_TABLE));
	tell_detail_number(&d, "logons", load_u16le(f.at + 0x42));
	tell_detail_number(&d, "failed_logons", load_u16le(f.at + 0x40));
	tell_detail_time(&d, "password_set", registry_filetime(f, 0x18));
	tell_detail_time(&d, "last_failed", registry_filetime(f, 0x28));
	tell_detail_number(&d, "disabled", flags & DISABLED);
	if (flags & NO_PASSWORD_NEEDED)
		tell_detail_text(&d, "password", SPAN("not required"));
	else if (flags & PASSWORD_STAYS)
		tell_detail_text(&d, "password", SPAN("does not expire"));
	t.detail = tell_detail_end(&d, &r->scratch);
	t.summary = REGISTRY_TEXT(r, "account %.*s (%u)%s%s", SPAN_ARG(t.name), id, flags & DISABLED ? ", disabled" : "",
				  t.technique.len ? ", with the number of another account" : "");
	if (!t.name.len)
		return;
	registry_tell(r, &t);
	tell_logon_script(r, key, t.name, text_at(r, v, 0x60, V_TABLE));
}

/* "S-1-5-21-…" of the binary form at `c`. */
static struct span take_sid(struct registry *r, struct cursor *c)
{
	struct span head = cursor_take(c, 8), text;
	uint8_t parts = head.len ? head.at[1] : 0;

	if (!head.len || head.at[0] != 1 || parts > 15)
		return (struct span){ 0 };
	text = REGISTRY_TEXT(r, "S-1-%u", load_u32be(head.at + 4));
	for (uint8_t i = 0; i < parts; i++) {
		uint32_t part = cursor_u32le(c);

		text = REGISTRY_TEXT(r, "%.*s-%u", SPAN_ARG(text), part);
	}
	return c->short_read ? (struct span){ 0 } : text;
}

static void take_group(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct span data = registry_data(key, "C"), name = text_at(r, data, 0x10, C_TABLE);
	struct cursor c = cursor_of(data);
	uint32_t offset, count;

	cursor_seek(&c, 0x28);
	offset = cursor_u32le(&c);
	cursor_skip(&c, 4);
	count = cursor_u32le(&c);
	cursor_skip(&c, offset);
	for (uint32_t i = 0; i < count && !c.short_read && !r->is_over; i++) {
		struct trace t = trace_new(TRACE_ACCOUNT, "group");

		t.user = take_sid(r, &c);
		if (!t.user.len)
			return;
		t.name = name;
		t.path = registry_path(r, key);
		t.time = key->written;
		t.source = SPAN("SAM, group last changed");
		t.summary = REGISTRY_TEXT(r, "%.*s is a member of %.*s", SPAN_ARG(t.user), SPAN_ARG(name));
		registry_tell(r, &t);
	}
}

static timestamp two_halves(const struct regf_key *key, const char *high, const char *low)
{
	uint64_t h = 0, l = 0;

	registry_number(key, high, &h);
	registry_number(key, low, &l);
	return timestamp_of_filetime(h << 32 | (uint32_t)l);
}

static void take_profile(struct registry *r, const struct regf_key *key, struct span sid, const void *context)
{
	struct trace t = trace_new(TRACE_ACCOUNT, "profile");

	t.path = registry_text(r, key, "ProfileImagePath");
	t.user = sid;
	t.name = tell_base(t.path);
	t.time = two_halves(key, "LocalProfileLoadTimeHigh", "LocalProfileLoadTimeLow");
	t.last = two_halves(key, "LocalProfileUnloadTimeHigh", "LocalProfileUnloadTimeLow");
	t.source = SPAN("profile list: last loaded; last: unloaded");
	t.summary = REGISTRY_TEXT(r, "profile of %.*s (%.*s)", SPAN_ARG(t.name), SPAN_ARG(sid));
	if (t.path.len)
		registry_tell(r, &t);
}

bool registry_accounts(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_SAM | HIVE_SOFTWARE, err))
		return false;
	if (r.kind == HIVE_SAM) {
		registry_each(&r, "SAM\\Domains\\Account\\Users\\*", take_user, NULL);
		registry_each(&r, "SAM\\Domains\\Account\\Aliases\\*", take_group, NULL);
		registry_each(&r, "SAM\\Domains\\Builtin\\Aliases\\*", take_group, NULL);
	} else {
		registry_each(&r, "Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\*", take_profile, NULL);
	}
	registry_close(&r);
	return true;
}
