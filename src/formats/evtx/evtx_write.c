#include "formats/evtx/evtx_write.h"

#include <stdlib.h>

#include "codec/crc32.h"
#include "codec/digest.h"
#include "formats/evtx/evtx_chunk.h"

#define NAMESPACE "http://schemas.microsoft.com/win/2004/08/events/event"
#define FILETIME_OF_1970 INT64_C(116444736000000000)
#define CHUNK_COUNT_MAX 65535

struct evtx_writer {
	struct buf file;
	struct evtx_pen pen;
	struct evtx_pen before;		/* to take a drawing back */
	uint64_t next_id;
	uint64_t first_in_chunk;	/* id */
	size_t last_at;			/* of the chunk's last record */
	uint64_t chunk_records;
	uint64_t chunks;
};

struct evtx_writer *evtx_writer_new(size_t cap)
{
	struct evtx_writer *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->file = buf_new(cap);
	w->next_id = 1;
	evtx_pen_clear(&w->pen);
	if (buf_reserve(&w->file, EVTX_HEADER_SIZE)) {
		memset(w->file.at, 0, EVTX_HEADER_SIZE);
		w->file.len = EVTX_HEADER_SIZE;
	}
	return w;
}

void evtx_writer_free(struct evtx_writer *w)
{
	if (!w)
		return;
	buf_free(&w->file);
	free(w);
}

static void put(uint8_t *to, uint64_t n, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)(n >> 8 * i);
}

static void close_chunk_header(struct evtx_writer *w)
{
	uint8_t *at = w->pen.chunk;
	uint64_t last = w->first_in_chunk + w->chunk_records - 1;

	memcpy(at, "ElfChnk", 8);
	put(at + 8, w->first_in_chunk, 8);
	put(at + 16, last, 8);
	put(at + 24, w->first_in_chunk, 8);
	put(at + 32, last, 8);
	put(at + 40, 128, 4);
	put(at + 44, w->last_at, 4);
	put(at + 48, w->pen.at, 4);
	put(at + 52, crc32_of(span_of(at + EVTX_CHUNK_HEADER, w->pen.at - EVTX_CHUNK_HEADER)), 4);
	put(at + 124, crc32_add(crc32_add(0, span_of(at, 120)), span_of(at + 128, 384)), 4);
}

bool evtx_writer_next_chunk(struct evtx_writer *w, struct err *err)
{
	if (!w->chunk_records)
		return true;
	close_chunk_header(w);
	if (w->chunks == CHUNK_COUNT_MAX ||
	    !buf_add(&w->file, span_of(w->pen.chunk, sizeof w->pen.chunk)))
		return err_set(err, ERR_LIMIT, w->file.len, "the log grows beyond its cap");
	w->chunks++;
	w->chunk_records = 0;
	evtx_pen_clear(&w->pen);
	return true;
}

static uint64_t filetime_of(timestamp t)
{
	return t == TIME_NONE ? 0 : (uint64_t)(t / 100 + FILETIME_OF_1970);
}

/* One try in the current chunk. */
static bool try_record(struct evtx_writer *w, timestamp time, evtx_draw_fn *draw, void *context)
{
	struct evtx_pen *pen = &w->pen;
	size_t start = pen->at, size;

	evtx_pen_bytes(pen, SPAN("**\0\0"));
	evtx_pen_u32(pen, 0);
	evtx_pen_u64(pen, w->next_id);
	evtx_pen_u64(pen, filetime_of(time));
	evtx_pen_fragment(pen);
	draw(context, pen);
	evtx_pen_end_of_fragment(pen);
	while ((pen->at - start + 4) % 8 && !pen->full)
		evtx_pen_u8(pen, 0);
	size = pen->at - start + 4;
	evtx_pen_u32(pen, (uint32_t)size);
	if (pen->full)
		return false;
	evtx_pen_patch32(pen, start + 4, (uint32_t)size);
	w->last_at = start;
	return true;
}

