/* The decoders of the family "program". */
#include "artefact/artefact.h"

#include "artefact/program.h"

#define CONTENT(named, function) \
	{ .name = "programs", .evidence_class = CLASS_EXECUTABLE, .kind = named, .decode = function }
#define SCRIPT(named) \
	{ .name = "scripts", .evidence_class = CLASS_SCRIPT, .kind = named, .decode = program_script }

const struct artefact_decoder artefact_program[] = {
	CONTENT("elf", program_elf),
	CONTENT("pe", program_pe),
	CONTENT("mach-o", program_macho),
	CONTENT("java class or fat mach-o", program_macho),
	CONTENT("jar (zip)", program_script),
	CONTENT("dex", program_script),
	SCRIPT("script"), SCRIPT("php"), SCRIPT("asp"), SCRIPT("batch file"), SCRIPT("vbscript"),
	SCRIPT("windows script"), SCRIPT("powershell"),
	{ .name = "catalogues", .evidence_class = CLASS_EXECUTABLE, .paths = "*.cat",
	  .decode = program_catalogue },
	{ .name = "archives", .evidence_class = CLASS_ARCHIVE, .decode = program_archive, .of_place = true,
	  .paths = "*.a|*.sym|*.zip|*.war|*.ear|*.whl|*.egg|*.gem|*.gz|*.xz|*.zst|*.bz2|*.tar|*.tgz|*.txz|*.cab|*.apk|"
		   "*.nupkg|*.jmod|*.aar" },
	{ .name = "scripts", .evidence_class = CLASS_SCRIPT, .decode = program_compiled, .of_place = true,
	  .paths = "*.pyc|*.pyo" },
	{ .name = "scripts", .evidence_class = CLASS_SCRIPT, .decode = program_text, .of_place = true,
	  .paths = "*.py|*.pl|*.pm|*.rb|*.sh|*.bash|*.php|*.phtml|*.jsp|*.jspx|*.asp|*.aspx|*.ashx|"
		   "*.ps1|*.psm1|*.bat|*.cmd|*.vbs|*.vbe|*.js|*.jse|*.wsf|*.hta|*.lua|*.tcl|*.awk" },
};
const size_t artefact_program_count = sizeof artefact_program / sizeof *artefact_program;

bool program_is_kind(const char *kind)
{
	for (size_t i = 0; i < artefact_program_count; i++)
		if (artefact_program[i].kind && !strcmp(artefact_program[i].kind, kind))
			return true;
	return false;
}
