#include "examine/item.h"

#include "codec/json_write.h"
#include "evidence/unpack.h"
#include "examine/beside.h"
#include "formats/iso/iso.h"

#include <inttypes.h>
#include <stdio.h>

/* Of what all open archives around a member keep in memory, in terms of one member. */
#define HELD_TIMES 2

static void describe_origin(const struct unpack_member *m, struct item_origin *origin)
{
	origin->begin = (struct record_begin){
		.path = span_sub(m->path, 0, RECORD_PATH_MAX), .size = m->size,
		.modified = m->modified, .changed = m->changed, .accessed = m->accessed,
		.created = m->created, .mode = m->mode,
	};
}

/* Room for this member: less than the limit where archives around it hold much already. */
static uint64_t room_for(const struct examination *x)
{
	uint64_t most = x->limits->member_bytes * HELD_TIMES;
	uint64_t left = x->held < most ? most - x->held : 0;
	uint64_t of_tree = x->unpacked < x->limits->tree_bytes ? x->limits->tree_bytes - x->unpacked : 0;

	left = left < x->limits->member_bytes ? left : x->limits->member_bytes;
	return left < of_tree ? left : of_tree;
}

static const char *which_limit(struct examination *x, char text[96])
{
	if (x->unpacked >= x->limits->tree_bytes)
		snprintf(text, 96, "limit: %" PRIu64 " bytes unpacked of one file",
			 x->limits->tree_bytes);
	else
		snprintf(text, 96, "limit: %" PRIu64 " bytes of one member",
			 x->limits->member_bytes);
	return text;
}

/* Reads the member whole, or as far as limits, damage and encryption let us. */
static void read_member(struct examination *x, struct unpack *u, struct buf *to,
			struct item_origin *origin, bool *is_locked, char text[96])
{
	struct err err;
	bool end = false;

	*to = buf_new((size_t)room_for(x) + ((size_t)1 << 20));
	while (!end && !origin->cut) {
		size_t before = to->len;

		if (!unpack_read(u, to, &end, &err)) {
			*is_locked = err.code == ERR_DENIED;
			snprintf(text, 96, "%.95s", err.text);
			origin->cut = text;
		}
		x->unpacked += to->len - before;
		x->held += to->len - before;
		if (to->len > to->cap - ((size_t)1 << 20) || to->overflow) {
			origin->cut = which_limit(x, text);
			origin->is_cut_by_limit = true;
		} else if (!end && examination_over(x)) {
			origin->cut = "limit: time";
			origin->is_cut_by_limit = true;
		}
	}
}

/* What of a member is too large to be held, for the decoder that reads it piece by piece. */
struct remainder {
	struct examination *x;
	struct unpack *u;
	struct buf piece;
	bool end;
};

static bool next_of_rest(void *context, struct span *piece)
{
	struct remainder *r = context;
	struct err err;

	buf_clear(&r->piece);
	while (!r->end && !r->piece.len && r->x->unpacked < r->x->limits->tree_bytes && !examination_over(r->x))
		if (!unpack_read(r->u, &r->piece, &r->end, &err))
			r->end = true;
	r->x->unpacked += r->piece.len;
	*piece = buf_span(&r->piece);
	return piece->len > 0;
}

static void examine_file(struct examination *x, struct unpack *u, struct item *item,
			 struct item_origin *origin)
{
	struct remainder remainder = { .x = x, .u = u, .piece = buf_new((size_t)2 << 20) };
	struct content_rest rest = { next_of_rest, &remainder };
	struct buf content;
	bool is_locked = false;
	char text[96];

	read_member(x, u, &content, origin, &is_locked, text);
	item->bytes = buf_span(&content);
	if (origin->is_cut_by_limit)
		item->rest = &rest;
	if (is_locked && !content.len)
		item_dismiss(x, item, origin, FATE_LOCKED, SPAN("encrypted"));
	else if (origin->cut && !content.len && !origin->is_cut_by_limit)
		item_dismiss(x, item, origin, FATE_FAILED, span_text(origin->cut));
	else
		item_examine(x, item, origin);
	x->held -= content.len;
	item->rest = NULL;
	buf_free(&remainder.piece);
	buf_free(&content);
}

