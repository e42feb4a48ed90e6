/**
 * @file
 * Tokenlatch for C: verifies RS256 access tokens (JWT, RFC 7519) without a heap and without global variables.
 *
 * core/capi/README.md says how to use it. Made from core/capi/src by cbindgen: do not edit.
 *
 * For every function:
 *
 * - Pointers must be valid for what the function says. `NULL` and misaligned pointers are rejected.
 * - An object that was not initialised is rejected if it is zeros: make it static, or clear it (`= {0}`). On the
 *   stack, an object of an old frame may still be there, and is then taken for a new one.
 * - Objects given to one call must not overlap, and nothing else may use them during the call, except to read
 *   what the call only reads.
 * - There is no state but the caller's objects: calls with different objects may run at the same time, also in
 *   interrupts.
 */

#ifndef TOKENLATCH_H
#define TOKENLATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The length of an entry, in bytes.
 */
#define TL_AUDIT_ENTRY_LEN 24

/**
 * The size of a `tl_audit` in words of 8 bytes: enough on every target.
 */
#define TL_AUDIT_WORDS 1

/**
 * The device started.
 */
#define TL_EVENT_START 1

/**
 * A token, accepted or rejected.
 */
#define TL_EVENT_TOKEN 2

/**
 * A key-set update, applied or rejected.
 */
#define TL_EVENT_KEY_SET 3

/**
 * A revocation, applied or rejected.
 */
#define TL_EVENT_REVOCATION 4

/**
 * Something about the time.
 */
#define TL_EVENT_CLOCK 5

/**
 * Something about the storage.
 */
#define TL_EVENT_STORAGE 6

/**
 * The first of the program's own events, up to 255.
 */
#define TL_EVENT_OTHER 128

/**
 * The size of the text of a nonce, with its NUL.
 */
#define TL_NONCE_SIZE 23

/**
 * The size of a `tl_challenge` in words of 8 bytes: enough on every target.
 */
#define TL_CHALLENGE_WORDS 8

/**
 * The size of a `tl_nonces` in words of 8 bytes: enough on every target.
 */
#define TL_NONCES_WORDS 7

#if !defined(TL_BITS_4096)
/**
 * The size of a `tl_check` in words of 8 bytes: enough on every target.
 */
#define TL_CHECK_WORDS 130
#endif

#if defined(TL_BITS_4096)
/**
 * The size of a `tl_check` in words of 8 bytes: enough on every target.
 */
#define TL_CHECK_WORDS 248
#endif

/**
 * The size of a `tl_clock` in words of 8 bytes: enough on every target.
 */
#define TL_CLOCK_WORDS 9

/**
 * The verdict that moves the bolt. Every other number is a rejection.
 */
#define TL_ACCEPTED 979146465

/**
 * The size of a `tl_fingerprint` in words of 8 bytes: enough on every target.
 */
#define TL_FINGERPRINT_WORDS 5

/**
 * How many keys a `tl_key_set` has room for.
 */
#define TL_MAX_KEYS 4

#if !defined(TL_BITS_4096)
/**
 * The longest modulus of a key, in bits.
 */
#define TL_MAX_KEY_BITS 2048
#endif

#if defined(TL_BITS_4096)
/**
 * The longest modulus of a key, in bits.
 */
#define TL_MAX_KEY_BITS 4096
#endif

#if !defined(TL_BITS_4096)
/**
 * The size of a `tl_key_set` in words of 8 bytes: enough on every target.
 */
#define TL_KEY_SET_WORDS 464
#endif

#if defined(TL_BITS_4096)
/**
 * The size of a `tl_key_set` in words of 8 bytes: enough on every target.
 */
#define TL_KEY_SET_WORDS 784
#endif

#if !defined(TL_BITS_4096)
/**
 * The size of a `tl_key_store` in words of 8 bytes: enough on every target.
 */
#define TL_KEY_STORE_WORDS 472
#endif

#if defined(TL_BITS_4096)
/**
 * The size of a `tl_key_store` in words of 8 bytes: enough on every target.
 */
#define TL_KEY_STORE_WORDS 792
#endif

/**
 * Accept a token that is valid at some second that the `tl_time` may be, even if it is not valid at all of
 * them. `tl_is_certainly_valid` tells the two apart.
 */
#define TL_POLICY_ACCEPT_UNCERTAIN 1

/**
 * Accept a token whose `iat` is in the future, however far.
 */
#define TL_POLICY_ACCEPT_ISSUED_IN_FUTURE 2

/**
 * Reject a token whose `iat` is in the future by more than the leeway: without this, by more than 60 seconds
 * and the leeway, where `tl_time_exactly` gives the present.
 */
#define TL_POLICY_REJECT_ISSUED_IN_FUTURE 4

/**
 * Accept only what keeps to RFC 9068: `typ` is `at+jwt`, and `sub`, `client_id`, `iat` and `jti` are present.
 */
#define TL_POLICY_RFC9068 8

/**
 * The longest record, in bytes.
 */
#define TL_MAX_RECORD_LEN 324

/**
 * The longest signed document, in bytes.
 */
#define TL_MAX_DOCUMENT_LEN 3888

/**
 * The records have numbers below this one.
 */
#define TL_MAX_RECORDS 96

/**
 * How many used tokens a `tl_replay` remembers.
 */
#define TL_MAX_USED 32

/**
 * The size of a `tl_replay` in words of 8 bytes: enough on every target.
 */
#define TL_REPLAY_WORDS 98

/**
 * How many epochs a `tl_revocation` has room for.
 */
#define TL_MAX_EPOCHS 4

/**
 * How many tokens, subjects and keys a `tl_revocation` has room for.
 */
#define TL_MAX_REVOKED 32

/**
 * The size of a `tl_revocation` in words of 8 bytes: enough on every target.
 */
#define TL_REVOCATION_WORDS 90

/**
 * The longest string that a function takes, in bytes without its NUL.
 */
#define TL_MAX_TEXT_LEN 1024

/**
 * The most texts in one list of a `tl_policy`.
 */
#define TL_MAX_TEXTS 8

/**
 * The size of a `tl_verified` in words of 8 bytes: enough on every target.
 */
#define TL_VERIFIED_WORDS 32

/**
 * The longest token, in bytes.
 */
#define TL_MAX_TOKEN_LEN 16384

/**
 * How certain the time is, and why.
 */
enum tl_certainty
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The real-time clock runs, and agrees with all that is known: the time is an interval.
     */
    TL_CERTAINTY_INTERVAL = 0,
    /**
     * There is no real-time clock, or it says itself that it stopped: the time is the floor or later.
     */
    TL_CERTAINTY_ABSENT = 1,
    /**
     * The real-time clock is before the floor: it was reset or set back. The time is the floor or later.
     */
    TL_CERTAINTY_EARLY = 2,
    /**
     * The real-time clock is beyond the ceiling. The time is the floor or later.
     */
    TL_CERTAINTY_FAR = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum tl_certainty tl_certainty;
#else
typedef uint8_t tl_certainty;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What `tl_clock_learn` makes of an `iat`.
 */
