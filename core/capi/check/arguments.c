/* Gives every function arguments that are wrong, under AddressSanitizer and UndefinedBehaviorSanitizer. Ends with
 * success if each gets its error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tokenlatch.h"

static int checks, failures;

static void expect(bool holds, const char *what, int line)
{
    checks++;
    if (!holds) {
        failures++;
        fprintf(stderr, "line %d: %s\n", line, what);
    }
}

#define CHECK(condition) expect((condition), #condition, __LINE__)

/* RFC 7515 appendix A.2: a good token for the key, given by tests/tests/capi.rs. */
static uint8_t token[1024];
static size_t token_len;
static uint8_t modulus[TL_MAX_KEY_BITS / 8 + 2];
static const size_t modulus_len = 256;

static tl_error verify(const tl_key_set *keys, const tl_policy *policy, tl_verified *verified)
{
    static uint8_t copy[sizeof token];
    memcpy(copy, token, token_len);
    return tl_verify_in_place(copy, token_len, keys, policy, tl_time_exactly(1795262400u), verified);
}

static void names(void)
{
    for (unsigned error = 0; error < 256; error++) {
        const char *name = tl_error_name((uint8_t)error);
        const char *text = tl_error_text((uint8_t)error);
        CHECK(name[0] != '\0' && text[0] != '\0');
    }
    CHECK(strcmp(tl_error_name(TL_OK), "ok") == 0);
    CHECK(strcmp(tl_error_name(TL_ERROR_EXPIRED), "expired") == 0);
    CHECK(strcmp(tl_error_text(TL_ERROR_EXPIRED), "the token has expired") == 0);
    CHECK(strcmp(tl_error_name(TL_ERROR_INVALID_EXPONENT), "invalid-exponent") == 0);
    CHECK(strcmp(tl_error_name(TL_ERROR_TEXT_HAS_NUL), "text-has-nul") == 0);
    CHECK(strcmp(tl_error_name(127), "unknown") == 0);
    CHECK(strcmp(tl_error_name(255), "unknown") == 0);
    CHECK(sizeof(tl_error) == 1);
}

static void times(void)
{
    tl_time time = tl_time_between(9, 5);
    CHECK(time.earliest == 5 && time.latest == 9);
    time = tl_time_at_least(5);
    CHECK(time.earliest == 5 && time.latest == UINT64_MAX);
    time = tl_time_exactly(5);
    CHECK(time.earliest == 5 && time.latest == 5);
}

