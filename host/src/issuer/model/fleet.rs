//! The fleet of devices: its root key, and the documents that the root key signs.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret;
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::key_store::KeyStoreError;
use super::seconds;
use crate::device::{DocumentTooLong, Revocation, RootKey, RootKeyError, Terms, VerifyingKey};
use crate::files;

/// The fleet of devices, for which the issuer signs key-set updates and revocation lists.
///
/// What is revoked is not kept across restarts: the root key may be, so revoke it again after one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FleetConfig {
    /// The file with the root key: a private key in PEM. If it does not exist, it is created with a new key; by
    /// default, it is `root-key` in the directory of the keys, or there is a new key after every start.
    pub root_key: Option<PathBuf>,
    /// `aud` of the documents: `doors` by default.
    pub audience: String,
    /// How long a document is valid: from a second to ten years; 90 days by default.
    #[serde(with = "seconds")]
    pub lifetime: Duration,
}

/// Why there is no document or token for a device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// There is no root key.
    #[error("there is no root key")]
    RootKey(#[from] RootKeyError),
    /// It is longer than a device reads.
    #[error(transparent)]
    TooLong(#[from] DocumentTooLong),
    /// The claims of a token are a JSON object.
    #[error("the claims of a token are a JSON object")]
    NotClaims,
}

/// The longest lifetime of a document: ten years.
pub(crate) const MAX_DOCUMENT_LIFETIME: Duration = Duration::from_secs(10 * 365 * 86_400);

/// The root key, and the documents that it has signed last.
pub(crate) struct Fleet {
    audience: String,
    lifetime: Duration,
    root: Mutex<Option<Arc<RootKey>>>,
    update: Mutex<Option<Issued<Vec<VerifyingKey>>>>,
    revocation: Mutex<Option<Issued<Revocation>>>,
}

/// A document.
struct Issued<C> {
    content: C,
    issued_at: u64,
    text: String,
}

/// The bits of a new root key.
const ROOT_KEY_BITS: usize = 2048;

/// The longest file with a root key, in bytes: a key of 4096 bits has 3.3 KB.
const MAX_FILE_LEN: usize = 16 * 1024;

impl Fleet {
    /// With the root key of the file. Without a file, the root key is generated when it is needed.
    pub(crate) fn open(
        config: FleetConfig,
        directory: Option<&Path>,
    ) -> Result<Self, KeyStoreError> {
        let in_directory = directory.map(|directory| directory.join("root-key"));
        let path = config.root_key.or(in_directory);
        Ok(Self {
            root: Mutex::new(path.as_deref().map(kept).transpose()?.map(Arc::new)),
            audience: config.audience,
            lifetime: config.lifetime,
            update: Mutex::default(),
            revocation: Mutex::default(),
        })
    }

    /// The root key. The first call may generate it, on a thread that does not handle requests.
    pub(crate) async fn prepare(self: &Arc<Self>) -> Result<Arc<RootKey>, RootKeyError> {
        let fleet = Arc::clone(self);
        let root = spawn_blocking(move || fleet.root()).await;
        root.expect("key generation does not panic")
    }

    /// The root key. The first call may generate it.
    pub(crate) fn root(&self) -> Result<Arc<RootKey>, RootKeyError> {
        let mut root = lock(&self.root);
        if let Some(root) = &*root {
            return Ok(Arc::clone(root));
        }
        let new = Arc::new(RootKey::generate(ROOT_KEY_BITS)?);
        *root = Some(Arc::clone(&new));
        Ok(new)
    }

    /// The key-set update with these keys.
    pub(crate) fn update(
        &self,
        issuer: &str,
        keys: Vec<VerifyingKey>,
        now: u64,
    ) -> Result<String, DeviceError> {
        let root = self.root()?;
        self.current(&mut lock(&self.update), keys, now, &|keys, iat, exp| {
            root.key_set_update(&Terms::new(issuer, &self.audience, iat, exp), keys)
        })
    }

    /// The revocation list.
    pub(crate) fn revocation(&self, issuer: &str, now: u64) -> Result<String, DeviceError> {
        self.revoke(issuer, Revocation::default(), now)
    }

    /// What is revoked.
    pub(crate) fn revoked(&self) -> Revocation {
        let issued = lock(&self.revocation);
        let content = issued.as_ref().map(|issued| issued.content.clone());
        content.unwrap_or_default()
    }

    /// The revocation list, with this besides. If it would be too long, it stays the same.
    pub(crate) fn revoke(
        &self,
        issuer: &str,
        more: Revocation,
        now: u64,
    ) -> Result<String, DeviceError> {
        self.change(issuer, now, |revocation| revocation.extend(more))
    }

    /// The revocation list without anything.
    pub(crate) fn revoke_nothing(&self, issuer: &str, now: u64) -> Result<String, DeviceError> {
        self.change(issuer, now, |revocation| {
            *revocation = Revocation::default();
        })
    }

    fn change(
        &self,
        issuer: &str,
        now: u64,
        change: impl FnOnce(&mut Revocation),
    ) -> Result<String, DeviceError> {
        let root = self.root()?;
        let mut issued = lock(&self.revocation);
        let content = issued.as_ref().map(|issued| issued.content.clone());
        let mut content = content.unwrap_or_default();
        change(&mut content);
        self.current(&mut issued, content, now, &|content, iat, exp| {
            root.revocation(&Terms::new(issuer, &self.audience, iat, exp), content)
        })
    }

    /// The document with this content: the one that was issued last, or a new one, if the content is another one,
    /// or if half of that one's lifetime is over. A new one is newer, even if the clock was set back.
    fn current<C: PartialEq>(
        &self,
        last: &mut Option<Issued<C>>,
        content: C,
        now: u64,
        sign: &dyn Fn(&C, u64, u64) -> Result<String, DocumentTooLong>,
    ) -> Result<String, DeviceError> {
        let lifetime = self.lifetime.as_secs();
        if let Some(last) = last
            && last.content == content
            && now < last.issued_at + lifetime.div_ceil(2)
        {
            return Ok(last.text.clone());
        }
        let issued_at = last
            .as_ref()
            .map_or(now, |last| now.max(last.issued_at + 1));
        let text = sign(&content, issued_at, issued_at + lifetime)?;
        *last = Some(Issued {
            content,
            issued_at,
            text: text.clone(),
        });
        Ok(text)
    }
}

impl Default for FleetConfig {
    fn default() -> Self {
        Self {
            root_key: None,
            audience: "doors".into(),
            lifetime: Duration::from_secs(90 * 86_400),
        }
    }
}

/// Shows no key and no document.
impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet")
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

/// The root key in this file, or a new one, which the file has then.
fn kept(path: &Path) -> Result<RootKey, KeyStoreError> {
    let damaged = || KeyStoreError::Damaged(path.to_owned());
    let cannot_access = |error| KeyStoreError::Access(path.to_owned(), error);
    match files::read_text(path, MAX_FILE_LEN) {
        Ok(pem) => RootKey::from_pem(&pem).map_err(|_| damaged()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let root = RootKey::generate(ROOT_KEY_BITS).map_err(|_| damaged())?;
            let pem = root.to_pem();
            files::replace(path, pem.expose_secret().as_bytes()).map_err(cannot_access)?;
            Ok(root)
        }
        Err(error) => Err(cannot_access(error)),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Revoked;

    const ISSUER: &str = "https://issuer.example/";

    fn fleet(root_key: Option<PathBuf>) -> Fleet {
        let config = FleetConfig {
            root_key,
            lifetime: Duration::from_secs(100),
            ..FleetConfig::default()
        };
        Fleet::open(config, None).unwrap()
    }

    #[test]
    fn a_document_stays_until_there_is_something_new() {
        let fleet = fleet(None);
        let lost = || {
            let mut revocation = Revocation::default();
            revocation.revoke(Revoked::Jti("lost".into()));
            revocation
        };
        let version = || lock(&fleet.revocation).as_ref().unwrap().issued_at;
        let first = fleet.revocation(ISSUER, 1000).unwrap();
        assert_eq!(fleet.revocation(ISSUER, 1049).unwrap(), first);
        let second = fleet.revocation(ISSUER, 1050).unwrap();
        assert_ne!(second, first, "half of its lifetime is over");
        assert_eq!(version(), 1050);
        let third = fleet.revoke(ISSUER, lost(), 1050).unwrap();
        assert_eq!(version(), 1051, "another document in the same second");
        assert_eq!(fleet.revoke(ISSUER, lost(), 1060).unwrap(), third);
        fleet.revoke_nothing(ISSUER, 5).unwrap();
        assert_eq!(version(), 1052, "the clock was set back");
        assert_eq!(fleet.revoked(), Revocation::default());
    }

    #[test]
    fn a_list_that_is_too_long_stays_as_it_was() {
        let fleet = fleet(None);
        let mut revocation = Revocation::default();
        for number in 0..1000 {
            revocation.revoke(Revoked::Jti(format!("token {number}")));
        }
        let first = fleet.revocation(ISSUER, 1000).unwrap();
        let rejected = fleet.revoke(ISSUER, revocation, 1000).unwrap_err();
        assert!(matches!(rejected, DeviceError::TooLong(_)), "{rejected}");
        assert_eq!(fleet.revocation(ISSUER, 1000).unwrap(), first);
    }

    #[test]
    fn the_root_key_outlives_the_program_in_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.pem");
        let root = || fleet(Some(path.clone())).root().unwrap().public().clone();
        let first = root();
        assert_eq!(root(), first);
        std::fs::write(&path, "damaged").unwrap();
        assert!(matches!(kept(&path), Err(KeyStoreError::Damaged(_))));
    }
}
