/* The rows of case.h that the ledger of executables writes. */
#include "case/recorder.h"

bool case_clear_ledger(struct case_file *c, struct err *err)
{
	return recorder_begin(c, err) &&
	       recorder_exec(c, "DELETE FROM program; DELETE FROM start", err) &&
	       recorder_done(c, err);
}

bool case_add_program(struct case_file *c, const struct case_program *program, struct err *err)
{
	struct row row;

	if (!recorder_begin(c, err))
		return false;
	row = row_begin(c, TABLE_PROGRAM);
	row_u64(&row, program->item, 0);
	row_text(&row, program->machine);
	row_text(&row, program->path);
	row_text(&row, program->standing);
	row_text(&row, program->source);
	row_int(&row, program->rank);
	row_text(&row, program->reasons);
	return row_end(&row, err) && recorder_done(c, err);
}

bool case_add_start(struct case_file *c, const struct case_start *start, struct err *err)
{
	struct row row;

	if (!recorder_begin(c, err))
		return false;
	row = row_begin(c, TABLE_START);
	row_u64(&row, start->trace, 0);
	row_text(&row, start->machine);
	row_u64(&row, start->target, 0);
	row_text(&row, start->standing);
	row_text(&row, start->entry);
	row_int(&row, start->rank);
	row_text(&row, start->reasons);
	return row_end(&row, err) && recorder_done(c, err);
}
