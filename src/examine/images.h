/*
 * images: an item that is a disk image. What lies in a file by itself is divided
 * into shares (image_part.h); what lies in an archive or another image is gone
 * through at once, within the limits of its tree.
 *
 * Checksums and digests that an image carries are compared with what it holds in a
 * share of its own. It tells one item, which is none of the case: what is said of it,
 * a fact and what is amiss, is said of the image.
 */
#ifndef KANSHIKI_EXAMINE_IMAGES_H
#define KANSHIKI_EXAMINE_IMAGES_H

#include "examine/item.h"

/*
 * Of the item at hand, which looks like an image: tells shares, volumes that cannot
 * be read, and what is wrong. False: there is nothing in it that we know.
 */
bool images_survey(struct examination *x, struct item *item);
/* All files of an image that lies inside something else. */
void images_inside(struct examination *x, struct item *item);
/* One share, as told before, of the file that was handed over. */
void images_share(struct examination *x, struct span part);

#endif
