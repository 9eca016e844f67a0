/*
 * sanitized: whether this is a build with address or thread sanitizer.
 *
 * They need memory that the sandbox's bound would refuse, and write to stderr.
 */
#ifndef KANSHIKI_BASE_SANITIZED_H
#define KANSHIKI_BASE_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
