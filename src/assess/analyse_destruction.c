/*
 * analyse_destruction: files destroyed in masses, and what makes repair impossible.
 *
 * A wiper or an encryptor touches very many files in a short time and gives them
 * one new ending, or deletes them. What commands alone tell is analyse_deeds.c's. So
 *
 *   many renames to one new ending within the window             high
 *   many documents renamed to endings that no document has, each
 *   perhaps to its own                                            high
 *   many users' files deleted or overwritten within the window    medium
 *   a disk or volume whose first structures are destroyed,
 *   which a failing disk does too                                  medium
 *
 * Caches, temporary folders and package managers delete much too: their folders
 * are left out, and what a package manager does is not of users' files. Pictures
 * that become pictures, texts that become texts (".jpeg" to ".jpg") were sorted: low.
 */
#include "assess/acts.h"
#include "assess/thresholds.h"

#include "base/map.h"
#include "codec/json_write.h"

#define MINUTE (INT64_C(60) * TIME_SECOND)
/* Of different endings: who gives every file its own is seen by the mass of various ones. */
#define MASSES_MOST 20000
#define VARIOUS_MOST 1000	/* beyond these: one a host */

static bool weigh_beginnings(struct analysis *a, struct err *err)
{
	struct acts acts;
	bool ok = acts_load(a, "kind = 'file' AND what = 'beginning destroyed'", &acts, err);

	for (size_t i = 0; ok && i < acts.count; i++) {
		struct buf text = buf_new((size_t)4 << 10);
		struct json_write w = json_write_to(&text);

		json_object(&w);
		json_key(&w, "where");
		json_span(&w, acts.list[i].path);
		json_object_end(&w);
		ok = analysis_tell(a, &(struct conclusion){ .item = acts.list[i].item, .harm = HARM_DESTRUCTION,
			.level = LEVEL_MEDIUM, .rule = SPAN("kanshiki.beginning-destroyed"),
			.title = SPAN("The beginning of a disk or volume is destroyed"), .techniques = SPAN("T1561.002"),
			.first = TIME_NONE, .last = TIME_NONE, .host = acts.list[i].host, .matched = buf_span(&text) }, err);
		buf_free(&text);
	}
	return ok;
}

/* ---- masses ---- */

/* One kind of change on one host, counted in a window that slides. */
struct mass {
	const struct act **recent;	/* a ring of the last `most` */
	size_t most, count;		/* count: ever */
	struct span ending;
	bool is_sorted;			/* from endings of the same kind only */
	bool is_various;		/* documents whose new endings are of no document, and need not be alike */
	bool is_told;
	uint64_t files;			/* within what is being told */
	const struct act *first, *last;
};

static struct span ending_of(struct span path)
{
	struct span name = act_file_name(path);

	for (size_t i = name.len; i-- > 1;)
		if (name.at[i] == '.')
			return span_from(name, i);
	return (struct span){ 0 };
}

static bool is_left_out(struct span path)
{
	return span_has_any(path, "\\windows\\|/windows/|\\temp\\|/tmp/|cache|/var/lib/|/usr/|"
				  "winsxs|softwaredistribution|\\appdata\\local\\|/appdata/local/|"
				  "node_modules|.git/|/proc/|__pycache__");
}

/* Both endings stand for the same kind of content, which an encryptor's never does. */
static bool is_same_kind(struct span before, struct span after)
{
	static const char *const kinds[] = { ".jpg|.jpeg|.jpe|.jfif", ".tif|.tiff", ".png|.apng", ".heic|.heif",
					     ".htm|.html", ".txt|.text|.log|.md", ".mpg|.mpeg", ".mp4|.m4v|.mov",
					     ".yml|.yaml", ".doc|.docx", ".xls|.xlsx", ".ppt|.pptx" };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct span rest = span_text(kinds[i]);
		int found = 0;

		while (rest.len) {
			struct span one = span_split(&rest, '|');

			found |= span_eq_nocase(one, before) | span_eq_nocase(one, after) << 1;
		}
		if (found == 3)
			return true;
	}
	return false;
}

/* What people keep their work in, and what an encryptor therefore looks for. */
static bool is_document(struct span ending)
{
	static const char endings[] = ".doc|.docx|.xls|.xlsx|.ppt|.pptx|.odt|.ods|.odp|.pdf|.rtf|.csv|.jpg|.jpeg|.png|.tif|"
		".tiff|.psd|.ai|.dwg|.dxf|.mp3|.mp4|.mov|.avi|.zip|.rar|.7z|.pst|.mdb|.accdb|.sql|.sqlite|.mdf|.bak|"
		".vmdk|.vhd|.vhdx|.vdi|.kdbx|.c|.cpp|.cs|.java|.py|.js|.html|.xml|.json";

	return span_is_one_of_nocase(ending, endings);
}

static bool tell_mass(struct analysis *a, const struct mass *m, bool is_rename, struct err *err)
{
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	struct conclusion c = { .item = m->first->item, .harm = HARM_DESTRUCTION,
		.level = m->is_sorted ? LEVEL_LOW : is_rename ? LEVEL_HIGH : LEVEL_MEDIUM,
		.rule = m->is_sorted ? SPAN("kanshiki.mass-sorted")
			: m->is_various ? SPAN("kanshiki.mass-rename-various")
			: is_rename ? SPAN("kanshiki.mass-rename") : SPAN("kanshiki.mass-delete"),
		.title = m->is_sorted ? SPAN("Very many files were given another ending of the same kind")
			 : m->is_various ? SPAN("Very many documents were given endings that no document has")
			 : is_rename ? SPAN("Very many files were given one new ending")
				     : SPAN("Very many files of users were deleted or overwritten"),
		.techniques = is_rename ? SPAN("T1486") : SPAN("T1485"), .first = m->first->time,
		.last = m->last->time, .count = m->files, .host = m->first->host,
		.user = m->first->user };
	bool ok;

	json_object(&w);
	json_key(&w, "files");
	json_u64(&w, m->files);
	if (is_rename) {
		json_key(&w, "new_ending");
		json_span(&w, m->is_various ? ending_of(m->first->path) : m->ending);
	}
	json_key(&w, "first");
	json_span(&w, m->first->path);
	json_key(&w, "last");
	json_span(&w, m->last->path);
	json_key(&w, "source");
	json_span(&w, m->first->source);
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = analysis_tell(a, &c, err);
	buf_free(&text);
	return ok;
}

