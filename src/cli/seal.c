#include "cli/commands.h"

#include <stdio.h>

#include "case/query.h"
#include "case/seal.h"
#include "cli/timestamp.h"

static const char *key_file, *request_file, *response_file, *url, *ca_file;

static const struct option_spec options[] = {
	{ OPTION_TEXT, 'k', "key", "FILE", "sign with this key [~/.config/kanshiki/key]", &key_file },
	{ OPTION_TEXT, 0, "timestamp-url", "URL", "have the seal time-stamped by this authority",
	  &url },
	{ OPTION_TEXT, 0, "timestamp-request", "FILE", "write the request for an authority to FILE",
	  &request_file },
	{ OPTION_TEXT, 0, "timestamp-response", "FILE", "take the authority's response from FILE",
	  &response_file },
	{ OPTION_TEXT, 0, "timestamp-ca", "FILE",
	  "certificates (PEM) that must vouch for the authority", &ca_file },
	{ 0 },
};

static bool is_sealed(struct case_file *c, bool *sealed, struct err *err)
{
	int64_t answer;

	if (!query_int(case_db(c), "SELECT json_extract(body, '$.kind') = 'sealed' FROM custody "
				   "ORDER BY id DESC LIMIT 1", 0, &answer, err))
		return false;
	*sealed = answer == 1;
	return true;
}

static bool seal_if_open(struct case_file *c, struct err *err)
{
	struct seal seal = { 0 };
	bool sealed, ok = is_sealed(c, &sealed, err);

	if (!ok || sealed)
		return ok;
	ok = case_seal(c, key_file, &seal, err);
	if (ok && seal.made_key)
		fprintf(stderr, "kanshiki: made a signing key, '%s': keep it secret, keep a copy.\n"
				"kanshiki: hand '%s.pub' to those who shall verify your cases.\n",
			seal.key_path, seal.key_path);
	if (ok)
		fwrite(seal.note.at, 1, seal.note.len, stdout);
	seal_free(&seal);
	return ok;
}

static bool exchange(struct case_file *c, struct err *err)
{
	return (!request_file || timestamp_write_request(c, request_file, err)) &&
	       (!url || timestamp_from_url(c, url, ca_file, err)) &&
	       (!response_file || timestamp_read_response(c, response_file, ca_file, err));
}

static int run(int argc, char **argv)
{
	struct case_file *c;
	struct err err = { 0 };
	bool ok;

	(void)argc;
	if (!case_amend(argv[0], &c, &err)) {
		fprintf(stderr, "kanshiki: %s\n", err.text);
		return EXIT_COULD_NOT;
	}
	ok = seal_if_open(c, &err) && exchange(c, &err);
	if (!ok)
		fprintf(stderr, "kanshiki: %s\n", err.text);
	case_close(c);
	return ok ? 0 : EXIT_COULD_NOT;
}

const struct command command_seal = {
	.name = "seal",
	.usage = "seal CASE [OPTION...]",
	.summary = "sign a case that has no seal, or have its seal time-stamped",
	.about = "assess seals its case at the end. This command seals a case whose run was cut "
		 "short, and exchanges time stamps (RFC 3161) with an authority: by URL, or by files "
		 "where this machine has no network. It prints the checkpoint that it signed; kept "
		 "elsewhere, that shows later that no older state was put back.",
	.options = options,
	.run = run,
	.least = 1,
	.most = 1,
};
