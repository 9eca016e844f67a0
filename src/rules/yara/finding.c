#include "rules/yara/yara.h"

#define MATCHES_TOLD 16
#define BYTES_TOLD 64
#define MATCHED_MAX ((size_t)64 << 10)

static struct span meta_text(const struct yara_rule_info *info, const char *key)
{
	struct yara_value v;

	return yara_rule_meta(info, key, &v) && v.type == YARA_STRING ? v.string
								      : (struct span){ 0 };
}

static bool meta_score(const struct yara_rule_info *info, int64_t *out)
{
	struct yara_value v;

	if (!yara_rule_meta(info, "score", &v))
		return false;
	if (v.type == YARA_INTEGER) {
		*out = v.integer;
		return true;
	}
	return v.type == YARA_STRING && span_to_i64(span_trim(v.string), out);
}

static enum level level_of(const struct yara_rule_info *info)
{
	enum level level;
	int64_t score;

	if (level_of_name(meta_text(info, "level"), &level) ||
	    level_of_name(meta_text(info, "severity"), &level))
		return level;
	if (!meta_score(info, &score))
		return LEVEL_MEDIUM;
	return score >= 80 ? LEVEL_CRITICAL : score >= 70 ? LEVEL_HIGH : score >= 50 ? LEVEL_MEDIUM
	     : score >= 30 ? LEVEL_LOW : LEVEL_INFORMATIONAL;
}

static bool is_digit(struct span s, size_t at)
{
	return at < s.len && s.at[at] >= '0' && s.at[at] <= '9';
}

static bool digits(struct span s, size_t at, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_digit(s, at + i))
			return false;
	return !is_digit(s, at + count);
}

static void add_once(struct buf *to, struct span id)
{
	if (to->len && span_find(buf_span(to), 0, id) != SIZE_MAX)
		return;
	if (to->len)
		buf_add_u8(to, ' ');
	buf_add(to, id);
}

/* T1059, T1059.001 and T1059_001, in either case, wherever they stand in the text. */
static void add_techniques(struct buf *to, struct span text)
{
	for (size_t i = 0; i + 5 <= text.len; i++) {
		char id[9] = "T";
		size_t len = 5;

		if ((text.at[i] | 32) != 't' || !digits(text, i + 1, 4) ||
		    (i && ((text.at[i - 1] | 32) >= 'a' && (text.at[i - 1] | 32) <= 'z')))
			continue;
		memcpy(id + 1, text.at + i + 1, 4);
		if (i + 5 < text.len && (text.at[i + 5] == '.' || text.at[i + 5] == '_') &&
		    digits(text, i + 6, 3)) {
			id[5] = '.';
			memcpy(id + 6, text.at + i + 6, 3);
			len = 9;
		}
		add_once(to, span_of(id, len));
	}
}

static struct span techniques_of(const struct yara_rule_info *info, struct arena *arena)
{
	static const char *const keys[] = { "techniques", "technique", "mitre", "attack",
					    "mitre_attack", "mitre_att" };
	struct buf ids = buf_new(4096);
	struct span found;

	for (size_t i = 0; i < info->tag_count; i++)
		add_techniques(&ids, info->tags[i]);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		add_techniques(&ids, meta_text(info, keys[i]));
	found = ids.len ? arena_copy(arena, buf_span(&ids)) : (struct span){ 0 };
	buf_free(&ids);
	return found;
}

static enum harm harm_of(const struct yara_rule_info *info, struct span techniques)
{
	enum harm harm;

	if (harm_of_name(meta_text(info, "harm"), &harm))
		return harm;
	while (techniques.len) {
		harm = harm_of_tag(span_split(&techniques, ' '));
		if (harm != HARM_NONE)
			return harm;
	}
	for (size_t i = 0; i < info->tag_count; i++) {
		harm = harm_of_tag(info->tags[i]);
		if (harm != HARM_NONE)
			return harm;
	}
	return HARM_IMPLANT;
}

static void add_match(struct json_write *w, const struct yara_string_match *m)
{
	struct span bytes = span_sub(m->bytes, 0, BYTES_TOLD);

	json_object(w);
	json_key(w, "string");
	json_span(w, m->identifier);
	json_key(w, "offset");
	json_u64(w, m->offset);
	json_key(w, "length");
	json_u64(w, m->length);
	json_key(w, "hex");
	json_hex(w, bytes);
	json_key(w, "text");
	json_span(w, bytes);
	json_object_end(w);
}

static struct span matched_of(const struct yara_match *match, struct arena *arena,
			      uint64_t *offset)
{
	struct buf text = buf_new(MATCHED_MAX);
	struct json_write w = json_write_to(&text);
	struct yara_string_match m;
	uint64_t at = 0;
	struct span made;

	*offset = UINT64_MAX;
	json_array(&w);
	for (unsigned told = 0; told < MATCHES_TOLD && yara_match_next(match, &at, &m); ) {
		if (m.is_private)
			continue;
		if (!told++)
			*offset = m.offset;
		add_match(&w, &m);
	}
	json_array_end(&w);
	made = arena_copy(arena, buf_span(&text));
	buf_free(&text);
	return made;
}

void yara_finding(const struct yara_match *match, struct arena *arena, struct finding *out)
{
	const struct yara_rule_info *info = &match->info;
	struct span title = meta_text(info, "title"), reference = meta_text(info, "reference");

	if (!title.len)
		title = meta_text(info, "description");
	*out = (struct finding){
		.engine = ENGINE_YARA,
		.level = level_of(info),
		.rule = info->name,
		.title = title.len ? title : info->name,
		.techniques = techniques_of(info, arena),
		.references = reference.len ? arena_printf(arena, "%.*s %.*s", SPAN_ARG(info->file),
							   SPAN_ARG(reference)) : info->file,
		.record_id = UINT64_MAX,
		.time = TIME_NONE,
	};
	out->harm = harm_of(info, out->techniques);
	out->matched = matched_of(match, arena, &out->offset);
}