bool evtx_writer_draw(struct evtx_writer *w, timestamp time, evtx_draw_fn *draw, void *context,
		      struct err *err)
{
	w->before = w->pen;
	if (!try_record(w, time, draw, context)) {
		w->pen = w->before;
		if (!evtx_writer_next_chunk(w, err))
			return false;
		if (!try_record(w, time, draw, context)) {
			evtx_pen_clear(&w->pen);
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
				       "an event that fits no chunk");
		}
	}
	if (!w->chunk_records++)
		w->first_in_chunk = w->next_id;
	w->next_id++;
	return true;
}

/* The places of System's values, as Windows numbers them. */
enum system_value {
	VALUE_LEVEL,
	VALUE_OPCODE,
	VALUE_TASK,
	VALUE_EVENT_ID,
	VALUE_QUALIFIERS,
	VALUE_KEYWORDS,
	VALUE_WRITTEN,
	VALUE_ACTIVITY,
	VALUE_PROCESS,
	VALUE_THREAD,
	VALUE_RECORD_ID,
	VALUE_VERSION,
	VALUE_USER,
	VALUE_RELATED_ACTIVITY,
	VALUE_PROVIDER,
	VALUE_PROVIDER_GUID,
	VALUE_CHANNEL,
	VALUE_COMPUTER,
	VALUE_BODY,
	SYSTEM_VALUES,
};

static void leaf(struct evtx_pen *pen, const char *name, uint16_t index, enum evtx_type type)
{
	struct evtx_tag tag = evtx_pen_open(pen, name, false);

	evtx_pen_close(pen, &tag);
	evtx_pen_hole(pen, index, type, true);
	evtx_pen_end(pen, &tag);
}

struct attribute {
	const char *name;
	uint16_t index;
	enum evtx_type type;
};

/* An empty element of one or two attributes. */
static void attributes(struct evtx_pen *pen, const char *name, struct attribute one,
		       struct attribute two)
{
	struct evtx_tag tag = evtx_pen_open(pen, name, true);

	evtx_pen_attribute(pen, one.name, two.name != NULL);
	evtx_pen_hole(pen, one.index, one.type, true);
	if (two.name) {
		evtx_pen_attribute(pen, two.name, false);
		evtx_pen_hole(pen, two.index, two.type, true);
	}
	evtx_pen_close_empty(pen, &tag);
}

static void draw_system(struct evtx_pen *pen)
{
	struct evtx_tag system = evtx_pen_open(pen, "System", false), id;

	evtx_pen_close(pen, &system);
	attributes(pen, "Provider", (struct attribute){ "Name", VALUE_PROVIDER, EVTX_STRING },
		   (struct attribute){ "Guid", VALUE_PROVIDER_GUID, EVTX_GUID });
	id = evtx_pen_open(pen, "EventID", true);
	evtx_pen_attribute(pen, "Qualifiers", false);
	evtx_pen_hole(pen, VALUE_QUALIFIERS, EVTX_UINT16, true);
	evtx_pen_close(pen, &id);
	evtx_pen_hole(pen, VALUE_EVENT_ID, EVTX_UINT16, true);
	evtx_pen_end(pen, &id);
	leaf(pen, "Version", VALUE_VERSION, EVTX_UINT8);
	leaf(pen, "Level", VALUE_LEVEL, EVTX_UINT8);
	leaf(pen, "Task", VALUE_TASK, EVTX_UINT16);
	leaf(pen, "Opcode", VALUE_OPCODE, EVTX_UINT8);
	leaf(pen, "Keywords", VALUE_KEYWORDS, EVTX_HEX64);
	attributes(pen, "TimeCreated",
		   (struct attribute){ "SystemTime", VALUE_WRITTEN, EVTX_FILETIME },
		   (struct attribute){ 0 });
	leaf(pen, "EventRecordID", VALUE_RECORD_ID, EVTX_UINT64);
	attributes(pen, "Correlation",
		   (struct attribute){ "ActivityID", VALUE_ACTIVITY, EVTX_GUID },
		   (struct attribute){ "RelatedActivityID", VALUE_RELATED_ACTIVITY, EVTX_GUID });
	attributes(pen, "Execution",
		   (struct attribute){ "ProcessID", VALUE_PROCESS, EVTX_UINT32 },
		   (struct attribute){ "ThreadID", VALUE_THREAD, EVTX_UINT32 });
	leaf(pen, "Channel", VALUE_CHANNEL, EVTX_STRING);
	leaf(pen, "Computer", VALUE_COMPUTER, EVTX_STRING);
	attributes(pen, "Security", (struct attribute){ "UserID", VALUE_USER, EVTX_SID },
		   (struct attribute){ 0 });
	evtx_pen_end(pen, &system);
}

