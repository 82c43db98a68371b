/*
 * SELDOM is for what hardly any line needs, within what all lines go through. Compilers like to put a function that is
 * called from one place into that place, and then its variables make every line save registers and guard the stack.
 */
#ifndef SENDWATCH_BASE_SELDOM_H
#define SENDWATCH_BASE_SELDOM_H

#define SELDOM __attribute__((noinline, cold))

#endif
