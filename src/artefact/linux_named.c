/*
 * Settings of all programs, whatever their form: a line that names a file where the system
 * keeps none. What runs or loads a file by such a line is beyond any list; that somebody wrote
 * it, and no package, the ledger knows.
 */
#include "artefact/linux.h"

/* Of one file: a list of very many is a list of data. */
#define NAMED_MOST 16
#define NAMED_SIZE_MAX ((size_t)256 << 10)

static const char quotes[] = " \t\"'`;|&()<>,:=*{}[]\\";

/* Where what is no package's, but somebody's, lies. */
static const char *const places[] = { "/opt/", "/tmp/", "/var/tmp/", "/dev/shm/", "/root/", "/srv/", "/mnt/", "/media/",
				      "/home/", "/usr/local/" };
/* By their names code, wherever: "/x/y.so". */
static const char *const endings[] = { ".so", ".sh", ".py", ".pl", ".rb", ".jar", ".lua", ".php", ".js", ".elf" };

static bool is_code_elsewhere(struct span path)
{
	if (!linux_is_elsewhere(path))
		return false;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (span_ends(path, span_text(endings[i])))
			return !span_starts(path, SPAN("/etc/")) && !span_starts(path, SPAN("/lib/")) &&
			       !span_starts(path, SPAN("/var/lib/"));
	return false;
}

/* Who speaks of a home in settings of a home means what is there already. */
static bool is_at_home(struct span where, struct span path)
{
	return (span_find(where, 0, SPAN("/home/")) != SIZE_MAX || span_find(where, 0, SPAN("/root/")) != SIZE_MAX) &&
	       (span_starts(path, SPAN("/home/")) || span_starts(path, SPAN("/root/")));
}

static bool is_told(struct span where, struct span path)
{
	/* A pattern for the parts of a path, and a folder that may hold anything, name no file. */
	if (path.len < 4 || path.at[path.len - 1] == '/' || is_at_home(where, path))
		return false;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (span_starts(path, span_text(places[i])) && path.len > strlen(places[i]))
			return true;
	return is_code_elsewhere(path);
}

/* The first such path of a line; not the path of an address ("https://x/opt/y"). */
static struct span named_in(struct span where, struct span line)
{
	for (size_t at = 0; (at = span_find_byte(line, at, '/')) != SIZE_MAX;) {
		bool is_start = !at || strchr(quotes, line.at[at - 1]) || strchr("!@+-^~$\n", line.at[at - 1]);
		size_t end = at;
		struct span path;

		while (end < line.len && line.at[end] && !strchr(quotes, line.at[end]))
			end++;
		path = span_sub(line, at, end - at);
		if (is_start && !span_starts(path, SPAN("//")) && is_told(where, path))
			return path;
		at = end + (end == at);
	}
	return (struct span){ 0 };
}

/* What was typed, and what programs note for themselves. */
static bool is_record(struct span path, struct span name)
{
	return span_has_any(name, "history|.viminfo|.lesshst|.wget-hsts|.xbel|.xsession-errors|.log|known_hosts|bookmarks|"
			    ".lock|.pem|.crt|.list|mtab|fstab|exports|passwd|updatedb.conf|.bak|.old|.dpkg-") ||
	       span_has_any(path, "/.cache/|/cache/|/.git/|/.local/share/trash/|/logs/|/.npm/_|/node_modules/|/ca-certificates/");
}

static bool is_comment(struct span line)
{
	return line.at[0] == ';' || span_starts(line, SPAN("* ")) || span_starts(line, SPAN("//")) ||
	       span_starts(line, SPAN("<!--")) || span_starts(line, SPAN("\" "));
}

/* ---- what others tell of the same file ---- */

/* Commands and programs, a line each; what does not fit is told twice. */
#define OTHERS_MOST ((size_t)1 << 20)

static bool note(void *context, const struct trace *trace)
{
	struct buf *others = context;

	if (trace->kind == TRACE_AUTOSTART) {
		buf_add(others, trace->program);
		buf_add_u8(others, '\n');
		buf_add(others, trace->command);
		buf_add_u8(others, '\n');
	}
	return true;
}

__attribute__((format(printf, 2, 3)))
static void no_reason(void *context, const char *format, ...)
{
}

static void no_loss(void *context, uint64_t lost)
{
}

/*
 * Who knows the form of a line tells of it better: those are asked first, once there is something
 * to tell. False: one of them uses a library made elsewhere, and knows all of the form.
 */