static void key_sets(void)
{
    static tl_key_set keys;
    char kid[2000];
    tl_key_set *misaligned = (tl_key_set *)(void *)((char *)&keys + 1);
    CHECK(tl_key_set_count(NULL) == 0);
    CHECK(tl_key_set_count(&keys) == 0);
    CHECK(tl_key_set_add(&keys, "k", modulus, modulus_len, 3) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_key_set_read_json(&keys, modulus, 1) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_key_set_init(NULL, sizeof keys) == TL_ERROR_NULL);
    CHECK(tl_key_set_init(misaligned, sizeof keys) == TL_ERROR_MISALIGNED);
    CHECK(tl_key_set_init(&keys, sizeof keys - 1) == TL_ERROR_WRONG_SIZE);
    CHECK(tl_key_set_init(&keys, sizeof keys) == TL_OK);
    CHECK(tl_key_set_add(NULL, "k", modulus, modulus_len, 3) == TL_ERROR_NULL);
    CHECK(tl_key_set_add(misaligned, "k", modulus, modulus_len, 3) == TL_ERROR_MISALIGNED);
    CHECK(tl_key_set_add(&keys, "k", NULL, modulus_len, 3) == TL_ERROR_NULL);
    CHECK(tl_key_set_add(&keys, "k", modulus, 0, 3) == TL_ERROR_MODULUS_TOO_SHORT);
    CHECK(tl_key_set_add(&keys, "k", modulus, modulus_len - 1, 3) == TL_ERROR_MODULUS_TOO_SHORT);
    CHECK(tl_key_set_add(&keys, "k", modulus, sizeof modulus - 1, 3) == TL_ERROR_MODULUS_TOO_LONG);
    CHECK(tl_key_set_add(&keys, "k", modulus, SIZE_MAX, 3) == TL_ERROR_MODULUS_TOO_LONG);
    CHECK(tl_key_set_add(&keys, "k", modulus, modulus_len, 2) == TL_ERROR_INVALID_EXPONENT);
    CHECK(tl_key_set_add(&keys, "\xff", modulus, modulus_len, 3) == TL_ERROR_TEXT_NOT_UTF8);
    memset(kid, 'k', sizeof kid);
    CHECK(tl_key_set_add(&keys, kid, modulus, modulus_len, 3) == TL_ERROR_TEXT_TOO_LONG);
    kid[129] = '\0';
    CHECK(tl_key_set_add(&keys, kid, modulus, modulus_len, 3) == TL_ERROR_KEY_ID_TOO_LONG);
    kid[128] = '\0';
    CHECK(tl_key_set_count(&keys) == 0);
    CHECK(tl_key_set_add(&keys, kid, modulus, modulus_len, 3) == TL_OK);
    CHECK(tl_key_set_add(&keys, NULL, modulus, modulus_len, 3) == TL_OK);
    CHECK(tl_key_set_add(&keys, "", modulus, modulus_len, 3) == TL_OK);
    CHECK(tl_key_set_add(&keys, "k", modulus, modulus_len, 3) == TL_OK);
    CHECK(tl_key_set_add(&keys, "k", modulus, modulus_len, 3) == TL_ERROR_KEY_SET_FULL);
    CHECK(tl_key_set_count(&keys) == TL_MAX_KEYS);
    CHECK(tl_key_set_read_json(&keys, NULL, 1) == TL_ERROR_NULL);
    CHECK(tl_key_set_count(&keys) == 0);
    CHECK(tl_key_set_read_json(&keys, modulus, SIZE_MAX) == TL_ERROR_KEY_SET_TOO_LONG);
    CHECK(tl_key_set_read_json(&keys, modulus, 0) == TL_ERROR_INVALID_JSON);
    CHECK(tl_key_set_read_json(&keys, (const uint8_t *)"{\"keys\":[]}", 11) == TL_OK);
}

