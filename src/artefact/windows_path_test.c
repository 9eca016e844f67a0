#include "artefact/windows_path.h"
#include "test.h"

static const struct { const char *command, *program; } commands[] = {
	{ "\"C:\\Program Files\\a b\\x.exe\" -k", "C:\\Program Files\\a b\\x.exe" },
	{ "C:\\Program Files\\a b\\x.exe -k y.dll", "C:\\Program Files\\a b\\x.exe" },
	{ "%SystemRoot%\\system32\\svchost.exe -k netsvcs", "C:\\Windows\\system32\\svchost.exe" },
	{ "\\SystemRoot\\System32\\drivers\\a.sys", "C:\\Windows\\System32\\drivers\\a.sys" },
	{ "\\??\\C:\\t\\a.sys", "C:\\t\\a.sys" },
	{ "system32\\DRIVERS\\b.sys", "C:\\Windows\\System32\\DRIVERS\\b.sys" },
	{ "rundll32.exe C:\\x\\evil.dll,Start", "C:\\x\\evil.dll" },
	{ "C:\\Windows\\System32\\regsvr32.exe /s \"C:\\x y\\e.dll\"", "C:\\x y\\e.dll" },
	{ "powershell.exe -w hidden -File %APPDATA%\\r.ps1", "C:\\Users\\ann\\AppData\\Roaming\\r.ps1" },
	{ "powershell.exe -enc AAAA", "powershell.exe" },
	{ "cmd /c C:\\x\\run.bat", "C:\\x\\run.bat" },
	{ "%LOCALAPPDATA%\\u.exe", "C:\\Users\\ann\\AppData\\Local\\u.exe" },
	{ "explorer.exe", "explorer.exe" },
	{ "%ComSpec% /c C:\\x\\run.bat", "C:\\x\\run.bat" },
	{ "%COMSPEC% /k ver", "C:\\Windows\\System32\\cmd.exe" },
	{ "file:///C:/x/y.dll", "C:/x/y.dll" },
	{ "pcalua.exe -a C:\\t\\e.exe", "C:\\t\\e.exe" },
	{ "%HOMEDRIVE%%HOMEPATH%\\e.exe", "C:\\Users\\ann\\e.exe" },
	{ "%SystemDrive%\\Users\\%USERNAME%\\e.exe", "C:\\Users\\ann\\e.exe" },
	{ "%CommonProgramFiles(x86)%\\e.exe", "C:\\Program Files (x86)\\Common Files\\e.exe" },
	{ "", "" },
	{ "\"", "" },
};

TEST(the_program_of_a_command_line_is_found)
{
	struct arena arena = arena_new(1 << 20);

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		assert_span(windows_program_of(span_text(commands[i].command), SPAN("ann"), &arena),
			    commands[i].program);
	arena_free(&arena);
}

TEST(libraries_by_name_lie_in_system32)
{
	struct arena arena = arena_new(1 << 20);

	assert_span(windows_library_of(SPAN("msv1_0"), SPAN(""), &arena), "C:\\Windows\\System32\\msv1_0.dll");
	assert_span(windows_library_of(SPAN("a.dll"), SPAN(""), &arena), "C:\\Windows\\System32\\a.dll");
	assert_span(windows_library_of(SPAN("D:\\p.dll"), SPAN(""), &arena), "D:\\p.dll");
	arena_free(&arena);
}
