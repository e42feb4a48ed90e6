//! Refresh tokens, each of which can be used once (RFC 9700 section 4.14.2).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::issuer::model::rejection::Rejection;

/// How many families are kept. A new family replaces the one that expires first.
const MAX_FAMILIES: usize = 4096;

/// All refresh tokens that can be used.
///
/// A family begins with the first tokens for a user and grows with each refresh. Only its latest refresh
/// token can be used. If an earlier one is used again, it or a later one was stolen: the whole family
/// ends.
#[derive(Default)]
pub(crate) struct Families(Mutex<HashMap<FamilyId, Family>>);

/// The first bytes of all refresh tokens of a family.
type FamilyId = [u8; 16];

struct Family {
    client_id: String,
    user_id: String,
    /// SHA-256 digests, so that the memory holds no token.
    refresh_token: [u8; 32],
    id_token: [u8; 32],
    /// When the latest refresh token expires.
    expires: u64,
}

impl Families {
    /// Begins a family. Returns its first refresh token.
    pub(crate) fn begin(
        &self,
        (client_id, user_id): (&str, &str),
        id_token: &str,
        now: u64,
        lifetime: u64,
    ) -> String {
        let id: FamilyId = rand::random();
        let refresh_token = new_token(id);
        let family = Family {
            client_id: client_id.into(),
            user_id: user_id.into(),
            refresh_token: digest(&refresh_token),
            id_token: digest(id_token),
            expires: now + lifetime,
        };
        self.with(|families| {
            if families.len() >= MAX_FAMILIES {
                families.retain(|_, family| family.expires > now);
            }
            if families.len() >= MAX_FAMILIES {
                let first = families.iter().min_by_key(|(_, family)| family.expires);
                if let Some(id) = first.map(|(id, _)| *id) {
                    families.remove(&id);
                }
            }
            families.insert(id, family);
        });
        refresh_token
    }

    /// Uses a refresh token of this client. Returns the next one and the user's identifier.
    pub(crate) fn rotate(
        &self,
        client_id: &str,
        refresh_token: &str,
        id_token: &str,
        now: u64,
        lifetime: u64,
    ) -> Result<(String, String), Rejection> {
        const UNKNOWN: Rejection =
            Rejection::InvalidGrant("the refresh token is unknown or expired");
        let id = family_id(refresh_token).ok_or(UNKNOWN)?;
        self.with(|families| {
            let family = families.get_mut(&id).ok_or(UNKNOWN)?;
            if family.client_id != client_id {
                return Err(UNKNOWN);
            }
            if family.expires <= now {
                families.remove(&id);
                return Err(UNKNOWN);
            }
            if !bool::from(family.refresh_token.ct_eq(&digest(refresh_token))) {
                families.remove(&id);
                let why = "the refresh token was used before: those that followed are revoked";
                return Err(Rejection::InvalidGrant(why));
            }
            if !bool::from(family.id_token.ct_eq(&digest(id_token))) {
                let why = "the id_token is not the one that came with the refresh token";
                return Err(Rejection::InvalidGrant(why));
            }
            let next = new_token(id);
            family.refresh_token = digest(&next);
            family.expires = now + lifetime;
            Ok((next, family.user_id.clone()))
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<FamilyId, Family>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A refresh token of this family: its identifier and 256 random bits, in base64url.
fn new_token(id: FamilyId) -> String {
    let secret: [u8; 32] = rand::random();
    BASE64URL.encode([&id[..], &secret].concat())
}

fn family_id(refresh_token: &str) -> Option<FamilyId> {
    let mut token = [0; 48];
    let len = BASE64URL.decode_slice(refresh_token, &mut token).ok()?;
    (len == token.len()).then(|| *token.first_chunk().expect("48 bytes are 16 and more"))
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: (&str, &str) = ("client", "user");

    fn refresh(families: &Families, token: &str, now: u64) -> Option<String> {
        let rotated = families.rotate("client", token, "id-token", now, 100);
        rotated.ok().map(|(next, user_id)| {
            assert_eq!(user_id, "user");
            next
        })
    }

    #[test]
    fn a_used_token_ends_its_family_alone() {
        let families = Families::default();
        let other = families.begin(WHO, "id-token", 0, 100);
        let first = families.begin(WHO, "id-token", 0, 100);
        let second = refresh(&families, &first, 1).unwrap();
        let third = refresh(&families, &second, 2).unwrap();
        assert_eq!(refresh(&families, &first, 3), None, "it was used");
        assert_eq!(refresh(&families, &third, 3), None, "its family has ended");
        assert!(refresh(&families, &other, 3).is_some());
    }

    #[test]
    fn a_token_is_of_one_client_and_goes_with_one_id_token() {
        let families = Families::default();
        let token = families.begin(WHO, "id-token", 0, 100);
        assert!(
            families
                .rotate("other", &token, "id-token", 1, 100)
                .is_err()
        );
        assert!(families.rotate("client", &token, "other", 1, 100).is_err());
        assert!(refresh(&families, &token, 1).is_some(), "it is still good");
    }

    #[test]
    fn a_token_expires() {
        let families = Families::default();
        let token = families.begin(WHO, "id-token", 0, 100);
        let token = refresh(&families, &token, 99).unwrap();
        let token = refresh(&families, &token, 198).unwrap();
        assert_eq!(refresh(&families, &token, 298), None);
    }

    #[test]
    fn what_is_no_token_is_unknown() {
        let families = Families::default();
        let token = families.begin(WHO, "id-token", 0, 100);
        for bad in [
            "",
            "a",
            &token[1..],
            &format!("{token}AAAA"),
            &"A".repeat(64),
        ] {
            assert_eq!(refresh(&families, bad, 1), None);
        }
        assert!(refresh(&families, &token, 1).is_some());
    }

    #[test]
    fn there_is_room_for_so_many_families() {
        let families = Families::default();
        let oldest = families.begin(WHO, "id-token", 0, 99);
        let tokens: Vec<_> = (0..MAX_FAMILIES)
            .map(|_| families.begin(WHO, "id-token", 0, 100))
            .collect();
        assert_eq!(refresh(&families, &oldest, 1), None);
        assert!(refresh(&families, &tokens[0], 1).is_some());
        let _ = families.begin(WHO, "id-token", 300, 100);
        assert_eq!(
            families.with(|families| families.len()),
            1,
            "the others expired"
        );
    }
}