static void policies(const tl_key_set *keys)
{
    static const char *const nothing[] = {"x", NULL};
    static const char *const no_utf8[] = {"\xc0\x80"};
    static const char *const scopes[] = {"config:read"};
    const char *const *misaligned = (const char *const *)(const void *)((const char *)scopes + 1);
    char text[TL_MAX_TEXT_LEN + 2];
    const tl_policy good = {"https://issuer.example/", "https://device.example/", NULL, NULL, NULL, NULL, 0, NULL, 0,
                            NULL, 0, NULL, 0, 0, 0, 0};
    tl_policy policy = good;
    tl_verified verified;
    CHECK(verify(keys, &policy, &verified) == TL_OK);
    CHECK(verify(keys, &policy, NULL) == TL_ERROR_NULL);
    CHECK(verify(keys, NULL, &verified) == TL_ERROR_NULL);
    CHECK(!tl_is_verified(&verified));
    CHECK(verify(NULL, &policy, &verified) == TL_ERROR_NULL);
    CHECK(verify(keys, (const tl_policy *)(const void *)((const char *)&policy + 1), &verified) == TL_ERROR_MISALIGNED);
    CHECK(verify(keys, &policy, (tl_verified *)(void *)((char *)&verified + 1)) == TL_ERROR_MISALIGNED);
    CHECK(tl_verify_in_place(NULL, 1, keys, &policy, tl_time_exactly(0), &verified) == TL_ERROR_NULL);
    CHECK(tl_verify_in_place(token, SIZE_MAX, keys, &policy, tl_time_exactly(0), &verified)
          == TL_ERROR_TOKEN_TOO_LONG);
    CHECK(tl_verify_in_place(token, 0, keys, &policy, tl_time_exactly(0), &verified) == TL_ERROR_NOT_COMPACT);
    policy.issuer = NULL;
    CHECK(verify(keys, &policy, &verified) == TL_ERROR_NULL);
    policy = good;
    policy.audience = NULL;
    CHECK(verify(keys, &policy, &verified) == TL_ERROR_NULL);
    policy.client = "service-app";
    CHECK(verify(keys, &policy, &verified) == TL_ERROR_WRONG_AUDIENCE);
    policy = good;
    policy.scopes_len = 1;
    CHECK(verify(keys, &policy, &verified) == TL_ERROR_NULL);
    policy.scopes = misaligned;
    CHECK(verify(keys, &policy, &verified) == TL_ERROR_MISALIGNED);
    policy.scopes = nothing;
    policy.scopes_len = 2;
    CHECK(verify(keys, &policy, &verified) == TL_ERROR_NULL);
    policy.scopes_len = TL_MAX_TEXTS + 1;
    CHECK(verify(keys, &policy, &verified) == TL_ERROR_POLICY_TOO_LARGE);
    policy.scopes = no_utf8;
    policy.scopes_len = 1;
    CHECK(verify(keys, &policy, &verified) == TL_ERROR_TEXT_NOT_UTF8);
    policy.scopes = scopes;
    CHECK(verify(keys, &policy, &verified) == TL_OK);
    policy.flags = 1u << 31;
    CHECK(verify(keys, &policy, &verified) == TL_ERROR_UNKNOWN_FLAG);
    policy.flags = TL_POLICY_RFC9068;
    CHECK(verify(keys, &policy, &verified) == TL_OK);
    policy.max_age = 59;
    CHECK(verify(keys, &policy, &verified) == TL_ERROR_TOO_OLD);
    policy.leeway = 1;
    CHECK(verify(keys, &policy, &verified) == TL_OK);
    memset(text, 'x', sizeof text);
    text[TL_MAX_TEXT_LEN + 1] = '\0';
    policy = good;
    policy.subject = text;
    CHECK(verify(keys, &policy, &verified) == TL_ERROR_TEXT_TOO_LONG);
    text[TL_MAX_TEXT_LEN] = '\0';
    CHECK(verify(keys, &policy, &verified) == TL_ERROR_WRONG_SUBJECT);
}

/* The claims of the token are sub "technician-7", jti "a\0b", exp, and "flag": true. */
static void claims(const tl_key_set *keys)
{
    const tl_policy policy = {"https://issuer.example/", "https://device.example/", NULL, NULL, NULL, NULL, 0, NULL, 0,
                              NULL, 0, NULL, 0, 0, 0, 0};
    tl_verified verified;
    uint64_t number = 7;
    bool value = true;
    memset(&verified, 0, sizeof verified);
    char *text = (char *)malloc(13);
    if (text == NULL) {
        exit(2);
    }
    CHECK(!tl_is_verified(NULL) && !tl_is_certainly_valid(NULL) && tl_expiry(NULL) == 0);
    CHECK(!tl_is_verified(&verified) && !tl_is_certainly_valid(&verified) && tl_expiry(&verified) == 0);
    CHECK(!tl_has_scope(&verified, "config:read") && !tl_claim_contains(&verified, "sub", "technician-7"));
    CHECK(tl_claim_text(&verified, "sub", text, 13) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_claim_number(&verified, "exp", &number) == TL_ERROR_NOT_INITIALIZED && number == 0);
    CHECK(verify(keys, &policy, &verified) == TL_OK);
    CHECK(tl_is_verified(&verified) && tl_is_certainly_valid(&verified));
    CHECK(tl_has_scope(&verified, "config:read") && !tl_has_scope(&verified, "config"));
    CHECK(!tl_has_scope(&verified, NULL) && !tl_has_scope(NULL, "config:read"));
    CHECK(!tl_has_scope(&verified, "\xff"));
    CHECK(tl_claim_text(&verified, "sub", text, 13) == TL_OK && strcmp(text, "technician-7") == 0);
    CHECK(tl_claim_text(&verified, "sub", text, 12) == TL_ERROR_BUFFER_TOO_SMALL && text[0] == '\0');
    CHECK(tl_claim_text(&verified, "sub", text, 1) == TL_ERROR_BUFFER_TOO_SMALL);
    CHECK(tl_claim_text(&verified, "sub", text, 0) == TL_ERROR_BUFFER_TOO_SMALL);
    CHECK(tl_claim_text(&verified, "sub", NULL, 13) == TL_ERROR_NULL);
    CHECK(tl_claim_text(&verified, NULL, text, 13) == TL_ERROR_NULL);
    CHECK(tl_claim_text(NULL, "sub", text, 13) == TL_ERROR_NULL);
    CHECK(tl_claim_text(&verified, "none", text, 13) == TL_ERROR_NO_CLAIM && text[0] == '\0');
    CHECK(tl_claim_text(&verified, "exp", text, 13) == TL_ERROR_OTHER_CLAIM_TYPE);
    CHECK(tl_claim_text(&verified, "jti", text, 13) == TL_ERROR_TEXT_HAS_NUL && text[0] == '\0');
    CHECK(tl_claim_number(&verified, "exp", &number) == TL_OK && number == tl_expiry(&verified));
    CHECK(tl_claim_number(&verified, "sub", &number) == TL_ERROR_OTHER_CLAIM_TYPE && number == 0);
    CHECK(tl_claim_number(&verified, "exp", NULL) == TL_ERROR_NULL);
    CHECK(tl_claim_bool(&verified, "flag", &value) == TL_OK && value);
    CHECK(tl_claim_bool(&verified, "sub", &value) == TL_ERROR_OTHER_CLAIM_TYPE && !value);
    CHECK(tl_claim_contains(&verified, "sub", "technician-7") && !tl_claim_contains(&verified, "sub", "technician"));
    CHECK(!tl_claim_contains(&verified, "sub", NULL) && !tl_claim_contains(&verified, NULL, "x"));
    /* A rejected token empties the claims. */
    token[0] = '.';
    CHECK(verify(keys, &policy, &verified) != TL_OK && !tl_is_verified(&verified));
    CHECK(!tl_has_scope(&verified, "config:read"));
    free(text);
}

