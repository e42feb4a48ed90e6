/* Prints the verdict of each case of a file: tests/tests/capi.rs compares them with those in Rust, under
 * AddressSanitizer and UndefinedBehaviorSanitizer.
 *
 * A case is a letter, its length in four bytes (little-endian), and so many bytes:
 *
 *   I  an empty set of keys
 *   K  a key for the set: the exponent in four bytes, the kid with a NUL, the modulus
 *   J  a JWK Set, in place of the keys
 *   P  a policy: fields with a NUL after each, the first character of which says what it is
 *   N  the time: the earliest and the latest second, eight bytes each
 *   T  a token
 *
 * The bytes of each case lie in memory of exactly their length, so that a read or write beyond them is found. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tokenlatch.h"

static tl_key_set keys;
static tl_policy policy;
static tl_time now;

static void fail(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(2);
}

static uint64_t read_number(const uint8_t *bytes, size_t len)
{
    uint64_t number = 0;
    while (len > 0) {
        number = number << 8 | bytes[--len];
    }
    return number;
}

/* Adds a text to a list of the policy. */
static void add_text(const char *const **list, size_t *len, const char *text)
{
    const char **longer = (const char **)malloc((*len + 1) * sizeof *longer);
    if (longer == NULL) {
        fail("no memory");
    }
    for (size_t at = 0; at < *len; at++) {
        longer[at] = (*list)[at];
    }
    longer[*len] = text;
    free((void *)(uintptr_t)*list);
    *list = longer;
    *len += 1;
}

static void free_policy(void)
{
    free((void *)(uintptr_t)policy.more_issuers);
    free((void *)(uintptr_t)policy.more_audiences);
    free((void *)(uintptr_t)policy.scopes);
    free((void *)(uintptr_t)policy.claims);
    memset(&policy, 0, sizeof policy);
}

/* The texts stay where they are. */
static void set_policy(const uint8_t *bytes, size_t len)
{
    free_policy();
    for (const char *field = (const char *)bytes; field < (const char *)bytes + len; field += strlen(field) + 1) {
        const char *text = field + 1;
        switch (field[0]) {
        case 'i': policy.issuer = text; break;
        case 'a': policy.audience = text; break;
        case 't': policy.token_type = text; break;
        case 's': policy.subject = text; break;
        case 'c': policy.client = text; break;
        case 'I': add_text(&policy.more_issuers, &policy.more_issuers_len, text); break;
        case 'A': add_text(&policy.more_audiences, &policy.more_audiences_len, text); break;
        case 'S': add_text(&policy.scopes, &policy.scopes_len, text); break;
        case 'C': add_text(&policy.claims, &policy.claims_len, text); break;
        case 'l': policy.leeway = (uint32_t)strtoul(text, NULL, 10); break;
        case 'm': policy.max_age = (uint32_t)strtoul(text, NULL, 10); break;
        case 'f': policy.flags = (uint32_t)strtoul(text, NULL, 10); break;
        default: fail("an unknown field");
        }
    }
}

static void print_claims(const tl_verified *verified)
{
    static const char *const texts[] = {"iss", "sub", "jti", "client_id"};
    static const char *const numbers[] = {"exp", "iat"};
    static const char *const scopes[] = {"config:read", "config:write"};
    char *text = (char *)malloc(TL_MAX_TOKEN_LEN);
    if (text == NULL) {
        fail("no memory");
    }
    printf(" %" PRIu64 " %d", tl_expiry(verified), tl_is_certainly_valid(verified));
    for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
        tl_error error = tl_claim_text(verified, texts[at], text, TL_MAX_TOKEN_LEN);
        if (error != TL_OK) {
            printf(" %s", tl_error_name(error));
            continue;
        }
        putchar(' ');
        putchar('"');
        for (const char *byte = text; *byte != '\0'; byte++) {
            printf("%02x", (unsigned)(uint8_t)*byte);
        }
        if (!tl_claim_contains(verified, texts[at], text) && strlen(text) <= TL_MAX_TEXT_LEN) {
            fail("a claim does not have its own text");
        }
    }
    for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++) {
        uint64_t number = 0;
        tl_error error = tl_claim_number(verified, numbers[at], &number);
        printf(" %s:%" PRIu64, tl_error_name(error), number);
    }
    for (size_t at = 0; at < sizeof scopes / sizeof *scopes; at++) {
        printf(" %d", tl_has_scope(verified, scopes[at]));
    }
    free(text);
}

