#include "examine/yara_load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/digest.h"

#define TEXT_MAX ((size_t)256 << 20)	/* of one file */
#define ALL_TEXT_MAX ((size_t)1 << 30)
#define FOLDER_DEPTH_MAX 32
#define INCLUDES_MAX 4096

const struct yara_external yara_file_externals[5] = {
	{ { (const uint8_t *)"filename", 8 }, { .type = YARA_STRING } },
	{ { (const uint8_t *)"filepath", 8 }, { .type = YARA_STRING } },
	{ { (const uint8_t *)"extension", 9 }, { .type = YARA_STRING } },
	{ { (const uint8_t *)"filetype", 8 }, { .type = YARA_STRING } },
	{ { (const uint8_t *)"owner", 5 }, { .type = YARA_STRING } },
};

struct file {
	struct yara_source source;
	bool only_included;
};

/* What lies in the image beside the set: enough to tell the problems again. */
struct kept_problem {
	struct yara_problem problem;
	struct kept_problem *next;
};

struct kept {
	struct yara_set *set;
	struct yara_counts counts;
	struct kept_problem *first;
};

struct loader {
	const struct yara_load_options *options;
	struct arena arena;
	struct file *files;
	size_t count, room;
	size_t included;
	struct arena *image;
	struct kept *kept;
	struct kept_problem *last;
	struct err *err;
};

/* ---- reading ---- */

static bool read_whole(struct loader *l, int fd, const char *path, struct span *out)
{
	struct buf text = buf_new(TEXT_MAX);
	ssize_t got = 1;

	while (got > 0) {
		uint8_t *to = buf_reserve(&text, 65536);

		if (!to)
			break;
		got = read(fd, to, 65536);
		if (got < 0 && errno == EINTR) {
			got = 1;
			continue;
		}
		text.len += got > 0 ? (size_t)got : 0;
	}
	if (got)
		err_set(l->err, got < 0 ? ERR_IO : ERR_LIMIT, ERR_NO_OFFSET, "%s: %s", path,
			got < 0 ? err_number_text(errno) : "rule file too large");
	else
		*out = arena_copy(&l->arena, buf_span(&text));
	buf_free(&text);
	if (!got && !out->at)
		return err_set(l->err, ERR_LIMIT, ERR_NO_OFFSET, "rules do not fit in memory");
	return !got;
}

/* A pipe may be named, as in scan <(make-rules) FILE; what rules include is to be a file. */
static bool read_file(struct loader *l, const char *path, bool included, struct span *out)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (included ? O_NONBLOCK : 0);
	struct stat st;
	bool read;
	int fd;

	if (!strcmp(path, "-"))
		return read_whole(l, STDIN_FILENO, path, out);
	/* No device is woken to see that it is none. */
	fd = stat(path, &st) || !(S_ISREG(st.st_mode) || (!included && S_ISFIFO(st.st_mode))) ? -1 : open(path, flags);
	if (fd < 0)
		return err_set(l->err, ERR_IO, ERR_NO_OFFSET, "could not open file: %s", path);
	read = read_whole(l, fd, path, out);
	close(fd);
	return read;
}

static struct file *find_file(struct loader *l, const char *path)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->files[i].source.name, path))
			return &l->files[i];
	return NULL;
}

static bool add_file(struct loader *l, const char *path, const char *space, bool included);

/* "dir/of/from" + "/" + path, unless path is absolute. */
static const char *beside(struct loader *l, const char *from, const char *path)
{
	const char *slash = from ? strrchr(from, '/') : NULL;

	if (*path == '/' || !slash)
		return path;
	return (const char *)arena_printf(&l->arena, "%.*s/%s", (int)(slash - from), from, path).at;
}

/*
 * Whatever looks like an include is read, so that it counts for the digest; one
 * that cannot be read is told when the compiler comes to it, if it does.
 */
static bool find_includes(struct loader *l, struct span text, const char *from)
{
	static const char word[] = "include";
	struct err *err = l->err, ignored = { 0 };
	size_t at = 0;

	while ((at = span_find(text, at, SPAN("include"))) != SIZE_MAX) {
		struct span rest = span_trim(span_sub(text, at + sizeof word - 1, 4096));
		const char *path;

		at += sizeof word - 1;
		if (!span_starts(rest, SPAN("\"")))
			continue;
		rest = span_from(rest, 1);
		path = arena_text(&l->arena, span_split(&rest, '"'));
		path = path ? beside(l, from, path) : NULL;
		if (!path || find_file(l, path) || ++l->included > INCLUDES_MAX)
			continue;
		l->err = &ignored;
		add_file(l, path, NULL, true);
		l->err = err;
	}
	return true;
}

