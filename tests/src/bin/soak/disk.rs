//! The small disk with the snapshot.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde_json::Value;
use tokenlatch_host::key_set;

use crate::issuer::Failed;

const BALLAST: &str = "ballast";

/// Writes zeros until the disk is full.
pub(crate) fn fill(disk: &Path) -> Result<(), Failed> {
    let mut file = File::create(disk.join(BALLAST))?;
    let mut written = 0;
    for size in [4096, 1] {
        while written < 64 * 1024 * 1024 && file.write(&vec![0; size]).is_ok_and(|size| size > 0) {
            written += size as u64;
        }
    }
    match file.write_all(&[0]) {
        Ok(()) => Err("the disk is too large to fill".into()),
        Err(_) => Ok(()),
    }
}

/// Makes the space free again.
pub(crate) fn free(disk: &Path) -> Result<(), Failed> {
    Ok(fs::remove_file(disk.join(BALLAST))?)
}

/// The key set document in the snapshot, if there is one. An error if it is not whole.
pub(crate) fn snapshot(path: &Path) -> Result<Option<String>, Failed> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let snapshot: Value = serde_json::from_slice(&text)?;
    let document = snapshot["document"].as_str().ok_or("no document")?;
    let keys = key_set::parse(document.as_bytes())?;
    if keys.keys().is_empty() || keys.unusable() > 0 {
        return Err("a key is unusable".into());
    }
    Ok(Some(document.into()))
}

/// What is on the disk besides the snapshot.
pub(crate) fn strangers(disk: &Path) -> Result<Vec<String>, Failed> {
    let names = fs::read_dir(disk)?.map(|entry| entry.map(|entry| entry.file_name()));
    let names = names.collect::<Result<Vec<_>, _>>()?.into_iter();
    let names = names.map(|name| name.to_string_lossy().into_owned());
    Ok(names
        .filter(|name| name != "keys.json" && name != BALLAST)
        .collect())
}
