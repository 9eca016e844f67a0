/*
 * thresholds: every number that an analyser compares with, in one table.
 *
 * docs/analysers.md prints the table; a test keeps the two in step. A value
 * stands here once: an analyser reads THRESHOLD(BEACON_SCORE).
 */
#ifndef KANSHIKI_ASSESS_THRESHOLDS_H
#define KANSHIKI_ASSESS_THRESHOLDS_H

#include <stddef.h>

/* T(name, analyser, value, what it bounds) */
#define THRESHOLDS(T) \
	T(BEACON_CONNECTIONS, "beacon", 20, "connections of a pair of host and destination, to be looked at") \
	T(BEACON_SPAN_HOURS, "beacon", 1, "hours from its first to its last connection, to be looked at") \
	T(BEACON_SCORE, "beacon", 0.8, "score from which regular contact is told") \
	T(BEACON_SCORE_STRONG, "beacon", 0.9, "score from which it may be of level high") \
	T(BEACON_COMMON_SHARE, "beacon", 0.5, "share of hosts that contact a destination, from which it is common") \
	T(BEACON_COMMON_HOSTS, "beacon", 3, "hosts that must contact it for a share to mean anything") \
	T(BEACON_SCORE_LIVING, "beacon", 0.93, "mean of time and size from which contact of part of the period is told") \
	T(BEACON_SCORE_LONE, "beacon", 0.85, "the same, of an address without a name that one host of several contacts") \
	T(BEACON_QUICK_SECONDS, "beacon", 600, "median interval, in seconds, up to which contact is quick") \
	T(DNS_NAMES, "dns tunnel", 100, "distinct names of one client below one domain") \
	T(DNS_INFORMATION, "dns tunnel", 2500, "bytes before the domain in them, from which it is told") \
	T(DNS_MEAN_LENGTH, "dns tunnel", 12, "bytes of one name before the domain, on average") \
	T(DNS_ENTROPY, "dns tunnel", 3.5, "bits a letter: mixed as encoded data is") \
	T(DNS_CLIENTS, "dns tunnel", 5, "clients that ask below the domain, at most") \
	T(DNS_STRONG, "dns tunnel", 20000, "bytes before the domain from which it is of level high") \
	T(DNS_THEFT, "dns tunnel", 65536, "bytes before the domain from which it is told as theft too") \
	T(VOLUME_BYTES, "volume", 52428800, "bytes out to one place, from which it is looked at") \
	T(VOLUME_SHARING, "volume", 5242880, "the same, for a place where anybody may leave files") \
	T(VOLUME_STRONG, "volume", 524288000, "bytes out that make it stronger") \
	T(VOLUME_RATIO, "volume", 3, "bytes out over bytes in, at least") \
	T(VOLUME_NORMAL, "volume", 5, "destinations of a host from which it has a normal") \
	T(VOLUME_DEVIATION, "volume", 3.5, "deviations from the host's median, of logarithms") \
	T(VOLUME_COMMON_HOSTS, "volume", 3, "hosts, if they are half of all, that make a destination common") \
	T(VOLUME_ROUTINE_DAYS, "volume", 4, "days of the evidence, each with a sending, from which it is routine") \
	T(VOLUME_ROUTINE_SPREAD, "volume", 2, "largest over smallest day of a routine, at most") \
	T(VOLUME_ROUTINE_MINUTES, "volume", 90, "minutes by which a routine begins earlier or later on the next day") \
	T(VOLUME_ICMP, "volume", 1048576, "bytes out in ICMP to one place, in packets that are no pings") \
	T(VOLUME_ICMP_PACKET, "volume", 200, "bytes of such a packet, on average, from which it is no ping") \
	T(VOLUME_SPLIT, "volume", 209715200, "bytes out in a day to places of which each took little, to be told") \
	T(VOLUME_SPLIT_PLACES, "volume", 5, "places that they went to, at least") \
	T(VOLUME_SPLIT_RATIO, "volume", 4, "times what this host's other days sent so, at least") \
	T(WEB_CLIENTS, "web", 3, "clients that asked for a page, at most") \
	T(WEB_POSTS, "web", 5, "times that a script in a folder for content was sent to, at least") \
	T(WEB_ARCHIVES, "web", 5, "large archives of a server, beyond which it is there for downloads") \
	T(REMOTE_TOOL_BYTES, "remote", 5000, "bytes both ways from which a remote-control program was at work") \
	T(REMOTE_SESSION_BYTES, "remote", 3000, "bytes each way from which a session was more than an attempt") \
	T(REMOTE_FAN, "remote", 20, "hosts reached by one service of administration within an hour") \
	T(REMOTE_SCAN, "remote", 150, "ports of hosts knocked at in vain within an hour") \
	T(STARTS_RANK_UNKNOWN, "starts", 50, "points from which an unknown program that nothing starts is told") \
	T(STARTS_RANK_STRONG, "starts", 60, "points from which an unknown program that something starts is of level high") \
	T(STARTS_FOLDER_ALTERED, "starts", 20, "altered files of one folder of modules, beyond which they are told once") \
	T(THEFT_HOURS_BEFORE, "theft", 48, "hours that gathering may lie before sending, to be one episode") \
	T(THEFT_HOURS_AFTER, "theft", 2, "hours that gathering or removing may lie after sending") \
	T(THEFT_HABIT_DAYS, "theft", 2, "days from first to last sending to a place, from which it is habit, suspected last") \
	T(THEFT_SEND_BYTES, "theft", 1048576, "bytes out from which a transfer is sending") \
	T(THEFT_SRUM_BYTES, "theft", 268435456, "bytes out of one program by SRUM in a day, from which it is told") \
	T(THEFT_SIZE_LOW, "theft", 0.95, "bytes sent over bytes gathered, from which the sizes agree") \
	T(THEFT_SIZE_HIGH, "theft", 1.25, "bytes sent over bytes gathered, up to which the sizes agree") \
	T(DESTRUCTION_WINDOW_MINUTES, "destruction", 10, "minutes within which changes of files are one mass") \
	T(DESTRUCTION_RENAMES, "destruction", 100, "files given the same new ending in that time") \
	T(DESTRUCTION_DELETES, "destruction", 500, "files of users deleted or overwritten in that time") \
	T(OBSTRUCTION_TIMES, "obstruction", 1, "files whose times were set back, to be told") \
	T(ACCOUNTS_MARKS, "accounts", 50, "immutable files and access lists, up to which they are told") \
	T(ACCOUNTS_OWNED, "accounts", 50, "files of the system that one other than root owns, beyond which they are told once") \
	T(ACCOUNTS_OPEN, "accounts", 3, "tables that anybody may write, up to which they are told") \
	T(PACKAGES_RARE, "packages", 3, "packages, beside one in 50, up to which a changed record of theirs is told") \
	T(SESSIONS_FAILED, "sessions", 50, "failed logons from one place within an hour before one that succeeds")

enum threshold {
#define THRESHOLD_NAME(name, analyser, value, what) THRESHOLD_##name,
	THRESHOLDS(THRESHOLD_NAME)
#undef THRESHOLD_NAME
	THRESHOLD_COUNT
};

struct threshold_row {
	const char *name;	/* "BEACON_SCORE" */
	const char *analyser;
	double value;
	const char *what;
};

extern const struct threshold_row thresholds[THRESHOLD_COUNT];

#define THRESHOLD(name) (thresholds[THRESHOLD_##name].value)

#endif
