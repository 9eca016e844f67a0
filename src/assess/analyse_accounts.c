/*
 * analyse_accounts: ways in that the tables of accounts hold.
 *
 *   a second account with the rights of root                          high
 *   an account without a password                                     medium
 *   a service's account that has a shell, and a password              high
 *   the same without a password of its own                            low: older systems had it so
 *   a service's account in a group that rules the machine (sudo,      medium
 *   docker, disk, …)
 *   files of passwords and keys of the machine that anybody may read  medium, and
 *   settings and programs that anybody may write                      medium, if few are: a copy
 *                                                                     may have lost all rights
 *   a program or a table of the system that another than root owns,   medium; once, and low, if very
 *   or a group may write                                              many are: a copy has its maker's
 *   a file that not even root can change, one that somebody by name   medium, if not very many
 *   may write whatever its mode says (access list)                    are
 */
#include "assess/acts.h"

#include "assess/thresholds.h"
#include "base/map.h"
#include "codec/json_write.h"

static const struct deed {
	const char *technique, *rule, *title;
	enum level level;
} second_root = { "T1136.001", "kanshiki.second-root", "A second account has the rights of root", LEVEL_HIGH },
  no_password = { "T1078.003", "kanshiki.empty-password", "An account has no password", LEVEL_MEDIUM },
  service = { "T1098", "kanshiki.service-logon", "A service's account may log in", LEVEL_LOW },
  service_password = { "T1098", "kanshiki.service-password", "A service's account may log in and has a password",
		       LEVEL_HIGH },
  service_group = { "T1098.007", "kanshiki.service-group", "A service's account belongs to a group that rules the machine",
		    LEVEL_MEDIUM };

static struct span key_of(struct analysis *a, const struct act *act, const char *what)
{
	buf_clear(&a->key);
	buf_add(&a->key, act->host);
	buf_add_u8(&a->key, 0);
	buf_add(&a->key, act->user);
	buf_add_u8(&a->key, 0);
	buf_text(&a->key, what);
	return buf_span(&a->key);
}

/* Whether it is new; out of memory is as if it were not. */
static bool note(struct analysis *a, struct map *map, const struct act *act, const char *what)
{
	void **slot = map_slot(map, arena_copy(a->arena, key_of(a, act, what)));

	if (!slot || *slot)
		return false;
	*slot = map;
	return true;
}

static const struct deed *deed_of(struct analysis *a, const struct map *noted, const struct act *act)
{
	if (span_eq(act->technique, span_text(second_root.technique)))
		return &second_root;
	if (span_eq(act->technique, span_text(no_password.technique)))
		return &no_password;
	if (span_eq(act->technique, span_text(service_group.technique)))
		return &service_group;
	if (!span_eq(act->technique, span_text(service.technique)))
		return NULL;
	return map_get(noted, key_of(a, act, "password")) ? &service_password : &service;
}

static bool tell(struct analysis *a, const struct act *act, const struct deed *deed, struct err *err)
{
	struct buf text = buf_new((size_t)16 << 10);
	struct json_write w = json_write_to(&text);
	struct conclusion c = { .item = act->item, .harm = HARM_IMPLANT, .level = deed->level,
		.rule = span_text(deed->rule), .title = span_text(deed->title), .techniques = act->technique,
		.first = act->time, .last = act->last, .host = act->host, .user = act->user };
	bool ok;

	json_object(&w);
	json_pair(&w, "account", act->user);
	json_pair(&w, "what", act->what);
	json_pair(&w, "path", act->path);
	json_pair(&w, "shell", act->program);
	json_pair(&w, act->kind == TRACE_SETTING ? "mode" : "password", act->command);
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = analysis_tell(a, &c, err);
	buf_free(&text);
	return ok;
}

static const struct deed readable = { NULL, "kanshiki.readable-secret", "Anybody may read passwords or keys of the machine",
				      LEVEL_MEDIUM };
static const struct deed open_to_all = { NULL, "kanshiki.open-to-all",
					 "Anybody may write what decides who may do what", LEVEL_MEDIUM };

