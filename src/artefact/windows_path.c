#include "artefact/windows_path.h"

static const struct { struct span variable; const char *place; } places[] = {
	{ { (const uint8_t *)"%SystemRoot%", 12 }, "C:\\Windows" },
	{ { (const uint8_t *)"%windir%", 8 }, "C:\\Windows" },
	{ { (const uint8_t *)"%SystemDrive%", 13 }, "C:" },
	{ { (const uint8_t *)"%ProgramFiles(x86)%", 19 }, "C:\\Program Files (x86)" },
	{ { (const uint8_t *)"%ProgramFiles%", 14 }, "C:\\Program Files" },
	{ { (const uint8_t *)"%ProgramW6432%", 14 }, "C:\\Program Files" },
	{ { (const uint8_t *)"%CommonProgramFiles(x86)%", 25 }, "C:\\Program Files (x86)\\Common Files" },
	{ { (const uint8_t *)"%CommonProgramFiles%", 20 }, "C:\\Program Files\\Common Files" },
	{ { (const uint8_t *)"%CommonProgramW6432%", 20 }, "C:\\Program Files\\Common Files" },
	{ { (const uint8_t *)"%ComSpec%", 9 }, "C:\\Windows\\System32\\cmd.exe" },
	{ { (const uint8_t *)"%ProgramData%", 13 }, "C:\\ProgramData" },
	{ { (const uint8_t *)"%ALLUSERSPROFILE%", 17 }, "C:\\ProgramData" },
	{ { (const uint8_t *)"%PUBLIC%", 8 }, "C:\\Users\\Public" },
	{ { (const uint8_t *)"\\??\\UNC\\", 8 }, "\\\\" },
	{ { (const uint8_t *)"\\??\\", 4 }, "" },
	{ { (const uint8_t *)"\\SystemRoot\\", 12 }, "C:\\Windows\\" },
	{ { (const uint8_t *)"system32\\", 9 }, "C:\\Windows\\System32\\" },
	{ { (const uint8_t *)"syswow64\\", 9 }, "C:\\Windows\\SysWOW64\\" },
	{ { (const uint8_t *)"\\Windows\\", 9 }, "C:\\Windows\\" },
};

static const struct { struct span variable; const char *place; } users[] = {
	{ { (const uint8_t *)"%USERPROFILE%", 13 }, "" },
	{ { (const uint8_t *)"%HOMEDRIVE%%HOMEPATH%", 21 }, "" },
	{ { (const uint8_t *)"%HOMEPATH%", 10 }, "" },
	{ { (const uint8_t *)"C:\\Users\\%USERNAME%", 19 }, "" },
	{ { (const uint8_t *)"%SystemDrive%\\Users\\%USERNAME%", 30 }, "" },
	{ { (const uint8_t *)"%APPDATA%", 9 }, "\\AppData\\Roaming" },
	{ { (const uint8_t *)"%LOCALAPPDATA%", 14 }, "\\AppData\\Local" },
	{ { (const uint8_t *)"%TEMP%", 6 }, "\\AppData\\Local\\Temp" },
	{ { (const uint8_t *)"%TMP%", 5 }, "\\AppData\\Local\\Temp" },
};

static bool starts(struct span s, struct span prefix)
{
	return span_eq_nocase(span_sub(s, 0, prefix.len), prefix);
}

struct span windows_path_expand(struct span path, struct span user, struct arena *arena)
{
	if (starts(path, SPAN("\\\\?\\")))
		path = span_from(path, 4);
	if (starts(path, SPAN("file:///")))
		path = span_from(path, 8);
	for (size_t i = 0; user.len && i < sizeof users / sizeof *users; i++)
		if (starts(path, users[i].variable)) {
			struct span rest = span_from(path, users[i].variable.len);

			return arena_printf(arena, "C:\\Users\\%.*s%s%.*s", SPAN_ARG(user), users[i].place,
					    SPAN_ARG(rest));
		}
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (starts(path, places[i].variable)) {
			struct span rest = span_from(path, places[i].variable.len);

			if (!*places[i].place)
				return windows_path_expand(rest, user, arena);
			return arena_printf(arena, "%s%.*s", places[i].place, SPAN_ARG(rest));
		}
	return path;
}

static const char *const extensions[] = {
	".exe", ".dll", ".sys", ".com", ".bat", ".cmd", ".ps1", ".vbs", ".vbe", ".js", ".jse", ".scr", ".cpl",
	".lnk", ".pif", ".hta", ".wsf", ".ocx", ".sct", ".msi", ".psm1", ".py", ".jar", ".ax", ".drv", ".efi",
};