enum tl_learned
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It raised the floor.
     */
    TL_LEARNED_RAISED = 0,
    /**
     * The floor was that high already.
     */
    TL_LEARNED_KNOWN = 1,
    /**
     * It is beyond the ceiling, and says nothing. Worth an entry in the audit record.
     */
    TL_LEARNED_FAR = 2,
    /**
     * The clock is not initialised.
     */
    TL_LEARNED_NOTHING = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum tl_learned tl_learned;
#else
typedef uint8_t tl_learned;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Whether a signed document is new.
 */
enum tl_applied
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It was rejected.
     */
    TL_APPLIED_NOT = 0,
    /**
     * It is in force now.
     */
    TL_APPLIED_NEW = 1,
    /**
     * It was in force already.
     */
    TL_APPLIED_ALREADY = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum tl_applied tl_applied;
#else
typedef uint8_t tl_applied;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a token, a key, a document or an argument was rejected.
 *
 * It is one byte. The numbers are stable, and none is ever used again: those up to 127 are of the verifier, those
 * from 128 on of a device's parts, those from 224 on of this interface in C. `tl_error_name` and `tl_error_text`
 * tell them as text.
 */
enum tl_error
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * There is no error: the token is good.
     */
    TL_OK = 0,
    /**
     * The token is longer than `TL_MAX_TOKEN_LEN`.
     */
    TL_ERROR_TOKEN_TOO_LONG = 1,
    /**
     * The scratch buffer is shorter than the token or document.
     */
    TL_ERROR_SCRATCH_TOO_SMALL = 2,
    /**
     * Not three parts separated by dots (RFC 7515 section 7.1).
     */
    TL_ERROR_NOT_COMPACT = 3,
    /**
     * A part is not base64url without padding (RFC 7515 section 2), or has non-zero trailing bits.
     */
    TL_ERROR_INVALID_BASE64URL = 4,
    /**
     * Not UTF-8 (RFC 8259 section 8.1).
     */
    TL_ERROR_INVALID_UTF8 = 5,
    /**
     * Not JSON by the grammar of RFC 8259, or a string with a lone surrogate.
     */
    TL_ERROR_INVALID_JSON = 6,
    /**
     * JSON nested more than 16 deep.
     */
    TL_ERROR_JSON_TOO_DEEP = 7,
    /**
     * A JSON object with two members of one name, compared after unescaping (RFC 7519 section 4).
     */
    TL_ERROR_DUPLICATE_MEMBER = 8,
    /**
     * A JSON object that has, together with those that it lies in, more than 96 members, a header more than
     * 32, or names that were chosen to have one hash.
     */
    TL_ERROR_TOO_MANY_MEMBERS = 9,
    /**
     * The header is longer than 2,048 bytes.
     */
    TL_ERROR_HEADER_TOO_LONG = 10,
    /**
     * The header is not a JSON object, or one of its members has the wrong type.
     */
    TL_ERROR_INVALID_HEADER = 11,
    /**
     * `alg` is absent or not `RS256` (RFC 8725 section 3.1).
     */
    TL_ERROR_UNSUPPORTED_ALGORITHM = 12,
    /**
     * The header has `crit`: it asks for an extension that is not understood (RFC 7515 section
     * 4.1.11).
     */
    TL_ERROR_CRITICAL_EXTENSION = 13,
    /**
     * No key in the set has the token's `kid`.
     */
    TL_ERROR_UNKNOWN_KEY = 14,
    /**
     * The token has no `kid` and the set does not hold exactly one key.
     */
    TL_ERROR_MISSING_KEY_ID = 15,
    /**
     * Two different keys in the set have the token's `kid`.
     */
    TL_ERROR_AMBIGUOUS_KEY = 16,
    /**
     * The token's key is in the set, and cannot be used.
     */
    TL_ERROR_UNUSABLE_KEY = 17,
    /**
     * The set marks the token's key for another issuer (`issuer`, a member of Entra's keys).
     */
    TL_ERROR_WRONG_KEY_ISSUER = 18,
    /**
     * The signature is not the signing input's under the chosen key (RFC 8017 section 8.2.2).
     */
    TL_ERROR_INVALID_SIGNATURE = 19,
    /**
     * The claims are not a JSON object (RFC 7519 section 7.2).
     */
    TL_ERROR_CLAIMS_NOT_OBJECT = 20,
    /**
     * A required claim is absent.
     */
    TL_ERROR_MISSING_CLAIM = 21,
    /**
     * A claim is present but malformed: it is never treated as absent.
     */
    TL_ERROR_INVALID_CLAIM = 22,
    /**
     * A claim that the policy requires beyond those is absent or `null`.
     */
    TL_ERROR_MISSING_REQUIRED_CLAIM = 23,
    /**
     * `typ` is not what the policy requires (RFC 8725 section 3.11).
     */
    TL_ERROR_WRONG_TYPE = 24,
    /**
     * The token's issuer is not one that the policy accepts.
     */
    TL_ERROR_WRONG_ISSUER = 25,
    /**
     * None of the token's audiences is one that the policy accepts.
     */
    TL_ERROR_WRONG_AUDIENCE = 26,
    /**
     * `sub` is not what the policy requires.
     */
    TL_ERROR_WRONG_SUBJECT = 27,
    /**
     * The client (`azp`, `client_id`, `cid` or `appid`) is not what the policy requires.
     */
    TL_ERROR_WRONG_CLIENT = 28,
    /**
     * A claim does not have the value that the policy requires.
     */
    TL_ERROR_WRONG_CLAIM = 29,
    /**
     * A scope that the policy requires is not granted.
     */
    TL_ERROR_MISSING_SCOPE = 30,
    /**
     * The token has expired (`exp`), or that cannot be ruled out.
     */
    TL_ERROR_EXPIRED = 31,
    /**
     * The token is not valid yet (`nbf`), or that cannot be ruled out.
     */
    TL_ERROR_NOT_YET_VALID = 32,
    /**
     * The token was issued in the future (`iat`), or that cannot be ruled out.
     */
    TL_ERROR_ISSUED_IN_FUTURE = 33,
    /**
     * The token was issued longer ago than the policy allows (`iat`), or that cannot be ruled out.
     */
    TL_ERROR_TOO_OLD = 34,
    /**
     * Not given in C: the claims do not fit the caller's type.
     */
    TL_ERROR_UNEXPECTED_CLAIMS = 35,
    /**
     * The policy was given more of one kind than it has room for, and accepts nothing.
     */
    TL_ERROR_POLICY_TOO_LARGE = 36,
    /**
     * The JWK Set document is longer than 262,144 bytes.
     */
    TL_ERROR_KEY_SET_TOO_LONG = 37,
    /**
     * Not a JWK Set: a JSON object whose `keys` is an array of objects (RFC 7517 section 5).
     */
    TL_ERROR_INVALID_KEY_SET = 38,
    /**
     * More usable keys than the key set has room for, or more than 1,024 keys.
     */
    TL_ERROR_KEY_SET_FULL = 39,
    /**
     * `kty` is absent or not `RSA` (RFC 7517 section 4.1).
     */
    TL_ERROR_UNSUPPORTED_KEY_TYPE = 40,
    /**
     * A member that the key needs is absent or has the wrong type.
     */
    TL_ERROR_INVALID_KEY = 41,
    /**
     * The JWK's `issuer` is longer than 128 bytes.
     */
    TL_ERROR_KEY_ISSUER_TOO_LONG = 42,
    /**
     * `use`, `key_ops` or `alg` says that the key is not for verifying RS256.
     */
    TL_ERROR_KEY_NOT_FOR_VERIFYING = 43,
    /**
     * A private key: the JWK has `d`, or another private member.
     */
    TL_ERROR_PRIVATE_KEY = 44,
    /**
     * The `kid` is longer than 128 bytes.
     */
    TL_ERROR_KEY_ID_TOO_LONG = 45,
    /**
     * The modulus is shorter than 2048 bits (RFC 7518 section 3.3).
     */
    TL_ERROR_MODULUS_TOO_SHORT = 46,
    /**
     * The modulus is longer than the capacity in bits.
     */
    TL_ERROR_MODULUS_TOO_LONG = 47,
    /**
     * The modulus is even.
     */
    TL_ERROR_MODULUS_EVEN = 48,
    /**
     * The modulus begins with a zero byte; in a JWK, with more than one.
     */
    TL_ERROR_MODULUS_LEADING_ZERO = 49,
    /**
     * The modulus has the fingerprint of ROCA (CVE-2017-15361): its private key can be computed.
     */
    TL_ERROR_WEAK_MODULUS = 50,
    /**
     * The public exponent is even, below 3, or 2^32 and above.
     */
    TL_ERROR_INVALID_EXPONENT = 51,
    /**
     * The document is not newer than the one in force: its `iat` is less, or it is another document with
     * the same `iat`.
     */
    TL_ERROR_ROLLBACK = 128,
    /**
     * The document lacks what its kind must have, or has what this device does not understand.
     */
    TL_ERROR_WRONG_DOCUMENT = 129,
    /**
     * The document is longer than the storage has room for (`max_document_len`).
     */
    TL_ERROR_DOCUMENT_TOO_LONG = 130,
    /**
     * The key set has more usable keys than the device has room for.
     */
    TL_ERROR_TOO_MANY_KEYS = 131,
    /**
     * The revocation has more epochs or entries than the device has room for.
     */
    TL_ERROR_TOO_MANY_REVOKED = 132,
    /**
     * The `exp` of the key set in force has passed: no token is accepted until there is a new one.
     */
    TL_ERROR_KEY_SET_EXPIRED = 133,
    /**
     * The token, its subject or its key is revoked, or it is older than an epoch allows.
     */
    TL_ERROR_REVOKED = 134,
    /**
     * The token has no `jti`, and must be used once only.
     */
    TL_ERROR_MISSING_TOKEN_ID = 135,
    /**
     * The token was used before.
     */
    TL_ERROR_REPLAYED = 136,
    /**
     * As many tokens as can be remembered were used and have not expired yet.
     */
    TL_ERROR_REPLAY_FULL = 137,
    /**
     * The token has no `nonce`, and must echo one.
     */
    TL_ERROR_MISSING_NONCE = 138,
    /**
     * The token's `nonce` is not the one that the device gave out.
     */
    TL_ERROR_WRONG_NONCE = 139,
    /**
     * The device gave out no nonce, or its time is over, or it was used.
     */
    TL_ERROR_NONCE_EXPIRED = 140,
    /**
     * The flash reported an error, or what was written does not read back.
     */
    TL_ERROR_STORAGE = 141,
    /**
     * The storage is full.
     */
    TL_ERROR_STORAGE_FULL = 142,
    /**
     * The storage has something that this device did not write: it is damaged or was rewritten.
     */
    TL_ERROR_CORRUPT = 143,
    /**
     * The capacity of the flash is not a number of whole pages, or its words are too long.
     */
    TL_ERROR_WRONG_FLASH = 144,
    /**
     * The pages of the flash are too small for two records.
     */
    TL_ERROR_PAGES_TOO_SMALL = 145,
    /**
     * The flash has too few pages.
     */
    TL_ERROR_FLASH_TOO_SMALL = 146,
    /**
     * The token may be valid or not, for all that the device knows of the time. For the program's own use.
     */
    TL_ERROR_UNCERTAIN_TIME = 147,
    /**
     * A pointer is `NULL` that must not be.
     */
    TL_ERROR_NULL = 224,
    /**
     * A pointer is not a multiple of its type's alignment.
     */
    TL_ERROR_MISALIGNED = 225,
    /**
     * A set, a check or claims are used that were not initialised, or that an error has emptied.
     */
    TL_ERROR_NOT_INITIALIZED = 226,
    /**
     * Header and library were made for keys of another length.
     */
    TL_ERROR_WRONG_SIZE = 227,
    /**
     * A string has no NUL within `TL_MAX_TEXT_LEN` bytes and one more.
     */
    TL_ERROR_TEXT_TOO_LONG = 228,
    /**
     * A string is not UTF-8.
     */
    TL_ERROR_TEXT_NOT_UTF8 = 229,
    /**
     * A policy has a flag that does not exist.
     */
    TL_ERROR_UNKNOWN_FLAG = 230,
    /**
     * The token has no claim with this name, or it is `null`.
     */
    TL_ERROR_NO_CLAIM = 231,
    /**
     * The claim has another type than the one asked for.
     */
    TL_ERROR_OTHER_CLAIM_TYPE = 232,
    /**
     * The claim does not fit into the buffer.
     */
    TL_ERROR_BUFFER_TOO_SMALL = 233,
    /**
     * The claim is a text with a NUL, where C would cut it off.
     */
    TL_ERROR_TEXT_HAS_NUL = 234,
    /**
     * An audit entry has an event that does not exist, or is none.
     */
    TL_ERROR_UNKNOWN_EVENT = 235,
    /**
     * For the callback of a storage: there is no such record.
     */
    TL_ERROR_NO_RECORD = 236,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum tl_error tl_error;
