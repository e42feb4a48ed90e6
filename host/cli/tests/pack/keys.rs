// Public keys for Tokenlatch.
// Written by `tokenlatch` at 2026-09-21T14:13:20Z from rfc7515-a2.json.
// Compare each thumbprint (RFC 7638, SHA-256) with that of the key's owner.

use tokenlatch::{JwkSet, jwk};

/// In flash, with all that verifying needs.
pub static KEYS: JwkSet<1> = JwkSet::from_keys([
    // 2048 bits, thumbprint IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8
    jwk!("rfc7515-a2", n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ", e: "AQAB"),
]);
