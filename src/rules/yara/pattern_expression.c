#include "base/buf.h"
#include "rules/yara/pattern_set.h"

static bool put_set(struct buf *to, const struct byte_set *set)
{
	size_t count = byte_set_count(set);
	bool inside = false;

	if (count == 256)
		return buf_text(to, "[\\x00-\\xff]");
	if (!count)
		return buf_text(to, "[^\\x00-\\xff]");
	buf_text(to, "[");
	for (int byte = 0; byte < 256; byte++) {
		bool is_in = byte_set_has(set, (uint8_t)byte);
		bool next = byte < 255 && byte_set_has(set, (uint8_t)(byte + 1));

		if (is_in && !(inside && next))
			buf_printf(to, "%s\\x%02x", inside ? "-" : "", byte);
		inside = is_in && next;
	}
	return buf_text(to, "]");
}

static bool put_node(struct buf *to, const struct regex_ast *node, bool wide);

static bool put_children(struct buf *to, const struct regex_ast *node, bool wide,
			 const char *between)
{
	for (const struct regex_ast *child = node->first; child; child = child->next) {
		if (child != node->first)
			buf_text(to, between);
		if (!put_node(to, child, wide))
			return false;
	}
	return true;
}

static bool put_repeat(struct buf *to, const struct regex_ast *node, bool wide)
{
	buf_text(to, "(?:");
	if (!put_node(to, node->first, wide))
		return false;
	if (node->max == REGEX_NO_END)
		return buf_printf(to, "){%u,}", node->min);
	return buf_printf(to, "){%u,%u}", node->min, node->max);
}

static bool put_node(struct buf *to, const struct regex_ast *node, bool wide)
{
	switch (node->kind) {
	case AST_SET:
		return put_set(to, &node->set) && (!wide || buf_text(to, "\\x00"));
	case AST_SEQ:
		return put_children(to, node, wide, "");
	case AST_ALT:
		return buf_text(to, "(?:") && put_children(to, node, wide, "|") &&
		       buf_text(to, ")");
	case AST_REPEAT:
		return put_repeat(to, node, wide);
	case AST_ASSERT:		/* left out: it only ever forbids */
		return true;
	}
	return false;
}

bool pattern_expression(struct buf *to, const struct regex_ast *root, bool wide)
{
	return put_node(to, root, wide) && to->len && !to->overflow;
}
