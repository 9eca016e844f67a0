/* Configuration of containers: Docker's config.v2.json and hostconfig.json, compose files, static pods. */
#include "artefact/linux.h"

#include "codec/json_read.h"
#include "codec/yaml.h"

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

/* ---- compose files ---- */

#define SERVICES_MOST 1000

/* A scalar as it is, a list with blanks between, of a map its "key=value". */
static struct span words_of(struct arena *arena, const struct yaml_node *node)
{
	struct buf text = buf_new((size_t)8 << 10);
	struct span out;
	int count = 0;

	if (!node || node->kind == YAML_SCALAR)
		return node ? node->text : (struct span){ 0 };
	for (const struct yaml_node *e = node->first; e && count < ARGUMENTS_MOST; e = e->next, count++) {
		if (text.len)
			buf_add_u8(&text, ' ');
		if (node->kind == YAML_MAP) {
			buf_add(&text, e->key);
			buf_add_u8(&text, '=');
		}
		/* The long form of a mount. */
		buf_add(&text, e->kind == YAML_MAP ? yaml_get_text(e, "source") : e->text);
		if (e->kind == YAML_MAP) {
			buf_add_u8(&text, ':');
			buf_add(&text, yaml_get_text(e, "target"));
		}
	}
	out = arena_copy(arena, buf_span(&text));
	buf_free(&text);
	return out;
}

static bool reaches_host(struct span mounts)
{
	return span_starts(mounts, SPAN("/:")) || span_find(mounts, 0, SPAN(" /:")) != SIZE_MAX ||
	       span_find(mounts, 0, SPAN("docker.sock")) != SIZE_MAX;
}

static void tell_service_settings(struct linux_text *t, const struct yaml_node *s)
{
	struct arena *arena = t->a->arena;
	struct span mounts = words_of(arena, yaml_get(s, "volumes"));
	const struct {
		const char *key, *what;
	} plain[] = { { "image", "container image" }, { "cap_add", "container capability" },
		      { "restart", "container restart" }, { "environment", "container environment" },
		      { "ports", "container port" } };

	if (span_eq(yaml_get_text(s, "privileged"), SPAN("true")))
		linux_setting(t, "container privileged", s->key, SPAN("true"), "T1611");
	if (mounts.len)
		linux_setting(t, "container mount", s->key, mounts, reaches_host(mounts) ? "T1611" : NULL);
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		struct span value = words_of(arena, yaml_get(s, plain[i].key));

		if (value.len)
			linux_setting(t, plain[i].what, s->key, value, NULL);
	}
	for (const char *const *key = (const char *const[]){ "network_mode", "pid", "ipc", NULL }; *key; key++)
		if (span_eq(yaml_get_text(s, *key), SPAN("host")))
			linux_setting(t, "container of the host", s->key, span_text(*key), "T1611");
}

static void tell_service(struct linux_text *t, const struct yaml_node *s)
{
	struct arena *arena = t->a->arena;
	struct span entry = words_of(arena, yaml_get(s, "entrypoint"));
	struct span command = words_of(arena, yaml_get(s, "command")), program;

	if (entry.len)
		command = arena_printf(arena, "%.*s %.*s", SPAN_ARG(entry), SPAN_ARG(command));
	program = command;
	program = linux_word(&program);
	t->line = s->key_line;
	linux_autostart(t, &(struct linux_entry){ .what = "container", .technique = "T1543.005", .name = s->key,
		.command = command, .program = program, .user = yaml_get_text(s, "user") });
	tell_service_settings(t, s);
}

bool linux_compose(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	const struct yaml_limits limits = { .nodes = 20000 };
	const struct yaml_node *root = NULL, *services;
	struct yaml_place place;
	bool ok = yaml_parse(a->arena, a->bytes, &limits, &root, &place, err);
	int count = 0;

	services = yaml_get(root, "services");
	for (const struct yaml_node *s = services ? services->first : NULL; s && count < SERVICES_MOST; s = s->next, count++)
		tell_service(&t, s);
	linux_text_free(&t);
	return ok;
}

/* ---- static pods: what the node's agent starts by itself ---- */

static void tell_pod_container(struct linux_text *t, const struct yaml_node *c)
{
	struct arena *arena = t->a->arena;
	struct span name = yaml_get_text(c, "name"), image = yaml_get_text(c, "image");
	struct span command = arena_printf(arena, "%.*s %.*s", SPAN_ARG(words_of(arena, yaml_get(c, "command"))),
					   SPAN_ARG(words_of(arena, yaml_get(c, "args")))), program;

	command = program = span_trim(command);
	program = linux_word(&program);
	linux_autostart(t, &(struct linux_entry){ .what = "container", .technique = "T1543.005", .name = name,
		.command = command, .program = program });
	if (image.len)
		linux_setting(t, "container image", name, image, NULL);
	if (span_eq(yaml_get_text(yaml_get(c, "securityContext"), "privileged"), SPAN("true")))
		linux_setting(t, "container privileged", name, SPAN("true"), "T1611");
}

static void tell_pod_settings(struct linux_text *t, const struct yaml_node *spec)
{
	const struct yaml_node *volumes = yaml_get(spec, "volumes");
	int count = 0;

	for (const char *const *key = (const char *const[]){ "hostNetwork", "hostPID", "hostIPC", NULL }; *key; key++)
		if (span_eq(yaml_get_text(spec, *key), SPAN("true")))
			linux_setting(t, "container of the host", t->a->name, span_text(*key), NULL);
	for (const struct yaml_node *v = volumes ? volumes->first : NULL; v && count < SERVICES_MOST; v = v->next, count++) {
		struct span path = yaml_get_text(yaml_get(v, "hostPath"), "path");

		if (path.len)
			linux_setting(t, "container mount", yaml_get_text(v, "name"), path,
				      span_eq(path, SPAN("/")) ? "T1611" : NULL);
	}
}

bool linux_pod(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	const struct yaml_limits limits = { .nodes = 20000 };
	const struct yaml_node *root = NULL, *spec, *list;
	struct yaml_place place;
	bool ok = yaml_parse(a->arena, a->bytes, &limits, &root, &place, err);

	spec = yaml_get(root, "spec");
	for (const char *const *key = (const char *const[]){ "initContainers", "containers", NULL }; ok && *key; key++) {
		int count = 0;

		list = yaml_get(spec, *key);
		for (const struct yaml_node *c = list ? list->first : NULL; c && count < SERVICES_MOST; c = c->next, count++)
			tell_pod_container(&t, c);
	}
	tell_pod_settings(&t, spec);
	linux_text_free(&t);
	return ok;
}