/*
 * A name that reaches out of the folder it is unpacked into is an attack on who
 * unpacks it. (The tables of an ar archive are named "/", "//" and "/SYM64/".)
 */
static bool escapes(struct span path)
{
	struct span rest = path;

	if (span_eq(path, SPAN("/")) || span_eq(path, SPAN("//")) || span_eq(path, SPAN("/SYM64/")))
		return false;
	if (path.len && (path.at[0] == '/' || path.at[0] == '\\'))
		return true;
	if (path.len > 1 && path.at[1] == ':')
		return true;
	while (rest.len) {
		size_t cut = 0;

		while (cut < rest.len && rest.at[cut] != '/' && rest.at[cut] != '\\')
			cut++;
		if (cut == 2 && rest.at[0] == '.' && rest.at[1] == '.')
			return true;
		rest = span_from(rest, cut + 1);
	}
	return false;
}

static void examine_member(struct examination *x, struct unpack *u, struct item *archive,
			   struct beside_members *beside, const struct unpack_member *m)
{
	struct item item = { .depth = archive->depth + 1, .modified = m->modified, .marks = m->marks,
			     .near = &beside->near };
	struct item_origin origin = { 0 };
	struct buf path = buf_new(RECORD_PATH_MAX * 16);

	describe_origin(m, &origin);
	buf_add(&path, archive->path);
	buf_text(&path, "!/");
	buf_add(&path, origin.begin.path);
	item.path = buf_span(&path);
	item.member = beside->member = origin.begin.path;
	if (m->path.len > RECORD_PATH_MAX)
		examination_short(x, FATE_PARTLY, "a member's name of %zu bytes is kept in part",
				  m->path.len);
	if (m->kind == UNPACK_FILE && m->is_encrypted)
		item_dismiss(x, &item, &origin, FATE_LOCKED, SPAN("encrypted"));
	else if (m->kind == UNPACK_FILE)
		examine_file(x, u, &item, &origin);
	else if (m->kind == UNPACK_LINK) {
		struct span reason = arena_printf(&x->arena, "link to %.*s", SPAN_ARG(m->target));

		item_dismiss(x, &item, &origin, FATE_SKIPPED, reason);
	} else if (m->kind == UNPACK_SPECIAL)
		item_dismiss(x, &item, &origin, FATE_SKIPPED, SPAN("device, socket or pipe"));
	buf_free(&path);
}

static void tell_escape(struct examination *x, struct span first, uint64_t count)
{
	struct record record = { .type = RECORD_FINDING };
	struct finding *f = &record.finding.finding;
	struct buf json = buf_new(8192);
	struct json_write w = json_write_to(&json);

	json_object(&w);
	json_key(&w, "member");
	json_span(&w, span_sub(first, 0, 1024));
	json_object_end(&w);
	*f = (struct finding){ .engine = ENGINE_BUILTIN, .harm = HARM_IMPLANT, .level = LEVEL_MEDIUM,
			       .rule = SPAN("archive-path-escape"),
			       .title = SPAN("Archive with a member that unpacks outside its folder"),
			       .offset = UINT64_MAX, .record_id = UINT64_MAX, .time = TIME_NONE,
			       .matched = buf_span(&json) };
	record.finding.count = count;
	record.finding.last = TIME_NONE;
	examination_tell(x, &record);
	buf_free(&json);
}

static bool is_full(struct examination *x)
{
	if (x->entries > x->limits->tree_entries)
		examination_limit(x, "limit: %" PRIu64 " members in one file", x->limits->tree_entries);
	else if (x->unpacked >= x->limits->tree_bytes)
		examination_limit(x, "limit: %" PRIu64 " bytes unpacked of one file",
				  x->limits->tree_bytes);
	else
		return examination_over(x);
	return true;
}