/* Verifies a copy in steps, some of which are left for the end. */
static tl_error verify_in_steps(const uint8_t *token, size_t len, unsigned steps)
{
    uint8_t *copy = (uint8_t *)malloc(len);
    tl_check *check = (tl_check *)malloc(sizeof *check);
    tl_verified *verified = (tl_verified *)malloc(sizeof *verified);
    if (copy == NULL || check == NULL || verified == NULL) {
        fail("no memory");
    }
    memcpy(copy, token, len);
    tl_error error = tl_check_begin(check, copy, len, &keys);
    for (unsigned step = 0; step < steps && !tl_check_step(check); step++) {
    }
    tl_error end = tl_check_finish(check, &policy, now, verified);
    if (tl_is_verified(verified) != (end == TL_OK)) {
        fail("the claims do not say whether the token was verified in steps");
    }
    if (error == TL_OK) {
        error = end;
    } else if (end != TL_ERROR_NOT_INITIALIZED) {
        fail("a check that did not begin has a verdict");
    }
    if (!tl_check_step(check) || tl_check_finish(check, &policy, now, verified) != TL_ERROR_NOT_INITIALIZED) {
        fail("a finished check is not empty");
    }
    free(copy);
    free(check);
    free(verified);
    return error;
}

static void verify(uint8_t *token, size_t len)
{
    static unsigned steps;
    tl_error in_steps = verify_in_steps(token, len, steps++ % 25);
    /* As large as it must be, and not initialised. */
    tl_verified *verified = (tl_verified *)malloc(sizeof *verified);
    if (verified == NULL) {
        fail("no memory");
    }
    tl_error error = tl_verify_in_place(token, len, &keys, &policy, now, verified);
    printf("%s", tl_error_name(error));
    if (in_steps != error) {
        fail("another verdict in steps");
    }
    if (tl_is_verified(verified) != (error == TL_OK)) {
        fail("the claims do not say whether the token was verified");
    }
    if (error == TL_OK) {
        print_claims(verified);
    }
    putchar('\n');
    free(verified);
}

int main(void)
{
    uint8_t head[5];
    uint8_t *policy_bytes = NULL;
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t len = (size_t)read_number(&head[1], 4);
        uint8_t *bytes = (uint8_t *)malloc(len);
        if (bytes == NULL || fread(bytes, 1, len, stdin) != len) {
            fail("a case is cut off");
        }
        switch (head[0]) {
        case 'I':
            puts(tl_error_name(tl_key_set_init(&keys, sizeof keys)));
            break;
        case 'K': {
            const char *kid = (const char *)bytes + 4;
            const uint8_t *n = bytes + 4 + strlen(kid) + 1;
            size_t n_len = len - (size_t)(n - bytes);
            puts(tl_error_name(tl_key_set_add(&keys, kid, n, n_len, (uint32_t)read_number(bytes, 4))));
            break;
        }
        case 'J':
            puts(tl_error_name(tl_key_set_read_json(&keys, bytes, len)));
            break;
        case 'P':
            set_policy(bytes, len);
            free(policy_bytes);
            policy_bytes = bytes;
            bytes = NULL;
            break;
        case 'N':
            now = tl_time_between(read_number(bytes, 8), read_number(bytes + 8, 8));
            break;
        case 'T':
            verify(bytes, len);
            break;
        default:
            fail("an unknown case");
        }
        free(bytes);
    }
    free_policy();
    free(policy_bytes);
    return 0;
}
