#include "artefact/windows_web.h"

/* Services to keep or hand on files; matched as the end of a host's name. */
static const char *const file_hosts[] = {
	"mega.nz", "mega.co.nz", "mega.io", "wetransfer.com", "we.tl", "transfer.sh", "file.io", "gofile.io",
	"anonfiles.com", "sendspace.com", "mediafire.com", "dropbox.com", "dropboxusercontent.com",
	"drive.google.com", "onedrive.live.com", "1drv.ms", "sharepoint.com", "box.com", "pcloud.com", "icedrive.net",
	"sync.com", "send.vis.ee", "filebin.net", "temp.sh", "0x0.st", "catbox.moe", "litterbox.moe", "ufile.io",
	"uploadfiles.io", "pixeldrain.com", "bashupload.com", "oshi.at", "easyupload.io", "filemail.com",
	"sendgb.com", "dropmefiles.com", "qaz.im", "privatlab.com", "put.re", "pastebin.com", "ghostbin.com",
	"transferxl.com", "swisstransfer.com", "tresorit.com", "proton.me", "degoo.com", "4shared.com",
	"zippyshare.com", "rapidgator.net", "1fichier.com", "disk.yandex.com", "disk.yandex.ru", "cloud.mail.ru",
	"pan.baidu.com", "terabox.com", "icloud.com", "backblaze.com", "wasabisys.com", "upload.ee", "temp-file.org",
};

static bool is_file_host(struct span host)
{
	for (size_t i = 0; i < sizeof file_hosts / sizeof *file_hosts; i++) {
		struct span want = span_text(file_hosts[i]);

		if (host.len >= want.len && span_eq_nocase(span_from(host, host.len - want.len), want) &&
		    (host.len == want.len || host.at[host.len - want.len - 1] == '.'))
			return true;
	}
	return false;
}

static int hex(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

struct span web_file_path(struct span url, struct arena *scratch)
{
	uint8_t *to;
	size_t len = 0;

	if (span_starts(url, SPAN("file:///")))
		url = span_from(url, url.len > 9 && url.at[9] == ':' ? 8 : 7);
	else if (span_starts(url, SPAN("file:")))
		url = span_from(url, 5);
	to = arena_alloc(scratch, url.len + 1);
	for (size_t i = 0; to && i < url.len; i++) {
		if (url.at[i] == '%' && i + 2 < url.len && hex(url.at[i + 1]) >= 0 && hex(url.at[i + 2]) >= 0) {
			to[len++] = (uint8_t)(hex(url.at[i + 1]) << 4 | hex(url.at[i + 2]));
			i += 2;
		} else {
			to[len++] = url.at[i];
		}
	}
	return span_of(to, len);
}

static bool tell_local(const struct artefact *a, const struct web_page *page, struct arena *scratch)
{
	struct trace t = trace_new(TRACE_FILE, "opened");

	t.path = web_file_path(page->url, scratch);
	t.time = page->time;
	t.source = span_text(page->source);
	t.user = page->user;
	t.program = span_text(page->browser);
	t.count = page->count;
	t.summary = tell_summary(scratch, "%.*s was opened", SPAN_ARG(t.path));
	return a->trace(a->context, &t);
}

bool web_tell_page(const struct artefact *a, const struct web_page *page, struct arena *scratch)
{
	struct span host = tell_url_host(page->url);
	bool is_files = is_file_host(host);
	bool is_upload = is_files && tell_find_nocase(span_sub(page->url, 0, 2048), "upload") != SIZE_MAX;
	struct trace t = trace_new(TRACE_TRANSFER, is_upload ? "upload" : is_files ? "cloud" : "web");
	struct tell_detail d;

	if (span_starts(page->url, SPAN("file:")))
		return tell_local(a, page, scratch);
	t.name = host;
	t.path = page->url;
	t.time = page->time;
	t.source = is_upload ? tell_summary(scratch, "%s; that something was sent is inferred from the address", page->source)
			     : span_text(page->source);
	t.user = page->user;
	t.program = span_text(page->browser);
	t.count = page->count;
	if (is_files)
		t.technique = SPAN("T1567.002");
	tell_detail_begin(&d);
	tell_detail_text(&d, "title", page->title);
	t.detail = tell_detail_end(&d, scratch);
	t.summary = tell_summary(scratch, "%s visited %.*s", page->browser, SPAN_ARG(page->url));
	return a->trace(a->context, &t);
}

bool web_tell_download(const struct artefact *a, const struct web_download *w, struct arena *scratch)
{
	struct trace t = trace_new(TRACE_TRANSFER, "download"), f = trace_new(TRACE_FILE, "downloaded");
	struct tell_detail d;

	t.name = tell_url_host(w->url);
	t.path = w->url;
	t.time = w->time;
	t.last = w->end;
	t.source = span_text(w->source);
	t.user = w->user;
	t.program = span_text(w->browser);
	t.bytes_in = w->bytes;
	tell_detail_begin(&d);
	tell_detail_text(&d, "saved_as", w->path);
	tell_detail_text(&d, "referrer", w->referrer);
	if (w->state)
		tell_detail_text(&d, "state", span_text(w->state));
	if (w->is_dangerous)
		tell_detail_text(&d, "warning", SPAN("the browser warned of it"));
	t.detail = tell_detail_end(&d, scratch);
	t.summary = tell_summary(scratch, "%s downloaded %.*s", w->browser, SPAN_ARG(w->url));
	if (!a->trace(a->context, &t))
		return false;
	if (!w->path.len)
		return true;
	f.path = w->path;
	f.name = w->url;
	f.time = w->end != TIME_NONE ? w->end : w->time;
	f.source = t.source;
	f.user = w->user;
	f.program = t.program;
	f.bytes_in = w->bytes;
	f.summary = tell_summary(scratch, "%.*s came from %.*s", SPAN_ARG(w->path), SPAN_ARG(w->url));
	return a->trace(a->context, &f);
}