#else
typedef uint8_t tl_error;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Makes the entries of a record of what happened, and counts them. The program stores them, such as in a ring in
 * flash. Do not read or write its member.
 */
typedef struct {
    /**
     * Opaque.
     */
    uint64_t opaque[TL_AUDIT_WORDS];
} tl_audit;

/**
 * The present, in seconds since 1970-01-01T00:00:00Z, as well as the device knows it: the earliest and the
 * latest second that it may be, both included.
 *
 * A token must be valid at each of these seconds, unless the policy says `TL_POLICY_ACCEPT_UNCERTAIN`. Zeros
 * say that it is 1970: then no token has expired. Use `tl_time_exactly`, `tl_time_between` or
 * `tl_time_at_least`.
 */
typedef struct {
    /**
     * The earliest second that it may be.
     */
    uint64_t earliest;
    /**
     * The latest second that it may be; `UINT64_MAX` if only the earliest is known.
     */
    uint64_t latest;
} tl_time;

/**
 * The claims of a token whose signature, claims and policy were all checked.
 *
 * `tl_verify_in_place` and `tl_check_finish` fill it in, and empty it if they reject the token: an empty one
 * has no claim and no scope. It refers to the buffer of the token. From the moment that the buffer is changed
 * or no longer there, it must not be used. Do not read or write its member.
 */
typedef struct {
    /**
     * Opaque.
     */
    uint64_t opaque[TL_VERIFIED_WORDS];
} tl_verified;

/**
 * An entry, read.
 */
