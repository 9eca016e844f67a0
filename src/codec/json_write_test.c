#include "codec/json_write.h"
#include "test.h"

TEST(json_write_keeps_commas_and_escapes)
{
	struct buf b = buf_new(1000);
	struct json_write w = json_write_to(&b);

	json_object(&w);
	json_key(&w, "a\"b");
	json_array(&w);
	json_u64(&w, 1);
	json_i64(&w, -2);
	json_text(&w, NULL);
	json_span(&w, SPAN("\x1b[0m\n\xff\xe2\x80\xae\xc2\x9b鑑"));
	json_array_end(&w);
	json_key(&w, "c");
	json_bool(&w, false);
	json_object_end(&w);
	assert_span(buf_span(&b), "{\"a\\\"b\":[1,-2,null,\"\\u001b[0m\\n\xef\xbf\xbd\\u202e\\u009b鑑\"],"
				  "\"c\":false}");
	buf_free(&b);
}

TEST(json_pair_leaves_out_what_is_empty)
{
	struct buf text = buf_new(100);
	struct json_write w = json_write_to(&text);

	json_object(&w);
	json_pair(&w, "a", SPAN(""));
	json_pair(&w, "b", SPAN("x\"y"));
	json_object_end(&w);
	assert_span(buf_span(&text), "{\"b\":\"x\\\"y\"}");
	buf_free(&text);
}