static void draw_outer(void *context, struct evtx_pen *pen)
{
	struct evtx_tag event = evtx_pen_open(pen, "Event", true);

	(void)context;
	evtx_pen_attribute(pen, "xmlns", false);
	evtx_pen_text(pen, SPAN(NAMESPACE));
	evtx_pen_close(pen, &event);
	draw_system(pen);
	evtx_pen_hole(pen, VALUE_BODY, EVTX_BINXML, true);
	evtx_pen_end(pen, &event);
}

static enum evtx_type type_of(const struct value *value)
{
	switch (value->kind) {
	case VALUE_ABSENT:
	case VALUE_NULL:
		return EVTX_NULL;
	case VALUE_BOOL:
		return EVTX_BOOL;
	case VALUE_INT:
		return value->i < INT32_MIN || value->i > INT32_MAX ? EVTX_INT64 : EVTX_INT32;
	case VALUE_UINT:
		return value->u > UINT32_MAX ? EVTX_UINT64 : EVTX_UINT32;
	case VALUE_HEX:
		return value->u > UINT32_MAX ? EVTX_HEX64 : EVTX_HEX32;
	case VALUE_FLOAT:
		return EVTX_DOUBLE;
	case VALUE_TEXT:
	case VALUE_UTF16:
		return EVTX_STRING;
	case VALUE_BYTES:
		return EVTX_BINARY;
	case VALUE_GUID:
		return EVTX_GUID;
	case VALUE_SID:
		return EVTX_SID;
	case VALUE_TIME:
		return EVTX_FILETIME;
	case VALUE_LIST:
		return (enum evtx_type)(EVTX_ARRAY | EVTX_STRING);
	}
	return EVTX_NULL;
}

static enum evtx_type type_of_field(const struct evtx_event *event, size_t i)
{
	const struct value *value = &event->fields[i].value;

	return event->bytes_are_ansi && value->kind == VALUE_BYTES ? EVTX_ANSI : type_of(value);
}

static void pen_value(struct evtx_pen *pen, const struct value *value)
{
	uint64_t bits = value->u;

	switch (type_of(value)) {
	case EVTX_BOOL:
		evtx_pen_u32(pen, value->u != 0);
		break;
	case EVTX_INT32:
	case EVTX_UINT32:
	case EVTX_HEX32:
		evtx_pen_u32(pen, (uint32_t)bits);
		break;
	case EVTX_DOUBLE:
		memcpy(&bits, &value->f, sizeof bits);
		evtx_pen_u64(pen, bits);
		break;
	case EVTX_INT64:
	case EVTX_UINT64:
	case EVTX_HEX64:
		evtx_pen_u64(pen, bits);
		break;
	case EVTX_STRING:
		if (value->kind == VALUE_UTF16)
			evtx_pen_bytes(pen, value->bytes);
		else
			evtx_pen_utf16(pen, value->bytes);
		break;
	case EVTX_FILETIME:
		evtx_pen_u64(pen, filetime_of(value->i));
		break;
	case EVTX_NULL:
		break;
	default:
		if (value->kind != VALUE_LIST) {
			evtx_pen_bytes(pen, value->bytes);
			break;
		}
		for (uint32_t i = 0; i < value->count; i++) {
			pen_value(pen, &value->list[i]);
			evtx_pen_u16(pen, 0);
		}
	}
}

