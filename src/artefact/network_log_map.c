#include "artefact/network_log_map.h"

#define ZEEK_ENDS [ROLE_LOCAL] = "id.orig_h", [ROLE_LOCAL_PORT] = "id.orig_p", \
	[ROLE_PEER] = "id.resp_h", [ROLE_PEER_PORT] = "id.resp_p"
#define EVE_ENDS [ROLE_LOCAL] = "src_ip", [ROLE_LOCAL_PORT] = "src_port", \
	[ROLE_PEER] = "dest_ip", [ROLE_PEER_PORT] = "dest_port"
#define ZEEK(log, use, what, protocol, ...) { "zeek " log, use, what, protocol, { "id.orig_h", __VA_ARGS__ }, NULL, NULL,
#define EVE(type, use, what, protocol, need) { "suricata " type, use, what, protocol, \
	{ "event_type", need, "src_ip" }, "event_type", type,

const struct network_mapping network_mappings[] = {
	ZEEK("conn.log", USE_TRANSFER, "flow", NULL, "conn_state", "id.resp_h")
	  { ZEEK_ENDS, [ROLE_OUT] = "orig_bytes", [ROLE_IN] = "resp_bytes", [ROLE_LENGTH] = "duration",
	    [ROLE_PROTOCOL] = "proto", [ROLE_SERVICE] = "service", [ROLE_STATUS] = "conn_state",
	    [ROLE_PACKETS_OUT] = "orig_pkts", [ROLE_PACKETS_IN] = "resp_pkts" } },
	ZEEK("dns.log", USE_NAME, "query", NULL, "query", "qtype_name|qtype|proto")
	  { ZEEK_ENDS, [ROLE_NAME] = "query", [ROLE_PROTOCOL] = "qtype_name", [ROLE_ANSWERS] = "answers",
	    [ROLE_CODE] = "rcode_name" } },
	ZEEK("http.log", USE_TRANSFER, "web", NULL, "method|status_code", "uri|request_body_len")
	  { ZEEK_ENDS, [ROLE_OUT] = "request_body_len", [ROLE_IN] = "response_body_len",
	    [ROLE_NAME] = "host", [ROLE_PATH] = "uri", [ROLE_METHOD] = "method",
	    [ROLE_AGENT] = "user_agent", [ROLE_STATUS] = "status_code", [ROLE_USER] = "username" } },
	ZEEK("ssl.log", USE_TRANSFER, "tls", "tls", "cipher|established", "server_name|version")
	  { ZEEK_ENDS, [ROLE_NAME] = "server_name", [ROLE_JA3] = "ja3", [ROLE_JA4] = "ja4",
	    [ROLE_SUBJECT] = "subject", [ROLE_ISSUER] = "issuer" } },
	ZEEK("quic.log", USE_TRANSFER, "tls", "quic", "client_initial_dcid|server_scid", NULL)
	  { ZEEK_ENDS, [ROLE_NAME] = "server_name" } },
	{ "zeek files.log", USE_FILE, "downloaded", NULL, { "fuid", "seen_bytes", "source|mime_type" }, NULL, NULL,
	  { [ROLE_LOCAL] = "rx_hosts|id.orig_h", [ROLE_PEER] = "tx_hosts|id.resp_h",
	    [ROLE_IN] = "seen_bytes", [ROLE_PATH] = "filename", [ROLE_PROTOCOL] = "source",
	    [ROLE_DIGEST] = "sha1" } },
	ZEEK("smtp.log", USE_TRANSFER, "mail", "smtp", "rcptto|mailfrom", NULL)
	  { ZEEK_ENDS, [ROLE_USER] = "mailfrom", [ROLE_NAME] = "rcptto", [ROLE_PATH] = "subject",
	    [ROLE_AGENT] = "user_agent", [ROLE_STATUS] = "last_reply" } },
	ZEEK("ftp.log", USE_COMMAND, "session", "ftp", "command", "arg|reply_code")
	  { ZEEK_ENDS, [ROLE_METHOD] = "command", [ROLE_PATH] = "arg", [ROLE_IN] = "file_size",
	    [ROLE_USER] = "user", [ROLE_STATUS] = "reply_code" } },
	ZEEK("ssh.log", USE_TRANSFER, "session", "ssh", "auth_attempts|kex_alg|host_key_alg", NULL)
	  { ZEEK_ENDS, [ROLE_SOFTWARE] = "client", [ROLE_STATUS] = "auth_success" } },
	ZEEK("rdp.log", USE_TRANSFER, "session", "rdp", "cookie|security_protocol", NULL)
	  { ZEEK_ENDS, [ROLE_USER] = "cookie", [ROLE_SOFTWARE] = "client_name|client_build",
	    [ROLE_STATUS] = "result" } },
	{ "zeek smb_files.log", USE_FILE, "opened", "smb", { "id.orig_h", "action", "name" }, NULL, NULL,
	  { [ROLE_LOCAL] = "id.orig_h", [ROLE_PEER] = "id.resp_h", [ROLE_PATH] = "name", [ROLE_NAME] = "prev_name",
	    [ROLE_IN] = "size", [ROLE_METHOD] = "action" } },
	ZEEK("smb_mapping.log", USE_TRANSFER, "session", "smb", "share_type", "path")
	  { ZEEK_ENDS, [ROLE_PATH] = "path" } },
	ZEEK("kerberos.log", USE_TRANSFER, "session", "kerberos", "request_type", "client|service")
	  { ZEEK_ENDS, [ROLE_USER] = "client", [ROLE_STATUS] = "error_msg" } },
	ZEEK("ntlm.log", USE_TRANSFER, "session", "ntlm", "username|domainname|server_nb_computer_name", NULL)
	  { ZEEK_ENDS, [ROLE_USER] = "username", [ROLE_SOFTWARE] = "hostname", [ROLE_STATUS] = "success" } },
	ZEEK("socks.log", USE_TRANSFER, "session", "socks", "request.host|request.name|request_p", NULL)
	  { ZEEK_ENDS, [ROLE_NAME] = "request.name|request.host", [ROLE_USER] = "user",
	    [ROLE_STATUS] = "status" } },
	ZEEK("tunnel.log", USE_TRANSFER, "session", "tunnel", "tunnel_type", NULL)
	  { ZEEK_ENDS, [ROLE_PROTOCOL] = "tunnel_type" } },

	EVE("flow", USE_TRANSFER, "flow", NULL, "flow.bytes_toserver")
	  { EVE_ENDS, [ROLE_PROTOCOL] = "proto", [ROLE_SERVICE] = "app_proto", [ROLE_OUT] = "flow.bytes_toserver",
	    [ROLE_IN] = "flow.bytes_toclient", [ROLE_FIRST] = "flow.start", [ROLE_LAST] = "flow.end",
	    [ROLE_PACKETS_OUT] = "flow.pkts_toserver", [ROLE_PACKETS_IN] = "flow.pkts_toclient" } },
	/* One way each. */
	EVE("netflow", USE_TRANSFER, "flow", NULL, "netflow.bytes")
	  { EVE_ENDS, [ROLE_PROTOCOL] = "proto", [ROLE_SERVICE] = "app_proto", [ROLE_OUT] = "netflow.bytes",
	    [ROLE_FIRST] = "netflow.start", [ROLE_LAST] = "netflow.end", [ROLE_PACKETS_OUT] = "netflow.pkts" } },
	EVE("dns", USE_NAME, "query", NULL, "dns.rrname|dns.queries.rrname")
	  { EVE_ENDS, [ROLE_NAME] = "dns.rrname|dns.queries.rrname", [ROLE_PROTOCOL] = "dns.rrtype|dns.queries.rrtype",
	    [ROLE_CODE] = "dns.rcode", [ROLE_METHOD] = "dns.type",
	    [ROLE_ANSWERS] = "dns.answers.rdata|dns.grouped.A|dns.grouped.AAAA|dns.grouped.TXT|dns.rdata" } },
	EVE("http", USE_TRANSFER, "web", NULL, "http.http_method|http.hostname|http.url")
	  { EVE_ENDS, [ROLE_NAME] = "http.hostname", [ROLE_PATH] = "http.url",
	    [ROLE_METHOD] = "http.http_method", [ROLE_AGENT] = "http.http_user_agent",
	    [ROLE_STATUS] = "http.status", [ROLE_IN] = "http.length" } },
	EVE("tls", USE_TRANSFER, "tls", "tls", "tls.version|tls.sni|tls.subject|tls.fingerprint|tls.ja3.hash")
	  { EVE_ENDS, [ROLE_NAME] = "tls.sni", [ROLE_SUBJECT] = "tls.subject",
	    [ROLE_ISSUER] = "tls.issuerdn", [ROLE_JA3] = "tls.ja3.hash", [ROLE_JA4] = "tls.ja4" } },
	EVE("quic", USE_TRANSFER, "tls", "quic", "quic.version|quic.sni")
	  { EVE_ENDS, [ROLE_NAME] = "quic.sni", [ROLE_AGENT] = "quic.ua", [ROLE_JA3] = "quic.ja3.hash",
	    [ROLE_JA4] = "quic.ja4" } },
	EVE("fileinfo", USE_FILE, "downloaded", NULL, "fileinfo.filename|fileinfo.sha256|fileinfo.sha1")
	  { [ROLE_LOCAL] = "dest_ip", [ROLE_PEER] = "src_ip", [ROLE_IN] = "fileinfo.size",
	    [ROLE_PATH] = "fileinfo.filename", [ROLE_PROTOCOL] = "app_proto",
	    [ROLE_DIGEST] = "fileinfo.sha256|fileinfo.sha1" } },
	EVE("smtp", USE_TRANSFER, "mail", "smtp", "smtp.mail_from|smtp.helo|email.from")
	  { EVE_ENDS, [ROLE_USER] = "smtp.mail_from|email.from", [ROLE_NAME] = "smtp.rcpt_to|email.to",
	    [ROLE_PATH] = "email.attachment|email.subject" } },
	EVE("ftp", USE_TRANSFER, "session", "ftp", "ftp.command")
	  { EVE_ENDS, [ROLE_METHOD] = "ftp.command", [ROLE_STATUS] = "ftp.completion_code" } },
	EVE("ftp_data", USE_COMMAND, "session", "ftp", "ftp_data.filename")
	  { EVE_ENDS, [ROLE_METHOD] = "ftp_data.command", [ROLE_PATH] = "ftp_data.filename" } },
	EVE("tftp", USE_COMMAND, "session", "tftp", "tftp.packet")
	  { EVE_ENDS, [ROLE_METHOD] = "tftp.packet", [ROLE_PATH] = "tftp.file" } },
	EVE("ssh", USE_TRANSFER, "session", "ssh",
	    "ssh.client.software_version|ssh.client.proto_version|ssh.server.proto_version")
	  { EVE_ENDS, [ROLE_SOFTWARE] = "ssh.client.software_version" } },
	EVE("rdp", USE_TRANSFER, "session", "rdp", "rdp.event_type")
	  { EVE_ENDS, [ROLE_USER] = "rdp.cookie", [ROLE_SOFTWARE] = "rdp.client.client_name",
	    [ROLE_STATUS] = "rdp.event_type" } },
	EVE("smb", USE_TRANSFER, "session", "smb", "smb.command")
	  { EVE_ENDS, [ROLE_METHOD] = "smb.command", [ROLE_PATH] = "smb.filename|smb.share",
	    [ROLE_USER] = "smb.ntlmssp.user", [ROLE_STATUS] = "smb.status" } },

	/* Where from it was fetched is what a proxy says and a web server has not; its own address proxies tell too. */
	{ "proxy log", USE_TRANSFER, "proxy", NULL,
	  { "c-ip", "cs-host|r-host", "r-ip|r-host|s-action|s-hierarchy|s-supplier-name|s-object-source|cs-categories" },
	  NULL, NULL,
	  { [ROLE_LOCAL] = "c-ip", [ROLE_PEER] = "r-ip|cs-ip", [ROLE_PEER_PORT] = "r-port|cs-uri-port",
	    [ROLE_OUT] = "cs-bytes", [ROLE_IN] = "sc-bytes", [ROLE_NAME] = "cs-host|r-host",
	    [ROLE_PATH] = "cs-uri-path|cs-uri|cs-uri-stem", [ROLE_METHOD] = "cs-method|s-operation",
	    [ROLE_USER] = "cs-username", [ROLE_AGENT] = "cs(User-Agent)|c-agent", [ROLE_STATUS] = "sc-status" } },
	/* A web server tells what it sent: that leaves the machine. */
	{ "web server log", USE_TRANSFER, "web", NULL, { "c-ip", "s-ip", "cs-method" }, NULL, NULL,
	  { [ROLE_LOCAL] = "s-ip", [ROLE_LOCAL_PORT] = "s-port", [ROLE_PEER] = "c-ip",
	    [ROLE_OUT] = "sc-bytes", [ROLE_IN] = "cs-bytes", [ROLE_NAME] = "cs-host",
	    [ROLE_PATH] = "cs-uri-stem", [ROLE_METHOD] = "cs-method", [ROLE_USER] = "cs-username",
	    [ROLE_AGENT] = "cs(User-Agent)", [ROLE_STATUS] = "sc-status",
	    [ROLE_HOST] = "s-computername" } },
	{ "proxy log", USE_TRANSFER, "proxy", NULL, { "c-ip", "cs-host", "cs-method" }, NULL, NULL,
	  { [ROLE_LOCAL] = "c-ip", [ROLE_OUT] = "cs-bytes", [ROLE_IN] = "sc-bytes", [ROLE_NAME] = "cs-host",
	    [ROLE_PATH] = "cs-uri-path", [ROLE_METHOD] = "cs-method", [ROLE_USER] = "cs-username",
	    [ROLE_AGENT] = "cs(User-Agent)", [ROLE_STATUS] = "sc-status" } },
	{ "access log", USE_TRANSFER, "web", NULL, { "c-ip", "cs-method", "cs-uri-stem" }, NULL, NULL,
	  { [ROLE_PEER] = "c-ip", [ROLE_OUT] = "io-sent|sc-bytes", [ROLE_IN] = "io-received|cs-bytes",
	    [ROLE_PATH] = "cs-uri-stem", [ROLE_METHOD] = "cs-method", [ROLE_USER] = "cs-username",
	    [ROLE_AGENT] = "cs-user-agent", [ROLE_STATUS] = "sc-status", [ROLE_VHOST] = "vhost" } },
	/* A proxy's log of nothing but who asked, and with what. */
	{ "squid useragent.log", USE_TRANSFER, "proxy", "http", { "c-ip", "cs-user-agent", "log_format" }, NULL, NULL,
	  { [ROLE_LOCAL] = "c-ip", [ROLE_AGENT] = "cs-user-agent" } },
	/* What nginx writes as JSON, by the names that its variables have or that examples give them. */
	{ "access log", USE_TRANSFER, "web", NULL,
	  { "remote_addr|remote_ip|client_ip|clientip|remote_address", "request|request_uri|uri|path",
	    "status|response|body_bytes_sent|bytes_sent" }, NULL, NULL,
	  { [ROLE_PEER] = "remote_addr|remote_ip|client_ip|clientip|remote_address", [ROLE_PEER_PORT] = "remote_port",
	    [ROLE_LOCAL] = "server_addr", [ROLE_LOCAL_PORT] = "server_port",
	    [ROLE_OUT] = "bytes_sent|body_bytes_sent|bytes|size", [ROLE_IN] = "request_length|bytes_received",
	    [ROLE_PATH] = "request_uri|uri|path", [ROLE_METHOD] = "request_method|method|verb",
	    [ROLE_REQUEST] = "request", [ROLE_USER] = "remote_user", [ROLE_STATUS] = "status|response",
	    [ROLE_AGENT] = "http_user_agent|user_agent|agent", [ROLE_HOST] = "hostname",
	    [ROLE_VHOST] = "host|http_host|server_name|vhost" } },
};
const size_t network_mapping_count = sizeof network_mappings / sizeof *network_mappings;
