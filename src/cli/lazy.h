/*
 * lazy: shared libraries that are loaded when one of their functions is first called.
 *
 * Disk images, archives, OpenSSL, SQLite and others bring 28 of the program's 33 libraries,
 * whose loading takes most of the time of a short command. So the program is not linked with them:
 * for each function of theirs that it calls (tools/lazy-calls lists them) there is a
 * short piece of code of the same name (lazy_x86_64.S) that jumps through a table. At
 * first the table leads to a loader; once a library is loaded, to its functions. The
 * table is read-only but for that moment. Tests are linked with the libraries as usual,
 * and so is the program on other processors.
 *
 * A process that will lock itself in (os/sandbox) must have called what it needs, or
 * load all before: in there it ends with a message.
 */
#ifndef KANSHIKI_CLI_LAZY_H
#define KANSHIKI_CLI_LAZY_H

#ifdef KANSHIKI_LAZY
void lazy_load_all(void);
#else
static inline void lazy_load_all(void) { }
#endif

#endif
