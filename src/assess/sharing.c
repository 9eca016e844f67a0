#include "assess/sharing.h"

static const struct {
	const char *domain;
	bool is_drop;
} places[] = {
	{ "transfer.sh", true }, { "gofile.io", true }, { "anonfiles.com", true }, { "file.io", true },
	{ "0x0.st", true }, { "bashupload.com", true }, { "temp.sh", true }, { "filebin.net", true },
	{ "catbox.moe", true }, { "dropmefiles.com", true }, { "ufile.io", true }, { "easyupload.io", true },
	{ "oshi.at", true }, { "tmpfiles.org", true }, { "pixeldrain.com", true }, { "uguu.se", true },
	{ "mega.nz", false }, { "mega.co.nz", false }, { "wetransfer.com", false }, { "pcloud.com", false },
	{ "sendspace.com", false }, { "pastebin.com", false }, { "telegram.org", false }, { "qaz.im", false },
	{ "put.io", false }, { "send.cm", false }, { "sendgb.com", false }, { "dropbox.com", false },
	{ "dropboxapi.com", false }, { "mediafire.com", false }, { "zippyshare.com", false },
	{ "rapidgator.net", false }, { "paste.ee", false }, { "ghostbin.com", false }, { "termbin.com", false },
};
#define COUNT (sizeof places / sizeof *places)

static size_t find(struct span domain)
{
	size_t i = 0;

	while (i < COUNT && !span_eq_nocase(domain, span_text(places[i].domain)))
		i++;
	return i;
}

bool sharing_is_place(struct span domain)
{
	return find(domain) < COUNT;
}

bool sharing_is_drop(struct span domain)
{
	size_t i = find(domain);

	return i < COUNT && places[i].is_drop;
}

static bool is_of_name(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/* Each run of letters, digits and dots may be a host: it, or what it is below. */
bool sharing_is_named(struct span command)
{
	for (size_t at = 0; at < command.len;) {
		size_t end = at;
		struct span word;

		while (end < command.len && is_of_name(command.at[end]))
			end++;
		for (word = span_sub(command, at, end - at); word.len; word = span_from(word, span_find_byte(word, 0, '.') + 1)) {
			if (sharing_is_place(word))
				return true;
			if (span_find_byte(word, 0, '.') == SIZE_MAX)
				break;
		}
		at = end + 1;
	}
	return false;
}
