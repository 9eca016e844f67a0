#include "base/utf8.h"
#include "formats/evtx/evtx_decoder.h"
#include "formats/evtx/evtx_repeat.h"

static bool xml_list(struct evtx_sink *s, const struct binxml_node *list, const struct evtx_element *x,
		     uint32_t depth, bool indented);

static bool is_value_there(const struct evtx_element *x, const struct binxml_node *content)
{
	return !content || content->next || content->kind != BINXML_VALUE || evtx_element_value(x, content);
}

/* NameChar of XML 1.0. */
static bool is_name_character(uint32_t code)
{
	static const uint32_t ranges[][2] = {
		{ 'a', 'z' }, { 'A', 'Z' }, { '0', '9' }, { '-', '.' }, { ':', ':' }, { '_', '_' }, { 0xb7, 0xb7 },
		{ 0xc0, 0xd6 }, { 0xd8, 0xf6 }, { 0xf8, 0x37d }, { 0x37f, 0x1fff }, { 0x200c, 0x200d },
		{ 0x203f, 0x2040 }, { 0x2070, 0x218f }, { 0x2c00, 0x2fef }, { 0x3001, 0xd7ff },
		{ 0xf900, 0xfdcf }, { 0xfdf0, 0xfffd }, { 0x10000, 0xeffff },
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	return false;
}

/* What no name may have becomes a line below, so that a hostile log does not break the document. */
static void name(struct evtx_sink *s, struct span utf8)
{
	uint32_t code = 0;

	if (!utf8.len || (utf8.at[0] < 'A' && utf8.at[0] != ':'))
		evtx_sink_raw(s, SPAN("_"));
	while (utf8.len) {
		size_t len = utf8_next(utf8, &code);

		if (len && is_name_character(code))
			evtx_sink_raw(s, span_sub(utf8, 0, len));
		else
			evtx_sink_raw(s, SPAN("_"));
		utf8 = span_from(utf8, len ? len : 1);
	}
}

static void text_node(struct evtx_sink *s, const struct binxml_node *node)
{
	switch (node->kind) {
	case BINXML_ENTITY:
		/* One that XML does not know is text. */
		evtx_sink_raw(s, binxml_entity(node->name).len ? SPAN("&") : SPAN("&amp;"));
		evtx_sink_text(s, node->name, EVTX_XML_PART);
		evtx_sink_raw(s, SPAN(";"));
		break;
	case BINXML_INSTRUCTION:
		evtx_sink_raw(s, SPAN("<?"));
		name(s, node->name);
		evtx_sink_raw(s, SPAN(" "));
		evtx_sink_text(s, node->text, EVTX_XML_PART);
		evtx_sink_raw(s, SPAN("?>"));
		break;
	default:
		/* CDATA too: as escaped text it says the same and cannot be broken out of. */
		evtx_sink_text(s, node->text, EVTX_XML_PART);
	}
}

static void attributes(struct evtx_sink *s, const struct evtx_element *x)
{
	for (const struct binxml_node *a = x->e->attributes; a; a = a->next) {
		if (!is_value_there(x, a->content))
			continue;
		evtx_sink_raw(s, SPAN(" "));
		name(s, a->name);
		evtx_sink_raw(s, SPAN("=\""));
		for (const struct binxml_node *part = a->content; part; part = part->next) {
			if (part->kind != BINXML_VALUE)
				text_node(s, part);
			else if (evtx_element_value(x, part))
				evtx_element_write(s, x, part, EVTX_XML_PART);
		}
		evtx_sink_raw(s, SPAN("\""));
	}
}

static void line(struct evtx_sink *s, uint32_t depth)
{
	static const char blanks[] = "                                                                ";

	if (s->nodes > 1)
		evtx_sink_raw(s, SPAN("\n"));
	evtx_sink_raw(s, span_of(blanks, 2 * (depth < 32 ? depth : 32)));
}

/* What content brings: elements, and text beside them. */
static void survey(const struct evtx_element *x, bool *elements, bool *texts)
{
	for (const struct binxml_node *node = x->e->content; node; node = node->next) {
		const struct evtx_value *v = node->kind == BINXML_VALUE ? evtx_element_value(x, node) : NULL;

		if (node->kind == BINXML_ELEMENT || node->kind == BINXML_INSTANCE || (v && v->nested))
			*elements = true;
		else if (node->kind != BINXML_VALUE || v)
			*texts = true;
	}
}

static bool xml_element(struct evtx_sink *s, const struct evtx_element *x, uint32_t depth, bool indented)
{
	bool elements = false, texts = false;

	if (indented)
		line(s, depth);
	evtx_sink_raw(s, SPAN("<"));
	name(s, x->e->name);
	attributes(s, x);
	if (!x->e->content) {
		evtx_sink_raw(s, SPAN("/>"));
		return true;
	}
	evtx_sink_raw(s, SPAN(">"));
	survey(x, &elements, &texts);
	if (!xml_list(s, x->e->content, x, depth + 1, elements && !texts))
		return false;
	if (elements && !texts)
		line(s, depth);
	evtx_sink_raw(s, SPAN("</"));
	name(s, x->e->name);
	evtx_sink_raw(s, SPAN(">"));
	return true;
}

/* An element as often as it comes. */
static bool xml_elements(struct evtx_sink *s, const struct binxml_node *e, const struct evtx_instance *in,
			 uint32_t depth, bool indented)
{
	struct evtx_element x = { .e = e, .in = in };

	if (evtx_is_left_out(e, in))
		return true;
	if (!evtx_repeats_find(s, e, in, &x.repeats))
		return false;
	if (!x.repeats)
		return xml_element(s, &x, depth, indented);
	s->once = true;
	for (; x.turn < x.repeats->turns; x.turn++)
		if (!evtx_sink_step(s, depth) || !xml_element(s, &x, depth, indented))
			return false;
	return true;
}

static bool xml_instance(struct evtx_sink *s, const struct evtx_instance *in, uint32_t depth, bool indented)
{
	const struct evtx_element outside = { .in = in };

	return xml_list(s, in->root, &outside, depth, indented);
}

static bool xml_node(struct evtx_sink *s, const struct binxml_node *node, const struct evtx_element *x,
		     uint32_t depth, bool indented)
{
	const struct evtx_value *v = NULL;

	switch (node->kind) {
	case BINXML_ELEMENT:
		return xml_elements(s, node, x->in, depth, indented);
	case BINXML_INSTANCE:
		return xml_instance(s, node->instance, depth, indented);
	case BINXML_VALUE:
		v = evtx_element_value(x, node);
		if (v && v->nested)
			return xml_instance(s, v->nested, depth, indented);
		if (v)
			evtx_element_write(s, x, node, EVTX_XML_PART);
		return true;
	default:
		text_node(s, node);
		return true;
	}
}

static bool xml_list(struct evtx_sink *s, const struct binxml_node *list, const struct evtx_element *x,
		     uint32_t depth, bool indented)
{
	for (; list; list = list->next)
		if (!evtx_sink_step(s, depth) || !xml_node(s, list, x, depth, indented))
			return false;
	return true;
}

static bool xml_walk(struct evtx_sink *s, const struct evtx_instance *root)
{
	return xml_instance(s, root, 0, true);
}

bool evtx_record_xml(const struct evtx_record *r, struct buf *to, struct err *err)
{
	return evtx_render(r, 'x', xml_walk, to, err);
}
