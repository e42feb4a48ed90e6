//! A directory that keeps the keys across restarts.
//!
//! It has one file `KID.pem` for each private key (PKCS #8), which only the owner can read, and `keys.json`,
//! which says what each key is for. Every file is replaced as a whole, `keys.json` after the keys.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::key::SigningKey;
use super::ring::{Retiring, Ring};
use crate::files;

/// Why keys cannot be kept or read. Holds no byte of a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// This file or directory cannot be read or written.
    #[error("cannot access {0}")]
    Access(PathBuf, #[source] io::Error),
    /// Another issuer uses the directory.
    #[error("{0} is in use by another issuer")]
    InUse(PathBuf),
    /// An issuer did not write this file, or it was changed.
    #[error("{0} is damaged")]
    Damaged(PathBuf),
}

/// The directory. No other issuer can use it while this value exists.
#[derive(Debug)]
pub(crate) struct KeyStore {
    directory: PathBuf,
    _lock: File,
}

/// `keys.json`
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    signing: Vec<String>,
    next: String,
    retiring: Vec<RetiringListing>,
    rotate_at: Option<u64>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RetiringListing {
    #[serde(rename = "kid")]
    key_id: String,
    until: u64,
}

/// The longest file that is read, in bytes: a key of 4096 bits has 3.3 KB.
const MAX_FILE_LEN: usize = 16 * 1024;

impl KeyStore {
    /// Opens the directory. Creates it if it does not exist.
    pub(crate) fn open(directory: &Path) -> Result<Self, KeyStoreError> {
        create_private(directory).map_err(cannot_access(directory))?;
        let lock_path = directory.join("lock");
        let lock = File::create(&lock_path).map_err(cannot_access(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                directory: directory.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(KeyStoreError::InUse(directory.to_owned())),
            Err(TryLockError::Error(error)) => Err(cannot_access(&lock_path)(error)),
        }
    }

    /// The keys that were saved last, if any were.
    pub(crate) fn load(&self) -> Result<Option<Ring>, KeyStoreError> {
        let path = self.listing_path();
        let listing = match read(&path) {
            Err(KeyStoreError::Access(_, error)) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            listing => listing?,
        };
        let damaged = || KeyStoreError::Damaged(path.clone());
        let listing: Listing = serde_json::from_str(&listing).map_err(|_| damaged())?;
        if listing.signing.is_empty() {
            return Err(damaged());
        }
        let signing = listing.signing.iter().map(|key_id| self.key(key_id));
        let retiring = listing.retiring.iter().map(|retiring| {
            Ok(Retiring {
                key: self.key(&retiring.key_id)?,
                until: retiring.until,
            })
        });
        Ok(Some(Ring {
            signing: signing.collect::<Result<_, _>>()?,
            next: self.key(&listing.next)?,
            retiring: retiring.collect::<Result<_, _>>()?,
            rotate_at: listing.rotate_at,
        }))
    }

    /// Saves these keys, and removes all others.
    pub(crate) fn save(&self, ring: &Ring) -> Result<(), KeyStoreError> {
        let retiring = ring.retiring.iter().map(|retiring| &retiring.key);
        let keys = ring.signing.iter().chain([&ring.next]).chain(retiring);
        let mut kept = HashSet::new();
        for key in keys {
            let path = self.key_path(key.key_id());
            if !path.exists() {
                let pem = key.to_pem();
                let pem = pem.map_err(|_| KeyStoreError::Damaged(path.clone()))?;
                files::replace(&path, pem.as_bytes()).map_err(cannot_access(&path))?;
            }
            kept.insert(path);
        }
        let listing = Listing {
            signing: ring.signing.iter().map(|key| key.key_id().into()).collect(),
            next: ring.next.key_id().into(),
            retiring: ring
                .retiring
                .iter()
                .map(|retiring| RetiringListing {
                    key_id: retiring.key.key_id().into(),
                    until: retiring.until,
                })
                .collect(),
            rotate_at: ring.rotate_at,
        };
        let listing = serde_json::to_vec(&listing).expect("strings and numbers make JSON");
        let path = self.listing_path();
        files::replace(&path, &listing).map_err(cannot_access(&path))?;
        let entries = fs::read_dir(&self.directory).map_err(cannot_access(&self.directory))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|it| it == "pem") && !kept.contains(&path) {
                fs::remove_file(&path).map_err(cannot_access(&path))?;
            }
        }
        Ok(())
    }

    fn key(&self, key_id: &str) -> Result<Arc<SigningKey>, KeyStoreError> {
        let path = self.key_path(key_id);
        // A thumbprint is base64url. Other texts could lead out of the directory.
        let is_thumbprint = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !key_id.bytes().all(is_thumbprint) {
            return Err(KeyStoreError::Damaged(self.listing_path()));
        }
        match SigningKey::from_pem(&read(&path)?) {
            Some(key) if key.key_id() == key_id => Ok(Arc::new(key)),
            _ => Err(KeyStoreError::Damaged(path)),
        }
    }

    fn key_path(&self, key_id: &str) -> PathBuf {
        self.directory.join(format!("{key_id}.pem"))
    }

    fn listing_path(&self) -> PathBuf {
        self.directory.join("keys.json")
    }
}

