#include "startup.h"

#include <stdint.h>

#include "semihosting.h"

/* lm3s6965.ld defines them. Only their addresses count. */
extern uint32_t flash_start, data_load, data_start, data_end, bss_start, bss_end, stack_bottom, stack_top;

int main(void);
void reset(void) __attribute__((noreturn));
void fault(void) __attribute__((noreturn));

typedef void (*handler)(void);

/* The first two words are the stack pointer and the first instruction; the others are the core's exceptions. */
struct vectors {
    uint32_t *stack_top;
    handler handlers[15];
};

extern const struct vectors vectors;
__attribute__((section(".vectors"), used)) const struct vectors vectors = {
    &stack_top,
    {reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, fault},
};

/* A value that the stack has by chance once in four billion words. */
#define PAINT 0x5ca1ab1eu

static size_t distance(const uint32_t *from, const uint32_t *to)
{
    return (uintptr_t)to - (uintptr_t)from;
}

void reset(void)
{
    const uint32_t *load = &data_load;
    for (volatile uint32_t *word = &data_start; word != &data_end; word++) {
        *word = *load++;
    }
    for (volatile uint32_t *word = &bss_start; word != &bss_end; word++) {
        *word = 0;
    }
    stack_paint();
    host_exit(main());
}

void stack_paint(void)
{
    /* Up to this function's own frame, which is far smaller than 64 bytes. */
    volatile uint32_t *frame = (uint32_t *)__builtin_frame_address(0) - 16;
    for (volatile uint32_t *word = &stack_bottom; word < frame; word++) {
        *word = PAINT;
    }
}

void fault(void)
{
    host_print("fault\n");
    host_exit(1);
}

size_t flash_used(void)
{
    return distance(&flash_start, &data_load) + distance(&data_start, &data_end);
}

size_t ram_used(void)
{
    return distance(&data_start, &bss_end);
}

size_t stack_used(void)
{
    const volatile uint32_t *word = &stack_bottom;
    while (word != &stack_top && *word == PAINT) {
        word++;
    }
    return (uintptr_t)&stack_top - (uintptr_t)word;
}
