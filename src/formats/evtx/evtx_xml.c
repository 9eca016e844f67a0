#include "formats/evtx/evtx_decoder.h"
#include "formats/evtx/evtx_render.h"

static bool xml_list(struct evtx_sink *s, const struct binxml_node *list,
		     const struct evtx_instance *in, uint32_t depth, bool indented);

static bool is_value_there(const struct binxml_node *content, const struct evtx_instance *in)
{
	return !content || content->next || content->kind != BINXML_VALUE ||
	       evtx_instance_value(in, content->index);
}

static void text_node(struct evtx_sink *s, const struct binxml_node *node)
{
	switch (node->kind) {
	case BINXML_ENTITY:
		evtx_sink_raw(s, SPAN("&"));
		evtx_sink_text(s, node->name, EVTX_XML_PART);
		evtx_sink_raw(s, SPAN(";"));
		break;
	case BINXML_INSTRUCTION:
		evtx_sink_raw(s, SPAN("<?"));
		evtx_sink_text(s, node->name, EVTX_XML_PART);
		evtx_sink_raw(s, SPAN(" "));
		evtx_sink_text(s, node->text, EVTX_XML_PART);
		evtx_sink_raw(s, SPAN("?>"));
		break;
	default:
		/* CDATA too: as escaped text it says the same and cannot be broken out of. */
		evtx_sink_text(s, node->text, EVTX_XML_PART);
	}
}

static void attributes(struct evtx_sink *s, const struct binxml_node *e,
		       const struct evtx_instance *in)
{
	for (const struct binxml_node *a = e->attributes; a; a = a->next) {
		if (!is_value_there(a->content, in))
			continue;
		evtx_sink_raw(s, SPAN(" "));
		evtx_sink_text(s, a->name, EVTX_XML_PART);
		evtx_sink_raw(s, SPAN("=\""));
		for (const struct binxml_node *part = a->content; part; part = part->next) {
			if (part->kind != BINXML_VALUE)
				text_node(s, part);
			else if (evtx_instance_value(in, part->index))
				evtx_sink_value(s, in, part->index, EVTX_XML_PART);
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
static void survey(const struct binxml_node *list, const struct evtx_instance *in, bool *elements,
		   bool *texts)
{
	for (; list; list = list->next) {
		const struct evtx_value *v = list->kind == BINXML_VALUE
			? evtx_instance_value(in, list->index) : NULL;

		if (list->kind == BINXML_ELEMENT || list->kind == BINXML_INSTANCE ||
		    (v && v->nested))
			*elements = true;
		else if (list->kind != BINXML_VALUE || v)
			*texts = true;
	}
}

static bool xml_element(struct evtx_sink *s, const struct binxml_node *e,
			const struct evtx_instance *in, const struct evtx_value *item,
			uint32_t depth, bool indented)
{
	bool elements = false, texts = false;

	if (indented)
		line(s, depth);
	evtx_sink_raw(s, SPAN("<"));
	evtx_sink_text(s, e->name, EVTX_XML_PART);
	attributes(s, e, in);
	if (!e->content) {
		evtx_sink_raw(s, SPAN("/>"));
		return true;
	}
	evtx_sink_raw(s, SPAN(">"));
	survey(e->content, in, &elements, &texts);
	if (item)
		evtx_sink_element(s, item, EVTX_XML_PART);
	else if (!xml_list(s, e->content, in, depth + 1, elements && !texts))
		return false;
	if (elements && !texts)
		line(s, depth);
	evtx_sink_raw(s, SPAN("</"));
	evtx_sink_text(s, e->name, EVTX_XML_PART);
	evtx_sink_raw(s, SPAN(">"));
	return true;
}

/* A list that is an element's whole content repeats the element, as in Windows. */
static bool repeat(struct evtx_sink *s, const struct binxml_node *e,
		   const struct evtx_instance *in, const struct evtx_value *list, uint32_t depth,
		   bool indented)
{
	uint8_t type = list->type & (uint8_t)~EVTX_ARRAY;
	struct span rest = evtx_value_span(list);

	while (rest.len) {
		struct span one = evtx_type_next(type, &rest);
		const struct evtx_value item = { .at = one.at, .len = (uint16_t)one.len,
						 .type = type };

		if (!evtx_sink_step(s, depth) || !xml_element(s, e, in, &item, depth, indented))
			return false;
	}
	return true;
}

static bool xml_node(struct evtx_sink *s, const struct binxml_node *node,
		     const struct evtx_instance *in, uint32_t depth, bool indented)
{
	const struct evtx_value *v = NULL;

	switch (node->kind) {
	case BINXML_ELEMENT:
		if (evtx_is_left_out(node, in))
			return true;
		if (node->content && node->content->kind == BINXML_VALUE && !node->content->next)
			v = evtx_instance_value(in, node->content->index);
		if (v && (v->type & EVTX_ARRAY) && v->len)
			return repeat(s, node, in, v, depth, indented);
		return xml_element(s, node, in, NULL, depth, indented);
	case BINXML_INSTANCE:
		return xml_list(s, node->instance->root, node->instance, depth, indented);
	case BINXML_VALUE:
		v = evtx_instance_value(in, node->index);
		if (v && v->nested)
			return xml_list(s, v->nested->root, v->nested, depth, indented);
		if (v)
			evtx_sink_value(s, in, node->index, EVTX_XML_PART);
		return true;
	default:
		text_node(s, node);
		return true;
	}
}

static bool xml_list(struct evtx_sink *s, const struct binxml_node *list,
		     const struct evtx_instance *in, uint32_t depth, bool indented)
{
	for (; list; list = list->next)
		if (!evtx_sink_step(s, depth) || !xml_node(s, list, in, depth, indented))
			return false;
	return true;
}

static bool xml_walk(struct evtx_sink *s, const struct evtx_instance *root)
{
	return xml_list(s, root->root, root, 0, true);
}

bool evtx_record_xml(const struct evtx_record *r, struct buf *to, struct err *err)
{
	return evtx_render(r, 'x', xml_walk, to, err);
}
