#include "codec/note.h"

#include "test.h"

/* The example of c2sp.org/signed-note and of Go's sumdb/note. */
static const char go_key[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char go_note[] =
	"If you think cryptography is the answer to your problem,\n"
	"then you don't know what your problem is.\n"
	"\n"
	"\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
	"otpRZb6KE6RyyBwJnAM=\n";

TEST(note_verifies_what_go_signed)
{
	struct note_key key;
	struct err err = { 0 };
	struct span text;

	assert_true(note_key_parse(span_text(go_key), &key, &err));
	assert_true(note_verify(span_text(go_note), &key, &text, &err));
	assert_true(span_ends(text, SPAN("your problem is.\n")));
}

static struct note_secret *made(void)
{
	struct note_secret *secret = note_secret_new();
	struct err err = { 0 };

	assert_non_null(secret);
	assert_true(note_secret_make(secret, SPAN("kanshiki/test"), &err));
	return secret;
}

TEST(note_keys_survive_text)
{
	struct note_secret *secret = made(), *again = note_secret_new();
	struct buf text = buf_new(4096);
	struct note_key key;
	struct err err = { 0 };

	note_secret_text(&text, secret);
	assert_true(note_secret_parse(again, buf_span(&text), &err));
	assert_memory_equal(secret->bytes, again->bytes, NOTE_SECRET_SIZE);
	buf_clear(&text);
	note_key_text(&text, &secret->key);
	assert_true(note_key_parse(buf_span(&text), &key, &err));
	assert_true(note_key_equal(&key, &secret->key));
	text.at[text.len - 5] ^= 1;
	assert_false(note_key_parse(buf_span(&text), &key, &err));
	buf_free(&text);
	note_secret_free(secret);
	note_secret_free(again);
}

TEST(note_notices_every_flipped_bit)
{
	struct note_secret *secret = made();
	struct checkpoint c = { .origin = SPAN("kanshiki.case/00ff"), .size = 42 }, back;
	struct buf text = buf_new(4096), note = buf_new(4096);
	struct err err = { 0 };
	struct span got;

	checkpoint_text(&text, &c);
	assert_true(note_sign(&note, buf_span(&text), secret, &err));
	assert_true(note_verify(buf_span(&note), &secret->key, &got, &err));
	assert_true(checkpoint_parse(got, &back, &err));
	assert_true(checkpoint_parse(buf_span(&note), &back, &err));
	assert_int_equal(back.size, 42);
	assert_span(back.origin, "kanshiki.case/00ff");
	for (size_t bit = 0; bit < note.len * 8; bit++) {
		note.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (note_verify(buf_span(&note), &secret->key, &got, &err))
			fail_msg("bit %zu flipped unnoticed", bit);
		note.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < note.len; len++)
		assert_false(note_verify(span_of(note.at, len), &secret->key, &got, &err));
	buf_free(&text);
	buf_free(&note);
	note_secret_free(secret);
}

TEST(note_of_another_key_is_denied)
{
	struct note_secret *secret = made(), *other = made();
	struct buf note = buf_new(4096);
	struct err err = { 0 };
	struct span got;

	assert_true(note_sign(&note, SPAN("text\n"), secret, &err));
	assert_false(note_verify(buf_span(&note), &other->key, &got, &err));
	assert_int_equal(err.code, ERR_DENIED);
	buf_free(&note);
	note_secret_free(secret);
	note_secret_free(other);
}

TEST(note_checkpoint_refuses_odd_forms)
{
	static const char *const odd[] = {
		"", "a\n", "a\n1\n", "a b\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"a\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"a\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n",
		"a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nextension\n",
	};
	struct checkpoint c;
	struct err err = { 0 };

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		assert_false(checkpoint_parse(span_text(odd[i]), &c, &err));
	assert_true(checkpoint_parse(
		SPAN("a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), &c, &err));
}
