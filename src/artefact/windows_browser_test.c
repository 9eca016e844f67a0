/* What starts in browsers. */
#include "artefact/windows.h"

#include "artefact/decode_support.h"
#include "test.h"

static bool has(const struct trace *t, const char *text)
{
	return span_find(t->detail, 0, span_text(text)) != SIZE_MAX;
}

TEST(chromium_says_where_its_extensions_are_from)
{
	static const char text[] =
		"{\"extensions\":{\"settings\":{"
		"\"aaaa\":{\"location\":4,\"path\":\"C:\\\\Users\\\\ann\\\\evil\",\"from_webstore\":false,\"state\":1,"
		"\"first_install_time\":\"13300000000000000\",\"last_update_time\":\"13300000060000000\","
		"\"active_permissions\":{\"api\":[\"cookies\",\"proxy\"],\"explicit_host\":[\"<all_urls>\"]}},"
		"\"bbbb\":{\"location\":1,\"path\":\"bbbb/1.0_0\",\"install_time\":\"13300000000000000\",\"disable_reasons\":[1],"
		"\"manifest\":{\"name\":\"Good\",\"version\":\"1.0\","
		"\"permissions\":[\"tabs\"],\"update_url\":\"https://u.example\"}},"
		"\"cccc\":{\"location\":5,\"path\":\"resources/pdf\",\"manifest\":{\"name\":\"part of it\"}},"
		"\"dddd\":{\"location\":1}}},"
		"\"homepage\":\"http://h.example\",\"session\":{\"startup_urls\":[\"http://s.example\"]},"
		"\"default_search_provider_data\":{\"template_url_data\":{\"url\":\"http://q.example?q={searchTerms}\"}}}";
	struct told t = { 0 };

	told_run(&t, windows_chromium_preferences, span_text(text), "Users/ann/AppData/x/Default/Secure Preferences", "", NULL);
	assert_true(t.ok);
	assert_int_equal(t.count, 5);
	assert_span(t.traces[0].what, "browser extension");
	assert_span(t.traces[0].name, "aaaa");
	assert_span(t.traces[0].user, "ann");
	assert_int_equal(t.traces[0].time, 1655526400 * TIME_SECOND);
	assert_int_equal(t.traces[0].last - t.traces[0].time, 60 * TIME_SECOND);
	assert_true(has(&t.traces[0], "\"from\":\"unpacked folder\"") && has(&t.traces[0], "\"of_store\":\"no\""));
	assert_true(has(&t.traces[0], "cookies, proxy, <all_urls>") && has(&t.traces[0], "\"state\":\"on\""));
	assert_span(t.traces[1].name, "Good");
	assert_true(has(&t.traces[1], "\"state\":\"off\"") && has(&t.traces[1], "\"permissions\":\"tabs\""));
	assert_span(t.traces[2].command, "http://h.example");
	assert_span(t.traces[3].name, "search");
	assert_span(t.traces[4].command, "http://s.example");
	told_free(&t);
	told_run(&t, windows_chromium_preferences, SPAN("not JSON"), "x/Preferences", "", NULL);
	assert_false(t.ok);
	assert_int_equal(t.err.code, ERR_UNSUPPORTED);
	told_free(&t);
}

TEST(firefox_says_where_its_extensions_are_from)
{
	static const char text[] =
		"{\"addons\":[{\"id\":\"evil@x\",\"type\":\"extension\",\"version\":\"2\",\"active\":true,\"signedState\":0,"
		"\"location\":\"app-profile\",\"path\":\"/home/ann/evil.xpi\","
		"\"installDate\":1700000000123,\"updateDate\":1700000001123,"
		"\"sourceURI\":\"file:///tmp/evil.xpi\","
		"\"installTelemetryInfo\":{\"source\":\"sideload\"},"
		"\"defaultLocale\":{\"name\":\"Evil\"},"
		"\"userPermissions\":{\"permissions\":[\"tabs\"],\"origins\":[\"<all_urls>\"]}},"
		"{\"id\":\"own\",\"type\":\"extension\",\"location\":\"app-builtin\"},{\"id\":\"t\",\"type\":\"theme\"}]}";
	struct told t = { 0 };

	told_run(&t, windows_firefox_extensions, span_text(text), "home/ann/.mozilla/firefox/x/extensions.json", "", NULL);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].name, "Evil");
	assert_span(t.traces[0].command, "evil@x");
	assert_int_equal(t.traces[0].time, INT64_C(1700000000123) * (TIME_SECOND / 1000));
	assert_true(has(&t.traces[0], "\"signature\":\"unsigned\"") && has(&t.traces[0], "sideload"));
	assert_true(has(&t.traces[0], "tabs, <all_urls>") && has(&t.traces[0], "/home/ann/evil.xpi"));
	told_free(&t);
}

TEST(preferences_of_firefox_that_lead_elsewhere)
{
	struct told t = { 0 };

	told_run(&t, windows_firefox_preferences, SPAN("// Mozilla\r\nuser_pref(\"network.proxy.http\", \"10.0.0.9\");\r\n"
		 "user_pref(\"network.proxy.type\", 1);\nuser_pref(\"other\", true);\nuser_pref(\"network.proxy.http\n"
		 "pref(\"xpinstall.signatures.required\", false);"), "Profiles/x/prefs.js", "", NULL);
	assert_int_equal(t.count, 3);
	assert_span(t.traces[0].command, "10.0.0.9");
	assert_span(t.traces[0].technique, "T1090");
	assert_span(t.traces[1].command, "1");
	assert_span(t.traces[2].what, "extension signature");
	assert_span(t.traces[2].command, "false");
	told_free(&t);
}
