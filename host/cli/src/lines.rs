//! Lines from a stream, in bounded memory.

use std::io::{self, BufRead, Read};

use tokenlatch::MAX_TOKEN_LEN;

/// The longest line that can hold a token: the longest token, and its line ending.
const MAX_LINE_LEN: usize = MAX_TOKEN_LEN + b"\r\n".len();

/// Reads one line after the other into one buffer.
pub(crate) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::with_capacity(MAX_LINE_LEN),
        }
    }

    /// The next line that is not blank, without white space around it.
    ///
    /// Of a line longer than `MAX_LINE_LEN`, that many bytes are returned and the rest is skipped. That is
    /// longer than any token, so the verifier rejects it.
    pub(crate) fn next(&mut self) -> io::Result<Option<&mut [u8]>> {
        loop {
            self.buffer.clear();
            let mut line = self.reader.by_ref().take(MAX_LINE_LEN as u64);
            if line.read_until(b'\n', &mut self.buffer)? == 0 {
                return Ok(None);
            }
            let is_cut = self.buffer.len() == MAX_LINE_LEN && !self.buffer.ends_with(b"\n");
            if is_cut {
                self.reader.skip_until(b'\n')?;
                // Not trimmed: without the rest of the line, it could look like a token.
                return Ok(Some(&mut self.buffer));
            }
            let start = self.buffer.len() - self.buffer.trim_ascii_start().len();
            let len = self.buffer.trim_ascii().len();
            if len > 0 {
                return Ok(Some(&mut self.buffer[start..start + len]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lines of `input`, with the buffer's capacity held to its bound.
    fn lines(input: impl Read) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(io::BufReader::new(input));
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(line.to_vec());
            assert!(lines.buffer.capacity() <= 2 * MAX_LINE_LEN);
        }
        all
    }

    #[test]
    fn lines_are_trimmed_and_blank_ones_skipped() {
        let input = b"\n  one \r\n \t\r\ntwo\n\nthree";
        assert_eq!(lines(&input[..]), [&b"one"[..], b"two", b"three"]);
        assert!(lines(&b""[..]).is_empty());
    }

    #[test]
    fn the_longest_token_fits_with_either_line_ending() {
        let token = vec![b'a'; MAX_TOKEN_LEN];
        let input = [&token, &b"\n"[..], &token, b"\r\n", &token].concat();
        assert_eq!(lines(&input[..]), [&token[..], &token, &token]);
    }

    #[test]
    fn an_over_long_line_is_one_line_in_bounded_memory() {
        let long = io::repeat(b'a').take(100 * MAX_TOKEN_LEN as u64);
        let all = lines(long.chain(&b"\nnext\n"[..]));
        assert_eq!(all.len(), 2);
        assert!(all[0].len() > MAX_TOKEN_LEN);
        assert_eq!(all[1], b"next");
    }

    #[test]
    fn an_over_long_line_never_shrinks_to_a_token() {
        let spaces = io::repeat(b' ').take(2 * MAX_TOKEN_LEN as u64);
        let all = lines(b"token".chain(spaces).chain(&b"more\n"[..]));
        assert_eq!(all.len(), 1);
        assert!(all[0].len() > MAX_TOKEN_LEN);
    }
}
