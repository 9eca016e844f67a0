#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec *by_name(const struct option_spec *specs, struct span name)
{
	for (; specs && specs->kind != OPTION_END; specs++)
		if (specs->name && span_eq(span_text(specs->name), name))
			return specs;
	return NULL;
}

static const struct option_spec *by_letter(const struct option_spec *specs, char letter)
{
	for (; specs && specs->kind != OPTION_END; specs++)
		if (specs->letter == letter)
			return specs;
	return NULL;
}

/* Digits and an optional unit letter; `units` pairs letters with factors. */
static bool scaled(const char *text, const char *units, const uint64_t *factors, uint64_t *out)
{
	struct span digits = span_text(text);
	const char *unit = digits.len ? strchr(units, digits.at[digits.len - 1]) : NULL;
	uint64_t factor = 1;

	if (unit && *unit) {
		factor = factors[unit - units];
		digits.len--;
	}
	return span_to_u64(digits, out) && !__builtin_mul_overflow(*out, factor, out);
}

static bool number_of(enum option_kind kind, const char *text, uint64_t *out)
{
	static const uint64_t sizes[] = { 1, 1 << 10, 1 << 20, 1 << 30, UINT64_C(1) << 40,
					  1 << 10, 1 << 20, 1 << 30, UINT64_C(1) << 40 };
	static const uint64_t times[] = { 1, 60, 3600, 86400 };

	if (kind == OPTION_SIZE)
		return scaled(text, "BKMGTkmgt", sizes, out);
	if (kind == OPTION_SECONDS)
		return scaled(text, "smhd", times, out);
	return span_to_u64(span_text(text), out);
}

static bool store(const struct option_spec *spec, const char *value, struct err *err)
{
	struct option_list *list;

	switch (spec->kind) {
	case OPTION_FLAG:
		*(bool *)spec->target = true;
		return true;
	case OPTION_TEXT:
		*(const char **)spec->target = value;
		return true;
	case OPTION_LIST:
		list = spec->target;
		if (list->count == OPTION_LIST_MAX)
			return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "too many --%s", spec->name);
		list->values[list->count++] = value;
		return true;
	case OPTION_NUMBER:
	case OPTION_SIZE:
	case OPTION_SECONDS:
		if (number_of(spec->kind, value, spec->target))
			return true;
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is no value for --%s (%s)",
			       value, spec->name, spec->value);
	case OPTION_END:
		break;
	}
	return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "unknown kind of option");
}

struct parse {
	const struct command *command;
	char **argv;
	int argc, at;
	struct err *err;
};

static bool with_value(struct parse *p, const struct option_spec *spec, const char *attached)
{
	if (spec->kind == OPTION_FLAG)
		return store(spec, NULL, p->err);
	if (attached)
		return store(spec, attached, p->err);
	if (p->at >= p->argc)
		return err_set(p->err, ERR_USAGE, ERR_NO_OFFSET, "--%s needs %s", spec->name,
			       spec->value);
	return store(spec, p->argv[p->at++], p->err);
}

static bool long_option(struct parse *p, const char *text)
{
	struct span name = span_text(text), rest = name;
	bool attached = span_find_byte(name, 0, '=') != SIZE_MAX;
	const struct option_spec *spec;

	name = span_split(&rest, '=');
	spec = by_name(p->command->options, name);
	if (!spec)
		return err_set(p->err, ERR_USAGE, ERR_NO_OFFSET,
			       "unknown option '--%.*s'; see kanshiki %s --help", SPAN_ARG(name),
			       p->command->name);
	if (attached && spec->kind == OPTION_FLAG)
		return err_set(p->err, ERR_USAGE, ERR_NO_OFFSET, "--%s takes no value", spec->name);
	return with_value(p, spec, attached ? (const char *)rest.at : NULL);
}

static bool short_options(struct parse *p, const char *letters)
{
	for (; *letters; letters++) {
		const struct option_spec *spec = by_letter(p->command->options, *letters);

		if (!spec)
			return err_set(p->err, ERR_USAGE, ERR_NO_OFFSET,
				       "unknown option '-%c'; see kanshiki %s --help", *letters,
				       p->command->name);
		if (spec->kind != OPTION_FLAG)
			return with_value(p, spec, letters[1] ? letters + 1 : NULL);
		store(spec, NULL, p->err);
	}
	return true;
}

static bool check_count(const struct command *command, int argc, struct err *err)
{
	if ((size_t)argc < command->least)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "too few arguments; usage: kanshiki %s",
			       command->usage);
	if (command->most && (size_t)argc > (command->most == ARGUMENTS_NONE ? 0 : command->most))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "too many arguments; usage: kanshiki %s",
			       command->usage);
	return true;
}

bool options_parse(const struct command *command, int *argc, char **argv, bool *want_help,
		   struct err *err)
{
	struct parse p = { .command = command, .argv = argv, .argc = *argc, .err = err };
	int kept = 0;

	*want_help = false;
	while (p.at < p.argc) {
		char *text = argv[p.at++];

		if (!strcmp(text, "--")) {
			while (p.at < p.argc)
				argv[kept++] = argv[p.at++];
		} else if (!strcmp(text, "--help") || !strcmp(text, "-h")) {
			*want_help = true;
			return true;
		} else if (!strncmp(text, "--", 2)) {
			if (!long_option(&p, text + 2))
				return false;
		} else if (text[0] == '-' && text[1]) {
			if (!short_options(&p, text + 1))
				return false;
		} else {
			argv[kept++] = text;
		}
	}
	*argc = kept;
	return check_count(command, kept, err);
}

/* Prints `text` folded at `width`, continuation lines indented. */
static void fold(const char *text, int indent, int width)
{
	int column = indent;

	while (*text) {
		int word = (int)strcspn(text, " \n");

		if (column > indent && column + 1 + word > width) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", word, text);
		column += word;
		text += word;
		if (*text == '\n') {
			printf("\n%*s", indent, "");
			column = indent;
		}
		if (*text)
			text++;
	}
	putchar('\n');
}

static void help_option(const struct option_spec *spec)
{
	char left[64];
	int used = spec->letter ? snprintf(left, sizeof left, "  -%c, --%s", spec->letter, spec->name)
				: snprintf(left, sizeof left, "      --%s", spec->name);

	if (spec->value && used > 0 && (size_t)used < sizeof left)
		used += snprintf(left + used, sizeof left - (size_t)used, " %s", spec->value);
	if (used < 28)
		printf("%-28s", left);
	else
		printf("%s\n%28s", left, "");
	fold(spec->help, 28, 80);
}

void options_help(const struct command *command)
{
	printf("usage: kanshiki %s\n\n", command->usage);
	fold(command->about ? command->about : command->summary, 0, 80);
	printf("\noptions:\n");
	for (const struct option_spec *spec = command->options; spec && spec->kind; spec++)
		help_option(spec);
	printf("      --help                show this help\n\nexit codes:\n  ");
	fold(command->exits ? command->exits : "0 done, 2 could not do it", 2, 80);
}
