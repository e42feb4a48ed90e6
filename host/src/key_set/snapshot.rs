//! The last usable key set in a file, so that there are keys after a restart during an outage.

use std::io;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock;
use crate::files;
use crate::http::MAX_BODY_LEN;

/// The longest snapshot, in bytes: JSON within JSON takes at most twice the room.
pub const MAX_SNAPSHOT_LEN: usize = 2 * MAX_BODY_LEN + 1024;

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The file cannot be read.
    #[error("cannot read the snapshot")]
    Read(#[source] io::Error),
    /// The file cannot be written. The old file is still there.
    #[error("cannot write the snapshot")]
    Write(#[source] io::Error),
    /// It is longer than [`MAX_SNAPSHOT_LEN`].
    #[error("the snapshot is longer than {MAX_SNAPSHOT_LEN} bytes")]
    TooLong,
    /// The file is not a snapshot, or it has another version.
    #[error("the file is not a snapshot of this version")]
    Corrupt,
    /// The snapshot is of another source.
    #[error("the snapshot is of another source")]
    OtherOrigin,
}

/// The document of a key set, and what was known about it when it was fetched.
///
/// Whoever can write its file chooses the keys, so the file and its directory must belong to the service
/// alone. Only the owner can read the file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// When the document was fetched, or last found to be current: seconds since 1970.
    pub fetched_at: u64,
    /// How long it was fresh from then on, if the server said so. Fractions of a second are cut off.
    pub max_age: Option<Duration>,
    /// Its ETag.
    pub etag: Option<String>,
    /// The JWK Set document as it was fetched. It is not parsed yet.
    pub document: String,
}

impl Snapshot {
    /// A document that was fetched now, without an ETag and without a `max_age`.
    #[must_use]
    pub fn new(document: String) -> Self {
        Self {
            fetched_at: clock::unix_now(),
            max_age: None,
            etag: None,
            document,
        }
    }
}

/// The file's contents.
#[derive(Serialize, Deserialize)]
#[serde(tag = "version")]
enum Stored {
    #[serde(rename = "1")]
    V1 {
        /// The SHA-256 of the source's origin, which may hold credentials.
        origin: String,
        fetched_at: u64,
        /// In seconds.
        max_age: Option<u64>,
        etag: Option<String>,
        document: String,
    },
}

impl Snapshot {
    /// Reads the snapshot at `path`, if there is one; `origin` is
    /// [`Source::origin`](super::Source::origin).
    ///
    /// # Errors
    ///
    /// Any [`SnapshotError`] but [`Write`](SnapshotError::Write).
    pub fn read(path: &Path, origin: &str) -> Result<Option<Self>, SnapshotError> {
        let stored = match files::read(path, MAX_SNAPSHOT_LEN) {
            Ok(stored) => stored,
            Err(error) => {
                return match error.kind() {
                    io::ErrorKind::NotFound => Ok(None),
                    io::ErrorKind::FileTooLarge => Err(SnapshotError::TooLong),
                    _ => Err(SnapshotError::Read(error)),
                };
            }
        };
        let stored = serde_json::from_slice(&stored).map_err(|_| SnapshotError::Corrupt)?;
        let Stored::V1 {
            origin: stored_origin,
            fetched_at,
            max_age,
            etag,
            document,
        } = stored;
        if stored_origin != digest(origin) {
            return Err(SnapshotError::OtherOrigin);
        }
        Ok(Some(Self {
            fetched_at,
            max_age: max_age.map(Duration::from_secs),
            etag,
            document,
        }))
    }

    /// Writes the snapshot to `path`, in place of the old file. Whenever this process or the machine stops,
    /// the file is the old one or the new one.
    ///
    /// It waits for the disk.
    ///
    /// # Errors
    ///
    /// [`SnapshotError::Write`] and [`SnapshotError::TooLong`].
    pub fn write(&self, path: &Path, origin: &str) -> Result<(), SnapshotError> {
        let stored = serde_json::to_vec(&Stored::V1 {
            origin: digest(origin),
            fetched_at: self.fetched_at,
            max_age: self.max_age.map(|max_age| max_age.as_secs()),
            etag: self.etag.clone(),
            document: self.document.clone(),
        });
        let stored = stored.map_err(|error| SnapshotError::Write(error.into()))?;
        if stored.len() > MAX_SNAPSHOT_LEN {
            return Err(SnapshotError::TooLong);
        }
        files::replace(path, &stored).map_err(SnapshotError::Write)
    }

