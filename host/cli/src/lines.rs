//! Lines from a stream, in bounded memory.

use std::io::{self, BufRead, BufReader, Read};

use tokenlatch::MAX_TOKEN_LEN;

/// The longest line that can hold a token: the longest token, and its line ending.
const MAX_LINE_LEN: usize = MAX_TOKEN_LEN + b"\r\n".len();

/// How much is read at a time.
pub(crate) const READ_LEN: usize = 64 * 1024;

/// Reads one line after the other into one buffer.
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    buffer: Vec<u8>,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(READ_LEN, reader),
            buffer: Vec::with_capacity(MAX_LINE_LEN),
        }
    }

    /// The next line that is not blank, without white space around it.
    ///
    /// Of a line longer than `MAX_LINE_LEN`, that many bytes are returned and the rest is skipped. That is
    /// longer than any token, so the verifier rejects it.
    pub(crate) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        // A line that is returned borrows the buffer, and so cannot be returned from a loop.
        while self.read_line()? {
            if !self.line().is_empty() {
                return Ok(Some(self.line()));
            }
        }
        Ok(None)
    }

    /// The next line as [`next`](Self::next) has it, and of those after it what is there without waiting: at
    /// most so many lines, and hardly more bytes than are read at a time.
    pub(crate) fn next_block(&mut self, max_lines: usize) -> io::Result<Option<Vec<Vec<u8>>>> {
        let Some(first) = self.next()? else {
            return Ok(None);
        };
        let mut block = vec![first.to_vec()];
        // What ends in the reader's buffer is read without waiting for more.
        while block.len() < max_lines && self.reader.buffer().contains(&b'\n') {
            self.read_line()?;
            if !self.line().is_empty() {
                block.push(self.line().to_vec());
            }
        }
        Ok(Some(block))
    }

    /// Reads a line into the buffer. Returns whether there was one.
    fn read_line(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        let mut line = self.reader.by_ref().take(MAX_LINE_LEN as u64);
        if line.read_until(b'\n', &mut self.buffer)? == 0 {
            return Ok(false);
        }
        if self.is_cut() {
            self.reader.skip_until(b'\n')?;
        }
        Ok(true)
    }

    /// The line in the buffer.
    fn line(&self) -> &[u8] {
        if self.is_cut() {
            // Not trimmed: without the rest of the line, it could look like a token.
            &self.buffer
        } else {
            self.buffer.trim_ascii()
        }
    }

    /// Whether the line is longer than what the buffer has of it.
    fn is_cut(&self) -> bool {
        self.buffer.len() == MAX_LINE_LEN && !self.buffer.ends_with(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lines of `input`, with the buffer's capacity held to its bound.
    fn lines(input: impl Read) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(input);
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
    fn a_block_has_what_is_there_and_waits_for_no_more() {
        /// Each part is what one read gives, and the last read is one too many.
        struct Parts(Vec<&'static str>);
        impl Read for Parts {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                assert!(!self.0.is_empty(), "there was no need to read");
                let part = self.0.remove(0);
                buffer[..part.len()].copy_from_slice(part.as_bytes());
                Ok(part.len())
            }
        }
        let mut lines = Lines::new(Parts(vec!["a\n\n b \n\n", "c\nd", "e\nf\ng\nh\n", "i", ""]));
        for expected in [&["a", "b"][..], &["c"], &["de", "f", "g"], &["h"], &["i"]] {
            let block = lines.next_block(3).unwrap().unwrap();
            let block: Vec<_> = block
                .iter()
                .map(|line| str::from_utf8(line).unwrap())
                .collect();
            assert_eq!(block, expected);
        }
        lines.reader.get_mut().0 = vec![""];
        assert!(lines.next_block(3).unwrap().is_none());
    }

    #[test]
    fn a_block_is_bounded() {
        let line = [&vec![b'a'; MAX_TOKEN_LEN][..], b"\n"].concat();
        let mut lines = Lines::new(io::Cursor::new(line.repeat(100)));
        let mut count = 0;
        while let Some(block) = lines.next_block(usize::MAX).unwrap() {
            let len: usize = block.iter().map(Vec::len).sum();
            assert!(len <= READ_LEN + MAX_LINE_LEN, "{len}");
            count += block.len();
        }
        assert_eq!(count, 100);
        // A line that is cut ends in the buffer, too.
        let long = [&b"a\n"[..], &vec![b'b'; 2 * MAX_TOKEN_LEN], b"\nc\n"].concat();
        let block = Lines::new(&long[..]).next_block(usize::MAX).unwrap();
        let lens: Vec<_> = block.unwrap().iter().map(Vec::len).collect();
        assert_eq!(lens, [1, MAX_LINE_LEN, 1]);
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
