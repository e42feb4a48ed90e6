//! The key that the device was provisioned with, in flash.

use tokenlatch::{JwkSet, jwk};

/// The keys that the device accepts signatures of.
///
/// The compiler checks each key and computes all that verification needs: the device computes and copies
/// nothing at start.
///
/// NEVER use this key outside this example. RFC 7515 appendix A.2 prints its private half too, so anybody
/// can sign tokens with it. Put your issuer's public key here: `n` and `e` as they stand in its JWK Set.
pub(crate) static KEYS: JwkSet<1> = JwkSet::from_keys([jwk!("rfc7515-a2", n: MODULUS, e: "AQAB")]);

/// The modulus, `n`.
const MODULUS: &str = concat!(
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql",
    "L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs",
    "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoud",
    "F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
);