fn read(path: &Path) -> Result<String, KeyStoreError> {
    files::read_text(path, MAX_FILE_LEN).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge | io::ErrorKind::InvalidData => {
            KeyStoreError::Damaged(path.to_owned())
        }
        _ => cannot_access(path)(error),
    })
}

/// Creates a directory, with its parents, that only the owner can enter.
fn create_private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

fn cannot_access(path: &Path) -> impl Fn(io::Error) -> KeyStoreError {
    move |error| KeyStoreError::Access(path.to_owned(), error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::model::config::KeyConfig;
    use crate::issuer::model::keys::{KeyError, Keys};
    use std::time::Duration;
    use tempfile::TempDir;

    async fn open(directory: &TempDir, active: usize) -> Result<Keys, KeyError> {
        let config = KeyConfig {
            active,
            overlap: Some(Duration::from_secs(100)),
            rotate_every: Some(Duration::from_secs(1000)),
            directory: Some(directory.path().join("keys")),
            ..KeyConfig::default()
        };
        Keys::open(config, 0, Duration::from_secs(600)).await
    }

    fn files(directory: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(directory.path().join("keys")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[tokio::test]
    async fn keys_outlive_the_program() {
        let directory = TempDir::new().unwrap();
        let keys = open(&directory, 1).await.unwrap();
        keys.rotate(10).await.unwrap();
        let before = keys.list(10);
        assert_eq!(before.len(), 3);
        drop(keys);
        let keys = open(&directory, 1).await.unwrap();
        assert_eq!(keys.list(10), before);
        assert_eq!(keys.rotate_at(), Some(1010));
        keys.rotate(200).await.unwrap();
        assert_eq!(
            files(&directory).len(),
            3 + 2,
            "no key that is not published"
        );
        drop(keys);
        let keys = open(&directory, 2).await.unwrap();
        assert_eq!(keys.list(200).len(), 4, "one more signs");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_can_read_them() {
        use std::os::unix::fs::PermissionsExt;

        let directory = TempDir::new().unwrap();
        let _keys = open(&directory, 1).await.unwrap();
        let keys = directory.path().join("keys");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&keys), 0o700);
        for name in files(&directory) {
            if name != "lock" {
                assert_eq!(mode(&keys.join(&name)), 0o600, "{name}");
            }
        }
    }

    #[tokio::test]
    async fn a_directory_is_one_issuers() {
        let directory = TempDir::new().unwrap();
        let _keys = open(&directory, 1).await.unwrap();
        let error = open(&directory, 1).await.unwrap_err();
        assert!(matches!(error, KeyError::Store(KeyStoreError::InUse(_))));
    }

    #[tokio::test]
    async fn what_is_damaged_is_rejected() {
        let directory = TempDir::new().unwrap();
        drop(open(&directory, 1).await.unwrap());
        let keys = directory.path().join("keys");
        let listing = fs::read_to_string(keys.join("keys.json")).unwrap();
        let pem = files(&directory)
            .into_iter()
            .find(|it| it.ends_with(".pem"));
        let pem = pem.unwrap();
        for (name, contents) in [
            ("keys.json", ""),
            (
                "keys.json",
                r#"{"signing":[],"next":"x","retiring":[],"rotate_at":null}"#,
            ),
            (
                "keys.json",
                r#"{"signing":["../x"],"next":"x","retiring":[],"rotate_at":null}"#,
            ),
            (
                &pem,
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            ),
        ] {
            fs::write(keys.join("keys.json"), &listing).unwrap();
            fs::write(keys.join(name), contents).unwrap();
            let error = open(&directory, 1).await.unwrap_err();
            let KeyError::Store(KeyStoreError::Damaged(path)) = error else {
                panic!("{error:?}");
            };
            assert_eq!(path, keys.join(name));
        }
    }
}