static bool add_file(struct loader *l, const char *path, const char *space, bool included)
{
	struct span text;
	struct file *file;

	if (!read_file(l, path, included, &text))
		return false;
	file = arena_push(&l->arena, (void **)&l->files, &l->count, &l->room, sizeof *file);
	path = arena_text(&l->arena, span_text(path));
	if (!file || !path || l->arena.used > ALL_TEXT_MAX)
		return err_set(l->err, ERR_LIMIT, ERR_NO_OFFSET, "rules do not fit in memory");
	*file = (struct file){ .source = { .name = path, .name_space = space, .text = text },
			       .only_included = included };
	return find_includes(l, text, path);
}

static int wanted(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool is_rule_name(const char *name)
{
	struct span s = span_text(name);

	return span_ends(s, SPAN(".yar")) || span_ends(s, SPAN(".yara"));
}

static bool add_path(struct loader *l, const char *path, const char *space, unsigned depth);

static bool add_folder(struct loader *l, const char *path, const char *space, unsigned depth)
{
	struct dirent **entries;
	int count = scandir(path, &entries, wanted, alphasort);
	bool added = true;

	if (count < 0)
		return err_errno(l->err, errno, "%s", path);
	for (int i = 0; i < count; i++) {
		struct span full = arena_printf(&l->arena, "%s/%s", path, entries[i]->d_name);
		struct stat st;

		if (added && full.at && !lstat((const char *)full.at, &st) &&
		    (S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) &&
					     is_rule_name(entries[i]->d_name))))
			added = add_path(l, (const char *)full.at, space, depth + 1);
		free(entries[i]);
	}
	free(entries);
	return added;
}

static bool add_path(struct loader *l, const char *path, const char *space, unsigned depth)
{
	struct stat st;

	if (depth > FOLDER_DEPTH_MAX)
		return err_set(l->err, ERR_LIMIT, ERR_NO_OFFSET, "%s: folders too deep", path);
	if (strcmp(path, "-") && !stat(path, &st) && S_ISDIR(st.st_mode))
		return add_folder(l, path, space, depth);
	return add_file(l, path, space, false);
}

/* "NAME:PATH": but a file of that whole name goes first. */
static bool add_argument(struct loader *l, const char *argument)
{
	const char *colon = strchr(argument, ':');
	char *space;

	if (!l->options->namespaces || !colon || !access(argument, F_OK))
		return add_path(l, argument, NULL, 0);
	space = arena_text(&l->arena, span_of(argument, (size_t)(colon - argument)));
	return space ? add_path(l, colon + 1, space, 0)
		     : err_set(l->err, ERR_LIMIT, ERR_NO_OFFSET, "no memory");
}

/* ---- compiling ---- */

static bool include(void *context, const char *path, const char *from, struct yara_source *out,
		    struct err *err)
{
	struct loader *l = context;
	const char *full = beside(l, from, path);
	struct file *file = full ? find_file(l, full) : NULL;

	if (!file)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "not a file that can be read");
	*out = file->source;
	return true;
}

static void problem(void *context, const struct yara_problem *p)
{
	struct loader *l = context;
	const struct yara_options *o = &l->options->compile;
	struct kept_problem *kept = ARENA_NEW(l->image, struct kept_problem);

	if (o->problem)
		o->problem(o->problem_context, p);
	if (!kept)
		return;
	kept->problem = *p;
	kept->problem.file = p->file ? arena_text(l->image, span_text(p->file)) : NULL;
	kept->problem.text = arena_text(l->image, span_text(p->text));
	kept->problem.rule = arena_copy(l->image, p->rule);
	if (l->last)
		l->last->next = kept;
	else
		l->kept->first = kept;
	l->last = kept;
}

static void digest_text(struct digest *d, const char *text)
{
	digest_add(d, span_of(text ? text : "", (text ? strlen(text) : 0) + 1));
}

static void digest_options(struct digest *d, const struct yara_options *o)
{
	uint32_t numbers[] = { o->skip_invalid, o->skip_duplicates, o->strict_escape,
			       o->max_strings_per_rule };

	digest_add(d, span_of(numbers, sizeof numbers));
	for (size_t i = 0; i < o->external_count; i++) {
		const struct yara_value *v = &o->externals[i].value;
		uint32_t type = v->type;

		digest_add(d, o->externals[i].name);
		digest_add(d, span_of(&type, sizeof type));
		digest_add(d, v->type == YARA_STRING ? v->string
						     : span_of(&v->integer, sizeof v->integer));
		digest_text(d, "");
	}
}

