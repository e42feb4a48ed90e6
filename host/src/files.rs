//! Files: read under a bound, and replaced as a whole.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Reads a file of at most `max_len` bytes.
///
/// A pipe or a device may never end. This function reads one byte more than `max_len` at most.
///
/// # Errors
///
/// Those of the file system, and [`io::ErrorKind::FileTooLarge`].
pub fn read(path: impl AsRef<Path>, max_len: usize) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    read_into(File::open(path)?, max_len, &mut contents)?;
    Ok(contents)
}

/// Reads a file of at most `max_len` bytes that is UTF-8.
///
/// # Errors
///
/// As [`read`], and [`io::ErrorKind::InvalidData`].
pub fn read_text(path: impl AsRef<Path>, max_len: usize) -> io::Result<String> {
    let contents = read(path, max_len)?;
    // Without the bytes in the error: they may be secret.
    String::from_utf8(contents).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Appends all that `reader` has, at most `max_len` bytes, to `contents`.
///
/// If `contents` has room for `max_len + 1` bytes, it does not grow, and so leaves no copy in freed memory.
///
/// # Errors
///
/// Those of the reader, and [`io::ErrorKind::FileTooLarge`].
pub fn read_into(reader: impl Read, max_len: usize, contents: &mut Vec<u8>) -> io::Result<()> {
    let read = reader.take(max_len as u64 + 1).read_to_end(contents)?;
    if read > max_len {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(())
}

/// Writes a file that only its owner can read, in place of the one at `path`.
///
/// Whenever this process or the machine stops, the file is the old one or the new one. It waits for the
/// disk.
///
/// # Errors
///
/// Those of the file system. The old file is then still there, unless the directory was not synced: then
/// the new one is there, and may be gone after a power cut.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(contents)?;
    // Otherwise, after a power cut, the name could be there without the contents.
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The directory has the name. Only Unix lets a program open a directory.
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_has_a_bound() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        let rejected = read(&path, 4).unwrap_err();
        assert_eq!(rejected.kind(), io::ErrorKind::FileTooLarge);
        fs::write(&path, b"\xff").unwrap();
        let rejected = read_text(&path, 4).unwrap_err();
        assert_eq!(rejected.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn what_never_ends_takes_no_more_memory_than_its_bound() {
        let mut contents = Vec::with_capacity(1001);
        let rejected = read_into(io::repeat(b'a'), 1000, &mut contents).unwrap_err();
        assert_eq!(rejected.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!((contents.len(), contents.capacity()), (1001, 1001));
        #[cfg(unix)]
        assert!(read("/dev/zero", 1000).is_err());
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        for contents in ["first", "second"] {
            replace(&path, contents.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), contents);
        }
        let taken = directory.path().join("directory");
        fs::create_dir(&taken).unwrap();
        replace(&taken, b"").unwrap_err();
        // Nothing else is left behind.
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 2);
    }
}
