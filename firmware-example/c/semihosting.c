#include "semihosting.h"

/* "Semihosting for AArch32 and AArch64", Arm, release 2.0: the operations and their numbers. */
enum { SYS_OPEN = 0x01, SYS_WRITE0 = 0x04, SYS_READ = 0x06, SYS_EXIT = 0x18 };

/* Why the program ends: it is done, or there was a run-time error. */
enum { APPLICATION_EXIT = 0x20026, RUN_TIME_ERROR = 0x20023 };

static uintptr_t call(uintptr_t operation, uintptr_t argument)
{
    register uintptr_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

int32_t host_open(const char *name)
{
    size_t len = 0;
    while (name[len] != '\0') {
        len++;
    }
    /* The mode 1 is "rb". */
    const uintptr_t block[] = {(uintptr_t)name, 1, len};
    return (int32_t)call(SYS_OPEN, (uintptr_t)block);
}

size_t host_read(int32_t file, uint8_t *buffer, size_t size)
{
    const uintptr_t block[] = {(uintptr_t)file, (uintptr_t)buffer, size};
    /* It tells how many bytes were not read. */
    size_t missing = call(SYS_READ, (uintptr_t)block);
    return missing <= size ? size - missing : 0;
}

void host_print(const char *text)
{
    call(SYS_WRITE0, (uintptr_t)text);
}

void host_exit(int status)
{
    for (;;) {
        call(SYS_EXIT, status == 0 ? APPLICATION_EXIT : RUN_TIME_ERROR);
    }
}