/* Which program on which machine: code and processor decide what an image holds. */
static void digest_program(struct digest *d)
{
	struct stat st = { 0 };
	char host[256] = "";

	stat("/proc/self/exe", &st);
	gethostname(host, sizeof host - 1);
	digest_text(d, KANSHIKI_VERSION);
	digest_text(d, host);
	digest_add(d, span_of(&st.st_size, sizeof st.st_size));
	digest_add(d, span_of(&st.st_mtim, sizeof st.st_mtim));
	digest_add(d, span_of(&st.st_ino, sizeof st.st_ino));
}

static bool digest_all(struct loader *l, uint8_t out[32])
{
	struct digest *d = digest_new(DIGEST_BLAKE2B);

	if (!d)
		return err_set(l->err, ERR_IO, ERR_NO_OFFSET, "no memory");
	digest_program(d);
	digest_options(d, &l->options->compile);
	for (size_t i = 0; i < l->count; i++) {
		const struct yara_source *s = &l->files[i].source;
		uint64_t len = s->text.len << 1 | l->files[i].only_included;

		digest_text(d, s->name);
		digest_text(d, s->name_space);
		digest_add(d, span_of(&len, sizeof len));
		digest_add(d, s->text);
	}
	digest_done(d, out);
	digest_free(d);
	return true;
}

static bool compile(struct loader *l, struct yara_rules *out)
{
	struct yara_source *sources = ARENA_ARRAY(&l->arena, l->count, struct yara_source);
	struct yara_options options = l->options->compile;
	size_t count = 0;

	if (!sources || !image_new(&out->image, IMAGE_YARA, l->err))
		return false;
	l->image = &out->image.arena;
	l->kept = ARENA_NEW(l->image, struct kept);
	options.include = include;
	options.include_context = l;
	options.problem = problem;
	options.problem_context = l;
	for (size_t i = 0; i < l->count; i++)
		if (!l->files[i].only_included)
			sources[count++] = l->files[i].source;
	if (!l->kept || !yara_compile(l->image, sources, count, &options, &l->kept->set,
				      &l->kept->counts, l->err) ||
	    !image_seal(&out->image, l->err)) {
		image_free(&out->image);
		return false;
	}
	out->image.root = l->kept;
	return true;
}

static bool from_cache(struct loader *l, const char *path, struct yara_rules *out)
{
	const struct yara_options *o = &l->options->compile;
	const struct kept *kept;
	struct err ignored = { 0 };

	if (!image_load(&out->image, IMAGE_YARA, path, out->digest, &ignored))
		return false;
	kept = out->image.root;
	for (const struct kept_problem *p = kept->first; o->problem && p; p = p->next)
		o->problem(o->problem_context, &p->problem);
	return out->from_cache = true;
}

static char *cache_path(const uint8_t digest[32])
{
	char *folder = image_cache_dir(), *path = NULL;
	char hex[33];

	for (size_t i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	if (folder && asprintf(&path, "%s/yara-%s", folder, hex) < 0)
		path = NULL;
	free(folder);
	return path;
}

static bool load(struct loader *l, struct yara_rules *out)
{
	char *path;
	bool loaded;
	struct err ignored = { 0 };

	if (!digest_all(l, out->digest))
		return false;
	path = l->options->no_cache ? NULL : cache_path(out->digest);
	loaded = path && from_cache(l, path, out);
	if (!loaded) {
		loaded = compile(l, out);
		if (loaded && path)
			image_save(&out->image, path, out->digest, &ignored);
	}
	free(path);
	if (loaded) {
		const struct kept *kept = out->image.root;

		out->set = kept->set;
		out->counts = kept->counts;
		out->files = (uint32_t)l->count;
	}
	return loaded;
}

bool yara_rules_load(const char *const *paths, size_t count,
		     const struct yara_load_options *options, struct yara_rules *out,
		     struct err *err)
{
	struct loader l = { .options = options, .arena = arena_new(2 * ALL_TEXT_MAX), .err = err };
	bool loaded = true;

	*out = (struct yara_rules){ 0 };
	for (size_t i = 0; i < count && loaded; i++)
		loaded = add_argument(&l, paths[i]);
	loaded = loaded && load(&l, out);
	arena_free(&l.arena);
	return loaded;
}

void yara_rules_free(struct yara_rules *rules)
{
	if (rules)
		image_free(&rules->image);
}
