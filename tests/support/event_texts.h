/* event_texts: whether the texts of an event stand where it says they do. */
#ifndef KANSHIKI_TESTS_EVENT_TEXTS_H
#define KANSHIKI_TESTS_EVENT_TEXTS_H

#include "base/event.h"

static inline bool text_stands_in(struct span texts, const struct value *value)
{
	const uint8_t *at = value->bytes.at;

	if (value->kind == VALUE_LIST) {
		for (uint32_t i = 0; i < value->count; i++)
			if (!text_stands_in(texts, &value->list[i]))
				return false;
		return true;
	}
	if (value->kind == VALUE_TEXT)
		return value->bytes.len == 0;
	return value->kind != VALUE_UTF16 || value->bytes.len == 0 ||
	       (at >= texts.at && at + value->bytes.len <= texts.at + texts.len);
}

static inline bool event_texts_stand(const struct event *event)
{
	for (uint32_t slot = 0, loose = 0; event->texts.at && slot < event->shape->count; slot++)
		if (loose < event->loose_count && event->loose[loose] == slot)
			loose++;
		else if (!text_stands_in(event->texts, &event->values[slot]))
			return false;
	return true;
}

#endif
