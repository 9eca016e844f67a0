#include "formats/log/log_json.h"

#define PREFIX_MAX 480
#define KEY_TEXT_MAX 4096

static bool is_key(struct span key, const char *word)
{
	return span_eq(key, span_text(word));
}

/* Velociraptor has these without an Event around them. */
static enum json_place of_event(struct span key)
{
	return is_key(key, "System")	  ? PLACE_SYSTEM
	       : is_key(key, "EventData") ? PLACE_DATA
	       : is_key(key, "UserData")  ? PLACE_USER_DATA
					  : PLACE_DROP;
}

static enum json_place enter(enum json_place place, struct span key)
{
	enum json_place in_event = of_event(key);

	switch (place) {
	case PLACE_ROOT:
		return is_key(key, "Event")				     ? PLACE_EVENT
		       : is_key(key, "winlog")				     ? PLACE_WINLOG
		       : is_key(key, "_source") || is_key(key, "result")     ? PLACE_ROOT
		       : is_key(key, "hits")				     ? PLACE_HITS
		       : in_event != PLACE_DROP				     ? in_event
									     : PLACE_PLAIN;
	case PLACE_EVENT:
		return in_event;
	case PLACE_SYSTEM:
		return PLACE_ELEMENT;
	case PLACE_ELEMENT:
		return PLACE_ATTRIBUTES;
	case PLACE_DATA:
		return is_key(key, "#attributes") ? PLACE_DROP : PLACE_DATUM;
	case PLACE_DATUM:
		return is_key(key, "#attributes") ? PLACE_DATUM_ATTRIBUTES : PLACE_DATUM;
	case PLACE_USER_DATA:
		return is_key(key, "#attributes") ? PLACE_DROP : PLACE_DATA;
	case PLACE_WINLOG:
		return is_key(key, "event_data") || is_key(key, "user_data") ? PLACE_DATA : PLACE_PLAIN;
	default:
		return place;
	}
}

static struct span joined(struct log_reader *r, struct span before, const char *between, struct span key)
{
	size_t gap = strlen(between);
	uint8_t *to;

	if (before.len == 0)
		return key;
	to = arena_alloc(&r->shapes, before.len + gap + key.len);
	if (!to)
		return key;
	memcpy(to, before.at, before.len);
	memcpy(to + before.len, between, gap);
	memcpy(to + before.len + gap, key.at, key.len);
	return span_of(to, before.len + gap + key.len);
}