static void checks_in_steps(const tl_key_set *keys)
{
    static uint8_t copy[sizeof token];
    static tl_check check;
    const tl_policy policy = {"https://issuer.example/", "https://device.example/", NULL, NULL, NULL, NULL, 0, NULL, 0,
                              NULL, 0, NULL, 0, 0, 0, 0};
    const tl_time now = tl_time_exactly(1795262400u);
    tl_verified verified;
    CHECK(tl_check_step(NULL) && tl_check_step(&check));
    CHECK(tl_check_finish(NULL, &policy, now, &verified) == TL_ERROR_NULL);
    CHECK(tl_check_finish(&check, &policy, now, NULL) == TL_ERROR_NULL);
    CHECK(tl_check_finish(&check, &policy, now, &verified) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_check_begin(NULL, copy, token_len, keys) == TL_ERROR_NULL);
    CHECK(tl_check_begin(&check, NULL, token_len, keys) == TL_ERROR_NULL);
    CHECK(tl_check_begin(&check, copy, token_len, NULL) == TL_ERROR_NULL);
    CHECK(tl_check_begin(&check, copy, SIZE_MAX, keys) == TL_ERROR_TOKEN_TOO_LONG);
    memcpy(copy, token, token_len);
    CHECK(tl_check_begin(&check, copy, token_len, keys) == TL_OK);
    CHECK(tl_check_finish(&check, NULL, now, &verified) == TL_ERROR_NULL && !tl_is_verified(&verified));
    CHECK(tl_check_finish(&check, &policy, now, &verified) == TL_ERROR_NOT_INITIALIZED);
    memcpy(copy, token, token_len);
    CHECK(tl_check_begin(&check, copy, token_len, keys) == TL_OK);
    /* A check may be moved, as the header does not forbid. */
    tl_check moved = check;
    CHECK(tl_check_finish(&moved, &policy, now, &verified) == TL_OK && tl_has_scope(&verified, "config:read"));
}

static tl_error none(void *context, uint8_t record, uint8_t *buffer, size_t size, size_t *len)
{
    (void)context, (void)record, (void)buffer;
    /* More than there is room for: never believed. */
    *len = size + 1;
    return record == 2 ? TL_ERROR_NO_RECORD : record == 1 ? (tl_error)77 : TL_OK;
}

