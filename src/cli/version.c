#include "cli/commands.h"

#include <archive.h>
#include <openssl/crypto.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>

static int run(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("kanshiki %s\n", KANSHIKI_VERSION);
	printf("%s\nSQLite %s\nlibsodium %s\n%s\n", OpenSSL_version(OPENSSL_VERSION),
	       sqlite3_libversion(), sodium_version_string(), archive_version_details());
	return 0;
}

const struct command command_version = {
	.name = "version",
	.usage = "version",
	.summary = "show the version of kanshiki and of the libraries it runs on",
	.run = run,
	.most = ARGUMENTS_NONE,
};
