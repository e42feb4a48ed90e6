//! The program that sends the requests, and its report.

use std::error::Error;
use std::net::SocketAddr;
use std::process::Command;

/// How many connections wrk keeps. On each, it sends a request when it has the response to the one before.
pub(crate) const CONNECTIONS: usize = 32;

/// The core that wrk runs on.
const CORE: &str = "1";

/// What wrk reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) requests: u64,
    pub(crate) requests_per_second: f64,
    pub(crate) p50_microseconds: f64,
    pub(crate) p99_microseconds: f64,
}

/// Its name and version.
pub(crate) fn version() -> Result<String, Box<dyn Error>> {
    let output = Command::new("wrk").arg("-v").output()?;
    let text = String::from_utf8(output.stdout)? + &String::from_utf8(output.stderr)?;
    let version = text.split(" [").next().filter(|it| it.starts_with("wrk "));
    Ok(version.ok_or("wrk has no version")?.to_owned())
}

/// Sends requests with this token for so many seconds.
pub(crate) fn run(
    address: SocketAddr,
    token: &str,
    seconds: u64,
) -> Result<Sample, Box<dyn Error>> {
    let output = Command::new("taskset")
        .args(["-c", CORE, "wrk", "--threads", "1", "--latency"])
        .args(["--connections", &CONNECTIONS.to_string()])
        .args(["--duration", &format!("{seconds}s")])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .arg(format!("http://{address}/hello"))
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    parse(&String::from_utf8(output.stdout)?).map_err(Into::into)
}

/// Fails if any response was not what it should be.
fn parse(report: &str) -> Result<Sample, String> {
    let lines = || report.lines().map(str::trim);
    for failure in ["Non-2xx or 3xx responses", "Socket errors"] {
        if let Some(line) = lines().find(|line| line.starts_with(failure)) {
            return Err(format!("wrk: {line}"));
        }
    }
    let after = |start: &str| {
        let line = lines().find_map(|line| line.strip_prefix(start));
        let line = line.ok_or_else(|| format!("wrk reports no `{start}`"));
        line.map(str::trim)
    };
    let number = |text: &str| {
        let number = text.parse::<f64>();
        number.map_err(|_| format!("wrk reports `{text}`"))
    };
    let requests = lines().find_map(|line| line.split_once(" requests in "));
    let (requests, _) = requests.ok_or("wrk reports no requests")?;
    Ok(Sample {
        requests: number(requests)? as u64,
        requests_per_second: number(after("Requests/sec:")?)?,
        p50_microseconds: microseconds(after("50%")?)?,
        p99_microseconds: microseconds(after("99%")?)?,
    })
}

/// 635.91us, 1.02ms or 1.50s as microseconds.
fn microseconds(text: &str) -> Result<f64, String> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6)];
    let mut numbers = units.iter().filter_map(|(unit, microseconds)| {
        let number = text.strip_suffix(unit)?.parse::<f64>().ok()?;
        Some(number * microseconds)
    });
    let number = numbers.next();
    number.ok_or_else(|| format!("wrk reports the time `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "\
Running 5s test @ http://127.0.0.1:8080/hello
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   635.91us    0.89ms  12.92ms   93.69%
    Req/Sec    56.20k     8.07k   62.00k    86.67%
  Latency Distribution
     50%  250.00us
     75%  491.00us
     90%  700.00us
     99%    5.80ms
  281000 requests in 5.00s, 17.76MB read
Requests/sec:  56198.53
Transfer/sec:      3.33MB
";

    #[test]
    fn a_report_is_read() {
        let expected = Sample {
            requests: 281_000,
            requests_per_second: 56_198.53,
            p50_microseconds: 250.0,
            p99_microseconds: 5_800.0,
        };
        assert_eq!(parse(REPORT), Ok(expected));
    }

    #[test]
    fn a_response_that_is_no_success_fails_the_run() {
        for line in [
            "  Non-2xx or 3xx responses: 1",
            "  Socket errors: connect 0, read 0, write 0, timeout 1",
        ] {
            let report = REPORT.replace("Requests/sec:", &format!("{line}\nRequests/sec:"));
            assert_eq!(parse(&report), Err(format!("wrk: {}", line.trim())));
        }
    }

    #[test]
    fn times_have_units() {
        assert_eq!(microseconds("1.50s"), Ok(1_500_000.0));
        assert!(microseconds("1.50m").is_err());
    }
}