typedef struct {
    /**
     * The earliest that the time may have been, in seconds since 1970.
     */
    uint64_t time;
    /**
     * What counts the entries: what is missing between two of them was lost.
     */
    uint32_t sequence;
    /**
     * `TL_EVENT_TOKEN` or another.
     */
    uint8_t event;
    /**
     * A `tl_error`, by its number.
     */
    uint8_t error;
    /**
     * Whether the time was certain to within the clock's drift.
     */
    bool is_certain;
    /**
     * The first bytes of a hash of `sub`, or zeros.
     */
    uint8_t subject[8];
} tl_audit_entry;

/**
 * The challenge that waits for its token: one at a time. Do not read or write its member.
 */
typedef struct {
    /**
     * Opaque.
     */
    uint64_t opaque[TL_CHALLENGE_WORDS];
} tl_challenge;

/**
 * Nonces for a device without a true random number generator: SHA-256 over a secret seed and a counter that never
 * goes back. Do not read or write its member.
 */
typedef struct {
    /**
     * Opaque.
     */
    uint64_t opaque[TL_NONCES_WORDS];
} tl_nonces;

/**
 * Where a device keeps what it must remember: records of at most `TL_MAX_RECORD_LEN` bytes that are replaced
 * whole, each under a number below `TL_MAX_RECORDS`.
 *
 * The program provides it, over whatever keeps values under names: a log in flash, such as the NVS of Zephyr or
 * of ESP-IDF, a file system such as littlefs, an EEPROM or FRAM with two places for each record. All that the
 * parts of a device promise is built on one rule: **after a loss of power in `put`, the record has its old value
 * or its new one, and after `put` has returned, its new one.**
 *
 * Numbers 0 to 3 have at most 44 bytes, 16 to 63 the signed documents in pieces of `TL_MAX_RECORD_LEN`, and 64
 * to 95 the used tokens, 24 bytes each. Most are never used.
 */
typedef struct {
    /**
     * Given to the functions.
     */
    void *context;
    /**
     * Copies a record of at most `size` bytes to `buffer` and sets `*len`. Returns `TL_OK`; `TL_ERROR_NO_RECORD` if
     * it was never put; `TL_ERROR_CORRUPT` if it is damaged for good, so that a new document may take its place; or
     * any other error.
     */
    tl_error (*get)(void *context, uint8_t record, uint8_t *buffer, size_t size, size_t *len);
    /**
     * Replaces a record. Returns `TL_OK`, `TL_ERROR_STORAGE_FULL`, or any other error.
     */
    tl_error (*put)(void *context, uint8_t record, const uint8_t *value, size_t len);
    /**
     * How many bytes a signed document may have; three of them must have room. At most `TL_MAX_DOCUMENT_LEN`.
     */
    size_t max_document_len;
} tl_records;

/**
 * The check of a token's signature in steps. Between two of them, a device feeds its watchdog, or serves its
 * radio or its motor.
 *
 * @code
 * tl_error error = tl_check_begin(&check, token, len, &keys);
 * if (error == TL_OK) {
 *     while (!tl_check_step(&check)) {
 *         feed_the_watchdog();
 *     }
 *     error = tl_check_finish(&check, &policy, now, &verified);
 * }
 * @endcode
 *
 * It refers to the buffer of the token and to the keys: neither may be changed or moved until
 * `tl_check_finish`. To give up, forget the check. Do not read or write its member.
 */
typedef struct {
    /**
     * Opaque.
     */
    uint64_t opaque[TL_CHECK_WORDS];
} tl_check;

/**
 * A set of up to `TL_MAX_KEYS` RSA keys of 2048 to `TL_MAX_KEY_BITS` bits.
 *
 * `tl_key_set_init` makes it an empty set. It may be copied and moved like any struct. Do not read or write
 * its member.
 */
typedef struct {
    /**
     * Opaque.
     */
    uint64_t opaque[TL_KEY_SET_WORDS];
} tl_key_set;

/**
 * What a token must say to be accepted.
 *
 * Members that are zero or `NULL` ask for nothing, except `issuer`, which must not be `NULL`. The token's
 * `exp` is mandatory, too. Texts are UTF-8, end with a NUL, have at most `TL_MAX_TEXT_LEN` bytes, and are
 * compared character by character with the claims, whose escapes are undone. Each list has at most
 * `TL_MAX_TEXTS` of them.
 *
 * @code
 * static const tl_policy policy = {
 *     .issuer = "https://issuer.example/",
 *     .audience = "door-1",
 * };
 * @endcode
 */
typedef struct {
    /**
     * The issuer of the tokens, `iss`.
     */
    const char *issuer;
    /**
     * Whom the tokens are for, `aud`. If it is `NULL`, a token must have no `aud`, and `client` must not be
     * `NULL`.
     */
    const char *audience;
    /**
     * The header's `typ`, compared as a media type: `at+jwt` and `application/at+jwt` are the same.
     */
    const char *token_type;
    /**
     * Whom the tokens are about, `sub`.
     */
    const char *subject;
    /**
     * Whom the tokens were issued to: the first of `azp`, `client_id`, `cid` and `appid` that a token has.
     */
    const char *client;
    /**
     * Further issuers that are accepted. All of them share the keys.
     */
    const char *const *more_issuers;
    /**
     * How many there are.
     */
    size_t more_issuers_len;
    /**
     * Further audiences that are accepted.
     */
    const char *const *more_audiences;
    /**
     * How many there are.
     */
    size_t more_audiences_len;
    /**
     * Scopes, all of which a token must have.
     */
    const char *const *scopes;
    /**
     * How many there are.
     */
    size_t scopes_len;
    /**
     * Names of claims that must be present, with any value but `null`.
     */
    const char *const *claims;
    /**
     * How many there are.
     */
    size_t claims_len;
    /**
     * By how many seconds clocks may differ, in every comparison with the time.
     */
    uint32_t leeway;
    /**
     * How many seconds ago a token may have been issued, `iat`. It is then mandatory.
     */
    uint32_t max_age;
    /**
     * The sum of any of `TL_POLICY_ACCEPT_UNCERTAIN`, `TL_POLICY_ACCEPT_ISSUED_IN_FUTURE`,
     * `TL_POLICY_REJECT_ISSUED_IN_FUTURE` and `TL_POLICY_RFC9068`.
     */
    uint32_t flags;
} tl_policy;

/**
 * The time, as far as a device can know it whose real-time clock may lie: a floor that never goes back.
 *
 * The floor is raised by signed documents, by `tl_clock_read`, and by `tl_clock_learn`. The last two are believed
 * up to a ceiling above the last signed document, so that nobody but the root pushes the floor beyond it. Do not
 * read or write its member.
 */
typedef struct {
    /**
     * Opaque.
     */
    uint64_t opaque[TL_CLOCK_WORDS];
} tl_clock;

/**
 * What a verification found: a hash of the token's `iss`, `aud`, `sub`, `exp`, `iat` and `jti`. Before each token,
 * fill both fingerprints with zeros: one of an old token would still be good. Do not read or write its member.
 */
typedef struct {
    /**
     * Opaque.
     */
    uint64_t opaque[TL_FINGERPRINT_WORDS];
} tl_fingerprint;

