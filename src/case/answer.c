/* The verdict's rows of case.h. */
#include "case/recorder.h"

bool case_clear_answers(struct case_file *c, struct err *err)
{
	return recorder_begin(c, err) &&
	       recorder_exec(c, "DELETE FROM answer; DELETE FROM answer_finding; "
				"DELETE FROM answer_coverage", err) &&
	       recorder_done(c, err);
}

bool case_add_answer(struct case_file *c, const struct case_answer *answer, uint64_t *id,
		     struct err *err)
{
	struct row row;

	if (answer->harm >= HARM_COUNT)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no such harm");
	if (!recorder_begin(c, err))
		return false;
	*id = c->next[TABLE_ANSWER];
	row = row_begin(c, TABLE_ANSWER);
	row_word(&row, harm_name(answer->harm));
	row_text(&row, answer->degree);
	row_text(&row, answer->summary);
	row_text(&row, answer->detail);
	row_time(&row, answer->first);
	row_time(&row, answer->last);
	return row_end(&row, err) && recorder_done(c, err);
}

bool case_add_answer_finding(struct case_file *c, uint64_t answer, uint64_t finding,
			     int64_t weight, struct span reason, struct err *err)
{
	struct row row;

	if (!recorder_begin(c, err))
		return false;
	row = row_begin(c, TABLE_ANSWER_FINDING);
	row_u64(&row, answer, 0);
	row_u64(&row, finding, 0);
	row_int(&row, weight);
	row_text(&row, reason);
	return row_end(&row, err) && recorder_done(c, err);
}

bool case_add_answer_coverage(struct case_file *c, uint64_t answer,
			      const struct case_answer_coverage *coverage, struct err *err)
{
	struct row row;

	if (coverage->evidence_class >= CLASS_COUNT)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no such class of evidence");
	if (!recorder_begin(c, err))
		return false;
	row = row_begin(c, TABLE_ANSWER_COVERAGE);
	row_u64(&row, answer, 0);
	row_word(&row, evidence_class_name(coverage->evidence_class));
	row_text(&row, coverage->channel);
	row_text(&row, coverage->state);
	row_int(&row, (int64_t)coverage->items);
	row_time(&row, coverage->first);
	row_time(&row, coverage->last);
	row_text(&row, coverage->note);
	row_text(&row, coverage->days);
	return row_end(&row, err) && recorder_done(c, err);
}
