// Public keys for Tokenlatch.
// Written by `tokenlatch` at 2026-11-21T00:00:00Z from door-root.pub.pem.
// Compare each thumbprint (RFC 7638, SHA-256) with that of the key's owner.

use tokenlatch::{JwkSet, jwk};

/// In flash, with all that verifying needs.
pub static ROOT_KEYS: JwkSet<1> = JwkSet::from_keys([
    // 2048 bits, thumbprint U-ITEHoPax-KeRmtuB75HJywKUdLjT1PN9uI_qHzH3A
    jwk!("U-ITEHoPax-KeRmtuB75HJywKUdLjT1PN9uI_qHzH3A", n: "0Okh_tLzUhBBac4tCMYCuSRk5wbNHdHSYDKsXQb25IdrU9nZ3hApEr0Bl8MrVfMfZvEVSiGHpG7zGb7n8hRGNMtZosXtF-ywDWbPFbk3x9taG6PKnJMNHK3LZK1nnetaG4YRuOL8gpY5gv9P3dkofYz2KdLG29vG7uBA4FZAVp1U0WpHgtgmJKHBgsIpFWLvZ3AUZ-qdVHgiIVeHz2PJ8NaUJOSB-IYNUh4OLfj4NC0Zk-AiTuI8fW8VddxWOSt27XbL7ga7zw08b94jaNGlKaLAl_Yen3i3ODzpAPPz_BjrC3B5n-JQVtJG85d8krJyHqQv0addpip5YgECJWfLSQ", e: "AQAB"),
]);
