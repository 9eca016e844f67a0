/*
 * analyse_web: what a web server answered that it should not have.
 *
 *   a script below a folder for what visitors or editors leave there (uploads, images,
 *   caches), which at most WEB_CLIENTS clients ever asked for, and which was sent to
 *   (POST) again and again with success: a web shell looks like that      medium
 *   a large archive or dump of a database, fetched by as few              medium
 *
 * A site has its scripts elsewhere, and its visitors are many: who put such a script there
 * visits it alone. A server of downloads has many large files, and is none of this.
 */
#include "assess/analyser.h"
#include "assess/thresholds.h"

#include "base/map.h"
#include "case/query.h"
#include "codec/json_write.h"

#define CLIENTS_KEPT 8
#define PAGES_MOST 100000

struct page {
	struct span path, host, clients[CLIENTS_KEPT];
	uint64_t item, sent_to, fetched, bytes, clients_seen;
	timestamp first, last;
};

struct pages {
	struct map by_key;
	struct page **list;
	size_t count, room, archives;
	bool is_short;
};

static bool ends_with_any(struct span path, const char *ends)
{
	struct span rest = span_text(ends);

	while (rest.len) {
		struct span end = span_split(&rest, '|');

		if (path.len > end.len && span_eq_nocase(span_from(path, path.len - end.len), end))
			return true;
	}
	return false;
}

static struct span without_query(struct span path)
{
	return span_sub(path, 0, span_find_byte(path, 0, '?'));
}

static bool is_script(struct span path)
{
	return ends_with_any(path, ".php|.php3|.php5|.php7|.phtml|.phar|.asp|.aspx|.ashx|.asmx|.jsp|.jspx|.jspf|.cfm|.pl|.cgi");
}

static bool is_for_content(struct span path)
{
	return span_has_any(path, "/uploads/|/upload/|/images/|/image/|/img/|/media/|/files/|/tmp/|/temp/|/cache/|"
				  "/avatars/|/avatar/|/attachments/|/fonts/|/css/|/static/|/assets/|"
				  "/aspnet_client/|/.well-known/|/userfiles/|/backup/");
}

static bool is_dump(struct span path)
{
	return ends_with_any(path, ".sql|.sql.gz|.sql.zip|.dump|.dmp|.bak|.7z|.rar|.zip|.tar|.tar.gz|.tgz|.tar.xz|"
				   ".tar.zst|.pst|.mdf|.vmdk|.vhdx|.csv.gz|.gpg");
}

static struct page *page_of(struct analysis *a, struct pages *all, struct span host, struct span path)
{
	struct span key = arena_printf(a->arena, "%.*s%c%.*s", SPAN_ARG(host), 1, SPAN_ARG(path));
	struct page *p = map_get(&all->by_key, key), **listed;
	void **slot;

	if (p)
		return p;
	all->is_short |= all->count >= PAGES_MOST;
	slot = all->count < PAGES_MOST ? map_slot(&all->by_key, key) : NULL;
	listed = slot ? arena_push(a->arena, (void **)&all->list, &all->count, &all->room, sizeof *listed) : NULL;
	p = listed ? ARENA_NEW(a->arena, struct page) : NULL;
	if (!p) {
		all->count -= listed != NULL;
		return NULL;
	}
	*p = (struct page){ .path = arena_copy(a->arena, path), .host = arena_copy(a->arena, host), .first = TIME_NONE,
			    .last = TIME_NONE };
	return *listed = *slot = p;
}

static void add_client(struct analysis *a, struct page *p, struct span client)
{
	for (size_t i = 0; i < CLIENTS_KEPT && i < p->clients_seen; i++)
		if (span_eq(p->clients[i], client))
			return;
	if (p->clients_seen < CLIENTS_KEPT)
		p->clients[p->clients_seen] = arena_copy(a->arena, client);
	p->clients_seen += p->clients_seen < CLIENTS_KEPT;
}