/**
 * The keys in force: those of the factory, until the first signed update.
 *
 * An update is a document of the root (`tl_root`) with the `typ` `jwk-set+jwt` and the claim `keys`. Its `iat` is
 * its version: older ones are rejected. Its `exp` is the end of its keys, too. Do not read or write its member.
 */
typedef struct {
    /**
     * Opaque.
     */
    uint64_t opaque[TL_KEY_STORE_WORDS];
} tl_key_store;

/**
 * Who signs the documents of a device: key-set updates and revocations.
 *
 * A document is a JWT (RS256) of this issuer for this audience, with `iat` and `exp`, and with the `typ` of its
 * kind. `tokenlatch pack` and `tokenlatch provision` make them.
 */
typedef struct {
    /**
     * The root's key, which signs nothing else: an initialised set.
     */
    const tl_key_set *keys;
    /**
     * `iss`.
     */
    const char *issuer;
    /**
     * `aud`, such as the name of a fleet.
     */
    const char *audience;
} tl_root;

/**
 * The tokens that were used, by `iss` and `jti`. One is forgotten only once it has certainly expired; if there is
 * no room for another one, that is rejected. Do not read or write its member.
 */
typedef struct {
    /**
     * Opaque.
     */
    uint64_t opaque[TL_REPLAY_WORDS];
} tl_replay;

/**
 * What is revoked: epochs ("reject what was issued before"), then a short list.
 *
 * A revocation is a document of the root (`tl_root`) with the `typ` `revocation+jwt`. Do not read or write its
 * member.
 */
typedef struct {
    /**
     * Opaque.
     */
    uint64_t opaque[TL_REVOCATION_WORDS];
} tl_revocation;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Begins to count, after every restart.
 *
 * @param audit  The record.
 * @param newest The newest entry that was stored, of `TL_AUDIT_ENTRY_LEN` bytes; `NULL` if there is none.
 * @return `TL_OK`, `TL_ERROR_UNKNOWN_EVENT` if the bytes are no entry, or what is wrong with the arguments.
 */
tl_error tl_audit_init(tl_audit *audit, const uint8_t *newest);

/**
 * Makes the next entry.
 *
 * @param audit    An initialised record.
 * @param event    `TL_EVENT_TOKEN` or another.
 * @param error    `TL_OK`, or why it was rejected.
 * @param now      When.
 * @param verified Whose token it was; `NULL`, or one that is empty, if nobody's.
 * @param entry    Where the entry goes: `TL_AUDIT_ENTRY_LEN` bytes.
 * @return `TL_OK`, `TL_ERROR_UNKNOWN_EVENT`, or what is wrong with the arguments.
 */
tl_error tl_audit_record(tl_audit *audit,
                         uint8_t event,
                         uint8_t error,
                         tl_time now,
                         const tl_verified *verified,
                         uint8_t *entry);

/**
 * Reads an entry.
 *
 * @param bytes `TL_AUDIT_ENTRY_LEN` bytes.
 * @param entry Where what they say goes.
 * @return `TL_OK`, `TL_ERROR_UNKNOWN_EVENT` if the bytes are no entry, or what is wrong with the arguments.
 */
tl_error tl_audit_read(const uint8_t *bytes, tl_audit_entry *entry);

/**
 * Copies a text claim of a token that nobody has checked: for a document that the token carries and that certifies
 * itself, `signed_jwks` or `signed_revocation`. Nothing else may depend on it.
 *
 * A device without a network so learns a rotated key from a token that the new key has signed.
 *
 * @param token       The token, which is not changed.
 * @param len         The length of the token in bytes.
 * @param scratch     Room for a copy, at least as long.
 * @param scratch_len The length of the room in bytes.
 * @param name        The claim's name.
 * @param buffer      Where the text goes, with a NUL. After an error, it is empty.
 * @param size        The size of the buffer in bytes. All of it may be written.
 * @return As `tl_claim_text`, or why the token is none.
 */
tl_error tl_unverified_claim_text(const uint8_t *token,
                                  size_t len,
                                  uint8_t *scratch,
                                  size_t scratch_len,
                                  const char *name,
                                  char *buffer,
                                  size_t size);

/**
 * No challenge.
 *
 * @param challenge The challenge.
 * @param lifetime  How long each one lasts, in milliseconds, such as 60,000.
 * @return `TL_OK`, `TL_ERROR_NULL` or `TL_ERROR_MISALIGNED`.
 */
tl_error tl_challenge_init(tl_challenge *challenge, uint32_t lifetime);

/**
 * Begins a challenge with 16 bytes of a true random number generator. It replaces the one that waits.
 *
 * @param challenge An initialised challenge.
 * @param random    16 bytes that nobody can foretell.
 * @param now       Milliseconds, of a counter that does not go back. Once one of 32 bits wraps around, the challenge
 *                  is over.
 * @param text      Where the text for the token's claim `nonce` goes: `TL_NONCE_SIZE` bytes, with a NUL.
 * @return `TL_OK`, or what is wrong with the arguments.
 */
tl_error tl_challenge_begin(tl_challenge *challenge,
                            const uint8_t *random,
                            uint64_t now,
                            char *text);

/**
 * As `tl_challenge_begin`, with the next nonce of a seed.
 *
 * @param challenge An initialised challenge.
 * @param nonces    The nonces, loaded.
 * @param records   The storage: every 64th nonce is one write.
 * @param now       Milliseconds, of a counter that does not go back.
 * @param text      Where the text for the token's claim `nonce` goes: `TL_NONCE_SIZE` bytes, with a NUL.
 * @return `TL_OK`, `TL_ERROR_STORAGE`, `TL_ERROR_STORAGE_FULL`, or `TL_ERROR_CORRUPT` if the nonces were not loaded.
 */
tl_error tl_challenge_begin_with(tl_challenge *challenge,
                                 tl_nonces *nonces,
                                 const tl_records *records,
                                 uint64_t now,
                                 char *text);

/**
 * Ends the challenge, if the token echoes it; else it waits on.
 *
 * @param challenge An initialised challenge.
 * @param verified  The token, verified.
 * @param now       Milliseconds, of the same counter.
 * @return `TL_OK`, `TL_ERROR_MISSING_NONCE`, `TL_ERROR_WRONG_NONCE` or `TL_ERROR_NONCE_EXPIRED`.
 */
tl_error tl_challenge_check(tl_challenge *challenge, const tl_verified *verified, uint64_t now);

/**
 * As `tl_challenge_check`, but the challenge waits on: for the first of two verifications, of which the second one
 * calls `tl_challenge_check`.
 *
 * @param challenge An initialised challenge.
 * @param verified  The token, verified.
 * @param now       Milliseconds, of the same counter.
 * @return As `tl_challenge_check`.
 */
tl_error tl_challenge_compare(const tl_challenge *challenge,
                              const tl_verified *verified,
                              uint64_t now);

/**
 * The nonces of a seed.
 *
 * @param nonces The nonces.
 * @param seed   32 random bytes, of each device its own, secret.
 * @return `TL_OK`, or what is wrong with the arguments.
 */
tl_error tl_nonces_init(tl_nonces *nonces, const uint8_t *seed);

