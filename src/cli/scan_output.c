#include "cli/scan_output.h"

#include <inttypes.h>

#include "rules/yara/modules.h"

#define SHOWN_HEX 64		/* of those of a hex string, as yara does */
#define SHOWN_BYTES 512		/* of a match, as yara does */

static bool listed(const struct option_list *list, struct span name)
{
	for (size_t i = 0; i < list->count; i++)
		if (span_eq(span_text(list->values[i]), name))
			return true;
	return false;
}

bool scan_shows(const struct scan_show *show, const struct yara_rule_info *rule)
{
	bool tagged = !show->only_tags.count;

	for (size_t i = 0; i < rule->tag_count; i++)
		tagged |= listed(&show->only_tags, rule->tags[i]);
	/* As in yara, where both are given the names decide. */
	return show->only_rules.count ? listed(&show->only_rules, rule->name) : tagged;
}

/* A meta text as yara shows it: C escapes, octal for what is not ASCII. */
static void print_escaped(struct buf *to, struct span text)
{
	static const char letters[] = "abtnvfr";

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];

		if (c == '"' || c == '\'' || c == '\\')
			buf_printf(to, "\\%c", c);
		else if (c >= 7 && c <= 13)
			buf_printf(to, "\\%c", letters[c - 7]);
		else if (c < 32 || c >= 127)
			buf_printf(to, "\\%03o", c);
		else
			buf_add_u8(to, c);
	}
}

static void print_bytes(struct buf *to, struct span bytes, uint8_t key)
{
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t c = bytes.at[i] ^ key;

		if (c >= 32 && c <= 126)
			buf_add_u8(to, c);
		else
			buf_printf(to, "\\x%02X", c);
	}
}

static void print_hex(struct buf *to, struct span bytes)
{
	for (size_t i = 0; i < bytes.len && i < SHOWN_HEX; i++)
		buf_printf(to, i ? " %02X" : "%02X", bytes.at[i]);
	if (bytes.len > SHOWN_HEX)
		buf_text(to, " ...");
}

static void print_strings(struct buf *to, const struct scan_show *show,
			  const struct yara_match *match)
{
	struct yara_string_match m;
	uint64_t at = 0;

	while (yara_match_next(match, &at, &m)) {
		struct span bytes = span_sub(m.bytes, 0, SHOWN_BYTES);

		if (m.is_private)
			continue;
		buf_printf(to, "0x%" PRIx64 ":", m.offset);
		if (show->lengths)
			buf_printf(to, "%zu:", bytes.len);
		buf_add(to, m.identifier);
		if (show->xor_keys) {
			buf_printf(to, ":xor(0x%02x,", m.xor_key);
			print_bytes(to, bytes, m.xor_key);
			buf_text(to, ")");
		}
		if (show->strings) {
			buf_text(to, ": ");
			if (m.is_hex)
				print_hex(to, bytes);
			else
				print_bytes(to, bytes, 0);
		}
		buf_text(to, "\n");
	}
}

static void print_meta(struct buf *to, const struct yara_rule_info *rule)
{
	buf_text(to, "[");
	for (size_t i = 0; i < rule->meta_count; i++) {
		const struct yara_meta *m = &rule->meta[i];

		if (i)
			buf_text(to, ",");
		buf_add(to, m->key);
		/* The space before the sign is yara's own. */
		if (m->value.type == YARA_INTEGER) {
			buf_printf(to, " =%" PRId64, m->value.integer);
		} else if (m->value.type == YARA_BOOL) {
			buf_text(to, m->value.integer ? "=true" : "=false");
		} else if (m->value.type == YARA_FLOAT) {
			buf_printf(to, "=%f", m->value.real);
		} else {
			buf_text(to, "=\"");
			print_escaped(to, m->value.string);
			buf_text(to, "\"");
		}
	}
	buf_text(to, "] ");
}

static void print_line(struct buf *to, const struct scan_show *show,
		       const struct yara_match *match, const char *path)
{
	const struct yara_rule_info *rule = &match->info;

	if (show->name_space) {
		buf_add(to, rule->name_space);
		buf_text(to, ":");
	}
	buf_add(to, rule->name);
	buf_text(to, " ");
	if (show->tags) {
		buf_text(to, "[");
		for (size_t i = 0; i < rule->tag_count; i++) {
			if (i)
				buf_text(to, ",");
			buf_add(to, rule->tags[i]);
		}
		buf_text(to, "] ");
	}
	if (show->meta)
		print_meta(to, rule);
	buf_text(to, path);
	buf_text(to, "\n");
	if (show->strings || show->lengths || show->xor_keys)
		print_strings(to, show, match);
}

static void json_value(struct json_write *w, const struct yara_value *v)
{
	if (v->type == YARA_INTEGER)
		json_i64(w, v->integer);
	else if (v->type == YARA_BOOL)
		json_bool(w, v->integer);
	else if (v->type == YARA_FLOAT)
		json_double(w, v->real);
	else
		json_span(w, v->string);
}

static void json_strings(struct json_write *w, const struct yara_match *match)
{
	struct yara_string_match m;
	uint64_t at = 0;

	json_key(w, "strings");
	json_array(w);
	while (yara_match_next(match, &at, &m)) {
		if (m.is_private)
			continue;
		json_object(w);
		json_key(w, "identifier");
		json_span(w, m.identifier);
		json_key(w, "offset");
		json_u64(w, m.offset);
		json_key(w, "length");
		json_u64(w, m.length);
		json_key(w, "bytes");
		json_hex(w, span_sub(m.bytes, 0, SHOWN_BYTES));
		if (m.xor_key) {
			json_key(w, "xor_key");
			json_u64(w, m.xor_key);
		}
		json_object_end(w);
	}
	json_array_end(w);
}

static void print_json(struct buf *to, const struct yara_match *match, const char *path)
{
	struct json_write w = json_write_to(to);
	const struct yara_rule_info *rule = &match->info;

	json_object(&w);
	json_key(&w, "file");
	json_text(&w, path);
	json_key(&w, "rule");
	json_span(&w, rule->name);
	json_key(&w, "namespace");
	json_span(&w, rule->name_space);
	json_key(&w, "tags");
	json_array(&w);
	for (size_t i = 0; i < rule->tag_count; i++)
		json_span(&w, rule->tags[i]);
	json_array_end(&w);
	json_key(&w, "meta");
	json_object(&w);
	for (size_t i = 0; i < rule->meta_count; i++) {
		json_key_span(&w, rule->meta[i].key);
		json_value(&w, &rule->meta[i].value);
	}
	json_object_end(&w);
	json_strings(&w, match);
	json_object_end(&w);
	buf_text(to, "\n");
}

void scan_print_match(struct buf *to, const struct scan_show *show,
		      const struct yara_match *match, const char *path)
{
	if (show->json)
		print_json(to, match, path);
	else
		print_line(to, show, match, path);
}

void scan_print_modules(struct buf *to, const struct yara_set *set, const struct yara_scan *scan,
			const char *path)
{
	for (size_t i = 0; yara_modules[i]; i++) {
		struct json_write w = json_write_to(to);
		struct yara_object *object;

		if (!yara_set_imports(set, yara_modules[i]))
			continue;
		object = yara_scan_module(scan, yara_modules[i]);
		json_object(&w);
		json_key(&w, "file");
		json_text(&w, path);
		json_key(&w, yara_modules[i]->name);
		if (object)
			yara_object_json(&w, object);
		else
			json_null(&w);
		json_object_end(&w);
		buf_text(to, "\n");
	}
}
