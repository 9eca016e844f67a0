#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "cli/navigator.h"
#include "codec/json_write.h"
#include "examine/rule_pack.h"
#include "os/data_path.h"
#include "rules/sigma/sigma.h"

/* What a technique is covered by. */
struct covered {
	struct span id;
	uint32_t rules;
	enum level level;		/* of the strongest rule */
};

static const char *format = "navigator";

static const struct option_spec options[] = {
	{ OPTION_TEXT, 'f', "format", "FORMAT", "navigator (a layer) or text [navigator]", &format },
	{ 0 }
};

static int by_id(const void *a, const void *b)
{
	return span_cmp(((const struct covered *)a)->id, ((const struct covered *)b)->id);
}

/* One entry a technique, in order of the ids. */
static size_t gather(const struct sigma_set *set, struct arena *arena, struct covered **out)
{
	struct map by_technique = map_new(arena);
	struct covered *all = NULL;
	size_t count = 0, room = 0;

	for (uint32_t i = 0; i < sigma_set_rule_count(set); i++) {
		const struct sigma_rule *rule = sigma_set_rule(set, i);
		struct span rest = rule->techniques;

		while (rest.len) {
			struct span id = span_split(&rest, ' ');
			void **slot = map_slot(&by_technique, id);
			struct covered *c;

			if (slot && !*slot && arena_push(arena, (void **)&all, &count, &room, sizeof *all)) {
				all[count - 1].id = id;
				*slot = (void *)count;
			}
			if (!slot || !*slot)
				continue;
			c = &all[(uintptr_t)*slot - 1];
			c->rules++;
			c->level = rule->level > c->level ? rule->level : c->level;
		}
	}
	if (count)
		qsort(all, count, sizeof *all, by_id);
	*out = all;
	return count;
}

static void write_layer(const struct covered *all, size_t count)
{
	struct buf out = buf_new((size_t)16 << 20);
	struct json_write w = json_write_to(&out);
	uint64_t most = 0;

	navigator_open(&w, "kanshiki rules coverage",
		       "Score: Sigma rules that name the technique; comment: the highest level of one.");
	for (size_t i = 0; i < count; i++) {
		json_object(&w);
		json_key(&w, "techniqueID");
		json_span(&w, all[i].id);
		json_key(&w, "score");
		json_u64(&w, all[i].rules);
		json_key(&w, "comment");
		json_span(&w, span_text(level_name(all[i].level)));
		json_object_end(&w);
		most = all[i].rules > most ? all[i].rules : most;
	}
	navigator_close(&w, most);
	fwrite(out.at, 1, out.len, stdout);
	putchar('\n');
	buf_free(&out);
}

static void write_text(const struct covered *all, size_t count, uint64_t rules)
{
	for (size_t i = 0; i < count; i++)
		printf("%-10.*s %5u  %s\n", SPAN_ARG(all[i].id), all[i].rules, level_name(all[i].level));
	printf("%zu techniques by %llu rules\n", count, (unsigned long long)rules);
}

static int run(int argc, char **argv)
{
	struct rule_files files = rule_files_new();
	struct rule_pack_options pack = { 0 };
	struct arena arena = arena_new((size_t)64 << 20);
	struct image image = { 0 };
	struct covered *all = NULL;
	struct err err = { 0 };
	char path[DATA_PATH_MAX];
	bool ok = !strcmp(format, "navigator") || !strcmp(format, "text") ||
		  err_set(&err, ERR_USAGE, ERR_NO_OFFSET, "unknown format '%s': it is navigator or text", format);

	ok = ok && data_path("rules/logsources.yml", path, &err) &&
	     rule_files_text(&files.arena, path, &pack.logsources, &err);
	for (int i = 0; ok && i < argc; i++)
		ok = rule_files_add(&files, argv[i], &err);
	ok = ok && rule_pack_sigma(&files, &pack, &image, NULL, &err);
	if (ok) {
		const struct rule_pack *compiled = rule_pack_of(&image);
		size_t count = gather(compiled->set, &arena, &all);

		if (!strcmp(format, "text"))
			write_text(all, count, compiled->loaded);
		else
			write_layer(all, count);
	} else {
		fprintf(stderr, "kanshiki: %s\n", err.text);
	}
	image_free(&image);
	arena_free(&arena);
	rule_files_free(&files);
	return ok ? 0 : EXIT_COULD_NOT;
}

const struct command command_rules_coverage = {
	.name = "rules coverage",
	.usage = "rules coverage [OPTION...] RULES...",
	.summary = "which ATT&CK techniques Sigma rules cover",
	.about = "Counts for each technique the rules that name it and the level of the strongest, as an "
		 "ATT&CK Navigator layer or as text.",
	.options = options,
	.run = run,
	.least = 1,
};