/* Acts come in order of time: when the ring is full within the window, a mass has begun. */
static void add_to_mass(struct mass *m, const struct act *act)
{
	int64_t window = (int64_t)THRESHOLD(DESTRUCTION_WINDOW_MINUTES) * MINUTE;

	m->recent[m->count++ % m->most] = act;
	if (m->is_told) {
		if (act->time - m->last->time <= window) {
			m->files++;
			m->last = act;
		}
	} else if (m->count >= m->most) {
		const struct act *first = m->recent[m->count % m->most];

		if (act->time - first->time <= window) {
			m->is_told = true;
			m->files = m->most;
			m->first = first;
			m->last = act;
		}
	}
}

/* In the order in which they were begun. */
struct masses {
	struct map by_key;
	struct mass **list;
	size_t count, room;
};

/* A mass of one ending is told as such. */
static bool is_told_otherwise(const struct masses *all, const struct mass *various)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct mass *m = all->list[i];

		if (m->is_told && !m->is_various && !m->is_sorted && span_eq(m->first->host, various->first->host) &&
		    m->first->time <= various->last->time && various->first->time <= m->last->time)
			return true;
	}
	return false;
}

static bool tell_masses(struct analysis *a, const struct masses *all, bool is_rename, struct err *err)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct mass *m = all->list[i];

		if (m->is_told && !(m->is_various && is_told_otherwise(all, m)) && !tell_mass(a, m, is_rename, err))
			return false;
	}
	return true;
}

/* NULL: there are MASSES_MOST others, or no memory. */
static struct mass *mass_of(struct analysis *a, struct masses *all, const struct act *act,
			    struct span ending, size_t most)
{
	bool is_sorted = ending.len && is_same_kind(ending_of(act->name), ending);
	struct span key = arena_printf(a->arena, "%.*s%c%.*s%c", SPAN_ARG(act->host), 1, SPAN_ARG(ending),
				       is_sorted ? 's' : '-');
	struct mass *m = map_get(&all->by_key, key), **listed;
	void **slot;

	if (m || all->count >= MASSES_MOST + (span_eq(ending, SPAN("/")) ? VARIOUS_MOST : 0))
		return m;
	slot = map_slot(&all->by_key, key);
	if (!slot)
		return NULL;
	listed = arena_push(a->arena, (void **)&all->list, &all->count, &all->room, sizeof *listed);
	if (!listed)
		return NULL;
	m = ARENA_NEW(a->arena, struct mass);
	if (m) {
		m->most = most;
		m->recent = ARENA_ARRAY(a->arena, most, const struct act *);
		m->ending = ending;
		m->is_sorted = is_sorted;
	}
	if (!m || !m->recent) {
		all->count--;
		return NULL;
	}
	*listed = *slot = m;
	return m;
}

/* One for all endings of a host. */
static struct mass *various_of(struct analysis *a, struct masses *all, const struct act *act, size_t most)
{
	struct mass *m = mass_of(a, all, act, SPAN("/"), most);

	if (m)
		m->is_various = true;
	return m;
}

/* Where there are too many endings to be counted each by itself, they are counted together. */
static bool count_act(struct analysis *a, struct masses *all, const struct act *act, struct span ending, bool is_various,
		      size_t most, struct err *err)
{
	struct mass *various = is_various || all->count >= MASSES_MOST ? various_of(a, all, act, most) : NULL;
	struct mass *m = mass_of(a, all, act, ending, most);

	if (m)
		add_to_mass(m, act);
	if (various && (is_various || !m))
		add_to_mass(various, act);
	return !a->arena->exhausted || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
}

static bool weigh_masses(struct analysis *a, bool is_rename, struct err *err)
{
	struct masses all = { .by_key = map_new(a->arena) };
	size_t most = (size_t)(is_rename ? THRESHOLD(DESTRUCTION_RENAMES) : THRESHOLD(DESTRUCTION_DELETES));
	struct acts acts;

	if (!acts_load(a, is_rename ? "kind = 'file' AND what = 'renamed' AND time IS NOT NULL"
				    : "kind = 'file' AND what IN ('deleted', 'overwritten') AND time IS "
				      "NOT NULL", &acts, err))
		return false;
	for (size_t i = 0; i < acts.count; i++) {
		const struct act *act = &acts.list[i];
		struct span ending = is_rename ? ending_of(act->path) : (struct span){ 0 };
		bool is_various = is_rename && is_document(ending_of(act->name)) && !is_document(ending);

		if (is_left_out(act->path) ||
		    (is_rename && (!ending.len || span_eq_nocase(ending, ending_of(act->name)))))
			continue;
		if (!count_act(a, &all, act, ending, is_various, most, err))
			return false;
	}
	return tell_masses(a, &all, is_rename, err);
}

bool analyse_destruction(struct analysis *a, struct err *err)
{
	return weigh_beginnings(a, err) && weigh_masses(a, true, err) && weigh_masses(a, false, err);
}
