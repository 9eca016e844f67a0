/* What the bits of a file's mode say. */
#include "artefact/linux.h"

#define SET_USER 04000u
#define SET_GROUP 02000u
#define ANY_EXECUTE 0111u
#define TYPE_MASK 0170000u
#define TYPE_FILE 0100000u

/* Programs that run as their owner, whoever starts them. */
bool linux_set_id(const struct artefact *a, struct err *err)
{
	uint32_t type = a->mode & TYPE_MASK;
	struct linux_text t;

	if (!(a->mode & (SET_USER | SET_GROUP)) || !(a->mode & ANY_EXECUTE) ||
	    (type && type != TYPE_FILE))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no set-id bit");
	t = linux_text_of(a);
	linux_autostart(&t, &(struct linux_entry){
		.what = a->mode & SET_USER ? "set user id" : "set group id", .technique = "T1548.001",
		.name = a->name, .program = a->path,
		.detail = arena_printf(a->arena, "{\"mode\":\"%04o\"}", a->mode & 07777) });
	linux_text_free(&t);
	return true;
}
