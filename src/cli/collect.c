#include "cli/commands.h"

#include "cli/collect.h"
#include "codec/json_write.h"
#include "evidence/collect.h"
#include "evidence/unpack.h"
#include "os/machine.h"
#include "report/progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *output, *root;
static bool only_live, quiet;
static uint64_t file_bytes = UINT64_C(256) << 20, total_bytes = UINT64_C(16) << 30, recent = 30,
		recent_bytes = UINT64_C(256) << 20, budget;

static const struct option_spec options[] = {
	{ OPTION_TEXT, 'o', "output", "FILE.zip", "write the collection here; into a folder, as HOST-TIME.zip", &output },
	{ OPTION_TEXT, 0, "root", "FOLDER",
	  "take the files of the system that is mounted there, and nothing of this running one", &root },
	{ OPTION_FLAG, 0, "only-live", NULL, "take processes, sockets and the kernel's state, no files",
	  &only_live },
	{ OPTION_SECONDS, 0, "budget", "TIME", "stop taking files after so long; what is left out is told [no end]",
	  &budget },
	{ OPTION_SIZE, 0, "file-size", "SIZE", "taken of one file [256M]", &file_bytes },
	{ OPTION_SIZE, 0, "total-size", "SIZE", "taken of all files [16G]", &total_bytes },
	{ OPTION_NUMBER, 0, "recent", "DAYS",
	  "take executables changed in so many days, wherever they lie [30]", &recent },
	{ OPTION_SIZE, 0, "recent-size", "SIZE", "taken of these [256M]", &recent_bytes },
	{ OPTION_FLAG, 'q', "quiet", NULL, "no progress line", &quiet },
	{ 0 },
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static bool show_progress(void *context, struct span path)
{
	static uint64_t taken;
	struct progress_state state = { .items_done = ++taken, .growing = true, .now = path };

	progress_show(context, &state);
	return !interrupted;
}

void collect_about(struct buf *to, int argc, char **argv)
{
	struct machine here = machine_here();
	struct buf now = buf_new(64);
	struct json_write w = json_write_to(to);

	timestamp_format(&now, timestamp_now(), 3);
	json_object(&w);
	json_key(&w, "collection"), json_text(&w, "kanshiki");
	json_key(&w, "version"), json_text(&w, KANSHIKI_VERSION);
	json_key(&w, "started"), json_span(&w, buf_span(&now));
	json_key(&w, "host"), json_text(&w, here.host);
	json_key(&w, "system"), json_text(&w, here.system);
	json_key(&w, "user"), json_text(&w, here.user);
	json_key(&w, "uid"), json_u64(&w, here.uid);
	json_key(&w, "zone"), json_text(&w, here.zone);
	json_key(&w, "utc_offset"), json_i64(&w, here.utc_offset);
	json_key(&w, "folder"), json_text(&w, here.folder);
	json_key(&w, "command");
	json_array(&w);
	for (int i = 0; i < argc; i++)
		json_text(&w, argv[i]);
	json_array_end(&w);
	json_object_end(&w);
	buf_add_u8(to, '\n');
	buf_free(&now);
}

bool collect_to(const char *path, const struct collect_options *how,
		struct collection_totals *totals, struct err *err)
{
	struct buf about = buf_new((size_t)1 << 20);
	struct collection *c;
	bool ok;

	unpack_prepare();
	collect_about(&about, command_line.argc, command_line.argv);
	c = collection_open(path, buf_span(&about), err);
	buf_free(&about);
	if (!c)
		return false;
	collection_set_end(c, how->end);
	ok = (how->is_mounted || collect_live(c, how, err)) && (how->only_live || collect_files(c, how, err));
	if (!ok) {
		collection_abandon(c);
		return false;
	}
	return collection_close(c, totals, err);
}

/* HOST-TIME.zip in that folder. */
static const char *name_in(const char *folder)
{
	static char name[4096 + 400];
	struct machine here = machine_here();
	struct buf now = buf_new(64);

	timestamp_format(&now, timestamp_now(), 0);
	for (char *c = here.host; *c; c++)
		*c = *c == '/' ? '_' : *c;
	snprintf(name, sizeof name, "%.4095s/%s-%.4s%.2s%.2sT%.2s%.2s%.2sZ.zip", folder, here.host, (char *)now.at,
		 (char *)now.at + 5, (char *)now.at + 8, (char *)now.at + 11, (char *)now.at + 14,
		 (char *)now.at + 17);
	buf_free(&now);
	return name;
}

/* Where it is written is said, never guessed: a whole machine is taken at once. */
static bool check_output(struct err *err)
{
	struct stat st;

	if (!output)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "collect takes files of this whole machine: say with -o FILE.zip, "
			       "or -o FOLDER, where they go");
	if (!stat(output, &st) && S_ISDIR(st.st_mode))
		output = name_in(output);
	return true;
}

