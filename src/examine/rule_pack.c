#include "examine/rule_pack.h"

#include "base/buf.h"
#include "codec/digest.h"
#include "rules/sigma/sigma.h"
#include "rules/yara/yara.h"

#include <stdio.h>
#include <stdlib.h>

/* Compiled rule sets that a user keeps; one may be 60 MB. */
#define CACHED_MOST 24

const char *const rule_pack_externals[RULE_PACK_EXTERNALS] = {
	"filename", "filepath", "extension", "filetype", "owner",
};

/* The pack under construction, in the image's arena. */
struct building {
	struct arena *arena;
	struct rule_pack *pack;
	size_t room;
	bool slow_strings;
};

static void add_problem(struct building *b, const struct rule_problem *problem)
{
	struct rule_problem *kept;

	if (problem->verdict == RULE_REFUSED)
		b->pack->refused++;
	else if (problem->verdict == RULE_NOT_APPLICABLE)
		b->pack->not_applicable++;
	else if (problem->verdict == RULE_IN_PART)
		b->pack->in_part++;
	if (b->pack->problem_count >= RULE_PROBLEMS_MAX) {
		b->pack->problems_dropped++;
		return;
	}
	kept = arena_push(b->arena, (void **)&b->pack->problems, &b->pack->problem_count, &b->room,
			  sizeof *kept);
	if (!kept)
		return;
	*kept = *problem;
	kept->file = arena_copy(b->arena, problem->file);
	kept->rule = arena_copy(b->arena, problem->rule);
	kept->reason = arena_copy(b->arena, problem->reason);
}

static void yara_problem(void *context, const struct yara_problem *problem)
{
	struct building *b = context;
	struct span reason = span_text(problem->text);

	if (problem->is_slow && !b->slow_strings)
		return;
	/* The name with which a comment can suppress it. */
	if (problem->id)
		reason = arena_printf(b->arena, "%s [%s]", problem->text, problem->id);
	add_problem(b, &(struct rule_problem){
		.verdict = problem->is_error ? RULE_REFUSED : RULE_WARNED,
		.file = span_text(problem->file), .rule = problem->rule, .line = problem->line,
		.column = problem->column, .reason = reason });
}

static void sigma_problem(void *context, const struct sigma_problem *problem)
{
	static const enum rule_verdict verdicts[] = {
		[SIGMA_REFUSED] = RULE_REFUSED, [SIGMA_NOT_APPLICABLE] = RULE_NOT_APPLICABLE,
		[SIGMA_IN_PART] = RULE_IN_PART, [SIGMA_WARNING] = RULE_WARNED,
	};

	add_problem(context, &(struct rule_problem){
		.verdict = verdicts[problem->kind], .file = problem->file, .rule = problem->rule,
		.line = problem->line, .column = problem->column,
		.reason = span_text(problem->reason) });
}

/* Length before text, so that no two lists of texts hash alike. */
static void hash_text(struct digest *d, struct span text)
{
	uint64_t len = text.len;

	digest_add(d, span_of(&len, sizeof len));
	digest_add(d, text);
}

static void hash_program(struct digest *d)
{
	uint8_t bytes[65536];
	FILE *program = fopen("/proc/self/exe", "rb");
	size_t got;

	while (program && (got = fread(bytes, 1, sizeof bytes, program)))
		digest_add(d, span_of(bytes, got));
	if (program)
		fclose(program);
}

static bool hash_all(const struct rule_files *files, enum rule_language language,
		     const struct rule_pack_options *options, uint8_t rules[32], uint8_t key[32],
		     struct err *err)
{
	struct digest *d = digest_new(DIGEST_SHA256);

	if (!d)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "out of memory");
	for (size_t i = 0; i < files->count; i++) {
		if (files->files[i].language != language)
			continue;
		hash_text(d, span_text(files->files[i].path));
		hash_text(d, files->files[i].text);
	}
	digest_done(d, rules);
	digest_add(d, span_of(rules, 32));
	hash_text(d, options->logsources);
	hash_text(d, options->placeholders);
	hash_text(d, span_text(level_name(options->least_level)));
	hash_text(d, options->slow_strings ? SPAN("slow") : SPAN(""));
	hash_program(d);
	digest_done(d, key);
	digest_free(d);
	return true;
}

/* An included file may change without the including one: such sets are not cached. */
struct includes {
	struct arena arena;
	size_t count;
};

static bool include(void *context, const char *path, const char *from, struct yara_source *out,
		    struct err *err)
{
	struct includes *includes = context;
	const char *slash = from ? strrchr(from, '/') : NULL;
	struct span name = path[0] == '/' || !slash
		? arena_copy(&includes->arena, span_text(path))
		: arena_printf(&includes->arena, "%.*s/%s", (int)(slash - from), from, path);

	includes->count++;
	out->name = (const char *)name.at;
	if (!name.at)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	return rule_files_text(&includes->arena, out->name, &out->text, err);
}

