/* Prints the stack that each function takes on a Cortex-M3, with the startup code of firmware-example/c.
 *
 * Reads cases.bin: documents, each after its length in four bytes (little-endian): a JWK Set, a token, a key-set update
 * and a revocation of the same key, and then the modulus. */
#include "semihosting.h"
#include "startup.h"
#include "tokenlatch.h"

#define NOW 1795262400u

static const char *const scopes[] = {"config:read"};

static const tl_policy policy = {
    .issuer = "https://issuer.example/",
    .audience = "https://device.example/",
    .scopes = scopes,
    .scopes_len = 1,
    .max_age = 3600,
};

/* What a call needs, in an order of its own: nothing here is on the stack. */
static uint8_t documents[5][3072];
static size_t lens[5];
static uint8_t copy[3072];
static tl_key_set keys;
static tl_key_store store;
static tl_clock door_clock;
static tl_revocation revocation;
static tl_replay replay;
static tl_challenge challenge;
static tl_verified verified;
static tl_check check;
static tl_fingerprint fingerprint;
static uint8_t entry[TL_AUDIT_ENTRY_LEN];
static const tl_root root = {&keys, "https://issuer.example/", "https://device.example/"};

static uint8_t values[24][TL_MAX_RECORD_LEN];
static size_t value_lens[24];
static uint8_t numbers[24];
static size_t used;

static tl_error get(void *context, uint8_t record, uint8_t *buffer, size_t size, size_t *len)
{
    (void)context;
    for (size_t at = 0; at < used; at++) {
        if (numbers[at] == record && value_lens[at] <= size) {
            for (size_t byte = 0; byte < value_lens[at]; byte++) {
                buffer[byte] = values[at][byte];
            }
            *len = value_lens[at];
            return TL_OK;
        }
    }
    return TL_ERROR_NO_RECORD;
}

static tl_error put(void *context, uint8_t record, const uint8_t *value, size_t len)
{
    (void)context;
    size_t at = 0;
    while (at < used && numbers[at] != record) {
        at++;
    }
    if (at == sizeof numbers) {
        return TL_ERROR_STORAGE_FULL;
    }
    used = at == used ? used + 1 : used;
    numbers[at] = record;
    value_lens[at] = len;
    for (size_t byte = 0; byte < len; byte++) {
        values[at][byte] = value[byte];
    }
    return TL_OK;
}

static const tl_records records = {0, get, put, TL_MAX_DOCUMENT_LEN};

static void copy_token(void)
{
    for (size_t at = 0; at < lens[1]; at++) {
        copy[at] = documents[1][at];
    }
}

static tl_error set_init(void) { return tl_key_set_init(&keys, sizeof keys); }
static tl_error set_add(void) { return tl_key_set_add(&keys, "k", documents[4], lens[4], 65537); }
static tl_error set_read(void) { return tl_key_set_read_json(&keys, documents[0], lens[0]); }
static tl_error verify(void)
{
    return tl_verify_in_place(copy, lens[1], &keys, &policy, tl_time_exactly(NOW), &verified);
}
static tl_error begin(void) { return tl_check_begin(&check, copy, lens[1], &keys); }
static tl_error step(void) { return tl_check_step(&check) ? TL_OK : TL_OK; }
static tl_error finish(void) { return tl_check_finish(&check, &policy, tl_time_exactly(NOW), &verified); }
static tl_error scope(void) { return tl_has_scope(&verified, "config:read") ? TL_OK : TL_ERROR_MISSING_SCOPE; }
static tl_error clock_init(void) { return tl_clock_init(&door_clock, NOW - 100, 86400, 60, 3600); }
static tl_error store_init(void) { return tl_key_store_init(&store, &keys); }
static tl_error store_apply(void)
{
    return tl_key_store_apply(&store, documents[2], lens[2], copy, sizeof copy, &root, &door_clock, &records, NULL);
}
static tl_error store_load(void)
{
    return tl_key_store_load(&store, copy, sizeof copy, &root, &door_clock, &records);
}
static tl_error revocation_init(void) { return tl_revocation_init(&revocation); }
static tl_error revocation_apply(void)
{
    return tl_revocation_apply(&revocation, documents[3], lens[3], copy, sizeof copy, &root, &door_clock, &records,
                               NULL);
}
static tl_error revocation_check(void) { return tl_revocation_check(&revocation, &verified); }
static tl_error replay_init(void) { return tl_replay_init(&replay, 0); }
static tl_error replay_load(void) { return tl_replay_load(&replay, &records); }
static tl_error replay_accept(void) { return tl_replay_accept(&replay, &verified, &door_clock, &records); }
static tl_error challenge_begin(void)
{
    static char text[TL_NONCE_SIZE];
    (void)tl_challenge_init(&challenge, 60000);
    return tl_challenge_begin(&challenge, copy, 0, text);
}
static tl_error fingerprint_of(void) { return tl_fingerprint_of(&verified, &fingerprint); }
static tl_error audit(void)
{
    static tl_audit audit;
    (void)tl_audit_init(&audit, NULL);
    return tl_audit_record(&audit, TL_EVENT_TOKEN, TL_OK, tl_time_exactly(NOW), &verified, entry);
}

static const struct {
    const char *name;
    tl_error (*call)(void);
    bool needs_token;
} cases[] = {
    {"tl_key_set_init", set_init, false},
    {"tl_key_set_add", set_add, false},
    {"tl_key_set_read_json", set_read, false},
    {"tl_verify_in_place", verify, true},
    {"tl_check_begin", begin, true},
    {"tl_check_step", step, false},
    {"tl_check_finish", finish, false},
    {"tl_has_scope", scope, false},
    {"tl_clock_init", clock_init, false},
    {"tl_revocation_init", revocation_init, false},
    {"tl_revocation_check", revocation_check, false},
    {"tl_replay_init", replay_init, false},
    {"tl_replay_load", replay_load, false},
    {"tl_replay_accept", replay_accept, false},
    {"tl_challenge_begin", challenge_begin, false},
    {"tl_fingerprint_of", fingerprint_of, false},
    {"tl_audit_record", audit, false},
    {"tl_key_store_init", store_init, false},
    {"tl_key_store_apply", store_apply, false},
    {"tl_key_store_load", store_load, false},
    {"tl_revocation_apply", revocation_apply, false},
};

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

int main(void)
{
    int32_t file = host_open("cases.bin");
    uint8_t len[4];
    if (file < 0) {
        return 1;
    }
    for (size_t at = 0; at < 5; at++) {
        if (host_read(file, len, 4) != 4) {
            return 1;
        }
        lens[at] = (size_t)len[0] | (size_t)len[1] << 8;
        if (lens[at] > sizeof documents[at] || host_read(file, documents[at], lens[at]) != lens[at]) {
            return 1;
        }
    }
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        if (cases[at].needs_token) {
            copy_token();
        }
        stack_paint();
        size_t before = stack_used();
        tl_error error = cases[at].call();
        size_t after = stack_used();
        host_print(cases[at].name);
        host_print(" ");
        print_number(after > before ? after - before : 0);
        host_print(" ");
        host_print(tl_error_name(error));
        host_print("\n");
    }
    return 0;
}
