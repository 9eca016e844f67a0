#include "cli/commands.h"

#include <stdio.h>

#include "base/arena.h"
#include "case/verify.h"
#include "codec/escape.h"
#include "codec/json_write.h"
#include "os/private_file.h"

static struct option_list keys, evidence;
static const char *ca_file, *checkpoint_file, *format = "text";

static const struct option_spec options[] = {
	{ OPTION_LIST, 'k', "key", "VERIFIER",
	  "trust this verifier key, as kanshiki key show prints it, or the one in that file; may be "
	  "repeated [the key in ~/.config/kanshiki]", &keys },
	{ OPTION_TEXT, 0, "checkpoint", "FILE", "the case must extend this checkpoint, kept elsewhere",
	  &checkpoint_file },
	{ OPTION_TEXT, 0, "timestamp-ca", "FILE",
	  "certificates (PEM) that must vouch for the time stamps' authority", &ca_file },
	{ OPTION_LIST, 'e', "evidence", "PATH",
	  "hash the evidence at PATH again and compare; may be repeated: one for each source", &evidence },
	{ OPTION_TEXT, 'f', "format", "text|json", "how to print [text]", &format },
	{ 0 },
};

#define KEY_FILE_MAX 1024

/* A verifier key has plus signs; what has none is the name of a file with one. */
static bool read_key_files(struct arena *arena, struct err *err)
{
	for (size_t i = 0; i < keys.count; i++) {
		struct buf text = buf_new(KEY_FILE_MAX);
		bool ok = true;

		if (!strchr(keys.values[i], '+')) {
			ok = private_file_read(keys.values[i], &text, err);
			keys.values[i] = ok ? arena_text(arena, span_trim(buf_span(&text))) : "";
		}
		buf_free(&text);
		if (!ok || !keys.values[i])
			return ok ? err_set(err, ERR_IO, ERR_NO_OFFSET, "out of memory") : false;
	}
	return true;
}

#define WIDTH 80
#define INDENT 12

/* `text` after `used` columns, folded; a word that is longer than a line stands alone. */
static void print_folded(const char *text, size_t used)
{
	while (*text) {
		size_t word = strcspn(text, " ");

		if (used > INDENT && used + 1 + word > WIDTH) {
			printf("\n%*s", INDENT, "");
			used = INDENT;
		} else if (used > INDENT) {
			putchar(' ');
			used++;
		}
		printf("%.*s", (int)word, text);
		used += word;
		text += word + strspn(text + word, " ");
	}
	putchar('\n');
}

/* Broken checks that say nothing against the case. */
static size_t count_evidence(const struct verify *v)
{
	size_t count = 0;

	for (size_t i = 0; i < v->count; i++)
		count += v->checks[i].state == VERIFY_BROKEN && !strcmp(v->checks[i].what, "evidence");
	return count;
}

static void print_text(const char *path, const struct verify *v)
{
	struct buf name = buf_new((size_t)1 << 20);

	for (size_t i = 0; i < v->count; i++) {
		const struct verify_check *check = &v->checks[i];
		int used = printf("%-11s %s:", verify_state_name(check->state), check->what);

		print_folded(check->text, (size_t)(used < 0 ? 0 : used));
	}
	escape_terminal(&name, span_text(path));
	if (v->broken && v->broken == count_evidence(v))
		printf("\n'%s' is what was sealed, but the evidence is NOT what was read.\n", (char *)name.at);
	else if (v->broken)
		printf("\n'%s' is NOT what was sealed: %zu %s broken.\n", (char *)name.at, v->broken,
		       v->broken == 1 ? "check is" : "checks are");
	else
		printf("\n'%s' is what was sealed. %zu %s not proven, see above.\n", (char *)name.at,
		       v->not_proven, v->not_proven == 1 ? "thing is" : "things are");
	buf_free(&name);
}

static void print_json(const char *path, const struct verify *v)
{
	struct buf out = buf_new((size_t)1 << 20);
	struct json_write w = json_write_to(&out);

	json_object(&w);
	json_key(&w, "case");
	json_text(&w, path);
	json_key(&w, "verified");
	json_bool(&w, v->broken == 0);
	json_key(&w, "entries");
	json_u64(&w, v->entries);
	json_key(&w, "seals");
	json_u64(&w, v->seals);
	json_key(&w, "checks");
	json_array(&w);
	for (size_t i = 0; i < v->count; i++) {
		json_object(&w);
		json_key(&w, "state");
		json_text(&w, verify_state_name(v->checks[i].state));
		json_key(&w, "what");
		json_text(&w, v->checks[i].what);
		json_key(&w, "text");
		json_text(&w, v->checks[i].text);
		json_object_end(&w);
	}
	json_array_end(&w);
	json_object_end(&w);
	fwrite(out.at, 1, out.len, stdout);
	putchar('\n');
	buf_free(&out);
}

static int run(int argc, char **argv)
{
	struct buf kept = buf_new(NOTE_MAX);
	struct arena arena = arena_new(OPTION_LIST_MAX * (KEY_FILE_MAX + 64));
	struct verify_options wanted = { .keys = keys.values, .key_count = keys.count,
					 .own_key = keys.count == 0, .timestamp_ca = ca_file,
					 .evidence = evidence.values,
					 .evidence_count = evidence.count };
	struct err err = { 0 };
	struct verify v;
	bool json = !strcmp(format, "json"), ok;

	(void)argc;
	ok = json || !strcmp(format, "text") ||
	     err_set(&err, ERR_USAGE, ERR_NO_OFFSET, "there is no format '%s'", format);
	ok = ok && read_key_files(&arena, &err) &&
	     (!checkpoint_file || private_file_read(checkpoint_file, &kept, &err));
	wanted.kept = buf_span(&kept);
	ok = ok && case_verify(argv[0], &wanted, &v, &err);
	buf_free(&kept);
	arena_free(&arena);
	if (!ok) {
		fprintf(stderr, "kanshiki: %s\n", err.text);
		return EXIT_COULD_NOT;
	}
	if (json)
		print_json(argv[0], &v);
	else
		print_text(argv[0], &v);
	return v.broken ? EXIT_COULD_NOT : 0;
}

const struct command command_verify = {
	.name = "verify",
	.usage = "verify CASE [OPTION...]",
	.summary = "check that a case is what was sealed",
	.about = "Checks the database, its schema, the custody log against its signed checkpoints, "
		 "every table against the last seal, and time stamps. Says of each whether it holds, "
		 "is broken, or is not proven: without --key, for one, nobody has said whose signature "
		 "it should be. The case is only read.",
	.exits = "0 nothing is broken, 2 something is broken or could not be checked",
	.options = options,
	.run = run,
	.least = 1,
	.most = 1,
};
