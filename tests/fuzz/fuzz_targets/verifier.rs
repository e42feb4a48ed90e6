//! The whole verifier against the reference: key set, policy, time, header, claims and signature, each made from the
//! input and almost right.
#![no_main]

use arbitrary::{Arbitrary as _, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use tokenlatch_fuzz::agree;
use tokenlatch_fuzz::documents;
use tokenlatch_fuzz::key::Key;
use tokenlatch_fuzz::reference::rules::{Now, Rules};

fuzz_target!(|data: &[u8]| {
    // An input that is too short says nothing.
    let _ = verify(&mut Unstructured::new(data));
});

fn verify(u: &mut Unstructured<'_>) -> Result<()> {
    let rules = Rules::arbitrary(u)?;
    let now = Now::arbitrary(u)?;
    let header = documents::header(u)?;
    let claims = documents::claims(u)?;
    let key_set = match u.ratio(1_u8, 2_u8)? {
        true => documents::key_set(u)?,
        false => Key::fixed().jwk_set(),
    };
    let mut token = Key::fixed().token(header, claims).into_bytes();
    if u.ratio(1_u8, 8_u8)? {
        let at = u.choose_index(token.len())?;
        token[at] = u.arbitrary()?;
    }
    if let Some((keys, reference)) = agree::on_key_set(key_set.as_bytes()) {
        agree::on_token(&token, &keys, &reference, &rules, now);
    }
    Ok(())
}