/* Length of the extension of a program at `at`, or 0: whatever follows ends a word. */
static size_t extension_at(struct span s, size_t at)
{
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
		struct span wanted = span_text(extensions[i]);
		size_t end = at + wanted.len;

		if (starts(span_from(s, at), wanted) &&
		    (end == s.len || memchr(" \t,\"'/;)", s.at[end], 9)))
			return wanted.len;
	}
	return 0;
}

/* Takes the first word off `rest`: quoted, or up to an extension, or up to white space. */
static struct span take_word(struct span *rest)
{
	struct span s = span_trim(*rest), word;
	size_t end = SIZE_MAX;

	if (s.len && (s.at[0] == '"' || s.at[0] == '\'')) {
		end = span_find_byte(s, 1, s.at[0]);
		word = span_sub(s, 1, end == SIZE_MAX ? SIZE_MAX : end - 1);
		*rest = end == SIZE_MAX ? (struct span){ 0 } : span_from(s, end + 1);
		return word;
	}
	for (size_t i = 0; i < s.len && end == SIZE_MAX; i++) {
		size_t extension = s.at[i] == '.' ? extension_at(s, i) : 0;

		if (extension)
			end = i + extension;
	}
	for (size_t i = 0; i < s.len && end == SIZE_MAX; i++)
		if (s.at[i] == ' ' || s.at[i] == '\t')
			end = i;
	*rest = end == SIZE_MAX ? (struct span){ 0 } : span_from(s, end);
	return span_sub(s, 0, end);
}

/* An argument ends at white space or a comma; its own extension makes it a file. */
static struct span take_argument(struct span *rest)
{
	struct span s = span_trim(*rest);
	size_t end = 0;

	if (s.len && (s.at[0] == '"' || s.at[0] == '\''))
		return take_word(rest);
	while (end < s.len && s.at[end] != ' ' && s.at[end] != '\t' && s.at[end] != ',')
		end++;
	*rest = span_from(s, end + 1);
	return span_sub(s, 0, end);
}

static struct span base_name(struct span path)
{
	size_t at = path.len;

	while (at && path.at[at - 1] != '\\' && path.at[at - 1] != '/')
		at--;
	return span_from(path, at);
}

static bool is_loader(struct span program)
{
	static const char *const names[] = { "rundll32", "regsvr32", "wscript", "cscript", "mshta", "powershell",
					     "pwsh", "cmd", "msiexec", "conhost", "wmic", "installutil", "python",
					     "java", "javaw", "regasm", "regsvcs", "msbuild", "%comspec%", "pythonw", "pcalua",
					     "forfiles", "explorer", "control", "odbcconf", "cmstp", "scriptrunner", "hh",
					     "wsl", "bash", "node", "php", "perl", "ruby", "autoit3", "dotnet" };
	struct span name = base_name(program);
	struct span extension = span_from(name, name.len > 4 ? name.len - 4 : 0);

	if (span_eq_nocase(extension, SPAN(".exe")))
		name = span_sub(name, 0, name.len - 4);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eq_nocase(name, span_text(names[i])))
			return true;
	return false;
}

static bool is_file(struct span word)
{
	for (size_t i = word.len; i-- > 0;)
		if (word.at[i] == '.')
			return extension_at(word, i) == word.len - i;
	return false;
}

/* "cmd /c C:\\x.bat": a loader's name needs no extension to end the first word. */
static struct span take_program(struct span *rest)
{
	struct span after = *rest, first = take_argument(&after);

	if (!is_loader(first))
		return take_word(rest);
	*rest = after;
	return first;
}

struct span windows_program_of(struct span command, struct span user, struct arena *arena)
{
	struct span rest = span_sub(command, 0, 32767), program = take_program(&rest);

	if (is_loader(program))
		for (int i = 0; i < 64 && rest.len; i++) {
			struct span argument = take_argument(&rest);

			if (is_file(argument) && !is_loader(argument)) {
				program = argument;
				break;
			}
		}
	return windows_path_expand(program, user, arena);
}

struct span windows_library_of(struct span name, struct span user, struct arena *arena)
{
	const char *extension = is_file(name) ? "" : ".dll";

	name = span_trim(name);
	if (span_find_byte(name, 0, '\\') == SIZE_MAX && span_find_byte(name, 0, '/') == SIZE_MAX &&
	    span_find_byte(name, 0, '%') == SIZE_MAX)
		return arena_printf(arena, "C:\\Windows\\System32\\%.*s%s", SPAN_ARG(name), extension);
	return windows_path_expand(name, user, arena);
}
