#include "os/attribute.h"

#include <sys/xattr.h>

size_t attribute_capability(int fd, uint8_t out[ATTRIBUTE_CAPABILITY_MAX])
{
	ssize_t got = fgetxattr(fd, "security.capability", out, ATTRIBUTE_CAPABILITY_MAX);

	return got > 0 ? (size_t)got : 0;
}
