//! What a token must say to be accepted.

use core::ffi::c_char;
use core::time::Duration;

use verifier::Policy;

use crate::code::{Code, tl_error};
use crate::slot;
use crate::text::{self, Texts};

/// Accept a token that is valid at some second that the `tl_time` may be, even if it is not valid at all of
/// them. `tl_is_certainly_valid` tells the two apart.
pub const TL_POLICY_ACCEPT_UNCERTAIN: u32 = 1;

/// Accept a token whose `iat` is in the future, however far.
pub const TL_POLICY_ACCEPT_ISSUED_IN_FUTURE: u32 = 2;

/// Reject a token whose `iat` is in the future by more than the leeway: without this, by more than 60 seconds
/// and the leeway, where `tl_time_exactly` gives the present.
pub const TL_POLICY_REJECT_ISSUED_IN_FUTURE: u32 = 4;

/// Accept only what keeps to RFC 9068: `typ` is `at+jwt`, and `sub`, `client_id`, `iat` and `jti` are present.
pub const TL_POLICY_RFC9068: u32 = 8;

/// What a token must say to be accepted.
///
/// Members that are zero or `NULL` ask for nothing, except `issuer`, which must not be `NULL`. The token's
/// `exp` is mandatory, too. Texts are UTF-8, end with a NUL, have at most `TL_MAX_TEXT_LEN` bytes, and are
/// compared character by character with the claims, whose escapes are undone. Each list has at most
/// `TL_MAX_TEXTS` of them.
///
/// @code
/// static const tl_policy policy = {
///     .issuer = "https://issuer.example/",
///     .audience = "door-1",
/// };
/// @endcode
#[repr(C)]
pub struct tl_policy {
    /// The issuer of the tokens, `iss`.
    pub issuer: *const c_char,
    /// Whom the tokens are for, `aud`. If it is `NULL`, a token must have no `aud`, and `client` must not be
    /// `NULL`.
    pub audience: *const c_char,
    /// The header's `typ`, compared as a media type: `at+jwt` and `application/at+jwt` are the same.
    pub token_type: *const c_char,
    /// Whom the tokens are about, `sub`.
    pub subject: *const c_char,
    /// Whom the tokens were issued to: the first of `azp`, `client_id`, `cid` and `appid` that a token has.
    pub client: *const c_char,
    /// Further issuers that are accepted. All of them share the keys.
    pub more_issuers: *const *const c_char,
    /// How many there are.
    pub more_issuers_len: usize,
    /// Further audiences that are accepted.
    pub more_audiences: *const *const c_char,
    /// How many there are.
    pub more_audiences_len: usize,
    /// Scopes, all of which a token must have.
    pub scopes: *const *const c_char,
    /// How many there are.
    pub scopes_len: usize,
    /// Names of claims that must be present, with any value but `null`.
    pub claims: *const *const c_char,
    /// How many there are.
    pub claims_len: usize,
    /// By how many seconds clocks may differ, in every comparison with the time.
    pub leeway: u32,
    /// How many seconds ago a token may have been issued, `iat`. It is then mandatory.
    pub max_age: u32,
    /// The sum of any of `TL_POLICY_ACCEPT_UNCERTAIN`, `TL_POLICY_ACCEPT_ISSUED_IN_FUTURE`,
    /// `TL_POLICY_REJECT_ISSUED_IN_FUTURE` and `TL_POLICY_RFC9068`.
    pub flags: u32,
}

const ALL_FLAGS: u32 = TL_POLICY_ACCEPT_UNCERTAIN
    | TL_POLICY_ACCEPT_ISSUED_IN_FUTURE
    | TL_POLICY_REJECT_ISSUED_IN_FUTURE
    | TL_POLICY_RFC9068;

/// The texts of a policy, checked.
pub(crate) struct Read<'p> {
    issuer: &'p str,
    audience: Option<&'p str>,
    token_type: Option<&'p str>,
    subject: Option<&'p str>,
    client: Option<&'p str>,
    more_issuers: Texts<'p>,
    more_audiences: Texts<'p>,
    scopes: Texts<'p>,
    claims: Texts<'p>,
    leeway: u32,
    max_age: u32,
    flags: u32,
}

impl<'p> Read<'p> {
    /// # Safety
    ///
    /// The pointer is null, misaligned, or valid for reads of a policy as the header says, which nothing
    /// changes during `'p`.
    pub(crate) unsafe fn new(policy: *const tl_policy) -> Result<Self, Code> {
        slot::check(policy)?;
        // SAFETY: the caller's condition: the pointer, and those in the struct.
        let read = unsafe {
            let policy = &*policy;
            Self {
                issuer: text::read(policy.issuer)?,
                audience: text::read_optional(policy.audience)?,
                token_type: text::read_optional(policy.token_type)?,
                subject: text::read_optional(policy.subject)?,
                client: text::read_optional(policy.client)?,
                more_issuers: Texts::read(policy.more_issuers, policy.more_issuers_len)?,
                more_audiences: Texts::read(policy.more_audiences, policy.more_audiences_len)?,
                scopes: Texts::read(policy.scopes, policy.scopes_len)?,
                claims: Texts::read(policy.claims, policy.claims_len)?,
                leeway: policy.leeway,
                max_age: policy.max_age,
                flags: policy.flags,
            }
        };
        if read.audience.is_none() && read.client.is_none() {
            return Err(tl_error::TL_ERROR_NULL.into());
        }
        if read.flags & !ALL_FLAGS != 0 {
            return Err(tl_error::TL_ERROR_UNKNOWN_FLAG.into());
        }
        Ok(read)
    }

    /// As the core has it.
    ///
    /// Not inlined, so that what it works with takes no stack while the claims are read.
    #[inline(never)]
    pub(crate) fn policy(&self) -> Policy<'_> {
        let has = |flag| self.flags & flag != 0;
        let mut policy = match (self.audience, self.client) {
            (Some(audience), _) if has(TL_POLICY_RFC9068) => Policy::rfc9068(self.issuer, audience),
            (Some(audience), _) => Policy::new(self.issuer, audience),
            (None, client) => Policy::for_client(self.issuer, client.unwrap_or_default()),
        };
        if has(TL_POLICY_RFC9068) && self.audience.is_none() {
            // Section 2.2 requires `aud`.
            policy = policy.require_claims(&["aud"]);
        }
        policy = policy
            .or_issuers(self.more_issuers.as_slice())
            .or_audiences(self.more_audiences.as_slice())
            .require_scopes(self.scopes.as_slice())
            .require_claims(self.claims.as_slice())
            .leeway(Duration::from_secs(self.leeway.into()));
        if let Some(token_type) = self.token_type {
            policy = policy.require_type(token_type);
        }
        if let Some(subject) = self.subject {
            policy = policy.require_subject(subject);
        }
        if let Some(client) = self.client {
            policy = policy.require_client(client);
        }
        if self.max_age != 0 {
            policy = policy.max_age(Duration::from_secs(self.max_age.into()));
        }
        if has(TL_POLICY_ACCEPT_ISSUED_IN_FUTURE) {
            policy = policy.accept_issued_in_future();
        }
        if has(TL_POLICY_REJECT_ISSUED_IN_FUTURE) {
            policy = policy.reject_issued_in_future();
        }
        if has(TL_POLICY_ACCEPT_UNCERTAIN) {
            policy = policy.accept_uncertain();
        }
        policy
    }
}