/* Columns: item, path, host, peer, detail, bytes_out, time. */
static void take(struct analysis *a, struct pages *all, sqlite3_stmt *q)
{
	struct span path = without_query(query_span(q, 1)), detail = query_span(q, 4);
	bool is_shell_place = is_script(path) && is_for_content(path);
	struct page *p;
	timestamp t = query_time(q, 6);

	if ((!is_shell_place && !is_dump(path)) || span_find(detail, 0, SPAN("\"status\":\"2")) == SIZE_MAX)
		return;
	p = page_of(a, all, query_span(q, 2), path);
	if (!p)
		return;
	p->item = p->item ? p->item : query_u64(q, 0, 0);
	p->fetched++;
	p->sent_to += span_find(detail, 0, SPAN("\"method\":\"POST\"")) != SIZE_MAX;
	p->bytes = query_u64(q, 5, 0) > p->bytes ? query_u64(q, 5, 0) : p->bytes;
	p->first = p->first == TIME_NONE || (t != TIME_NONE && t < p->first) ? t : p->first;
	p->last = p->last == TIME_NONE || (t != TIME_NONE && t > p->last) ? t : p->last;
	add_client(a, p, query_span(q, 3));
}

static bool tell(struct analysis *a, const struct page *p, struct conclusion c, const char *reason, struct err *err)
{
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	bool ok;

	json_object(&w);
	json_pair(&w, "path", p->path);
	json_key(&w, "answered"), json_u64(&w, p->fetched);
	json_key(&w, "sent_to"), json_u64(&w, p->sent_to);
	json_key(&w, "largest_answer"), json_u64(&w, p->bytes);
	json_key(&w, "clients");
	json_array(&w);
	for (size_t i = 0; i < p->clients_seen; i++)
		json_span(&w, p->clients[i]);
	json_array_end(&w);
	json_key(&w, "reasons");
	json_array(&w);
	json_text(&w, reason);
	json_array_end(&w);
	json_object_end(&w);
	c.item = p->item;
	c.level = LEVEL_MEDIUM;
	c.first = p->first;
	c.last = p->last;
	c.count = p->fetched;
	c.host = p->host;
	c.matched = buf_span(&text);
	ok = analysis_tell(a, &c, err);
	buf_free(&text);
	return ok;
}

static bool is_large_dump(const struct page *p)
{
	return is_dump(p->path) && (double)p->bytes >= THRESHOLD(VOLUME_BYTES);
}

static bool judge(struct analysis *a, const struct pages *all, const struct page *p, struct err *err)
{
	if ((double)p->clients_seen > THRESHOLD(WEB_CLIENTS))
		return true;
	if (is_script(p->path) && (double)p->sent_to >= THRESHOLD(WEB_POSTS))
		return tell(a, p, (struct conclusion){ .harm = HARM_CONTROL, .rule = SPAN("kanshiki.web-shell-visits"),
			.title = SPAN("A script in a folder for content was sent to again and again, by few"),
			.techniques = SPAN("T1505.003") }, "sites have their scripts elsewhere, and many visitors", err);
	if (is_large_dump(p) && (double)all->archives <= THRESHOLD(WEB_ARCHIVES))
		return tell(a, p, (struct conclusion){ .harm = HARM_THEFT, .rule = SPAN("kanshiki.archive-served"),
			.title = SPAN("A large archive or dump was fetched from a web server, by few"),
			.techniques = SPAN("T1567 T1074.002") }, "this server has hardly any other large archives", err);
	return true;
}

bool analyse_web(struct analysis *a, struct err *err)
{
	struct pages all = { .by_key = map_new(a->arena) };
	sqlite3_stmt *q = NULL;
	bool row, ok = query_prepare(a->db, "SELECT item, path, host, peer, detail, bytes_out, time FROM trace WHERE kind = "
				     "'transfer' AND what = 'web' AND path IS NOT NULL AND source IN ('access log', "
				     "'web server log') ORDER BY id", &q, err);

	while (ok && (ok = query_step(q, &row, err)) && row)
		take(a, &all, q);
	sqlite3_finalize(q);
	if (all.is_short)
		analysis_short(a, "web servers have too many scripts and archives: only the first were weighed");
	for (size_t i = 0; i < all.count; i++)
		all.archives += is_large_dump(all.list[i]);
	for (size_t i = 0; ok && i < all.count; i++)
		ok = judge(a, &all, all.list[i], err);
	return ok;
}
