//! LOAD.md: services under load.

use std::fmt::{self, Write as _};

use tokenlatch_benches::results::{Load, LoadRow, Skipped};

use crate::figure::grouped;

const INTRODUCTION: &str = "\
# A guarded service under load

How many requests a service responds to in a second, behind each guard. The service is one of axum 0.8 that
says `hello`, with one thread of tokio. All guards verify the same token, compare issuer, audience and expiry,
and have their keys from a JWK Set that they read once.

```sh
cargo run --release -p tokenlatch-benches --no-default-features --features load --bin load -- --json benches/results/load.json
cargo run -p tokenlatch-benches --bin report   # writes this page
```

With `--serve PROGRAM`, the first command also measures `tokenlatch serve` behind nginx. It needs wrk, taskset
and nginx.
";

const METHOD: &str = "\
## Method

The service has core 0 for itself, and wrk has core 1. wrk keeps its connections busy: on each, it sends a
request when it has the response to the one before. So the latencies are those of a service that has all the
work that it can take. The requests are the same for all, and the service without a guard gets the token, too.

One service runs at a time, in a process of its own that starts for each turn. The order of the turns moves on
by one contender each round. Before each turn, every guard must let the good token pass and reject five
requests: without a token, with a forged one, an expired one, one of another issuer, and one for another
audience. Then the service warms up for a second. A run fails if wrk reports anything but success.

A service under load takes all of its core. If it had less than 90 % of it, other programs disturbed the turn:
it is taken again, up to five times, and does not count. Measure on a machine that does nothing else.

All figures are medians of the turns. *CPU* is the time on a processor that one request took, in all processes
of the service: other programs change it less than the other figures. The *ratio* is that of the
requests per second to those of the same service without a guard.

- *token cache*: `GuardBuilder::token_cache`, with 16 MiB. All requests but the first find their token there.
- *jwt-authorizer*: its newest version is for axum 0.7. Its layer is for any service of tower, so it guards the
  same service as the others. Its keys are from a text, so that it takes no lock.
- *plain middleware*: what services write with jsonwebtoken, with `aws_lc_rs`: the header is decoded, the key
  found in a `HashMap` by its `kid`, the token decoded with a `Validation` made once, and the claims become an
  extension of the request.
- *nginx*: one process that sends a page from a file; with `tokenlatch serve`, it asks by `auth_request` for
  each request, on connections that it keeps. Both programs share the core.
";

pub(crate) fn document(load: &Load) -> Result<String, fmt::Error> {
    let Load {
        date,
        processor,
        parallelism,
        rustc,
        wrk,
        connections,
        rounds,
        seconds,
        token_len,
        rows,
        skipped,
    } = load;
    let mut text = String::from(INTRODUCTION);
    let columns = "turns | requests/s | lowest–highest | p50, µs | p99, µs | CPU, µs | ratio";
    writeln!(text, "\n| | {columns} |")?;
    writeln!(text, "|---|{}", "---:|".repeat(7))?;
    for row in rows {
        write_row(&mut text, row)?;
    }
    for Skipped { contender, reason } in skipped {
        writeln!(text, "| {contender} | not measured: {reason} | | | | | | |")?;
    }
    writeln!(
        text,
        "\n{processor}, {parallelism} threads at a time; {rustc}; {wrk}, {connections} connections; {rounds} \
         turns of {seconds} s each; a token of {token_len} bytes; {date}."
    )?;
    if rows.iter().any(|row| row.is_disturbed) {
        writeln!(text, "Other programs disturbed all turns of a contender.")?;
    }
    write!(text, "\n{METHOD}")?;
    Ok(text)
}

fn write_row(text: &mut String, row: &LoadRow) -> fmt::Result {
    let LoadRow {
        contender,
        turns,
        p50_microseconds,
        p99_microseconds,
        cpu_microseconds,
        ratio,
        ..
    } = row;
    let [median, lowest, highest] = [row.requests_per_second, row.lowest, row.highest]
        .map(|requests| grouped(requests.round() as u64));
    let [p50, p99] =
        [p50_microseconds, p99_microseconds].map(|latency| grouped(latency.round() as u64));
    writeln!(
        text,
        "| {contender} | {turns} | {median} | {lowest}–{highest} | {p50} | {p99} | {cpu_microseconds:.1} | {ratio:.2} |"
    )
}