/* Writes the table and the values, filling in the lengths afterwards. */
static void pen_fields(struct evtx_pen *pen, const struct evtx_event *event)
{
	size_t table_at = pen->at + 4, count = event->field_count;

	evtx_pen_u32(pen, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		evtx_pen_u16(pen, 0);
		evtx_pen_u8(pen, (uint8_t)type_of_field(event, i));
		evtx_pen_u8(pen, 0);
	}
	for (size_t i = 0; i < count && !pen->full; i++) {
		size_t start = pen->at;

		pen_value(pen, &event->fields[i].value);
		put(pen->chunk + table_at + 4 * i, pen->at - start, 2);
	}
}

static void draw_body(void *context, struct evtx_pen *pen)
{
	const struct evtx_event *event = context;
	struct evtx_tag outer = evtx_pen_open(pen, event->user_data ? "UserData" : "EventData",
					      false), inner = { 0 };

	evtx_pen_close(pen, &outer);
	if (event->user_data) {
		inner = evtx_pen_open(pen, event->user_data, false);
		evtx_pen_close(pen, &inner);
	}
	for (size_t i = 0; i < event->field_count; i++) {
		const struct evtx_field *field = &event->fields[i];
		bool named = !event->user_data && field->name;
		struct evtx_tag tag = evtx_pen_open(pen, event->user_data && field->name
						    ? field->name : "Data", named);

		if (named) {
			evtx_pen_attribute(pen, "Name", false);
			evtx_pen_text(pen, span_text(field->name));
		}
		evtx_pen_close(pen, &tag);
		evtx_pen_hole(pen, (uint16_t)i, type_of_field(event, i), false);
		evtx_pen_end(pen, &tag);
	}
	if (event->user_data)
		evtx_pen_end(pen, &inner);
	evtx_pen_end(pen, &outer);
}

/* The same names and types make the same template, in every log. */
static void guid_of_body(const struct evtx_event *event, uint8_t guid[DIGEST_MAX])
{
	struct buf text = buf_new((size_t)1 << 20);

	buf_text(&text, event->user_data ? event->user_data : "");
	for (size_t i = 0; i < event->field_count; i++)
		buf_printf(&text, "|%s:%02x", event->fields[i].name ? event->fields[i].name : "",
			   (unsigned)type_of_field(event, i));
	digest_of(DIGEST_MD5, buf_span(&text), guid);
	buf_free(&text);
}

static void pen_body(struct evtx_pen *pen, const struct evtx_event *event)
{
	uint8_t guid[DIGEST_MAX];

	guid_of_body(event, guid);
	evtx_pen_fragment(pen);
	evtx_pen_instance(pen, guid, draw_body, (void *)(uintptr_t)event);
	pen_fields(pen, event);
	evtx_pen_end_of_fragment(pen);
}

struct drawing {
	const struct evtx_event *event;
	uint64_t record_id;
};

static struct value text_value(struct span text)
{
	return text.len ? (struct value){ .kind = VALUE_TEXT, .bytes = text }
			: (struct value){ .kind = VALUE_NULL };
}