static tl_error full(void *context, uint8_t record, const uint8_t *value, size_t len)
{
    (void)context, (void)record, (void)value, (void)len;
    return TL_ERROR_STORAGE_FULL;
}

/* The parts of a device. */
static void parts(const tl_key_set *keys)
{
    static const uint8_t bytes[32] = {0};
    static uint8_t scratch[1024];
    static tl_clock clock;
    static tl_key_store store;
    static tl_revocation revocation;
    static tl_replay replay;
    static tl_challenge challenge;
    static tl_nonces nonces;
    static tl_audit audit;
    static tl_check check;
    static tl_verified verified;
    static tl_fingerprint fingerprint;
    const tl_records records = {NULL, none, full, TL_MAX_DOCUMENT_LEN};
    const tl_records no_get = {NULL, NULL, full, 0};
    const tl_root root = {keys, "https://issuer.example/", "fleet"};
    const tl_root no_keys = {NULL, "i", "a"};
    const tl_time now = tl_time_exactly(1);
    const tl_policy policy = {"i", "a", NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0, 0, 0, 0};
    uint8_t entry[TL_AUDIT_ENTRY_LEN];
    tl_audit_entry read;
    tl_applied applied = TL_APPLIED_NEW;
    tl_certainty certainty;
    uint64_t rtc = 5;
    char text[TL_NONCE_SIZE];

    /* Nothing is initialised. */
    CHECK(tl_clock_load(&clock, &records) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_clock_store(&clock, &records) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_clock_store_if_due(&clock, &records) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_clock_learn(&clock, 1) == TL_LEARNED_NOTHING && tl_clock_floor(&clock) == 0);
    tl_time time = tl_clock_read(&clock, &rtc, &certainty);
    CHECK(time.earliest == UINT64_MAX && time.latest == UINT64_MAX && certainty == TL_CERTAINTY_ABSENT);
    CHECK(tl_key_store_load(&store, scratch, sizeof scratch, &root, &clock, &records) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_key_store_verify_in_place(scratch, 1, &store, &policy, now, &verified) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_key_store_check_begin(&check, scratch, 1, &store, now) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_key_store_issued_at(&store) == 0 && tl_key_store_expiry(&store) == 0);
    CHECK(tl_revocation_check(&revocation, &verified) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_revocation_issued_at(&revocation) == 0);
    CHECK(tl_replay_load(&replay, &records) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_replay_check(&replay, &verified) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_replay_accept(&replay, &verified, &clock, &records) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_challenge_begin(&challenge, bytes, 0, text) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_challenge_begin_with(&challenge, &nonces, &records, 0, text) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_challenge_check(&challenge, &verified, 0) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_challenge_compare(&challenge, &verified, 0) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_nonces_load(&nonces, &records) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_audit_record(&audit, TL_EVENT_TOKEN, TL_OK, now, NULL, entry) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_fingerprint_of(&verified, &fingerprint) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_confirm(&fingerprint, &fingerprint) != TL_ACCEPTED && tl_confirm(NULL, NULL) != TL_ACCEPTED);

    /* Nothing is there. */
    CHECK(tl_clock_init(NULL, 0, 0, 0, 0) == TL_ERROR_NULL && tl_clock_floor(NULL) == 0);
    CHECK(tl_key_store_init(NULL, keys) == TL_ERROR_NULL && tl_key_store_init(&store, NULL) == TL_ERROR_NULL);
    CHECK(tl_revocation_init(NULL) == TL_ERROR_NULL && tl_replay_init(NULL, 0) == TL_ERROR_NULL);
    CHECK(tl_challenge_init(NULL, 0) == TL_ERROR_NULL);
    CHECK(tl_nonces_init(NULL, bytes) == TL_ERROR_NULL && tl_nonces_init(&nonces, NULL) == TL_ERROR_NULL);
    CHECK(tl_audit_init(NULL, NULL) == TL_ERROR_NULL && tl_audit_init(&audit, bytes) == TL_ERROR_UNKNOWN_EVENT);
    CHECK(tl_fingerprint_of(&verified, NULL) == TL_ERROR_NULL);
    CHECK(tl_audit_read(NULL, &read) == TL_ERROR_NULL && tl_audit_read(bytes, NULL) == TL_ERROR_NULL);
    CHECK(tl_audit_read(bytes, &read) == TL_ERROR_UNKNOWN_EVENT);

    CHECK(tl_clock_init(&clock, 1, 10, 0, 1) == TL_OK && tl_clock_floor(&clock) == 1);
    CHECK(tl_key_store_init(&store, keys) == TL_OK && tl_key_store_expiry(&store) == UINT64_MAX);
    CHECK(tl_revocation_init(&revocation) == TL_OK && tl_replay_init(&replay, 0) == TL_OK);
    CHECK(tl_challenge_init(&challenge, 1000) == TL_OK && tl_nonces_init(&nonces, bytes) == TL_OK);
    CHECK(tl_audit_init(&audit, NULL) == TL_OK);

    /* A storage that is none, or that lies. */
    CHECK(tl_clock_load(&clock, NULL) == TL_ERROR_NULL && tl_clock_load(&clock, &no_get) == TL_ERROR_NULL);
    CHECK(tl_clock_load(&clock, &records) == TL_ERROR_CORRUPT);
    CHECK(tl_nonces_load(&nonces, &records) == TL_ERROR_STORAGE);
    CHECK(tl_challenge_begin_with(&challenge, &nonces, &records, 0, text) == TL_ERROR_CORRUPT && text[0] == '\0');
    CHECK(tl_replay_load(&replay, &records) == TL_ERROR_CORRUPT);
    CHECK(tl_clock_learn(&clock, 5) == TL_LEARNED_RAISED && tl_clock_learn(&clock, 5) == TL_LEARNED_KNOWN);
    CHECK(tl_clock_learn(&clock, 12) == TL_LEARNED_FAR && tl_clock_floor(&clock) == 5);
    CHECK(tl_clock_store(&clock, &records) == TL_ERROR_CORRUPT);
    time = tl_clock_read(&clock, &rtc, NULL);
    CHECK(time.earliest == 5 && time.latest == 5);

    /* Documents that are none. */
    CHECK(tl_key_store_load(&store, NULL, 1, &root, &clock, &records) == TL_ERROR_NULL);
    CHECK(tl_key_store_load(&store, scratch, sizeof scratch, NULL, &clock, &records) == TL_ERROR_NULL);
    CHECK(tl_key_store_load(&store, scratch, sizeof scratch, &no_keys, &clock, &records) == TL_ERROR_NULL);
    CHECK(tl_key_store_load(&store, scratch, sizeof scratch, &root, NULL, &records) == TL_ERROR_NULL);
    CHECK(tl_key_store_load(&store, scratch, sizeof scratch, &root, &clock, &records) == TL_OK);
    CHECK(tl_revocation_load(&revocation, scratch, sizeof scratch, &root, &clock, &records) == TL_ERROR_CORRUPT);
    CHECK(tl_key_store_apply(&store, NULL, 1, scratch, 1, &root, &clock, &records, &applied) == TL_ERROR_NULL);
    CHECK(applied == TL_APPLIED_NOT);
    CHECK(tl_key_store_apply(&store, bytes, SIZE_MAX, scratch, 1, &root, &clock, &records, NULL)
          == TL_ERROR_TOKEN_TOO_LONG);
    CHECK(tl_key_store_apply(&store, bytes, 32, scratch, 31, &root, &clock, &records, NULL)
          == TL_ERROR_SCRATCH_TOO_SMALL);
    CHECK(tl_key_store_apply(&store, bytes, 32, scratch, 32, &root, &clock, &records, NULL) == TL_ERROR_NOT_COMPACT);
    CHECK(tl_revocation_apply(&revocation, bytes, 32, scratch, 32, &root, &clock, &records, NULL)
          == TL_ERROR_NOT_COMPACT);
    CHECK(tl_revocation_apply(&revocation, bytes, 32, scratch, 32, &root, &clock, NULL, NULL) == TL_ERROR_NULL);

    /* Claims that are none. */
    CHECK(tl_revocation_check(&revocation, &verified) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_replay_accept(&replay, &verified, &clock, &records) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_replay_check(&replay, &verified) == TL_ERROR_NOT_INITIALIZED);
    CHECK(tl_replay_check(&replay, NULL) == TL_ERROR_NULL && tl_replay_check(NULL, &verified) == TL_ERROR_NULL);
    CHECK(tl_challenge_check(&challenge, NULL, 0) == TL_ERROR_NULL);
    CHECK(tl_challenge_compare(&challenge, NULL, 0) == TL_ERROR_NULL);
    CHECK(tl_challenge_compare(NULL, &verified, 0) == TL_ERROR_NULL);
    CHECK(tl_challenge_begin(&challenge, NULL, 0, text) == TL_ERROR_NULL);
    CHECK(tl_challenge_begin(&challenge, bytes, 0, NULL) == TL_ERROR_NULL);
    CHECK(tl_challenge_begin(&challenge, bytes, 0, text) == TL_OK && strcmp(text, "AAAAAAAAAAAAAAAAAAAAAA") == 0);
    CHECK(tl_audit_record(&audit, 7, TL_OK, now, NULL, entry) == TL_ERROR_UNKNOWN_EVENT);
    CHECK(tl_audit_record(&audit, TL_EVENT_TOKEN, TL_OK, now, NULL, NULL) == TL_ERROR_NULL);
    CHECK(tl_audit_record(&audit, TL_EVENT_OTHER + 7, TL_ERROR_NULL, now, NULL, entry) == TL_OK);
    CHECK(tl_audit_read(entry, &read) == TL_OK && read.event == TL_EVENT_OTHER + 7 && read.error == TL_ERROR_NULL);
    CHECK(read.sequence == 0 && read.time == 1 && read.is_certain);
    CHECK(tl_audit_init(&audit, entry) == TL_OK);
    CHECK(tl_audit_record(&audit, TL_EVENT_START, TL_OK, now, NULL, entry) == TL_OK);
    CHECK(tl_audit_read(entry, &read) == TL_OK && read.sequence == 1);
    CHECK(tl_unverified_claim_text(NULL, 1, scratch, 1, "x", text, sizeof text) == TL_ERROR_NULL);
    CHECK(tl_unverified_claim_text(bytes, 1, NULL, 1, "x", text, sizeof text) == TL_ERROR_NULL);
    CHECK(tl_unverified_claim_text(bytes, 1, scratch, 0, "x", text, sizeof text) == TL_ERROR_SCRATCH_TOO_SMALL);
    CHECK(tl_unverified_claim_text(bytes, 1, scratch, 1, NULL, text, sizeof text) == TL_ERROR_NULL);
    CHECK(tl_unverified_claim_text(bytes, 1, scratch, 1, "x", NULL, sizeof text) == TL_ERROR_NULL);
    CHECK(tl_unverified_claim_text(token, token_len, scratch, sizeof scratch, "sub", text, sizeof text) == TL_OK);
    CHECK(strcmp(text, "technician-7") == 0);
}

