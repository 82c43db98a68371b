/*
 * What a child process may keep of its parent's open files.
 */
#ifndef SENDWATCH_BASE_DESCRIPTORS_H
#define SENDWATCH_BASE_DESCRIPTORS_H

/* Close all descriptors from FIRST on: by close_range(2), or one by one where the kernel has none (before 5.9). */
void descriptors_close_from(int first);

/* The second of these ways, whatever the kernel has. */
void descriptors_close_each(int first);

#endif
