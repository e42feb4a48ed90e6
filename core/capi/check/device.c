/* A door in C, with its storage in memory: tests/tests/capi compares all that it says with a door in Rust, under
 * AddressSanitizer and UndefinedBehaviorSanitizer.
 *
 * A command is a letter, its length in four bytes (little-endian), and so many bytes:
 *
 *   R  the root's keys, a JWK Set
 *   F  the factory's keys, a JWK Set: a restart
 *   U  a key-set update
 *   V  a revocation
 *   C  a challenge: milliseconds in eight bytes
 *   T  a token, after the real-time clock and the milliseconds in eight bytes each, and a byte: whether the token must
 *      echo the challenge. All ones: there is no real-time clock
 *   S  in a byte: how many records the storage takes before it fails
 *   D  damages a record: its number in a byte
 *   N  a token that nobody has checked: its claim signed_jwks */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tokenlatch.h"

static const tl_policy policy = {
    "https://issuer.example/", "door-1", NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0, 0, 0,
    TL_POLICY_ACCEPT_UNCERTAIN,
};

static struct {
    uint8_t value[TL_MAX_RECORD_LEN];
    size_t len;
    bool is_there;
} storage[TL_MAX_RECORDS];

static unsigned room = 255;

static tl_key_set root_keys;
static const tl_root root = {&root_keys, "https://issuer.example/", "fleet"};
static tl_clock door_clock;
static tl_key_store keys;
static tl_revocation revocation;
static tl_replay replay;
static tl_challenge challenge;
static tl_nonces nonces;
static tl_audit audit;
static uint8_t newest[TL_AUDIT_ENTRY_LEN];
static bool has_newest;

static void fail(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(2);
}

static tl_error get(void *context, uint8_t record, uint8_t *buffer, size_t size, size_t *len)
{
    if (context != storage) {
        fail("another context");
    }
    if (record >= TL_MAX_RECORDS) {
        fail("a record beyond the last number");
    }
    if (!storage[record].is_there) {
        return TL_ERROR_NO_RECORD;
    }
    if (storage[record].len > size) {
        return TL_ERROR_CORRUPT;
    }
    memcpy(buffer, storage[record].value, storage[record].len);
    *len = storage[record].len;
    return TL_OK;
}

/* What the header says that a record takes at most, and 0 for one that must not be. */
static size_t size_of_slot(uint8_t record)
{
    if (record < 4) {
        return 44;
    }
    if (record < 16 || record >= TL_MAX_RECORDS) {
        return 0;
    }
    return record < 64 ? TL_MAX_RECORD_LEN : 24;
}

static tl_error put(void *context, uint8_t record, const uint8_t *value, size_t len)
{
    if (context != storage || len > size_of_slot(record)) {
        fail("a record that must not be");
    }
    if (room == 0) {
        return TL_ERROR_STORAGE_FULL;
    }
    room -= room < 255 ? 1 : 0;
    memcpy(storage[record].value, value, len);
    storage[record].len = len;
    storage[record].is_there = true;
    return TL_OK;
}

static const tl_records records = {storage, get, put, TL_MAX_DOCUMENT_LEN};

static uint64_t read_number(const uint8_t *bytes, size_t len)
{
    uint64_t number = 0;
    while (len > 0) {
        number = number << 8 | bytes[--len];
    }
    return number;
}

/* Memory of exactly this length, so that a read or write beyond it is found. */
static void *allocate(size_t len)
{
    void *memory = malloc(len);
    if (memory == NULL) {
        fail("no memory");
    }
    return memory;
}

static uint8_t *copy_of(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = (uint8_t *)allocate(len);
    memcpy(copy, bytes, len);
    return copy;
}

static void print_hex(const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        printf("%02x", (unsigned)bytes[at]);
    }
}

static void print_audit(uint8_t event, tl_error error, tl_time now, const tl_verified *verified)
{
    tl_audit_entry entry;
    if (tl_audit_record(&audit, event, error, now, verified, newest) != TL_OK) {
        fail("no audit entry");
    }
    has_newest = true;
    if (tl_audit_read(newest, &entry) != TL_OK || entry.error != error || entry.event != event
        || entry.time != now.earliest || entry.is_certain != (now.latest != UINT64_MAX)) {
        fail("another audit entry");
    }
    putchar(' ');
    print_hex(newest, sizeof newest);
    putchar('\n');
}