/**
 * Takes the counter, after a restart.
 *
 * @param nonces  Initialised. After an error, there are no nonces.
 * @param records The storage.
 * @return `TL_OK`, `TL_ERROR_STORAGE` or `TL_ERROR_CORRUPT`.
 */
tl_error tl_nonces_load(tl_nonces *nonces, const tl_records *records);

/**
 * Splits a token in its own place, reads its header and finds its key. No signature is checked yet.
 *
 * The objects must not overlap.
 *
 * @param check The check. What was in it is forgotten. After an error, it is empty.
 * @param token A JWT in compact serialization (RFC 7519 section 7.2). It needs no NUL, and is changed.
 * @param len   The length of the token in bytes.
 * @param keys  An initialised set of keys.
 * @return `TL_OK`, or the first reason found to reject the token, in the order arguments, split, header, key.
 */
tl_error tl_check_begin(tl_check *check, uint8_t *token, size_t len, const tl_key_set *keys);

/**
 * Takes the next step: at most one multiplication, 25,000 instructions on a Cortex-M3 with a key of 2048 bits.
 * With the exponent 65537 there are 19 steps, and at most 94 with any.
 *
 * @param check The check.
 * @return `true` once no step is left. It is no verdict. Also `true` for a check that has not begun, or that is
 *         finished.
 */
bool tl_check_step(tl_check *check);

/**
 * Takes the steps that are left, if any, and gives the verdict of `tl_verify_in_place`.
 *
 * @param check    The check. Empty from then on.
 * @param policy   What the token must say.
 * @param now      The present, as well as the device knows it.
 * @param verified Where the claims go. After an error, it is empty.
 * @return `TL_OK`, or the first reason found to reject the token, in the order arguments, signature, claims,
 *         policy.
 */
tl_error tl_check_finish(tl_check *check, const tl_policy *policy, tl_time now, tl_verified *verified);

/**
 * A clock that knows the firmware's build time.
 *
 * @param clock       The clock.
 * @param build_time  Seconds since 1970.
 * @param max_advance How far, in seconds, tokens and the real-time clock may raise the floor above the last signed
 *                    document, or above the build time: such as 400 days.
 * @param drift       How far, in seconds, the real-time clock may be off, before and after: such as 60.
 * @param store_every By how many seconds the floor has to rise to be stored: such as 3600, for 8,760 writes a year.
 * @return `TL_OK`, `TL_ERROR_NULL` or `TL_ERROR_MISALIGNED`.
 */
tl_error tl_clock_init(tl_clock *clock,
                       uint64_t build_time,
                       uint32_t max_advance,
                       uint32_t drift,
                       uint32_t store_every);

/**
 * Takes the stored floor, after a restart.
 *
 * @param clock   An initialised clock. After an error, `tl_replay_accept` accepts no token, until `tl_clock_store` or
 *                `tl_clock_store_if_due` can read it, or a new document of the root takes its place.
 * @param records The storage.
 * @return `TL_OK`, also if nothing was stored; `TL_ERROR_STORAGE`; or `TL_ERROR_CORRUPT`.
 */
tl_error tl_clock_load(tl_clock *clock,
                       const tl_records *records);

/**
 * Stores the floor, if it changed.
 *
 * @param clock   An initialised clock.
 * @param records The storage.
 * @return `TL_OK`, `TL_ERROR_STORAGE`, `TL_ERROR_STORAGE_FULL`, or `TL_ERROR_CORRUPT` if it could not be loaded.
 */
tl_error tl_clock_store(tl_clock *clock,
                        const tl_records *records);

/**
 * Stores the floor, if it has risen enough: for the end of every round of the device's loop.
 *
 * @param clock   An initialised clock.
 * @param records The storage.
 * @return `TL_OK`, `TL_ERROR_STORAGE`, `TL_ERROR_STORAGE_FULL`, or `TL_ERROR_CORRUPT` if it could not be loaded.
 */
tl_error tl_clock_store_if_due(tl_clock *clock,
                               const tl_records *records);

/**
 * The time, by a reading of the real-time clock. A reading that is believed raises the floor.
 *
 * @param clock     An initialised clock.
 * @param rtc       Seconds since 1970; `NULL` if there is no real-time clock, or if it says that it stopped.
 * @param certainty Why the time is no more certain; may be `NULL`.
 * @return The seconds that the present may be; the last one that there is if the clock is not initialised, so that
 *         every token has expired.
 */
tl_time tl_clock_read(tl_clock *clock,
                      const uint64_t *rtc,
                      tl_certainty *certainty);

/**
 * Learns from the `iat` of a verified token. The program designates the issuer: give this no `iat` of another one.
 *
 * @param clock     An initialised clock.
 * @param issued_at Seconds since 1970.
 * @return What it makes of it.
 */
tl_learned tl_clock_learn(tl_clock *clock,
                          uint64_t issued_at);

/**
 * The second that has certainly passed.
 *
 * @param clock The clock.
 * @return Seconds since 1970; 0 if the clock is not initialised.
 */
uint64_t tl_clock_floor(const tl_clock *clock);

/**
 * The name of an error in lower case, such as `expired`: stable, for logs and programs.
 *
 * @param error The error.
 * @return A string that is always there; `unknown` for a number that is no error.
 */
const char *tl_error_name(uint8_t error);

/**
 * A sentence about an error, for people: without a capital letter and a full stop.
 *
 * @param error The error.
 * @return A string that is always there.
 */
const char *tl_error_text(uint8_t error);

/**
 * The fingerprint of a verified token.
 *
 * @param verified    The token, verified.
 * @param fingerprint Where it goes. After an error, it is empty, and agrees with none.
 * @return `TL_OK`, or what is wrong with the arguments.
 */
tl_error tl_fingerprint_of(const tl_verified *verified, tl_fingerprint *fingerprint);

/**
 * Accepts what two verifications of a token agree on, from two copies of what came over the wire.
 *
 * Whatever rejects must do so in both: `tl_revocation_check`, and `tl_challenge_compare` and `tl_replay_check` in the
 * first one, `tl_challenge_check` and `tl_replay_accept` in the second one. (A clock or used tokens that could not be
 * loaded reject in `tl_replay_accept` alone.)
 *
 * Compare the result with `TL_ACCEPTED` twice, and not with zero. One disturbed instruction in the verifications or in
 * the comparison then moves no bolt. core/capi/README.md says what this does not cover.
 *
 * @param first  The fingerprint of the first verification.
 * @param second The fingerprint of the second one.
 * @return `TL_ACCEPTED`, or its complement.
 */
uint32_t tl_confirm(const tl_fingerprint *first,
                    const tl_fingerprint *second);

/**
 * Makes a set without keys.
 *
 * @param keys The set. What was in it is forgotten.
 * @param size `sizeof(tl_key_set)`: it shows whether header and library were made for the same keys.
 * @return `TL_OK`, `TL_ERROR_NULL`, `TL_ERROR_MISALIGNED` or `TL_ERROR_WRONG_SIZE`.
 */
tl_error tl_key_set_init(tl_key_set *keys, size_t size);

