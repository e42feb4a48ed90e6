/* The least that a program does: keys from constants, a token, a scope. `../build` links it to tell the flash that
 * the library takes, and with NOTHING, to tell what a program takes without it. */
#include "tokenlatch.h"

int minimal(uint8_t *token, size_t len, uint64_t now);

#ifdef NOTHING

int minimal(uint8_t *token, size_t len, uint64_t now)
{
    return token != NULL && len > now;
}

#else

static const tl_policy policy = {
    "https://issuer.example/", "https://device.example/", NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0, 0, 0, 0,
};

static const uint8_t modulus[256] = {0xff};

int minimal(uint8_t *token, size_t len, uint64_t now)
{
    static tl_key_set keys;
    static tl_verified verified;
    if (tl_key_set_init(&keys, sizeof keys) != TL_OK
        || tl_key_set_add(&keys, "2026-11", modulus, sizeof modulus, 65537) != TL_OK
        || tl_verify_in_place(token, len, &keys, &policy, tl_time_exactly(now), &verified) != TL_OK) {
        return 0;
    }
    return tl_has_scope(&verified, "door:open");
}

#endif
