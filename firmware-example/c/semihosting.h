/* Input and output by the debugger, here QEMU: Arm's semihosting. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stddef.h>
#include <stdint.h>

/* Opens a file for reading. Returns a negative number if there is none. */
int32_t host_open(const char *name);

/* Reads up to size bytes. Returns how many there were: 0 at the end of the file. */
size_t host_read(int32_t file, uint8_t *buffer, size_t size);

/* Prints a string that ends with a NUL. */
void host_print(const char *text);

/* Ends the program: 0 is success. */
void host_exit(int status) __attribute__((noreturn));

#endif
