#include "base/domain.h"

#include "test.h"

TEST(domain_registered_is_what_somebody_bought)
{
	assert_span(domain_registered(SPAN("a.b.example.com")), "example.com");
	assert_span(domain_registered(SPAN("example.com.")), "example.com");
	assert_span(domain_registered(SPAN("a.example.co.uk")), "example.co.uk");
	assert_span(domain_registered(SPAN("co.uk")), "co.uk");
	assert_span(domain_registered(SPAN("x.mallory.github.io")), "mallory.github.io");
	assert_span(domain_registered(SPAN("d111.cloudfront.net")), "d111.cloudfront.net");
	assert_span(domain_registered(SPAN("localhost")), "localhost");
	assert_span(domain_registered(SPAN("10.1.2.3")), "10.1.2.3");
	assert_span(domain_registered(SPAN("")), "");
	assert_span(domain_registered(SPAN(".")), "");
}

TEST(domain_information_is_four_bytes_of_an_address_backwards)
{
	assert_int_equal(domain_information(SPAN("2.0.0.127.zen")), 4);
	assert_int_equal(domain_information(SPAN("2.0.0.127")), 4);
	assert_int_equal(domain_information(SPAN("2.0.0.256.zen")), 13);
	assert_int_equal(domain_information(SPAN("mfrgg.2.0.0.1")), 13);
	assert_int_equal(domain_information(SPAN("")), 0);
}

TEST(domain_below_is_the_rest)
{
	assert_span(domain_below(SPAN("a.b.example.com")), "a.b");
	assert_span(domain_below(SPAN("example.com")), "");
	assert_span(domain_below(SPAN("mallory.github.io")), "");
	assert_span(domain_below(SPAN("10.1.2.3")), "");
}

TEST(domain_is_of_itself_and_of_what_it_is_below)
{
	assert_true(domain_is_of(SPAN("example.com"), SPAN("example.com")));
	assert_true(domain_is_of(SPAN("a.B.Example.COM"), SPAN("example.com")));
	assert_false(domain_is_of(SPAN("notexample.com"), SPAN("example.com")));
	assert_false(domain_is_of(SPAN("com"), SPAN("example.com")));
	assert_false(domain_is_of(SPAN(""), SPAN("example.com")));
	assert_true(domain_is_given(SPAN("a.blob.core.windows.net")));
	assert_true(domain_is_given(SPAN("x.y.github.io")));
	assert_false(domain_is_given(SPAN("core.windows.net")));
}

TEST(domain_tells_addresses_from_names)
{
	assert_true(domain_is_address(SPAN("10.1.2.3")));
	assert_true(domain_is_address(SPAN("10.1.2.3:80")));
	assert_true(domain_is_address(SPAN("[2001:db8::1]:80")));
	assert_true(domain_is_address(SPAN("fe80::1")));
	assert_false(domain_is_address(SPAN("1and1.com")));
	assert_false(domain_is_address(SPAN("host:80")));
	assert_false(domain_is_address(SPAN("")));
}