static bool compile_yara(struct building *b, const struct rule_files *files,
			 struct includes *includes, struct err *err)
{
	struct yara_external externals[RULE_PACK_EXTERNALS];
	struct yara_source *sources = calloc(files->count + 1, sizeof *sources);
	struct yara_options options = { .externals = externals, .problem = yara_problem,
		.external_count = RULE_PACK_EXTERNALS, .problem_context = b, .include = include,
		.include_context = includes, .skip_invalid = true, .skip_duplicates = true };
	struct yara_counts counts = { 0 };
	struct yara_set *set = NULL;
	size_t count = 0;
	bool ok;

	if (!sources)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "out of memory");
	for (size_t i = 0; i < RULE_PACK_EXTERNALS; i++)
		externals[i] = (struct yara_external){ span_text(rule_pack_externals[i]),
						       { .type = YARA_STRING } };
	for (size_t i = 0; i < files->count; i++)
		if (files->files[i].language == RULE_YARA)
			sources[count++] = (struct yara_source){ .name = files->files[i].path,
								 .text = files->files[i].text };
	ok = yara_compile(b->arena, sources, count, &options, &set, &counts, err);
	free(sources);
	b->pack->set = set;
	b->pack->loaded = counts.rules;
	b->pack->refused = counts.skipped;
	return ok;
}

static bool compile_sigma(struct building *b, const struct rule_files *files,
			  const struct rule_pack_options *given, struct err *err)
{
	struct sigma_source *sources = calloc(files->count + 1, sizeof *sources);
	struct sigma_options options = { .logsources = given->logsources,
		.placeholders = given->placeholders, .least_level = given->least_level };
	struct sigma_set *set = NULL;
	size_t count = 0;
	bool ok;

	if (!sources)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "out of memory");
	for (size_t i = 0; i < files->count; i++)
		if (files->files[i].language == RULE_SIGMA)
			sources[count++] = (struct sigma_source){ span_text(files->files[i].path),
								  files->files[i].text };
	ok = sigma_compile(b->arena, sources, count, &options, sigma_problem, b, &set, err);
	free(sources);
	if (!ok)
		return false;
	b->pack->set = set;
	b->pack->loaded = sigma_set_counts(set)->loaded;
	b->pack->refused = sigma_set_counts(set)->refused;
	b->pack->not_applicable = sigma_set_counts(set)->not_applicable;
	return true;
}

static bool cache_path(enum engine engine, const uint8_t key[32], char path[4096])
{
	char *folder = image_cache_dir();
	struct buf name = buf_new(128);
	bool ok;

	if (!folder)
		return false;
	buf_hex(&name, span_of(key, 16));
	ok = snprintf(path, 4096, "%s/%s-%s.rules", folder, engine_name(engine),
		      (const char *)name.at) < 4096;
	buf_free(&name);
	free(folder);
	return ok;
}

static bool build(const struct rule_files *files, enum engine engine,
		  const struct rule_pack_options *options, const uint8_t rules[32],
		  struct image *image, bool *may_cache, struct err *err)
{
	struct includes includes = { .arena = arena_new(RULE_FILES_BYTES) };
	struct building b = { .arena = &image->arena, .slow_strings = options->slow_strings };
	bool ok;

	if (!image_new(image, engine == ENGINE_YARA ? IMAGE_YARA : IMAGE_SIGMA, err))
		return false;
	b.pack = ARENA_NEW(b.arena, struct rule_pack);
	image->root = b.pack;
	b.pack->engine = engine;
	memcpy(b.pack->sha256, rules, 32);
	ok = engine == ENGINE_YARA ? compile_yara(&b, files, &includes, err)
				   : compile_sigma(&b, files, options, err);
	ok = ok && image_seal(image, err);
	*may_cache = includes.count == 0;
	arena_free(&includes.arena);
	if (!ok)
		image_free(image);
	return ok;
}

static bool make(const struct rule_files *files, enum engine engine,
		 const struct rule_pack_options *options, struct image *image, bool *from_cache,
		 struct err *err)
{
	enum rule_language language = engine == ENGINE_YARA ? RULE_YARA : RULE_SIGMA;
	enum image_slot slot = engine == ENGINE_YARA ? IMAGE_YARA : IMAGE_SIGMA;
	struct err ignored = { 0 };
	uint8_t rules[32], key[32];
	char path[4096];
	bool cached, loaded, may_cache;

	if (!hash_all(files, language, options, rules, key, err))
		return false;
	cached = !options->no_cache && cache_path(engine, key, path);
	loaded = cached && image_load(image, slot, path, key, &ignored);
	if (from_cache)
		*from_cache = loaded;
	if (loaded)
		return true;
	if (!build(files, engine, options, rules, image, &may_cache, err))
		return false;
	if (cached && may_cache && image_save(image, path, key, &ignored))
		image_prune(path, CACHED_MOST);
	return true;
}

bool rule_pack_yara(const struct rule_files *files, const struct rule_pack_options *options,
		    struct image *image, bool *from_cache, struct err *err)
{
	return make(files, ENGINE_YARA, options, image, from_cache, err);
}

bool rule_pack_sigma(const struct rule_files *files, const struct rule_pack_options *options,
		     struct image *image, bool *from_cache, struct err *err)
{
	return make(files, ENGINE_SIGMA, options, image, from_cache, err);
}
