//! Public keys in DER and PEM.
//!
//! The `spki`, `pkcs1` and `pem-rfc7468` crates read the structure. They accept parameters that are not
//! NULL, and even moduli and exponents: this module and [`PublicKey::from_be_bytes`] reject those.

use pkcs1::RsaPublicKeyRef;
use pkcs1::der::asn1::AnyRef;
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

use super::public_key::{self, Bits, Capacity, PublicKey};
use crate::error::Error;

/// rsaEncryption (RFC 8017 appendix C).
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Room for the DER of a key of the largest capacity.
const MAX_DER_LEN: usize = 640;

impl<const BITS: usize> PublicKey<BITS>
where
    Bits<BITS>: Capacity,
{
    /// Reads a SubjectPublicKeyInfo in DER (RFC 5280 section 4.1.2.7, RFC 3279 section 2.3.1).
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedKeyType`] if the algorithm is not rsaEncryption with NULL,
    /// [`Error::InvalidKey`] if `der` is not DER, and those of [`from_be_bytes`](Self::from_be_bytes).
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Error> {
        let spki = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| Error::InvalidKey)?;
        if spki.algorithm.oid != RSA_ENCRYPTION || spki.algorithm.parameters != Some(AnyRef::NULL) {
            return Err(Error::UnsupportedKeyType);
        }
        let key = spki.subject_public_key.as_bytes();
        Self::from_pkcs1_der(key.ok_or(Error::InvalidKey)?)
    }

    /// Reads an RSAPublicKey in DER (PKCS #1, RFC 8017 appendix A.1.1).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] if `der` is not DER, and those of [`from_be_bytes`](Self::from_be_bytes).
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, Error> {
        let key = RsaPublicKeyRef::try_from(der).map_err(|_| Error::InvalidKey)?;
        let e = public_key::exponent(key.public_exponent.as_bytes())?;
        Self::from_be_bytes(key.modulus.as_bytes(), e)
    }

    /// Reads a key in PEM (RFC 7468): a `PUBLIC KEY` or an `RSA PUBLIC KEY`.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedKeyType`] for another label, [`Error::PrivateKey`] for a private key,
    /// [`Error::InvalidKey`] if `pem` is not PEM, and those of the DER in it.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let mut buffer = [0; MAX_DER_LEN];
        let label = pem_rfc7468::decode_label(pem.as_bytes()).map_err(|_| Error::InvalidKey)?;
        if label.ends_with("PRIVATE KEY") {
            return Err(Error::PrivateKey);
        }
        let (label, der) =
            pem_rfc7468::decode(pem.as_bytes(), &mut buffer).map_err(|_| Error::InvalidKey)?;
        match label {
            "PUBLIC KEY" => Self::from_spki_der(der),
            "RSA PUBLIC KEY" => Self::from_pkcs1_der(der),
            _ => Err(Error::UnsupportedKeyType),
        }
    }
}
