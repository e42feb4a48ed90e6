//! What a command found, in a few words.

/// What a command found, as far as it was read.
#[derive(Default)]
pub(super) struct Figure {
    /// What it says itself.
    said: Vec<String>,
    last: String,
    /// How many tests passed, if there were tests.
    tests: Option<u64>,
}

impl Figure {
    /// Reads the next line that the command printed.
    pub(super) fn read(&mut self, line: &str) {
        // The name of a test may stand before it.
        if let Some((_, said)) = line.split_once("evidence: ") {
            self.said.push(said.trim().into());
        }
        if let Some(results) = line.strip_prefix("test result: ok. ") {
            let passed = results
                .split(' ')
                .next()
                .and_then(|number| number.parse::<u64>().ok());
            *self.tests.get_or_insert(0) += passed.unwrap_or_default();
        }
        if !line.trim().is_empty() {
            self.last = line.trim().into();
        }
    }

    /// What follows `evidence: `, or else how many tests passed, or else the last line. Nothing, if no test passed
    /// or nothing was printed.
    pub(super) fn text(mut self) -> Option<String> {
        // Tests print theirs in any order.
        self.said.sort();
        match self.tests {
            Some(0) => None,
            _ if !self.said.is_empty() => Some(self.said.join("; ")),
            Some(1) => Some("1 test".into()),
            Some(tests) => Some(format!("{tests} tests")),
            None => (!self.last.is_empty()).then_some(self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(lines: &[&str]) -> Option<String> {
        let mut figure = Figure::default();
        lines.iter().for_each(|line| figure.read(line));
        figure.text()
    }

    #[test]
    fn it_is_what_the_command_says_or_the_number_of_tests() {
        assert_eq!(figure(&["evidence: 7 of 7", ""]).unwrap(), "7 of 7");
        let said = [
            "test b ... evidence: 2",
            "evidence: 1",
            "test result: ok. 3 passed; 0 failed",
        ];
        assert_eq!(figure(&said).unwrap(), "1; 2");
        assert_eq!(figure(&["24 of 24 counts", ""]).unwrap(), "24 of 24 counts");
        let tests = [
            "test result: ok. 3 passed; 0 failed",
            "test result: ok. 4 passed; 0 failed",
        ];
        assert_eq!(figure(&tests).unwrap(), "7 tests");
        assert_eq!(figure(&["test result: ok. 0 passed; 0 failed"]), None);
        assert_eq!(figure(&[]), None);
    }
}
