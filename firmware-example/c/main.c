/* Tokenlatch in C on a bare Cortex-M3: verifies the tokens of a file, one a line, and prints the verdicts and the
 * memory that it took.
 *
 * To use Tokenlatch in firmware of your own, copy `policy`, `load_keys` and `receive_and_verify`. */
#include <stdint.h>

#include "keys.h"
#include "semihosting.h"
#include "startup.h"
#include "tokenlatch.h"

/* What the device accepts: tokens that its issuer issued for this device. */
static const tl_policy policy = {
    .issuer = "https://issuer.example/",
    .audience = "https://device.example/",
};

/* 2026-11-21T12:00:00Z, so that the verdicts stay the same. A device reads its real-time clock. */
#define NOW 1795262400u

static tl_key_set keys;

/* A byte more than the longest token, so that a token can be too long. */
static uint8_t buffer[TL_MAX_TOKEN_LEN + 1];

static tl_error load_keys(void)
{
    tl_error error = tl_key_set_init(&keys, sizeof keys);
#define ADD(kid, n, len, e) if (error == TL_OK) { error = tl_key_set_add(&keys, kid, n, len, e); }
    KEYS_EACH(ADD)
#undef ADD
    return error;
}

/* Reads a line, without its end, to the front of the buffer. What does not fit is left out. Returns whether there
 * was a line. */
static bool receive(int32_t file, size_t *len)
{
    static uint8_t block[512];
    static size_t at, end;
    bool has_line = false;
    *len = 0;
    for (;;) {
        if (at == end) {
            at = 0;
            end = host_read(file, block, sizeof block);
            if (end == 0) {
                return has_line;
            }
        }
        has_line = true;
        uint8_t byte = block[at++];
        if (byte == '\n') {
            return true;
        }
        if (*len < sizeof buffer) {
            buffer[(*len)++] = byte;
        }
    }
}

/* Verifies the token that was received. The claims lie in the buffer: they are good until the next token. */
static tl_error receive_and_verify(size_t len, tl_verified *verified)
{
    return tl_verify_in_place(buffer, len, &keys, &policy, tl_time_exactly(NOW), verified);
}

static void print_number(size_t number)
{
    char digits[11];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    host_print(&digits[at]);
}

static void print_verdict(tl_error error, const tl_verified *verified)
{
    if (error != TL_OK) {
        host_print("rejected: ");
        host_print(tl_error_name(error));
        host_print(" (");
        host_print(tl_error_text(error));
        host_print(")\n");
        return;
    }
    char subject[64];
    host_print("verified:");
    if (tl_claim_text(verified, "sub", subject, sizeof subject) == TL_OK) {
        host_print(" sub=");
        host_print(subject);
    }
    host_print(tl_has_scope(verified, "config:read") ? " may read" : " may not read");
    host_print(tl_has_scope(verified, "config:write") ? ", may write\n" : ", may not write\n");
}

int main(void)
{
    static tl_verified verified;
    size_t len;

    host_print("tokenlatch in C on a Cortex-M3\n");
    tl_error error = load_keys();
    if (error != TL_OK) {
        host_print(tl_error_text(error));
        host_print("\n");
        return 1;
    }
    int32_t file = host_open("tokens.txt");
    if (file < 0) {
        host_print("there is no file tokens.txt\n");
        return 1;
    }
    while (receive(file, &len)) {
        error = receive_and_verify(len, &verified);
        print_verdict(error, &verified);
    }
    host_print("flash ");
    print_number(flash_used());
    host_print(" bytes, variables ");
    print_number(ram_used());
    host_print(" bytes, stack ");
    print_number(stack_used());
    host_print(" bytes\n");
    return 0;
}
