#include "report/progress.h"

#include "codec/escape.h"

#include <time.h>

#define REDRAW (TIME_SECOND / 10)
#define PLAIN_EVERY (30 * TIME_SECOND)

/* The wall clock may jump during a long run. */
static timestamp steady_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (timestamp)t.tv_sec * TIME_SECOND + t.tv_nsec;
}

struct progress progress_new(FILE *to)
{
	struct progress p = { .to = to };

	if (to)
		p.terminal = terminal_of(to);
	p.started = steady_now();
	p.shown = p.terminal.interactive ? 0 : p.started;
	return p;
}

static void add_rate(struct buf *to, const struct progress_state *s, int64_t elapsed)
{
	double seconds = (double)elapsed / (double)TIME_SECOND;

	if (seconds < 0.5)
		return;
	buf_printf(to, "  %.1f MB/s", (double)s->bytes_done / seconds / 1e6);
}

static void add_duration(struct buf *to, uint64_t seconds)
{
	if (seconds >= 3600)
		buf_printf(to, "%u h %02u min", (unsigned)(seconds / 3600),
			   (unsigned)(seconds / 60 % 60));
	else if (seconds >= 60)
		buf_printf(to, "%u min %02u s", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
	else
		buf_printf(to, "%u s", (unsigned)seconds);
}

/* By bytes where sizes are known: a few large logs outweigh a thousand small files. */
static double part_done(const struct progress_state *s)
{
	if (s->bytes_known)
		return (double)s->bytes_done / (double)s->bytes_known;
	return s->items_known ? (double)s->items_done / (double)s->items_known : 0;
}

static void add_left(struct buf *to, const struct progress_state *s, int64_t elapsed)
{
	double done = part_done(s), left;

	if (s->growing || done < 0.01 || elapsed < TIME_SECOND)
		return;
	left = (double)elapsed / (double)TIME_SECOND * (1 / done - 1);
	if (left < 0 || left > 1e7)
		return;
	buf_text(to, "  ");
	add_duration(to, (uint64_t)left);
	buf_text(to, " left");
}

void progress_line(struct buf *to, const struct progress_state *s, int64_t elapsed,
		   unsigned columns)
{
	struct buf line = buf_new(1000);
	double done = part_done(s);

	if (s->growing)
		buf_printf(&line, "%llu items so far", (unsigned long long)s->items_done);
	else
		buf_printf(&line, "%3.0f %%  %llu of %llu items", done > 1 ? 100 : done * 100,
			   (unsigned long long)s->items_done, (unsigned long long)s->items_known);
	if (s->findings)
		buf_printf(&line, "  %llu findings", (unsigned long long)s->findings);
	add_rate(&line, s, elapsed);
	add_left(&line, s, elapsed);
	if (s->now.len && line.len + 12 < columns) {
		buf_text(&line, "  ");
		escape_terminal_fit(&line, s->now, columns - line.len);
		buf_add(to, buf_span(&line));
	} else {
		buf_add(to, span_sub(buf_span(&line), 0, columns));
	}
	buf_free(&line);
}

void progress_show(struct progress *p, const struct progress_state *state)
{
	timestamp now = p->to ? steady_now() : 0;
	struct buf line = buf_new(4096);

	if (!p->to || now - p->shown < (p->terminal.interactive ? REDRAW : PLAIN_EVERY))
		return;
	p->shown = now;
	/* One column short, else some terminals wrap. */
	progress_line(&line, state, now - p->started, p->terminal.columns - 1);
	if (p->terminal.interactive)
		fprintf(p->to, "\r\x1b[2K%.*s", SPAN_ARG(buf_span(&line)));
	else
		fprintf(p->to, "%.*s\n", SPAN_ARG(buf_span(&line)));
	fflush(p->to);
	p->drawn = p->terminal.interactive;
	buf_free(&line);
}

void progress_phase(struct progress *p, const char *doing)
{
	if (!p->to || !p->terminal.interactive)
		return;
	fprintf(p->to, "\r\x1b[2K%.*s", (int)p->terminal.columns - 1, doing);
	fflush(p->to);
	p->drawn = true;
}

void progress_clear(struct progress *p)
{
	if (!p->to || !p->drawn)
		return;
	fputs("\r\x1b[2K", p->to);
	fflush(p->to);
	p->drawn = false;
}
