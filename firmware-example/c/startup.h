/* What the program takes of the microcontroller. */
#ifndef STARTUP_H
#define STARTUP_H

#include <stddef.h>

/* The bytes of flash: code, constants, and the initial values of variables. */
size_t flash_used(void);

/* The bytes of RAM for variables. */
size_t ram_used(void);

/* The most bytes of stack since reset, or since the last stack_paint. */
size_t stack_used(void);

/* Marks the stack that is not in use, to measure again. */
void stack_paint(void);

#endif
