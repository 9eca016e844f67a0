/*
 * What pacman (Arch and its kin) knows of installed files: local/PACKAGE/mtree, compressed, in
 * the form of mtree(5): a path, then words "sha256digest=…" a line.
 */
#include "artefact/linux.h"

#define PATH_MOST ((size_t)16 << 10)
#define DIGEST_LEN 64

static bool is_digest(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!strchr("0123456789abcdef", s.at[i]) || !s.at[i])
			return false;
	return s.len == DIGEST_LEN;
}

static bool is_octal(struct span s)
{
	return s.len >= 4 && s.at[0] == '\\' && s.at[1] >= '0' && s.at[1] <= '3' && s.at[2] >= '0' && s.at[2] <= '7' &&
	       s.at[3] >= '0' && s.at[3] <= '7';
}

/* "./usr/share/a\040b": without the dot, what is written as octal as it is. */
static void add_path(struct buf *to, struct span path)
{
	for (size_t at = 1; at < path.len; at++) {
		struct span rest = span_from(path, at);

		if (is_octal(rest)) {
			buf_add_u8(to, (uint8_t)((rest.at[1] - '0') << 6 | (rest.at[2] - '0') << 3 | (rest.at[3] - '0')));
			at += 3;
		} else {
			buf_add_u8(to, rest.at[0]);
		}
	}
}

static void tell_file(struct linux_text *t, struct span package, struct span path, struct span digest)
{
	struct trace trace = trace_new(TRACE_KNOWN, "package file");

	trace.path = path;
	trace.digest = arena_printf(t->a->arena, "sha256:%.*s", SPAN_ARG(digest));
	trace.name = package;
	trace.protocol = SPAN("pacman");
	linux_tell(t, &trace);
}

bool package_pacman(const struct artefact *a, struct err *err)
{
	/* The archive's name is that of its only member: "base-1.0-1/mtree!/mtree". */
	struct span package = linux_part(a->path, 2), line;
	struct linux_text t = linux_text_of(a);
	struct buf path = buf_new(PATH_MOST);

	while (linux_next_entry(&t, &line)) {
		struct span name = linux_word(&line), word, key, value;

		/* ".PKGINFO" and its like are the package's own. */
		if (!span_starts(name, SPAN("./")) || span_starts(name, SPAN("./.")))
			continue;
		while ((word = linux_word(&line)).len)
			if (linux_pair(word, &key, &value) && span_eq(key, SPAN("sha256digest")) && is_digest(value)) {
				buf_clear(&path);
				add_path(&path, name);
				tell_file(&t, package, buf_span(&path), value);
			}
	}
	buf_free(&path);
	linux_text_free(&t);
	return true;
}
