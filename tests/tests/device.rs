//! What the host signs for devices, a device takes.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use tokenlatch::{JwkSet, Time};
use tokenlatch_device::{Applied, Clock, Error, KeySet, Records, Revocation, Root};
use tokenlatch_host::device::{self, Epoch, Revoked, RootKey, Terms, VerifyingKeys};
use tokenlatch_tests::firmware::NOW;
use tokenlatch_tests::issuer::{DOOR_ROOT, Issuer};

/// A storage without a flash.
#[derive(Default)]
struct Memory(HashMap<u8, Vec<u8>>);

impl Records for Memory {
    fn max_document_len(&self) -> usize {
        tokenlatch_device::MAX_DOCUMENT_LEN
    }

    fn get(&mut self, record: u8, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        let value = self.0.get(&record);
        Ok(value.map(|value| {
            buffer[..value.len()].copy_from_slice(value);
            value.len()
        }))
    }

    fn put(&mut self, record: u8, value: &[u8]) -> Result<(), Error> {
        self.0.insert(record, value.into());
        Ok(())
    }

    fn each(&mut self, each: &mut dyn FnMut(u8, &[u8])) -> Result<(), Error> {
        self.0
            .iter()
            .for_each(|(record, value)| each(*record, value));
        Ok(())
    }
}

#[test]
fn the_host_and_a_device_agree_about_documents() {
    assert_eq!(device::KEY_SET_TYPE, tokenlatch_device::KEY_SET_TYPE);
    assert_eq!(device::REVOCATION_TYPE, tokenlatch_device::REVOCATION_TYPE);
    assert_eq!(
        device::MAX_DOCUMENT_LEN,
        tokenlatch_device::MAX_DOCUMENT_LEN
    );

    let root = RootKey::from_pem(DOOR_ROOT).unwrap();
    let root_keys = json!({"keys": [root.public().jwk()]}).to_string();
    let root_keys = JwkSet::<1>::from_json(root_keys.as_bytes()).unwrap();
    let terms = Terms::new("https://issuer.example/", "doors", NOW, NOW + 86_400);
    let device_root = Root::new(&root_keys, "https://issuer.example/", "doors");
    let mut memory = Memory::default();
    let mut clock = Clock::new(NOW - 86_400, Duration::from_secs(86_400));
    let mut scratch = [0; tokenlatch_device::MAX_DOCUMENT_LEN];

    // As many keys as fit into a document.
    // A thumbprint has 43 characters.
    let jwk = |number: u8| {
        let mut jwk = Issuer::rfc7515().jwk();
        jwk["kid"] = json!(format!("{number}{}", "k".repeat(42)));
        jwk
    };
    let update = |count| {
        let keys = json!({"keys": (0..count).map(jwk).collect::<Vec<_>>()});
        let keys = VerifyingKeys::read(keys.to_string().as_bytes(), None).unwrap();
        root.key_set_update(&terms, &keys.usable)
    };
    let most = (1..20).take_while(|count| update(*count).is_ok()).last();
    assert_eq!(most, Some(5));
    let mut keys = KeySet::<5>::new(JwkSet::from_keys([]));
    let document = update(5).unwrap();
    let applied = keys.apply(
        document.as_bytes(),
        &mut scratch,
        &device_root,
        &mut clock,
        &mut memory,
    );
    assert_eq!(applied, Ok(Applied::New));
    assert_eq!(keys.keys(Time::exactly(NOW)).unwrap().keys().len(), 5);
    assert_eq!(keys.expiry(), NOW + 86_400);

    let mut revocation = device::Revocation::default();
    revocation.begin(Epoch::Issuer {
        iss: "https://issuer.example/".into(),
        iat: NOW,
    });
    for revoked in [
        Revoked::Jti("lost".into()),
        Revoked::Sub("mallory".into()),
        Revoked::Kid("old".into()),
    ] {
        revocation.revoke(revoked);
    }
    let document = root.revocation(&terms, &revocation).unwrap();
    let mut revoked = Revocation::<4, 32>::new();
    let applied = revoked.apply(
        document.as_bytes(),
        &mut scratch,
        &device_root,
        &mut clock,
        &mut memory,
    );
    assert_eq!(applied, Ok(Applied::New));
    assert_eq!(revoked.len(), (1, 3));
}