/**
 * Adds a key, which `tokenlatch pack` prints as constants.
 *
 * Takes the time of about ten verifications: the Montgomery constant of the modulus is computed.
 *
 * @param keys  An initialised set. After an error, it is as before.
 * @param kid   The key's name, by which tokens ask for it, at most 128 bytes; or `NULL` for a key without one,
 *              which is for all tokens if the set has no other.
 * @param n     The modulus, big-endian, without leading zeros.
 * @param n_len The length of the modulus in bytes.
 * @param e     The public exponent, odd and at least 3.
 * @return `TL_OK`, or why the key cannot be used.
 */
tl_error tl_key_set_add(tl_key_set *keys,
                        const char *kid,
                        const uint8_t *n,
                        size_t n_len,
                        uint32_t e);

/**
 * Reads a JWK Set document (RFC 7517) in place of the keys of a set.
 *
 * Keys that cannot be used for RS256 are skipped. A token that names one gets `TL_ERROR_UNUSABLE_KEY`.
 *
 * @param keys     An initialised set. After an error, it is empty.
 * @param document JSON, at most 262,144 bytes.
 * @param len      The length of the document in bytes.
 * @return `TL_OK`, or why the document is no JWK Set or has too many keys.
 */
tl_error tl_key_set_read_json(tl_key_set *keys, const uint8_t *document, size_t len);

/**
 * How many usable keys a set has.
 *
 * @param keys The set.
 * @return The number; 0 for a set that is not initialised.
 */
size_t tl_key_set_count(const tl_key_set *keys);

/**
 * Begins with the factory's keys, which never expire.
 *
 * @param store   The store. Its size is checked by that of the factory's keys.
 * @param factory An initialised set, which is copied.
 * @return `TL_OK`, or what is wrong with the arguments.
 */
tl_error tl_key_store_init(tl_key_store *store, const tl_key_set *factory);

/**
 * Takes the update that is in force, after a restart, and verifies it again.
 *
 * @param store       An initialised store. After an error, it has no keys until there is a new update.
 * @param scratch     Room for a document: `TL_MAX_DOCUMENT_LEN` bytes are always enough.
 * @param scratch_len The length of the room in bytes.
 * @param root        Who signed it.
 * @param clock       An initialised clock, which learns from it.
 * @param records     The storage.
 * @return `TL_OK`, also if there is none; `TL_ERROR_STORAGE`; `TL_ERROR_CORRUPT`; or why it is rejected.
 */
tl_error tl_key_store_load(tl_key_store *store,
                           uint8_t *scratch,
                           size_t scratch_len,
                           const tl_root *root,
                           tl_clock *clock,
                           const tl_records *records);

/**
 * Applies an update, by whatever way it came. It is stored first, and then in force.
 *
 * @param store        An initialised store. After an error, what was in force stays so.
 * @param document     The update, a JWT in compact serialization.
 * @param document_len The length of the update in bytes.
 * @param scratch      Room for a copy, at least as long.
 * @param scratch_len  The length of the room in bytes.
 * @param root         Who must have signed it.
 * @param clock        An initialised clock, which learns from it.
 * @param records      The storage.
 * @param applied      Whether it is new; may be `NULL`.
 * @return `TL_OK`, or why it is rejected.
 */
tl_error tl_key_store_apply(tl_key_store *store,
                            const uint8_t *document,
                            size_t document_len,
                            uint8_t *scratch,
                            size_t scratch_len,
                            const tl_root *root,
                            tl_clock *clock,
                            const tl_records *records,
                            tl_applied *applied);

/**
 * As `tl_verify_in_place`, with the keys in force.
 *
 * @param token    The token, which is changed.
 * @param len      The length of the token in bytes.
 * @param store    An initialised store.
 * @param policy   What the token must say.
 * @param now      The present, as well as the device knows it.
 * @param verified Where the claims go. After an error, it is empty.
 * @return As `tl_verify_in_place`; `TL_ERROR_KEY_SET_EXPIRED`; or `TL_ERROR_CORRUPT`, if an update could not be
 *         loaded.
 */
tl_error tl_key_store_verify_in_place(uint8_t *token,
                                      size_t len,
                                      const tl_key_store *store,
                                      const tl_policy *policy,
                                      tl_time now,
                                      tl_verified *verified);

/**
 * As `tl_check_begin`, with the keys in force. No update may be applied until the check is finished.
 *
 * @param check The check.
 * @param token The token, which is changed.
 * @param len   The length of the token in bytes.
 * @param store An initialised store.
 * @param now   The present, as well as the device knows it.
 * @return As `tl_check_begin`; `TL_ERROR_KEY_SET_EXPIRED`; or `TL_ERROR_CORRUPT`.
 */
tl_error tl_key_store_check_begin(tl_check *check,
                                  uint8_t *token,
                                  size_t len,
                                  const tl_key_store *store,
                                  tl_time now);

/**
 * `iat` of the update in force, its version.
 *
 * @param store The store.
 * @return Seconds since 1970; 0 for the factory's keys, or if the store is not initialised.
 */
uint64_t tl_key_store_issued_at(const tl_key_store *store);

/**
 * The second from which on there are no keys.
 *
 * @param store The store.
 * @return Seconds since 1970; `UINT64_MAX` for the factory's keys; 0 if the store is not initialised.
 */
uint64_t tl_key_store_expiry(const tl_key_store *store);

/**
 * No token was used.
 *
 * @param replay The used tokens.
 * @param leeway The leeway of the policy that accepts the tokens, in seconds.
 * @return `TL_OK`, `TL_ERROR_NULL` or `TL_ERROR_MISALIGNED`.
 */
tl_error tl_replay_init(tl_replay *replay, uint32_t leeway);

/**
 * Takes the used tokens, after a restart, and after `tl_clock_load`.
 *
 * @param replay  Initialised. After an error, no token is accepted.
 * @param records The storage.
 * @return `TL_OK`, `TL_ERROR_STORAGE` or `TL_ERROR_CORRUPT`.
 */
tl_error tl_replay_load(tl_replay *replay, const tl_records *records);

/**
 * Rejects a token that was used, and uses up none: for the first of two verifications, of which the second one calls
 * `tl_replay_accept`.
 *
 * @param replay   Initialised.
 * @param verified The token, verified.
 * @return `TL_OK`, `TL_ERROR_MISSING_TOKEN_ID` or `TL_ERROR_REPLAYED`.
 */
tl_error tl_replay_check(const tl_replay *replay,
                         const tl_verified *verified);

/**
 * Uses a token, or rejects it: the last check before the door opens. It is stored when this returns.
 *
 * @param replay   Initialised.
 * @param verified The token, verified.
 * @param clock    An initialised clock, loaded.
 * @param records  The storage.
 * @return `TL_OK`, `TL_ERROR_MISSING_TOKEN_ID`, `TL_ERROR_REPLAYED`, `TL_ERROR_REPLAY_FULL`, `TL_ERROR_STORAGE`,
 *         `TL_ERROR_STORAGE_FULL`, or `TL_ERROR_CORRUPT` if the clock could not be loaded.
 */
tl_error tl_replay_accept(tl_replay *replay,
                          const tl_verified *verified,
                          tl_clock *clock,
                          const tl_records *records);

/**
 * Nothing is revoked.
 *
 * @param revocation The revocation.
 * @return `TL_OK`, `TL_ERROR_NULL` or `TL_ERROR_MISALIGNED`.
 */
