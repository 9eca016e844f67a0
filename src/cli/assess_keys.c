#include "cli/assess_keys.h"

#include "disk/bitlocker.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_FILE_MOST 4096
/* Eight groups of six digits. */
#define RECOVERY_LEN 55

static const char *const kinds[] = { "luks:", "bitlocker:" };

/* The length of "luks:" and the like in front, or 0. */
static size_t kind_of(const char *value)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strncmp(value, kinds[i], strlen(kinds[i])))
			return strlen(kinds[i]);
	return 0;
}

static bool is_recovery(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (i % 7 == 6 ? s.at[i] != '-' : s.at[i] < '0' || s.at[i] > '9')
			return false;
	return s.len == RECOVERY_LEN;
}

static bool read_key(struct assess_keys *k, const char *path, struct span *out, struct err *err)
{
	FILE *in = fopen(path, "rb");
	uint8_t *bytes = malloc(KEY_FILE_MOST);
	size_t len;

	if (!in || !bytes) {
		free(bytes);
		err_errno(err, errno, "cannot read key file '%s'", path);
		if (in)
			fclose(in);
		return false;
	}
	len = fread(bytes, 1, KEY_FILE_MOST, in);
	fclose(in);
	/* A line that an editor wrote ends in what is no part of the key. */
	if (len && bytes[len - 1] == '\n' && !bitlocker_is_startup_key(span_of(bytes, len)))
		len--;
	k->files[k->count] = bytes;
	*out = span_of(bytes, len);
	return true;
}

static bool take_one(struct assess_keys *k, const char *value, struct err *err)
{
	size_t cut = kind_of(value);
	struct span word = span_text(value + cut);

	if (!cut && k->seal)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "two signing keys: '%s' and '%s'", k->seal,
			       value);
	if (!cut) {
		k->seal = value;
		return true;
	}
	if (k->count == ASSESS_KEYS_MAX)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "more than %d keys", ASSESS_KEYS_MAX);
	if (word.len && word.at[0] == '@' && !read_key(k, value + cut + 1, &word, err))
		return false;
	if (!word.len)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "an empty key: %.*s", (int)cut, value);
	if (value[0] == 'l')
		k->keys[k->count].passphrase = word;
	else if (word.at != (const uint8_t *)value + cut && bitlocker_is_startup_key(word))
		k->keys[k->count].startup = word;
	else if (is_recovery(word))
		k->keys[k->count].recovery = word;
	else
		k->keys[k->count].password = word;
	k->count++;
	return true;
}

/* A key is nothing that a case should hold. */
static char *without_secret(char *argument)
{
	static char luks[] = "--key=luks:(not kept)", bitlocker[] = "--key=bitlocker:(not kept)";
	static char luks_word[] = "luks:(not kept)", bitlocker_word[] = "bitlocker:(not kept)";
	bool is_joined = !strncmp(argument, "--key=", 6) || !strncmp(argument, "-k", 2);
	const char *value = !strncmp(argument, "--key=", 6) ? argument + 6
			  : !strncmp(argument, "-k", 2)     ? argument + 2 : argument;
	size_t cut = kind_of(value);

	if (!cut || value[cut] == '@')
		return argument;
	if (value[0] == 'l')
		return is_joined ? luks : luks_word;
	return is_joined ? bitlocker : bitlocker_word;
}

bool assess_keys_take(struct assess_keys *k, const struct option_list *given, int argc, char **argv,
		      struct err *err)
{
	*k = (struct assess_keys){ .argv = calloc((size_t)argc + 1, sizeof *k->argv) };
	if (!k->argv)
		return err_errno(err, ENOMEM, "keys");
	for (int i = 0; i < argc; i++)
		k->argv[i] = without_secret(argv[i]);
	for (size_t i = 0; i < given->count; i++)
		if (!take_one(k, given->values[i], err))
			return false;
	return true;
}

void assess_keys_free(struct assess_keys *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < ASSESS_KEYS_MAX; i++) {
		if (k->files[i])
			OPENSSL_cleanse(k->files[i], KEY_FILE_MOST);
		free(k->files[i]);
	}
	free(k->argv);
}