    /// How old the document is at `now`, in seconds since 1970. `None` if it is from the future: then one of
    /// the two clocks was wrong, and the age is not known.
    #[must_use]
    pub fn age(&self, now: u64) -> Option<Duration> {
        now.checked_sub(self.fetched_at).map(Duration::from_secs)
    }
}

fn digest(origin: &str) -> String {
    BASE64URL.encode(Sha256::digest(origin))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const ORIGIN: &str = "url https://hush.example/keys";

    fn snapshot() -> Snapshot {
        Snapshot {
            fetched_at: 1_700_000_000,
            max_age: Some(Duration::from_secs(600)),
            etag: Some("W/\"1\"".to_owned()),
            document: "{\n\t\"keys\": [\"\u{e9}\"]\r\n}".to_owned(),
        }
    }

    fn names(directory: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        entries.map(|entry| name(entry.unwrap())).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        assert_eq!(Snapshot::read(&path, ORIGIN).unwrap(), None);
        let bare = Snapshot {
            max_age: None,
            etag: None,
            ..snapshot()
        };
        for snapshot in [snapshot(), bare] {
            snapshot.write(&path, ORIGIN).unwrap();
            assert_eq!(Snapshot::read(&path, ORIGIN).unwrap(), Some(snapshot));
        }
        assert_eq!(names(&directory), ["keys"]);
        let stored = fs::read_to_string(&path).unwrap();
        assert!(!stored.contains("hush"), "{stored}");
    }

    #[test]
    fn the_longest_document_has_room() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        let longest = Snapshot {
            etag: Some("\"".repeat(crate::http::MAX_ETAG_LEN)),
            document: "\n".repeat(MAX_BODY_LEN),
            ..snapshot()
        };
        longest.write(&path, ORIGIN).unwrap();
        assert_eq!(Snapshot::read(&path, ORIGIN).unwrap(), Some(longest));

        let mut longest = snapshot();
        longest.document.clear();
        longest.write(&path, ORIGIN).unwrap();
        let len = || fs::metadata(&path).unwrap().len() as usize;
        longest.document = "x".repeat(MAX_SNAPSHOT_LEN - len());
        longest.write(&path, ORIGIN).unwrap();
        assert_eq!(len(), MAX_SNAPSHOT_LEN);
        longest.document.push('x');
        let rejected = longest.write(&path, ORIGIN);
        assert!(matches!(rejected, Err(SnapshotError::TooLong)));
    }

    #[test]
    fn another_sources_snapshot_is_rejected() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        snapshot().write(&path, ORIGIN).unwrap();
        let rejected = Snapshot::read(&path, "url https://hush.example/keys?other");
        assert!(matches!(rejected, Err(SnapshotError::OtherOrigin)));
    }

    #[test]
    fn a_corrupt_file_is_rejected() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        snapshot().write(&path, ORIGIN).unwrap();
        let stored = fs::read_to_string(&path).unwrap();
        let truncated = &stored[..stored.len() - 1];
        let next_version = stored.replace(r#""version":"1""#, r#""version":"2""#);
        let negative = stored.replace("1700000000", "-1700000000");
        assert!(next_version != stored && negative != stored);
        for corrupt in ["", "{}", truncated, &next_version, &negative] {
            fs::write(&path, corrupt).unwrap();
            let rejected = Snapshot::read(&path, ORIGIN);
            assert!(matches!(rejected, Err(SnapshotError::Corrupt)), "{corrupt}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_a_bound() {
        // It never ends.
        let rejected = Snapshot::read(Path::new("/dev/zero"), ORIGIN);
        assert!(matches!(rejected, Err(SnapshotError::TooLong)));
    }

    #[test]
    fn a_failed_write_leaves_no_trace() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        // In the file's place is what no file can replace.
        fs::create_dir(&path).unwrap();
        let rejected = snapshot().write(&path, ORIGIN);
        assert!(matches!(rejected, Err(SnapshotError::Write(_))));
        assert_eq!(names(&directory), ["keys"]);
        let rejected = snapshot().write(&directory.path().join("no/keys"), ORIGIN);
        assert!(matches!(rejected, Err(SnapshotError::Write(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        snapshot().write(&path, ORIGIN).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_future_date_is_no_age() {
        let snapshot = snapshot();
        assert_eq!(snapshot.age(1_699_999_999), None);
        assert_eq!(snapshot.age(1_700_000_000), Some(Duration::ZERO));
        assert_eq!(snapshot.age(1_700_000_060), Some(Duration::from_secs(60)));
    }
}