tl_error tl_revocation_init(tl_revocation *revocation);

/**
 * Takes the revocation that is in force, after a restart, and verifies it again.
 *
 * @param revocation  An initialised revocation. After an error, every token is revoked until there is a new one.
 * @param scratch     Room for a document: `TL_MAX_DOCUMENT_LEN` bytes are always enough.
 * @param scratch_len The length of the room in bytes.
 * @param root        Who signed it.
 * @param clock       An initialised clock, which learns from it.
 * @param records     The storage.
 * @return `TL_OK`, also if there is none; `TL_ERROR_STORAGE`; `TL_ERROR_CORRUPT`; or why it is rejected.
 */
tl_error tl_revocation_load(tl_revocation *revocation,
                            uint8_t *scratch,
                            size_t scratch_len,
                            const tl_root *root,
                            tl_clock *clock,
                            const tl_records *records);

/**
 * Applies a revocation, by whatever way it came. It is stored first, and then in force.
 *
 * @param revocation   An initialised revocation. After an error, what was in force stays so.
 * @param document     The document, a JWT in compact serialization.
 * @param document_len The length of the document in bytes.
 * @param scratch      Room for a copy, at least as long.
 * @param scratch_len  The length of the room in bytes.
 * @param root         Who must have signed it.
 * @param clock        An initialised clock, which learns from it.
 * @param records      The storage.
 * @param applied      Whether it is new; may be `NULL`.
 * @return `TL_OK`, or why it is rejected.
 */
tl_error tl_revocation_apply(tl_revocation *revocation,
                             const uint8_t *document,
                             size_t document_len,
                             uint8_t *scratch,
                             size_t scratch_len,
                             const tl_root *root,
                             tl_clock *clock,
                             const tl_records *records,
                             tl_applied *applied);

/**
 * Rejects a token that is revoked.
 *
 * @param revocation An initialised revocation.
 * @param verified   The token, verified.
 * @return `TL_OK`, `TL_ERROR_REVOKED`, or `TL_ERROR_CORRUPT` if a revocation could not be loaded.
 */
tl_error tl_revocation_check(const tl_revocation *revocation, const tl_verified *verified);

/**
 * `iat` of the revocation in force, its version.
 *
 * @param revocation The revocation.
 * @return Seconds since 1970; 0 if there is none.
 */
uint64_t tl_revocation_issued_at(const tl_revocation *revocation);

/**
 * A clock that is right.
 *
 * @param unix_seconds Seconds since 1970-01-01T00:00:00Z.
 * @return The time.
 */
tl_time tl_time_exactly(uint64_t unix_seconds);

/**
 * A clock that is right to within an interval.
 *
 * @param earliest The earliest second that it may be.
 * @param latest   The latest second that it may be. If it is less than `earliest`, the two are swapped.
 * @return The time.
 */
tl_time tl_time_between(uint64_t earliest, uint64_t latest);

/**
 * No clock, only a floor: the build time, or the latest time seen in a verified message. Then no token is
 * certainly valid, and only `TL_POLICY_ACCEPT_UNCERTAIN` accepts one.
 *
 * @param unix_seconds The earliest second that it may be.
 * @return The time.
 */
tl_time tl_time_at_least(uint64_t unix_seconds);

/**
 * Whether a token was verified: for a second look, before something that cannot be undone.
 *
 * @param verified What `tl_verify_in_place` or `tl_check_finish` has filled in.
 * @return Whether it returned `TL_OK`.
 */
bool tl_is_verified(const tl_verified *verified);

/**
 * Whether the token is valid at every second that the `tl_time` may be. Always true unless the policy said
 * `TL_POLICY_ACCEPT_UNCERTAIN`.
 *
 * @param verified The claims.
 * @return Whether it is; `false` if no token was verified.
 */
bool tl_is_certainly_valid(const tl_verified *verified);

/**
 * `exp`: the second from which on the token is rejected.
 *
 * @param verified The claims.
 * @return Seconds since 1970, a fraction cut off; 0 if no token was verified.
 */
uint64_t tl_expiry(const tl_verified *verified);

/**
 * Whether the token allows a scope: one of `scope`, or of `scp`.
 *
 * @param verified The claims.
 * @param scope    The scope.
 * @return Whether it does; `false` if no token was verified, or if the scope is no text.
 */
bool tl_has_scope(const tl_verified *verified, const char *scope);

/**
 * Whether a claim is a text, or a list of texts and other values, that has this text: for `groups` or `roles`.
 *
 * @param verified The claims.
 * @param name     The claim's name.
 * @param text     The text.
 * @return Whether it has; `false` if no token was verified, or if name or text are no text.
 */
bool tl_claim_contains(const tl_verified *verified,
                       const char *name,
                       const char *text);

/**
 * Copies a claim that is a text.
 *
 * @param verified The claims.
 * @param name     The claim's name.
 * @param buffer   Where the text goes: UTF-8 without JSON's escapes, and a NUL. After an error, it is empty.
 * @param size     The size of the buffer in bytes, with room for the NUL. All of it may be written.
 * @return `TL_OK`; `TL_ERROR_NO_CLAIM` if there is no such claim, or if it is `null`;
 *         `TL_ERROR_OTHER_CLAIM_TYPE` if it is no text; `TL_ERROR_BUFFER_TOO_SMALL`; `TL_ERROR_TEXT_HAS_NUL`,
 *         because C would cut off the text there; `TL_ERROR_NOT_INITIALIZED` if no token was verified; or what
 *         is wrong with the arguments.
 */
tl_error tl_claim_text(const tl_verified *verified,
                       const char *name,
                       char *buffer,
                       size_t size);

/**
 * Reads a claim that is a whole number from 0 to 2^64 - 1, however it is written: 2, 2.0 and 20e-1 are the
 * same.
 *
 * @param verified The claims.
 * @param name     The claim's name.
 * @param number   Where the number goes; 0 after an error.
 * @return As `tl_claim_text`.
 */
tl_error tl_claim_number(const tl_verified *verified, const char *name, uint64_t *number);

/**
 * Reads a claim that is `true` or `false`.
 *
 * @param verified The claims.
 * @param name     The claim's name.
 * @param value    Where it goes; `false` after an error.
 * @return As `tl_claim_text`.
 */
tl_error tl_claim_bool(const tl_verified *verified, const char *name, bool *value);

/**
 * Verifies a token in its own place, without another buffer.
 *
 * The objects must not overlap. `token` must not be changed as long as `verified` is used. After an error the
 * contents of `token` are unspecified: to try again, with other keys for example, keep a copy.
 *
 * @param token    A JWT in compact serialization (RFC 7519 section 7.2). It needs no NUL, and is changed.
 * @param len      The length of the token in bytes.
 * @param keys     An initialised set of keys.
 * @param policy   What the token must say.
 * @param now      The present, as well as the device knows it.
 * @param verified Where the claims go. After an error, it is empty.
 * @return `TL_OK`, or the first reason found to reject the token, in the order arguments, split, header, key,
 *         signature, claims, policy.
 */
tl_error tl_verify_in_place(uint8_t *token,
                            size_t len,
                            const tl_key_set *keys,
                            const tl_policy *policy,
                            tl_time now,
                            tl_verified *verified);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TOKENLATCH_H */