static void restart(const uint8_t *document, size_t len)
{
    static const uint8_t seed[32] = {1, 2, 3};
    static tl_key_set factory;
    uint8_t *scratch = (uint8_t *)allocate(TL_MAX_DOCUMENT_LEN);
    bool is_good = tl_key_set_init(&factory, sizeof factory) == TL_OK
                   && tl_key_set_read_json(&factory, document, len) == TL_OK
                   && tl_clock_init(&door_clock, 1795000000u, 400u * 86400u, 60, 3600) == TL_OK
                   && tl_key_store_init(&keys, &factory) == TL_OK && tl_revocation_init(&revocation) == TL_OK
                   && tl_replay_init(&replay, 0) == TL_OK && tl_challenge_init(&challenge, 60000) == TL_OK
                   && tl_nonces_init(&nonces, seed) == TL_OK
                   && tl_audit_init(&audit, has_newest ? newest : NULL) == TL_OK;
    if (!is_good) {
        fail("the parts cannot be initialised");
    }
    printf("restart %s", tl_error_name(tl_clock_load(&door_clock, &records)));
    printf(" %s",
           tl_error_name(tl_key_store_load(&keys, scratch, TL_MAX_DOCUMENT_LEN, &root, &door_clock, &records)));
    printf(" %s", tl_error_name(
                      tl_revocation_load(&revocation, scratch, TL_MAX_DOCUMENT_LEN, &root, &door_clock, &records)));
    printf(" %s", tl_error_name(tl_replay_load(&replay, &records)));
    printf(" %s", tl_error_name(tl_nonces_load(&nonces, &records)));
    printf(" %" PRIu64, tl_clock_floor(&door_clock));
    print_audit(TL_EVENT_START, TL_OK, tl_clock_read(&door_clock, NULL, NULL), NULL);
    free(scratch);
}

static void update(const uint8_t *document, size_t len)
{
    tl_applied applied;
    uint8_t *scratch = (uint8_t *)allocate(len);
    tl_error error = tl_key_store_apply(&keys, document, len, scratch, len, &root, &door_clock, &records, &applied);
    printf("update %s %u %" PRIu64 " %" PRIu64 " %" PRIu64, tl_error_name(error), (unsigned)applied,
           tl_key_store_issued_at(&keys), tl_key_store_expiry(&keys), tl_clock_floor(&door_clock));
    print_audit(TL_EVENT_KEY_SET, error, tl_clock_read(&door_clock, NULL, NULL), NULL);
    free(scratch);
}

static void revoke(const uint8_t *document, size_t len)
{
    tl_applied applied;
    uint8_t *scratch = (uint8_t *)allocate(len);
    tl_error error
        = tl_revocation_apply(&revocation, document, len, scratch, len, &root, &door_clock, &records, &applied);
    printf("revocation %s %u %" PRIu64 " %" PRIu64, tl_error_name(error), (unsigned)applied,
           tl_revocation_issued_at(&revocation), tl_clock_floor(&door_clock));
    print_audit(TL_EVENT_REVOCATION, error, tl_clock_read(&door_clock, NULL, NULL), NULL);
    free(scratch);
}