static tl_error empty(void *context, uint8_t record, uint8_t *buffer, size_t size, size_t *len)
{
    (void)context, (void)record, (void)buffer, (void)size, (void)len;
    return TL_ERROR_NO_RECORD;
}

static tl_error forget(void *context, uint8_t record, const uint8_t *value, size_t len)
{
    (void)context, (void)record, (void)value, (void)len;
    return TL_OK;
}

/* A part that was not loaded accepts nothing, also where only an argument was wrong. */
static void failed_loads(const tl_key_set *keys)
{
    static const uint8_t seed[32] = {0};
    static uint8_t copy[sizeof token];
    static uint8_t scratch[1024];
    static tl_clock clock;
    static tl_key_store store;
    static tl_revocation revocation;
    static tl_replay replay;
    static tl_challenge challenge;
    static tl_nonces nonces;
    const tl_records records = {NULL, empty, forget, TL_MAX_DOCUMENT_LEN};
    const tl_records no_room = {NULL, empty, full, TL_MAX_DOCUMENT_LEN};
    const tl_root root = {keys, "https://issuer.example/", "fleet"};
    const tl_policy policy = {"https://issuer.example/", "https://device.example/", NULL, NULL, NULL, NULL, 0, NULL, 0,
                              NULL, 0, NULL, 0, 0, 0, 0};
    const tl_time now = tl_time_exactly(1795262400u);
    tl_verified verified;
    char text[TL_NONCE_SIZE];
    CHECK(verify(keys, &policy, &verified) == TL_OK);
    CHECK(tl_clock_init(&clock, 1, 10, 0, 1) == TL_OK && tl_key_store_init(&store, keys) == TL_OK);
    CHECK(tl_revocation_init(&revocation) == TL_OK && tl_replay_init(&replay, 0) == TL_OK);
    CHECK(tl_challenge_init(&challenge, 1000) == TL_OK && tl_nonces_init(&nonces, seed) == TL_OK);

    CHECK(tl_key_store_load(&store, scratch, sizeof scratch, NULL, &clock, &records) == TL_ERROR_NULL);
    memcpy(copy, token, token_len);
    CHECK(tl_key_store_verify_in_place(copy, token_len, &store, &policy, now, &verified) == TL_ERROR_CORRUPT);
    CHECK(tl_key_store_load(&store, scratch, sizeof scratch, &root, &clock, &records) == TL_OK);
    memcpy(copy, token, token_len);
    CHECK(tl_key_store_verify_in_place(copy, token_len, &store, &policy, now, &verified) == TL_OK);

    CHECK(tl_revocation_load(&revocation, NULL, 1, &root, &clock, &records) == TL_ERROR_NULL);
    CHECK(tl_revocation_check(&revocation, &verified) == TL_ERROR_CORRUPT);
    CHECK(tl_revocation_load(&revocation, scratch, sizeof scratch, &root, &clock, &records) == TL_OK);
    CHECK(tl_revocation_check(&revocation, &verified) == TL_OK);

    CHECK(tl_nonces_load(&nonces, &records) == TL_OK && tl_nonces_load(&nonces, NULL) == TL_ERROR_NULL);
    CHECK(tl_challenge_begin_with(&challenge, &nonces, &records, 0, text) == TL_ERROR_CORRUPT);

    CHECK(tl_clock_load(&clock, NULL) == TL_ERROR_NULL);
    CHECK(tl_replay_accept(&replay, &verified, &clock, &records) == TL_ERROR_CORRUPT);
    CHECK(tl_clock_load(&clock, &records) == TL_OK);
    CHECK(tl_clock_learn(&clock, 5) == TL_LEARNED_RAISED && tl_clock_store(&clock, &no_room) == TL_ERROR_STORAGE_FULL);
    CHECK(tl_replay_load(&replay, NULL) == TL_ERROR_NULL);
    CHECK(tl_replay_accept(&replay, &verified, &clock, &records) == TL_ERROR_REPLAY_FULL);
    CHECK(tl_replay_load(&replay, &records) == TL_OK);
    CHECK(tl_replay_check(&replay, &verified) == TL_OK);
    CHECK(tl_replay_accept(&replay, &verified, &clock, &records) == TL_OK);
    CHECK(tl_replay_check(&replay, &verified) == TL_ERROR_REPLAYED);
}

/* The modulus in 256 bytes, then the token. */
int main(void)
{
    static tl_key_set keys;
    if (fread(modulus, 1, modulus_len, stdin) != modulus_len) {
        return 2;
    }
    token_len = fread(token, 1, sizeof token, stdin);
    names();
    times();
    key_sets();
    CHECK(tl_key_set_init(&keys, sizeof keys) == TL_OK);
    CHECK(tl_key_set_add(&keys, "rfc7515-a2", modulus, modulus_len, 65537) == TL_OK);
    policies(&keys);
    checks_in_steps(&keys);
    parts(&keys);
    failed_loads(&keys);
    claims(&keys);
    printf("%d arguments checked\n", checks);
    return failures == 0 ? 0 : 1;
}