static bool weigh_open(struct analysis *a, struct err *err)
{
	struct acts acts;
	bool ok = acts_load(a, "kind = 'setting' AND what IN ('open to all', 'readable by all')", &acts, err);

	for (size_t i = 0; ok && (double)acts.count <= THRESHOLD(ACCOUNTS_OPEN) && i < acts.count; i++) {
		bool is_read = span_eq(acts.list[i].what, SPAN("readable by all"));

		acts.list[i].technique = is_read ? SPAN("T1003.008") : SPAN("T1222.002");
		ok = tell(a, &acts.list[i], is_read ? &readable : &open_to_all, err);
	}
	return ok;
}

static const struct deed owned = { "T1222.002", "kanshiki.not-roots-own", "Another than root may change what root runs or obeys",
				    LEVEL_MEDIUM };
static const struct deed all_owned = { "T1222.002", "kanshiki.not-roots-own",
				       "Another than root owns very many files of the system", LEVEL_LOW };

/* Owners of very many: a copy that somebody made without the rights of root. */
static bool weigh_owners(struct analysis *a, struct err *err)
{
	struct map owners = map_new(a->arena), told = map_new(a->arena);
	struct acts acts;
	bool ok = acts_load(a, "kind = 'setting' AND what = 'not root''s own'", &acts, err);

	for (size_t i = 0; ok && i < acts.count; i++) {
		void **slot;

		acts.list[i].user = acts.list[i].command;
		slot = map_slot(&owners, arena_copy(a->arena, key_of(a, &acts.list[i], "owner")));
		if (slot)
			*slot = (void *)((uintptr_t)*slot + 1);
	}
	for (size_t i = 0; ok && i < acts.count; i++) {
		struct act *act = &acts.list[i];
		uintptr_t count = (uintptr_t)map_get(&owners, key_of(a, act, "owner"));
		bool is_all = (double)count > THRESHOLD(ACCOUNTS_OWNED);

		act->technique = span_text(owned.technique);
		if (!is_all || note(a, &told, act, "owner"))
			ok = tell(a, act, is_all ? &all_owned : &owned, err);
	}
	return ok;
}

static const struct deed unchangeable = { NULL, "kanshiki.unchangeable-file",
					  "A file was made so that not even root can change it", LEVEL_MEDIUM };
static const struct deed granted = { NULL, "kanshiki.access-list",
				     "An access list gives somebody by name what the mode does not show", LEVEL_MEDIUM };

/* Marks that no package sets; a machine where very many files have them was hardened by its owner. */
static bool weigh_marks(struct analysis *a, struct err *err)
{
	struct acts acts;
	bool ok = acts_load(a, "kind = 'setting' AND what IN ('immutable', 'append only', 'access list')", &acts, err);

	for (size_t i = 0; ok && (double)acts.count <= THRESHOLD(ACCOUNTS_MARKS) && i < acts.count; i++) {
		acts.list[i].technique = SPAN("T1222.002");
		ok = tell(a, &acts.list[i], span_eq(acts.list[i].what, SPAN("access list")) ? &granted : &unchangeable, err);
	}
	return ok;
}

static bool weigh_accounts(struct analysis *a, struct err *err)
{
	struct map noted = map_new(a->arena);
	struct acts acts;
	bool ok = acts_load(a, "kind = 'account' AND (what = 'password' OR "
			    "(what IN ('user', 'group') AND technique IS NOT NULL))",
			    &acts, err);

	for (size_t i = 0; ok && i < acts.count; i++)
		if (span_eq(acts.list[i].what, SPAN("password")) && span_starts(acts.list[i].command, SPAN("set")))
			note(a, &noted, &acts.list[i], "password");
	for (size_t i = 0; ok && i < acts.count; i++) {
		const struct act *act = &acts.list[i];
		const struct deed *deed = act->technique.len ? deed_of(a, &noted, act) : NULL;

		/* passwd and its copy passwd- say the same. */
		if (deed && note(a, &noted, act, deed->rule))
			ok = tell(a, act, deed, err);
	}
	return ok;
}

bool analyse_accounts(struct analysis *a, struct err *err)
{
	return weigh_accounts(a, err) && weigh_open(a, err) && weigh_owners(a, err) && weigh_marks(a, err);
}