static bool check_root(struct err *err)
{
	struct stat st;

	if (!root)
		return true;
	if (only_live)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--root is of a system at rest, --only-live of this one");
	if (stat(root, &st))
		return err_errno(err, errno, "%s", root);
	return S_ISDIR(st.st_mode) || err_set(err, ERR_USAGE, ERR_NO_OFFSET, "%s is no folder", root);
}

static void tell(const struct collection_totals *t)
{
	struct buf hex = buf_new(128);

	buf_hex(&hex, span_of(t->sha256, sizeof t->sha256));
	printf("collected  %llu %s, %llu %s, %llu bytes\n", (unsigned long long)t->files,
	       t->files == 1 ? "file" : "files", (unsigned long long)t->links,
	       t->links == 1 ? "link" : "links", (unsigned long long)t->bytes);
	if (t->failed || t->left_out)
		printf("not taken  %llu could not be read, %llu left out; manifest.jsonl in it says which and why\n",
		       (unsigned long long)t->failed, (unsigned long long)t->left_out);
	if (t->late)
		printf("time over  %llu places were not taken, or not to their end\n", (unsigned long long)t->late);
	printf("written    %s, %llu bytes\nsha256     %s\nnext       kanshiki assess %s\n", output,
	       (unsigned long long)t->zip_bytes, (char *)hex.at, output);
	buf_free(&hex);
}

static int run(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct progress progress = progress_new(quiet ? NULL : stderr);
	struct collect_options how = { .root = root ? root : "/", .is_mounted = root,
		.only_live = only_live, .file_bytes = file_bytes,
		.total_bytes = total_bytes, .recent_seconds = recent * 86400, .recent_bytes = recent_bytes,
		.end = budget ? collection_clock() + budget * 1000 : 0,
		.progress = show_progress, .context = &progress };
	struct collection_totals totals = { 0 };
	struct err err = { 0 };
	bool ok;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	ok = check_output(&err) && check_root(&err) && collect_to(output, &how, &totals, &err);
	progress_clear(&progress);
	if (!ok) {
		fprintf(stderr, "kanshiki: %s\n", err.text);
		return EXIT_COULD_NOT;
	}
	if (geteuid())
		fprintf(stderr, "kanshiki: not root: what belongs to others could not be read\n");
	tell(&totals);
	return 0;
}

const struct command command_collect = {
	.name = "collect",
	.usage = "collect -o FILE.zip [OPTION...]",
	.summary = "take what tells of this Linux machine into one zip, read only",
	.about = "Takes, in order of volatility, processes, sockets, kernel state, sessions, logs,\n"
		 "what starts, settings, package databases, histories, and executables in odd\n"
		 "places or changed lately. Nothing of the machine is changed. Each file's\n"
		 "SHA-256, times and what could not be read stand in manifest.jsonl inside.\n"
		 "Private keys and the values of environments are left out. Assess the zip on\n"
		 "another machine.",
	.options = options,
	.run = run,
	.unpacks = true,
};
