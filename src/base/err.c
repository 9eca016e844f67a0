#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, enum err_code code, uint64_t offset, const char *format, ...)
{
	va_list args;

	err->code = code;
	err->offset = offset;
	va_start(args, format);
	vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	return false;
}

const char *err_number_text(int number)
{
	const char *text = strerrordesc_np(number);

	return text ? text : "unknown error";
}

bool err_errno(struct err *err, int number, const char *format, ...)
{
	size_t used;
	va_list args;

	err->code = ERR_IO;
	err->offset = ERR_NO_OFFSET;
	va_start(args, format);
	vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof err->text - used, ": %s", err_number_text(number));
	return false;
}

bool err_prefix(struct err *err, const char *format, ...)
{
	char text[sizeof err->text];
	size_t used;
	va_list args;

	memcpy(text, err->text, sizeof text);
	va_start(args, format);
	vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof err->text - used, ": %s", text);
	return false;
}

const char *err_code_name(enum err_code code)
{
	static const char *const names[] = {
		[ERR_NONE] = "none", [ERR_IO] = "io", [ERR_CORRUPT] = "corrupt",
		[ERR_UNSUPPORTED] = "unsupported", [ERR_LIMIT] = "limit",
		[ERR_DENIED] = "denied", [ERR_USAGE] = "usage",
	};

	return (unsigned)code < sizeof names / sizeof *names ? names[code] : "unknown";
}