/* System's numbers have the widths of Windows, not those that their values need. */
static void pen_system(struct evtx_pen *pen, const struct drawing *drawing, size_t *body_at)
{
	const struct evtx_event *e = drawing->event;
	const struct value provider = text_value(e->provider), channel = text_value(e->channel),
			   computer = text_value(e->computer);
	const struct evtx_pen_value table[SYSTEM_VALUES] = {
		[VALUE_LEVEL] = { EVTX_UINT8, 1 },
		[VALUE_OPCODE] = { EVTX_UINT8, 1 },
		[VALUE_TASK] = { EVTX_UINT16, 2 },
		[VALUE_EVENT_ID] = { EVTX_UINT16, 2 },
		[VALUE_KEYWORDS] = { EVTX_HEX64, 8 },
		[VALUE_WRITTEN] = { EVTX_FILETIME, 8 },
		[VALUE_PROCESS] = { EVTX_UINT32, 4 },
		[VALUE_THREAD] = { EVTX_UINT32, 4 },
		[VALUE_RECORD_ID] = { EVTX_UINT64, 8 },
		[VALUE_VERSION] = { EVTX_UINT8, 1 },
		[VALUE_USER] = { e->user_sid.len ? EVTX_SID : EVTX_NULL, (uint16_t)e->user_sid.len },
		[VALUE_PROVIDER] = { (uint8_t)type_of(&provider), 0 },
		[VALUE_PROVIDER_GUID] = { e->provider_guid ? EVTX_GUID : EVTX_NULL,
					  e->provider_guid ? 16 : 0 },
		[VALUE_CHANNEL] = { (uint8_t)type_of(&channel), 0 },
		[VALUE_COMPUTER] = { (uint8_t)type_of(&computer), 0 },
		[VALUE_BODY] = { EVTX_BINXML, 0 },
	};
	size_t lengths_at = pen->at + 4, start;

	evtx_pen_values(pen, table, SYSTEM_VALUES);
	evtx_pen_u8(pen, e->level);
	evtx_pen_u8(pen, e->opcode);
	evtx_pen_u16(pen, e->task);
	evtx_pen_u16(pen, e->event_id);
	evtx_pen_u64(pen, e->keywords);
	evtx_pen_u64(pen, filetime_of(e->time));
	evtx_pen_u32(pen, e->process_id);
	evtx_pen_u32(pen, e->thread_id);
	evtx_pen_u64(pen, drawing->record_id);
	evtx_pen_u8(pen, e->version);
	evtx_pen_bytes(pen, e->user_sid);
	start = pen->at;
	pen_value(pen, &provider);
	if (!pen->full)
		put(pen->chunk + lengths_at + 4 * VALUE_PROVIDER, pen->at - start, 2);
	if (e->provider_guid)
		evtx_pen_bytes(pen, span_of(e->provider_guid, 16));
	start = pen->at;
	pen_value(pen, &channel);
	if (!pen->full)
		put(pen->chunk + lengths_at + 4 * VALUE_CHANNEL, pen->at - start, 2);
	start = pen->at;
	pen_value(pen, &computer);
	if (!pen->full)
		put(pen->chunk + lengths_at + 4 * VALUE_COMPUTER, pen->at - start, 2);
	*body_at = lengths_at + 4 * VALUE_BODY;
}

static void draw_event(void *context, struct evtx_pen *pen)
{
	static const uint8_t outer[16] = "kanshiki system";
	const struct drawing *drawing = context;
	size_t length_at, start;

	evtx_pen_instance(pen, outer, draw_outer, NULL);
	pen_system(pen, drawing, &length_at);
	start = pen->at;
	pen_body(pen, drawing->event);
	if (!pen->full)
		put(pen->chunk + length_at, pen->at - start, 2);
}

bool evtx_writer_add(struct evtx_writer *w, const struct evtx_event *event, struct err *err)
{
	struct drawing drawing = { .event = event };

	if (event->field_count > EVTX_WRITE_FIELDS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "an event of %zu fields",
			       event->field_count);
	/* Ids within a chunk go on without a hole; another jump needs a new chunk. */
	if (event->record_id && event->record_id != w->next_id) {
		if (!evtx_writer_next_chunk(w, err))
			return false;
		w->next_id = event->record_id;
	}
	drawing.record_id = w->next_id;
	return evtx_writer_draw(w, event->time, draw_event, &drawing, err);
}

bool evtx_writer_finish(struct evtx_writer *w, struct span *out, struct err *err)
{
	uint8_t *at;

	if (!evtx_writer_next_chunk(w, err))
		return false;
	if (w->file.overflow || w->file.len < EVTX_HEADER_SIZE)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no room for a log");
	at = w->file.at;
	memcpy(at, "ElfFile", 8);
	put(at + 8, 0, 8);
	put(at + 16, w->chunks ? w->chunks - 1 : 0, 8);
	put(at + 24, w->next_id, 8);
	put(at + 32, 128, 4);
	put(at + 36, 1, 2);
	put(at + 38, 3, 2);
	put(at + 40, EVTX_HEADER_SIZE, 2);
	put(at + 42, w->chunks, 2);
	put(at + 124, crc32_of(span_of(at, 120)), 4);
	*out = buf_span(&w->file);
	return true;
}
