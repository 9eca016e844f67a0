/* Configuration of containers: Docker's config.v2.json and hostconfig.json. */
#include "artefact/linux.h"

#include "codec/json_read.h"

#define ARGUMENTS_MOST 64

static struct span join(struct arena *arena, const struct json *path, const struct json *list)
{
	struct buf text = buf_new((size_t)8 << 10);
	struct span out;
	int count = 0;

	if (path)
		buf_add(&text, path->text);
	for (const struct json *e = list ? list->first : NULL; e && count < ARGUMENTS_MOST;
	     e = e->next, count++) {
		if (text.len)
			buf_add_u8(&text, ' ');
		buf_add(&text, e->text);
	}
	out = arena_copy(arena, buf_span(&text));
	buf_free(&text);
	return out;
}

static void tell_container(struct linux_text *t, const struct json *root)
{
	struct arena *arena = t->a->arena;
	const struct json *config = json_member(root, "Config");
	struct span image = json_member_text(config, "Image");

	linux_autostart(t, &(struct linux_entry){ .what = "container", .technique = "T1543.005",
		.name = json_member_text(root, "Name"),
		.command = join(arena, json_member(root, "Path"), json_member(root, "Args")),
		.program = json_member_text(root, "Path"), .user = json_member_text(config, "User") });
	if (image.len)
		linux_setting(t, "container image", json_member_text(root, "Name"), image, NULL);
	linux_setting(t, "container environment", json_member_text(root, "Name"),
		      join(arena, NULL, json_member(config, "Env")), NULL);
}

/* What lets a container reach its host. */
static void tell_host_config(struct linux_text *t, const struct json *root)
{
	struct arena *arena = t->a->arena;
	const struct json *privileged = json_member(root, "Privileged");
	const struct json *policy = json_member(root, "RestartPolicy");
	struct span binds = join(arena, NULL, json_member(root, "Binds"));
	struct span caps = join(arena, NULL, json_member(root, "CapAdd"));
	struct span container = linux_part(t->a->path, 1);

	if (privileged && span_eq(privileged->text, SPAN("true")))
		linux_setting(t, "container privileged", container, SPAN("true"), "T1611");
	if (binds.len)
		linux_setting(t, "container mount", container, binds,
			      span_starts(binds, SPAN("/:")) ||
			      span_find(binds, 0, SPAN("docker.sock")) != SIZE_MAX ? "T1611" : NULL);
	if (caps.len)
		linux_setting(t, "container capability", container, caps, NULL);
	if (json_member_text(policy, "Name").len)
		linux_setting(t, "container restart", container, json_member_text(policy, "Name"), NULL);
}

bool linux_container(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct json *root;
	bool ok = json_read(a->bytes, a->arena, &root, err);

	if (ok) {
		t.line = 0;
		if (span_eq(a->name, SPAN("hostconfig.json")))
			tell_host_config(&t, root);
		else
			tell_container(&t, root);
	}
	linux_text_free(&t);
	return ok;
}
