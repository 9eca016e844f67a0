#include "cli/timestamp.h"

#include <curl/curl.h>
#include <dlfcn.h>

#include "case/seal.h"
#include "codec/rfc3161.h"
#include "os/helper.h"
#include "os/private_file.h"

#define SECONDS 60

static bool seal_digest(struct case_file *c, uint64_t *number, uint8_t sha256[SHA256_SIZE],
			struct err *err)
{
	struct buf note = buf_new(NOTE_MAX), token = buf_new(RFC3161_MAX);
	bool ok = case_checkpoint(c, 0, number, &note, &token, err);

	if (ok)
		sha256_of(buf_span(&note), sha256);
	buf_free(&note);
	buf_free(&token);
	return ok;
}

static bool make_request(struct case_file *c, struct buf *to, struct err *err)
{
	uint8_t sha256[SHA256_SIZE];
	uint64_t number;

	return seal_digest(c, &number, sha256, err) && rfc3161_request(to, sha256, err);
}

bool timestamp_write_request(struct case_file *c, const char *file, struct err *err)
{
	struct buf request = buf_new(RFC3161_MAX);
	bool ok = make_request(c, &request, err) && private_file_write(file, buf_span(&request), err);

	buf_free(&request);
	return ok;
}

/* Nothing is kept that does not speak of this seal. */
static bool keep_response(struct case_file *c, struct span response, const char *ca,
			  struct err *err)
{
	struct buf token = buf_new(RFC3161_MAX);
	uint8_t sha256[SHA256_SIZE];
	struct rfc3161 stamp;
	uint64_t number;
	bool ok = seal_digest(c, &number, sha256, err) && rfc3161_token(response, &token, err) &&
		  rfc3161_check(buf_span(&token), sha256, ca, &stamp, err) &&
		  case_add_token(c, number, buf_span(&token), err);

	buf_free(&token);
	return ok;
}

bool timestamp_read_response(struct case_file *c, const char *file, const char *ca,
			     struct err *err)
{
	struct buf response = buf_new(RFC3161_MAX);
	bool ok = private_file_read(file, &response, err) &&
		  keep_response(c, buf_span(&response), ca, err);

	buf_free(&response);
	return ok;
}

struct post {
	const char *url;
	struct span request;
};

static size_t take(char *at, size_t size, size_t count, void *answer)
{
	return buf_add(answer, span_of(at, size * count)) ? size * count : 0;
}

/*
 * Loaded where a seal is stamped: with what it needs in turn it is half of the
 * program's libraries, which every other command would wait for at its start.
 */
struct curl_library {
	__typeof__(curl_easy_init) *init;
	__typeof__(curl_easy_cleanup) *cleanup;
	CURLcode (*setopt)(CURL *, CURLoption, ...);
	__typeof__(curl_easy_perform) *perform;
	CURLcode (*getinfo)(CURL *, CURLINFO, ...);
	__typeof__(curl_easy_strerror) *strerror;
	__typeof__(curl_slist_append) *append;
	__typeof__(curl_slist_free_all) *free_all;
};

/* Stays loaded: the helper that asked for it ends soon. */
static bool load_curl(struct curl_library *curl, struct err *err)
{
	static const char *const names[] = { "curl_easy_init", "curl_easy_cleanup", "curl_easy_setopt",
		"curl_easy_perform", "curl_easy_getinfo", "curl_easy_strerror", "curl_slist_append",
		"curl_slist_free_all" };
	void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL), *found[8];

	for (size_t i = 0; i < 8; i++) {
		found[i] = library ? dlsym(library, names[i]) : NULL;
		if (!found[i])
			return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "libcurl: %s", dlerror());
	}
	memcpy(curl, found, sizeof *curl);
	return true;
}

static bool post(const struct curl_library *lib, CURL *curl, const struct post *p,
		 struct curl_slist *headers, struct buf *answer, struct err *err)
{
	CURLcode code;
	long status = 0;

	lib->setopt(curl, CURLOPT_URL, p->url);
	lib->setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	lib->setopt(curl, CURLOPT_HTTPHEADER, headers);
	lib->setopt(curl, CURLOPT_POSTFIELDS, p->request.at);
	lib->setopt(curl, CURLOPT_POSTFIELDSIZE, (long)p->request.len);
	lib->setopt(curl, CURLOPT_WRITEFUNCTION, take);
	lib->setopt(curl, CURLOPT_WRITEDATA, answer);
	lib->setopt(curl, CURLOPT_TIMEOUT, (long)SECONDS - 5);
	lib->setopt(curl, CURLOPT_NOSIGNAL, 1L);
	code = lib->perform(curl);
	if (code != CURLE_OK)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "%s: %s", p->url, lib->strerror(code));
	lib->getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status == 200 ||
	       err_set(err, ERR_IO, ERR_NO_OFFSET, "%s: answers HTTP %ld", p->url, status);
}

static bool post_in_helper(void *context, struct buf *answer, struct err *err)
{
	struct curl_slist *headers;
	struct curl_library lib = { 0 };
	CURL *curl;
	bool ok;

	if (!load_curl(&lib, err))
		return false;
	headers = lib.append(NULL, "Content-Type: application/timestamp-query");
	curl = lib.init();
	ok = curl && headers ? post(&lib, curl, context, headers, answer, err)
			     : err_set(err, ERR_IO, ERR_NO_OFFSET, "out of memory");
	lib.cleanup(curl);
	lib.free_all(headers);
	return ok;
}

bool timestamp_from_url(struct case_file *c, const char *url, const char *ca, struct err *err)
{
	struct buf request = buf_new(RFC3161_MAX), response = buf_new(RFC3161_MAX);
	struct post p = { .url = url };
	bool ok = make_request(c, &request, err);

	p.request = buf_span(&request);
	ok = ok && helper_ask(post_in_helper, &p, SECONDS, &response, err) &&
	     keep_response(c, buf_span(&response), ca, err);
	buf_free(&request);
	buf_free(&response);
	return ok;
}