static struct span winlog_name(struct log_reader *r, struct span key)
{
	static const char *const names[][2] = {
		{ "event_id", "EventID" }, { "channel", "Channel" }, { "provider_name", "Provider_Name" },
		{ "computer_name", "Computer" }, { "record_id", "EventRecordID" },
		{ "task", "Task" }, { "opcode", "Opcode" }, { "provider_guid", "Provider_Guid" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (is_key(key, names[i][0]))
			return span_text(names[i][1]);
	return joined(r, SPAN("winlog"), ".", key);
}

/* What a scalar under this key is called. An empty name: it is left out. */
static struct span name_of(struct log_reader *r, const struct json_context *of, struct span key)
{
	switch (of->place) {
	case PLACE_EVENT:
	case PLACE_DROP:
	case PLACE_USER_DATA:
		return (struct span){ 0 };
	case PLACE_ELEMENT:
	case PLACE_ATTRIBUTES:
		/* Other tools mark attributes by an @. */
		if (span_starts(key, SPAN("@")))
			key = span_from(key, 1);
		if (is_key(key, "#text") || (is_key(of->element, "EventID") && is_key(key, "Value")))
			return of->element;
		if (is_key(of->element, "TimeCreated") && is_key(key, "SystemTime"))
			return of->element;
		return joined(r, of->element, "_", key);
	case PLACE_DATA:
		return span_starts(key, SPAN("@")) ? (struct span){ 0 } : log_without_spaces(&r->shapes, key);
	case PLACE_DATUM:
		return is_key(key, "@Name") ? JSON_DATUM_NAME : of->element;
	case PLACE_DATUM_ATTRIBUTES:
		return is_key(key, "Name") ? JSON_DATUM_NAME : (struct span){ 0 };
	case PLACE_WINLOG:
		return winlog_name(r, key);
	case PLACE_PLAIN:
		return joined(r, of->prefix, "", key);
	case PLACE_ROOT:
		/* Flat exports of Windows events; no other log has the word in this spelling. */
		return is_key(key, "LogName") ? SPAN("Channel") : key;
	case PLACE_HITS:
		return joined(r, SPAN("hits"), ".", key);
	default:
		return key;
	}
}

bool json_wraps(struct span key, bool in_hits)
{
	static const char *const wrappers[] = { "Records", "records", "value", "events", "Events",
						"logs", "items", "entries" };

	if (in_hits)
		return is_key(key, "hits");
	for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
		if (is_key(key, wrappers[i]))
			return true;
	return false;
}

static bool wraps(const struct json_context *of, struct span key)
{
	return (of->place == PLACE_ROOT || of->place == PLACE_HITS) &&
	       json_wraps(key, of->place == PLACE_HITS);
}

struct json_context *json_context_root(struct log_reader *r)
{
	struct json_context *root = ARENA_NEW(&r->shapes, struct json_context);

	if (root)
		root->place = PLACE_ROOT;
	return root;
}

/* The key without its quotes, unescaped, where it lasts. */
static struct span key_text(struct log_reader *r, struct span raw)
{
	uint8_t *room = arena_alloc(&r->shapes, raw.len + JSON_ROOM_SLACK);
	struct json_text text = { .at = raw.at, .end = raw.at + raw.len, .room = room };
	struct span key = { 0 };

	return room && json_string(&text, &key) ? arena_copy(&r->shapes, key) : (struct span){ 0 };
}

static struct span dotted(struct log_reader *r, struct span path)
{
	uint8_t *to = arena_alloc(&r->shapes, path.len + 1);

	if (!to)
		return path;
	memcpy(to, path.at, path.len);
	to[path.len] = '.';
	return span_of(to, path.len + 1);
}

/* An event of Windows that stands in something else: {"event": {"Event": {"System": .. */
static bool is_event(struct span key, struct span text)
{
	static const char *const first[] = { "\"System\"", "\"#attributes\"", "\"@xmlns\"", "\"EventData\"" };

	text = span_trim(span_from(text, 1));
	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		if (is_key(key, "Event") && span_starts(text, span_text(first[i])))
			return true;
	return false;
}

struct json_context *json_context_below(struct log_reader *r, struct json_key *key, struct span object)
{
	const struct json_context *of = key->of;
	struct span text = key_text(r, key->raw);
	struct json_context *inner;

	if (key->inner)
		return key->inner;
	inner = ARENA_NEW(&r->shapes, struct json_context);
	if (!inner || !text.at)
		return NULL;
	inner->place = of->place == PLACE_PLAIN && is_event(text, object) ? PLACE_EVENT
									  : enter(of->place, text);
	inner->prefix = of->prefix;
	inner->element = of->element;
	if (of->place == PLACE_SYSTEM)
		inner->element = text;
	if (of->place == PLACE_DATA)
		inner->element = log_without_spaces(&r->shapes, text);
	if (inner->place == PLACE_PLAIN && of->prefix.len + text.len + 1 <= PREFIX_MAX)
		inner->prefix = dotted(r, joined(r, of->prefix, "", text));
	if (inner->place == PLACE_WINLOG)
		inner->prefix = arena_copy(&r->shapes, SPAN("winlog."));
	key->path = joined(r, of->prefix, "", text);
	key->inner = inner;
	return inner;
}

static struct json_key *new_key(struct log_reader *r, struct json_context *of, struct span raw)
{
	struct json_key *key = ARENA_NEW(&r->shapes, struct json_key);
	struct span text = key_text(r, raw);

	if (!key || !text.at)
		return NULL;
	*key = (struct json_key){ .raw = arena_copy(&r->shapes, raw), .of = of, .wraps = wraps(of, text),
				  .name = name_of(r, of, text) };
	return key->raw.at ? key : NULL;
}

struct json_key *json_key_find(struct log_reader *r, struct json_context *of, struct span raw)
{
	uint8_t bytes[sizeof of + KEY_TEXT_MAX];
	size_t len = raw.len < KEY_TEXT_MAX ? raw.len : KEY_TEXT_MAX;
	struct json_key *key;
	struct span id;
	void **slot;

	memcpy(bytes, &of, sizeof of);
	memcpy(bytes + sizeof of, raw.at, len);
	id = span_of(bytes, sizeof of + len);
	key = raw.len <= KEY_TEXT_MAX ? map_get(&r->states, id) : NULL;
	if (key)
		return key;
	key = new_key(r, of, raw);
	slot = key && raw.len <= KEY_TEXT_MAX ? map_slot(&r->states, arena_copy(&r->shapes, id)) : NULL;
	if (slot)
		*slot = key;
	return key;
}
