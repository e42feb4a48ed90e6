//! Lines from the wire, whose length is never trusted.

use core::fmt;

use embedded_io::{Read, ReadReady};

/// The longest line, in bytes without its end: an access token that carries a key-set update and a revocation.
pub const MAX_LINE: usize = 6144;

/// Why what came over the wire is not a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It was longer than [`MAX_LINE`].
    TooLong,
    /// The wire lost or changed bytes of it.
    Garbled,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "line-too-long: the line has more than {MAX_LINE} bytes"),
            Self::Garbled => f.write_str("garbled: bytes of the line were lost"),
        }
    }
}

/// Gathers a line, a few bytes at a time.
pub(crate) struct LineReader<'b> {
    buffer: &'b mut [u8; MAX_LINE],
    len: usize,
    broken: Option<Broken>,
}

impl<'b> LineReader<'b> {
    pub(crate) fn new(buffer: &'b mut [u8; MAX_LINE]) -> Self {
        Self {
            buffer,
            len: 0,
            broken: None,
        }
    }

    /// Takes what has arrived, up to the end of a line: returns the line, or what is wrong with it. Nothing if
    /// the line goes on. A line that is too long or garbled is skipped to its end.
    ///
    /// A line ends with LF, CR or both; an empty one is skipped.
    pub(crate) fn read<S: Read + ReadReady>(
        &mut self,
        serial: &mut S,
    ) -> Option<Result<&[u8], Broken>> {
        // A sender that never stops must not keep the door from its other work.
        for _ in 0..CHUNK {
            match serial.read_ready() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(_) => {
                    self.broken = Some(Broken::Garbled);
                    return None;
                }
            }
            let mut byte = [0];
            match serial.read(&mut byte) {
                Ok(1) => {}
                Ok(_) => return None,
                Err(_) => {
                    self.broken = Some(Broken::Garbled);
                    continue;
                }
            }
            let [byte] = byte;
            if byte != b'\n' && byte != b'\r' {
                self.push(byte);
                continue;
            }
            let len = core::mem::take(&mut self.len);
            match self.broken.take() {
                Some(broken) => return Some(Err(broken)),
                None if len > 0 => return Some(Ok(self.buffer.get(..len).unwrap_or_default())),
                None => {}
            }
        }
        None
    }

    fn push(&mut self, byte: u8) {
        match self.buffer.get_mut(self.len) {
            Some(place) => {
                *place = byte;
                self.len += 1;
            }
            None => self.broken = Some(Broken::TooLong),
        }
    }
}

/// How many bytes are taken at once.
const CHUNK: usize = 256;

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::vec::Vec;

    use super::*;

    /// What arrives: a byte, or an error of the wire.
    struct Wire(VecDeque<Option<u8>>);

    impl embedded_io::ErrorType for Wire {
        type Error = embedded_io::ErrorKind;
    }

    impl ReadReady for Wire {
        fn read_ready(&mut self) -> Result<bool, Self::Error> {
            Ok(!self.0.is_empty())
        }
    }

    impl Read for Wire {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
            match self.0.pop_front() {
                None => Ok(0),
                Some(None) => Err(embedded_io::ErrorKind::Other),
                Some(Some(byte)) => {
                    buffer[0] = byte;
                    Ok(1)
                }
            }
        }
    }

    /// The lines that the reader makes of it.
    fn lines(arrives: impl IntoIterator<Item = Option<u8>>) -> Vec<Result<Vec<u8>, Broken>> {
        let mut wire = Wire(arrives.into_iter().collect());
        let mut buffer = [0; MAX_LINE];
        let mut reader = LineReader::new(&mut buffer);
        let mut lines = Vec::new();
        while !wire.0.is_empty() {
            lines.extend(reader.read(&mut wire).map(|line| line.map(<[u8]>::to_vec)));
        }
        lines
    }

    fn text(text: &str) -> impl Iterator<Item = Option<u8>> {
        text.bytes().map(Some)
    }

    #[test]
    fn a_line_ends_with_either_end_and_empty_ones_are_skipped() {
        let got = lines(text("one\n\r\n\ntwo\rthree\r\nrest"));
        let expected = ["one", "two", "three"].map(|line| Ok(line.as_bytes().to_vec()));
        assert_eq!(got, expected);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_whole() {
        let long = "x".repeat(MAX_LINE);
        let got = lines(text(&std::format!("{long}\n{long}y\nnext\n")));
        let next = Ok(b"next".to_vec());
        assert_eq!(got, [Ok(long.into_bytes()), Err(Broken::TooLong), next]);
    }

    #[test]
    fn a_line_with_an_error_of_the_wire_is_skipped_whole() {
        let arrives = text("lo").chain([None]).chain(text("st\nnext\n"));
        assert_eq!(lines(arrives), [Err(Broken::Garbled), Ok(b"next".to_vec())]);
    }
}