static bool ask_others(const struct artefact *a, struct buf *others)
{
	struct artefact again = *a;
	struct artefact_list list;
	struct err ignored;

	again.trace = note;
	again.short_of = no_reason;
	again.lost = no_loss;
	again.context = others;
	artefact_find(a->kind, a->path, &list);
	for (size_t i = 0; i < list.count; i++) {
		if (list.at[i]->evidence_class != CLASS_CONFIGURATION || list.at[i]->decode == linux_named)
			continue;
		if (list.at[i]->is_risky)
			return false;
		list.at[i]->decode(&again, &ignored);
	}
	return true;
}

static bool tell_named(struct linux_text *t, struct span line, struct span path)
{
	return linux_autostart(t, &(struct linux_entry){ .what = "named file", .technique = "T1574", .name = t->a->name,
		.command = span_sub(line, 0, 512), .program = path });
}

bool linux_named(const struct artefact *a, struct err *err)
{
	struct linux_text t;
	struct span line, path;
	struct buf others = buf_new(OTHERS_MOST);
	bool is_asked = false, is_ours = true;
	unsigned told = 0;

	if (a->bytes.len > NAMED_SIZE_MAX || !span_is_one_of(span_text(a->kind), "text|json|json lines|xml|script|ini|data") ||
	    span_find_byte(span_sub(a->bytes, 0, 4096), 0, 0) != SIZE_MAX || is_record(a->path, a->name))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no settings");
	t = linux_text_of(a);
	while (is_ours && told < NAMED_MOST && linux_next_entry(&t, &line)) {
		line = span_sub(line, 0, 4096);
		if (is_comment(line) || !(path = named_in(a->path, line)).len)
			continue;
		if (!is_asked)
			is_ours = ask_others(a, &others);
		is_asked = true;
		if (is_ours && span_find(buf_span(&others), 0, path) == SIZE_MAX)
			told += tell_named(&t, line, path);
	}
	linux_text_free(&t);
	buf_free(&others);
	return true;
}

/* ---- ld.so.cache ---- */

#define CACHE_HEADER 48
#define CACHE_ENTRY 24
#define CACHE_ENTRIES_MOST 100000

/* Folders that the loader looks into without being told, and those that Debian and others tell it. */
static bool is_usual_library(struct span path)
{
	static const char *const usual[] = { "/lib/", "/lib64/", "/lib32/", "/libx32/", "/usr/lib/", "/usr/lib64/",
					     "/usr/lib32/", "/usr/libx32/", "/usr/libexec/", "/usr/share/" };

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (span_starts(path, span_text(usual[i])))
			return true;
	return false;
}

static struct span text_at(struct span bytes, size_t at)
{
	struct span s = span_from(bytes, at);

	return span_sub(s, 0, span_find_byte(s, 0, 0));
}

/*
 * glibc's cache (dl-cache.h, form 1.1; an older form may stand before it): a count, then
 * entries of flags, name, path, version and capabilities. The loader believes it before it
 * looks anywhere itself.
 */
bool linux_library_cache(const struct artefact *a, struct err *err)
{
	static const char magic[] = "glibc-ld.so.cache1.1";
	size_t start = span_find(a->bytes, 0, span_text(magic));
	struct span cache = span_from(a->bytes, start);
	struct cursor c = cursor_of(cache);
	struct linux_text t;
	uint32_t count;

	if (start == SIZE_MAX || cache.len < CACHE_HEADER)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no cache of the loader");
	cursor_skip(&c, sizeof magic - 1);
	count = cursor_u32le(&c);
	if (count > CACHE_ENTRIES_MOST || count > (cache.len - CACHE_HEADER) / CACHE_ENTRY)
		return err_set(err, ERR_CORRUPT, sizeof magic - 1, "%u libraries in a cache of %zu bytes", count, cache.len);
	cursor_seek(&c, CACHE_HEADER);
	t = linux_text_of(a);
	while (count--) {
		struct span name, path;

		cursor_skip(&c, 4);
		name = text_at(cache, cursor_u32le(&c));
		path = text_at(cache, cursor_u32le(&c));
		cursor_skip(&c, CACHE_ENTRY - 12);
		if (path.len && !is_usual_library(path))
			linux_autostart(&t, &(struct linux_entry){ .what = "library path", .technique = "T1574",
				.name = name, .command = path, .program = path });
	}
	linux_text_free(&t);
	return true;
}
