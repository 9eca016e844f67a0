#include "cli/assess_rules.h"

#include "base/buf.h"
#include "case/case.h"
#include "os/data_path.h"

static bool add_starter_rules(struct rule_files *files, struct buf *paths, struct err *err)
{
	char path[DATA_PATH_MAX];

	buf_text(paths, "starter rules");
	return data_path("rules/sigma", path, err) && rule_files_add(files, path, err) &&
	       data_path("rules/yara", path, err) && rule_files_add(files, path, err);
}

static bool compile(struct assess_rules *rules, const struct rule_files *files, bool no_cache,
		    struct err *err)
{
	struct rule_pack_options options = { .no_cache = no_cache };
	char path[DATA_PATH_MAX];

	return data_path("rules/logsources.yml", path, err) &&
	       rule_files_text(&rules->arena, path, &options.logsources, err) &&
	       rule_pack_yara(files, &options, &rules->yara, NULL, err) &&
	       rule_pack_sigma(files, &options, &rules->sigma, NULL, err);
}

bool assess_rules_load(struct assess_rules *rules, const struct option_list *given,
		       bool no_starter_rules, bool no_cache, struct err *err)
{
	struct rule_files files = rule_files_new();
	struct buf paths = buf_new((size_t)1 << 16);
	bool ok;

	*rules = (struct assess_rules){ .arena = arena_new((size_t)16 << 20) };
	ok = no_starter_rules || add_starter_rules(&files, &paths, err);
	for (size_t i = 0; ok && i < given->count; i++) {
		ok = rule_files_add(&files, given->values[i], err);
		buf_printf(&paths, "%s%s", paths.len ? ", " : "", given->values[i]);
	}
	ok = ok && compile(rules, &files, no_cache, err);
	rules->paths = arena_copy(&rules->arena, buf_span(&paths));
	buf_free(&paths);
	rule_files_free(&files);
	if (!ok)
		assess_rules_free(rules);
	return ok;
}

bool assess_rules_there(bool no_starter_rules, struct err *err)
{
	char path[DATA_PATH_MAX];

	return data_path("rules/logsources.yml", path, err) && data_path("rules/allow.txt", path, err) &&
	       (no_starter_rules || (data_path("rules/sigma", path, err) && data_path("rules/yara", path, err)));
}

static bool add_allowed(struct assess_rules *rules, const char *path, struct err *err)
{
	struct span text;

	return rule_files_text(&rules->arena, path, &text, err) &&
	       (allow_list_parse(text, rules->allow, &rules->arena, &rules->allow, err) ||
		err_prefix(err, "%s", path));
}

bool assess_rules_allow(struct assess_rules *rules, const struct option_list *given,
			struct err *err)
{
	char path[DATA_PATH_MAX];
	bool ok = data_path("rules/allow.txt", path, err) && add_allowed(rules, path, err);

	for (size_t i = 0; ok && i < given->count; i++)
		ok = add_allowed(rules, given->values[i], err);
	return ok;
}

void assess_rules_free(struct assess_rules *rules)
{
	image_free(&rules->yara);
	image_free(&rules->sigma);
	arena_free(&rules->arena);
}

static bool record_pack(const struct rule_pack *pack, struct span paths, struct case_file *file,
			struct err *err)
{
	struct case_rule_set set = { .engine = pack->engine, .path = paths, .sha256 = pack->sha256,
				     .loaded = pack->loaded, .refused = pack->refused,
				     .not_applicable = pack->not_applicable };

	if (!case_add_rule_set(file, &set, err))
		return false;
	for (size_t i = 0; i < pack->problem_count; i++) {
		const struct rule_problem *p = &pack->problems[i];
		struct case_problem problem = { .engine = pack->engine, .file = p->file,
			.line = p->line, .column = p->column, .rule = p->rule,
			.refused = p->verdict == RULE_REFUSED, .reason = p->reason };

		if (!case_add_problem(file, &problem, err))
			return false;
	}
	return true;
}

bool assess_rules_record(const struct assess_rules *rules, struct case_file *file,
			 struct err *err)
{
	return record_pack(rule_pack_of(&rules->yara), rules->paths, file, err) &&
	       record_pack(rule_pack_of(&rules->sigma), rules->paths, file, err);
}
