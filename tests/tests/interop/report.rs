//! What clients did: client, flow, verdict.

use std::fmt::Write as _;

use serde_json::Value;

/// A flow, and the token that came of it.
pub(crate) type Token = (String, String);

/// What clients did: client, flow, verdict.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

struct Line {
    client: String,
    flow: String,
    verdict: String,
    is_expected: bool,
}

impl Report {
    pub(crate) fn line(&mut self, client: &str, flow: &str, verdict: &str, is_expected: bool) {
        self.lines.push(Line {
            client: client.into(),
            flow: flow.into(),
            // On one line, whatever it is.
            verdict: verdict.split_whitespace().collect::<Vec<_>>().join(" "),
            is_expected,
        });
    }

    /// The response must have a token for so many seconds, by the member of that name.
    pub(crate) fn token(
        &mut self,
        client: &str,
        flow: &str,
        response: &Result<Value, String>,
        lifetime_member: &str,
        lifetime: u64,
    ) -> Option<Token> {
        let token = response.as_ref().ok().and_then(|response| {
            let token = response["access_token"].as_str()?;
            Some((token, response[lifetime_member].as_u64()?))
        });
        let verdict = match (token, response) {
            (Some((_, seconds)), _) => format!("token for {seconds} s"),
            (None, Ok(_)) => "no token".into(),
            (None, Err(failure)) => failure.clone(),
        };
        let is_expected = token.is_some_and(|(_, seconds)| seconds == lifetime);
        self.line(client, flow, &verdict, is_expected);
        token.map(|(token, _)| (flow.into(), token.into()))
    }

    /// Prints the report. Fails if a verdict is not the expected one.
    pub(crate) fn end(self, title: &str) {
        let width = |part: fn(&Line) -> &str| {
            let widths = self.lines.iter().map(|line| part(line).chars().count());
            widths.max().unwrap_or(0)
        };
        let client_width = width(|line| &line.client);
        let flow_width = width(|line| &line.flow);
        let mut report = format!("\n{title}\n");
        for line in &self.lines {
            let Line {
                client,
                flow,
                verdict,
                is_expected,
            } = line;
            let mark = if *is_expected { "" } else { "UNEXPECTED: " };
            writeln!(
                report,
                "{client:client_width$}  {flow:flow_width$}  {mark}{verdict}"
            )
            .expect("a string takes it");
        }
        let unexpected = self.lines.iter().filter(|line| !line.is_expected).count();
        writeln!(
            report,
            "{} verdicts, {unexpected} of them unexpected",
            self.lines.len()
        )
        .expect("a string takes it");
        print!("{report}");
        assert!(!self.lines.is_empty() && unexpected == 0, "{report}");
    }
}