/* False: it is damaged. */
static bool each_member(struct examination *x, struct unpack *u, struct item *archive)
{
	struct unpack_member member;
	struct buf first = buf_new(1024);
	struct beside_members beside;
	uint64_t escaping = 0;
	struct err err;
	bool more = true, ok = true;

	beside_members_init(&beside, x, archive->bytes, archive->path, archive->near);
	while (more && !is_full(x)) {
		enum unpack_step step = unpack_next(u, &member, &more, &err);

		if (step == UNPACK_FAILED)
			examination_short(x, err.code == ERR_DENIED ? FATE_LOCKED : FATE_PARTLY,
					  "damaged archive: %s", err.text);
		ok = step != UNPACK_FAILED;
		if (step != UNPACK_MEMBER)
			break;
		if (member.kind != UNPACK_FOLDER && escapes(member.path) && !escaping++)
			buf_add(&first, span_sub(member.path, 0, 1024));
		examine_member(x, u, archive, &beside, &member);
	}
	if (escaping)
		tell_escape(x, buf_span(&first), escaping);
	beside_members_clear(&beside);
	buf_free(&first);
	return ok;
}

/* ---- of an ISO image what the library does not come to ---- */

struct iso_left {
	struct examination *x;
	struct item *archive;
};

static bool take_left(void *context, const struct iso_file *file)
{
	struct iso_left *left = context;
	struct item item = { .depth = left->archive->depth + 1, .modified = TIME_NONE, .bytes = file->content };
	struct item_origin origin = { .begin = { .size = file->content.len, .modified = TIME_NONE, .changed = TIME_NONE,
		.accessed = TIME_NONE, .created = TIME_NONE } };
	struct buf path = buf_new(RECORD_PATH_MAX * 16);
	size_t before;

	buf_add(&path, left->archive->path);
	buf_text(&path, "!/");
	before = path.len;
	buf_text(&path, "$Lost/");
	buf_add(&path, file->path);
	item.path = buf_span(&path);
	item.member = origin.begin.path = span_from(item.path, before);
	item_examine(left->x, &item, &origin);
	buf_free(&path);
	return !is_full(left->x);
}

/* What a damaged image has is told a second time, all of it: most are duplicates. So it is where its trees differ. */
static void examine_iso(struct examination *x, struct item *archive, bool is_whole)
{
	struct iso_left left = { x, archive };
	struct iso_state state;

	iso_each(archive->bytes, NULL, NULL, &state);
	if (state.damaged)
		examination_short(x, FATE_PARTLY, "iso9660: damaged: %u folders, tables or descriptors of volumes",
				  state.damaged);
	if (state.is_cut)
		examination_short(x, FATE_PARTLY, "iso9660: more folders or files than are remembered");
	if (state.damaged || state.differs || !is_whole)
		iso_each(archive->bytes, take_left, &left, &state);
}

/*
 * Where one bit is set in what is reserved of a descriptor, the library takes the zeros that an ISO image begins
 * with for an empty archive of another kind.
 */
static bool is_taken_for_itself(struct examination *x, struct unpack *u, const struct item *archive)
{
	bool is = !iso_is(archive->bytes) || span_starts(unpack_format(u), SPAN("ISO9660"));

	if (!is)
		examination_short(x, FATE_PARTLY, "iso9660: a descriptor of volumes is damaged: names of Rock Ridge are lost");
	return is;
}

void members_examine(struct examination *x, struct item *archive)
{
	struct unpack *u;
	struct err err;
	bool ok = false;

	if (archive->depth >= x->limits->depth) {
		examination_limit(x, "limit: %" PRIu64 " archives inside archives", x->limits->depth);
		return;
	}
	examination_risk(x);
	u = unpack_open(archive->bytes, archive->path, &err);
	if (u)
		ok = each_member(x, u, archive) && is_taken_for_itself(x, u, archive);
	else
		examination_short(x, err.code == ERR_DENIED ? FATE_LOCKED : FATE_PARTLY,
				  "not unpacked: %s", err.text);
	unpack_free(u);
	if (iso_is(archive->bytes))
		examine_iso(x, archive, ok);
}