/* All that a token must pass, and its fingerprint. Without `uses`, it is not used up. */
static tl_error accept(uint8_t *token, size_t len, tl_time now, uint64_t ticks, bool is_asked, bool uses,
                       tl_verified *verified, tl_fingerprint *fingerprint)
{
    static tl_check check;
    uint64_t issued_at;
    tl_error error = tl_key_store_check_begin(&check, token, len, &keys, now);
    if (error != TL_OK) {
        return error;
    }
    while (!tl_check_step(&check)) {
    }
    error = tl_check_finish(&check, &policy, now, verified);
    if (error == TL_OK) {
        error = tl_revocation_check(&revocation, verified);
    }
    if (error == TL_OK && is_asked) {
        error = uses ? tl_challenge_check(&challenge, verified, ticks)
                     : tl_challenge_compare(&challenge, verified, ticks);
    }
    if (error == TL_OK) {
        error = uses ? tl_replay_accept(&replay, verified, &door_clock, &records)
                     : tl_replay_check(&replay, verified);
    }
    if (error != TL_OK) {
        return error;
    }
    if (!uses) {
        return tl_fingerprint_of(verified, fingerprint);
    }
    if (tl_claim_number(verified, "iat", &issued_at) == TL_OK) {
        (void)tl_clock_learn(&door_clock, issued_at);
    }
    error = tl_clock_store_if_due(&door_clock, &records);
    return error == TL_OK ? tl_fingerprint_of(verified, fingerprint) : error;
}

static void token(const uint8_t *bytes, size_t len)
{
    uint64_t rtc = read_number(bytes, 8);
    uint64_t ticks = read_number(bytes + 8, 8);
    bool is_asked = bytes[16] != 0;
    uint8_t *first_copy = copy_of(bytes + 17, len - 17);
    uint8_t *second_copy = copy_of(bytes + 17, len - 17);
    tl_certainty certainty;
    tl_verified verified, second;
    tl_fingerprint fingerprints[2];
    memset(&verified, 0, sizeof verified);
    memset(&second, 0, sizeof second);
    memset(fingerprints, 0, sizeof fingerprints);
    tl_time now = tl_clock_read(&door_clock, rtc == UINT64_MAX ? NULL : &rtc, &certainty);
    tl_error error = accept(first_copy, len - 17, now, ticks, is_asked, false, &verified, &fingerprints[0]);
    if (error == TL_OK) {
        error = accept(second_copy, len - 17, now, ticks, is_asked, true, &second, &fingerprints[1]);
    }
    uint32_t verdict = tl_confirm(&fingerprints[0], &fingerprints[1]);
    printf("token %s %u %" PRIu64 " %d", tl_error_name(error), (unsigned)certainty, tl_clock_floor(&door_clock),
           verdict == TL_ACCEPTED);
    print_audit(TL_EVENT_TOKEN, error, now, &verified);
    free(first_copy);
    free(second_copy);
}

static void ask(const uint8_t *bytes)
{
    char *text = (char *)allocate(TL_NONCE_SIZE);
    tl_error error = tl_challenge_begin_with(&challenge, &nonces, &records, read_number(bytes, 8), text);
    printf("challenge %s %s\n", tl_error_name(error), text);
    free(text);
}

static void carried(const uint8_t *bytes, size_t len)
{
    uint8_t *scratch = (uint8_t *)allocate(len);
    char *text = (char *)allocate(TL_MAX_DOCUMENT_LEN + 1);
    tl_error error
        = tl_unverified_claim_text(bytes, len, scratch, len, "signed_jwks", text, TL_MAX_DOCUMENT_LEN + 1);
    printf("carried %s %s\n", tl_error_name(error), text);
    free(text);
    free(scratch);
}

int main(void)
{
    uint8_t head[5];
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t len = (size_t)read_number(&head[1], 4);
        uint8_t *bytes = (uint8_t *)allocate(len);
        if (fread(bytes, 1, len, stdin) != len) {
            fail("a command is cut off");
        }
        switch (head[0]) {
        case 'R':
            if (tl_key_set_init(&root_keys, sizeof root_keys) != TL_OK
                || tl_key_set_read_json(&root_keys, bytes, len) != TL_OK) {
                fail("no root");
            }
            break;
        case 'F': restart(bytes, len); break;
        case 'U': update(bytes, len); break;
        case 'V': revoke(bytes, len); break;
        case 'C': ask(bytes); break;
        case 'T': token(bytes, len); break;
        case 'N': carried(bytes, len); break;
        case 'S': room = bytes[0]; break;
        case 'D': storage[bytes[0]].value[storage[bytes[0]].len / 2] ^= 1; break;
        default: fail("an unknown command");
        }
        free(bytes);
    }
    return 0;
}
