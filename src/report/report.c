#include "report/report.h"

#include <stdlib.h>

static const char *const degree_names[DEGREE_COUNT] = {
	"cannot tell", "no sign", "possible", "likely", "confirmed",
};
static const char *const state_names[COVERAGE_COUNT] = {
	"missing", "damaged", "partly", "examined",
};
static const char *const questions[HARM_COUNT] = {
	[HARM_NONE] = "What else was found?",
	[HARM_IMPLANT] = "Is malicious software still installed?",
	[HARM_THEFT] = "Was information taken?",
	[HARM_CONTROL] = "Did someone else control the machine?",
	[HARM_DESTRUCTION] = "Was anything destroyed or made to fail?",
	[HARM_OBSTRUCTION] = "Were logs, defences or communications tampered with?",
};

#define NAME_OF(names, n) ((size_t)(n) < sizeof(names) / sizeof *(names) ? (names)[n] : "")

const char *degree_name(enum degree degree)
{
	return NAME_OF(degree_names, degree);
}

const char *coverage_state_name(enum coverage_state state)
{
	return NAME_OF(state_names, state);
}

const char *harm_question(enum harm harm)
{
	return NAME_OF(questions, harm);
}

void report_free(struct report *report)
{
	if (report)
		arena_free(&report->arena);
}

/* "cannot tell" calls for action and so stands before "no sign". */
static int urgency(enum degree degree)
{
	static const int order[DEGREE_COUNT] = { [DEGREE_NO_SIGN] = 0, [DEGREE_CANNOT_TELL] = 1,
						 [DEGREE_POSSIBLE] = 2, [DEGREE_LIKELY] = 3,
						 [DEGREE_CONFIRMED] = 4 };

	return order[degree];
}

static int compare_answers(const void *a, const void *b)
{
	const struct report_answer *x = a, *y = b;
	int difference = urgency(y->degree) - urgency(x->degree);

	return difference ? difference : (int)x->harm - (int)y->harm;
}

/* Where two weigh the same, the earlier comes first and the timeless last. */
static int compare_findings(const void *a, const void *b)
{
	const struct report_finding *x = a, *y = b;
	uint64_t x_time = x->time == TIME_NONE ? UINT64_MAX : (uint64_t)x->time ^ 1ull << 63;
	uint64_t y_time = y->time == TIME_NONE ? UINT64_MAX : (uint64_t)y->time ^ 1ull << 63;

	if (x->level != y->level)
		return (int)y->level - (int)x->level;
	if (x_time != y_time)
		return x_time < y_time ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

struct place {
	uint64_t id;
	uint32_t index;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Turns carriers from indices into ids, or from ids back into new indices. */
static void renumber(struct report *report, struct place *places, uint64_t *ids, bool back)
{
	for (size_t a = 0, n = 0; a < report->answer_count; a++) {
		struct report_carrier *carriers = report->answers[a].carriers;

		for (size_t i = 0; i < report->answers[a].carrier_count; i++, n++) {
			struct place *found, key = { .id = ids[n] };

			if (!back) {
				ids[n] = report->findings[carriers[i].finding].id;
				continue;
			}
			found = bsearch(&key, places, report->finding_count, sizeof key,
					compare_places);
			carriers[i].finding = found->index;
		}
	}
}

bool report_sort(struct report *report, struct err *err)
{
	struct place *places = ARENA_ARRAY(&report->arena, report->finding_count + 1, struct place);
	size_t carriers = 0;
	uint64_t *ids;

	for (size_t a = 0; a < report->answer_count; a++)
		carriers += report->answers[a].carrier_count;
	ids = ARENA_ARRAY(&report->arena, carriers + 1, uint64_t);
	if (!places || !ids)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory to sort %zu findings",
			       report->finding_count);
	if (!report->finding_count) {
		qsort(report->answers, report->answer_count, sizeof *report->answers,
		      compare_answers);
		return true;
	}
	renumber(report, places, ids, false);
	qsort(report->findings, report->finding_count, sizeof *report->findings, compare_findings);
	for (size_t i = 0; i < report->finding_count; i++)
		places[i] = (struct place){ report->findings[i].id, (uint32_t)i };
	qsort(places, report->finding_count, sizeof *places, compare_places);
	renumber(report, places, ids, true);
	qsort(report->answers, report->answer_count, sizeof *report->answers, compare_answers);
	return true;
}
