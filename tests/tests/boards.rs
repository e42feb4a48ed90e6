//! The drivers of the firmware example's boards, in QEMU: the board's program with the commands of
//! `firmware-example/check`.

use std::path::Path;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use tokenlatch_tests::board::{Board, Running};

/// 2026-11-21T12:34:56Z
const BASE: u64 = 1_795_264_496;
const RTC: [&str; 2] = ["-rtc", "base=2026-11-21T12:34:56"];

#[test]
fn the_lm3s6965evb_does_what_it_is_told() {
    let board = Board::build("lm3s6965evb", "check");
    let folder = TempDir::new().expect("a folder");
    let mut running = start(&board, folder.path(), &[&RTC[..], &PINS].concat());
    has_a_clock(&mut running);
    has_pins(
        &mut running,
        ["output 0 to", "device[9]"],
        ["output 0 to", "device[13]"],
    );
    has_a_timer_and_memory(&mut running);
    has_a_flash(&mut running, 1, 32 * 1024, 1024);
    resets(&mut running);
    keeps_what_was_written(&mut running);
    fails_where_it_panics(running);
    keeps_what_was_written(&mut start(&board, folder.path(), &[]));
}

/// What QEMU traces of the pins.
const PINS: [&str; 2] = ["-trace", "pl061_set_output"];

#[test]
fn the_lm3s6965evb_reads_no_time_that_it_cannot_be() {
    let board = Board::build("lm3s6965evb", "check");
    let folder = TempDir::new().expect("a folder");
    for base in ["1970-01-01T00:00:00", "2000-01-01T00:00:00"] {
        let rtc = format!("base={base}");
        let mut running = start(&board, folder.path(), &["-rtc", &rtc]);
        assert_eq!(running.ask("rtc"), "None", "{base}");
        assert_eq!(running.ask(&format!("rtc {BASE}")), "Ok(())");
        is_about(&running.ask("rtc"), BASE);
    }
}

#[test]
fn the_lm3s6965evb_loses_power_in_the_middle_of_a_write() {
    let board = Board::build("lm3s6965evb", "check,power-cut");
    for cut in [0, 1, 4, 5, 64, 99, 100, 1123] {
        let folder = TempDir::new().expect("a folder");
        let option = format!("arg=door,arg=cut={cut}");
        let options = ["-semihosting-config", &option];
        let mut running = start(&board, folder.path(), &options);
        // 100 bytes, and an erasure of 1,024.
        let mut written = 0;
        for (command, len) in [("write 60 100 165", 100), ("erase 1024 2048", 1024)] {
            written += len;
            if written > cut {
                running.send(command);
                break;
            }
            assert_eq!(running.ask(command), "Ok(())", "{cut}");
        }
        assert_eq!(running.ended(), Some(3), "{cut}");

        let running = &mut start(&board, folder.path(), &[]);
        let expected = format!("{:f<200}", "a5".repeat(cut.min(100)));
        assert_eq!(running.ask("read 60 100"), expected, "{cut}");
    }
}

#[test]
fn the_mps2_an500_does_what_it_is_told() {
    an_mps2_does_what_it_is_told("mps2-an500");
}

#[test]
fn the_mps2_an505_does_what_it_is_told() {
    an_mps2_does_what_it_is_told("mps2-an505");
}

#[test]
fn the_virt_riscv32_does_what_it_is_told() {
    let board = Board::build("virt-riscv32", "check");
    let folder = TempDir::new().expect("a folder");
    let mut running = start(&board, folder.path(), &RTC);
    has_a_clock(&mut running);
    has_pins(&mut running, ["pin", "bolt"], ["pin", "led"]);
    has_a_timer_and_memory(&mut running);
    has_a_flash(&mut running, 4, 2 * 1024 * 1024, 256 * 1024);
    resets(&mut running);
    keeps_what_was_written(&mut running);
    fails_where_it_panics(running);
    keeps_what_was_written(&mut start(&board, folder.path(), &[]));
}

/// A stack that overflows overwrites nothing.
#[test]
fn every_board_fails_where_the_stack_ends() {
    for (name, status) in [
        ("lm3s6965evb", Some(1)),
        // The handler of the fault finds no stack either. The processor stops until the watchdog resets it, and
        // QEMU gives up.
        ("mps2-an500", None),
        ("mps2-an505", None),
        ("virt-riscv32", Some(1)),
    ] {
        let board = Board::build(name, "check");
        let folder = TempDir::new().expect("a folder");
        let mut running = start(&board, folder.path(), &[]);
        running.send("overflow");
        assert_eq!(running.ended(), status, "{name}");
    }
}

fn an_mps2_does_what_it_is_told(name: &str) {
    let board = Board::build(name, "check");
    let folder = TempDir::new().expect("a folder");
    let pins = ["-trace", "led_change_intensity"];
    let mut running = start(&board, folder.path(), &[&RTC[..], &pins].concat());
    assert_eq!(running.ask("rtc"), "None");
    assert_eq!(running.ask(&format!("rtc {BASE}")), "Err(RtcNotSet)");
    has_pins(&mut running, ["% -> ", "USERLED1"], ["% -> ", "USERLED0"]);
    has_a_timer_and_memory(&mut running);
    has_a_flash(&mut running, 1, 32 * 1024, 1024);
    resets(&mut running);
    keeps_what_was_written(&mut running);
    fails_where_it_panics(running);
    keeps_what_was_written(&mut start(&board, folder.path(), &[]));
}

fn start(board: &Board, folder: &Path, options: &[&str]) -> Running {
    let running = board.start(folder, options);
    assert_eq!(running.line(), "check");
    running
}

fn has_a_clock(running: &mut Running) {
    is_about(&running.ask("rtc"), BASE);
    let other = BASE + 100_000_000;
    assert_eq!(running.ask(&format!("rtc {other}")), "Ok(())");
    is_about(&running.ask("rtc"), other);
}

/// Seconds pass while the test runs.
fn is_about(response: &str, time: u64) {
    let read = response
        .strip_prefix("Some(")
        .and_then(|text| text.strip_suffix(')'))
        .and_then(|seconds| seconds.parse().ok());
    let read: u64 = read.unwrap_or_else(|| panic!("{response}"));
    assert!((time..time + 60).contains(&read), "{read}, not {time}");
}

/// `bolt` and `led` are what QEMU's lines about the pin have in them: the first for all of its lines.
fn has_pins(running: &mut Running, bolt: [&str; 2], led: [&str; 2]) {
    for (name, [line, pin]) in [("bolt", bolt), ("led", led)] {
        for level in [1, 0] {
            assert_eq!(running.ask(&format!("{name} {level}")), "true");
            let trace = loop {
                let trace = running.trace(line);
                if trace.contains(pin) {
                    break trace;
                }
            };
            let levels: [&[&str]; 2] = [&["to 0", " 0", "-> 0%"], &["to 1", " 1", "-> 100%"]];
            let is_level = levels[level].iter().any(|end| trace.ends_with(end));
            assert!(is_level, "{name} {level}: {trace}");
        }
    }
}

fn has_a_timer_and_memory(running: &mut Running) {
    let time = |response: String| -> u64 {
        let milliseconds = response.strip_suffix(" ms").expect("milliseconds");
        milliseconds.parse().expect("a number")
    };
    let before = time(running.ask("timer"));
    thread::sleep(Duration::from_millis(500));
    let after = time(running.ask("timer"));
    // The machine may be slow, but it is not fast.
    assert!(
        (500..60_000).contains(&(after - before)),
        "{before} {after}"
    );

    let memory = running.ask("memory");
    let figures: Vec<u32> = memory
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    let [flash, static_ram, stack, ram] = figures[..] else {
        panic!("{memory}");
    };
    assert!((8 * 1024..64 * 1024).contains(&flash), "{memory}");
    assert!(static_ram < 1024, "{memory}");
    assert!((256..4 * 1024).contains(&stack), "{memory}");
    assert_eq!(ram, 64 * 1024);
}

fn has_a_flash(running: &mut Running, word: u32, size: u32, page: u32) {
    assert_eq!(
        running.ask("flash"),
        format!("{size} bytes, read 1, write {word}, erase {page}")
    );
    // A write over the ends of the pages that a chip may have, and another beside it.
    assert_eq!(running.ask("write 60 200 165"), "Ok(())");
    assert_eq!(running.ask("write 260 4 90"), "Ok(())");
    let expected = format!("ffffffff{}5a5a5a5affff", "a5".repeat(200));
    assert_eq!(running.ask("read 56 210"), expected);

    // The next page is erased, and no other.
    assert_eq!(running.ask(&format!("write {} 8 0", page - 4)), "Ok(())");
    assert_eq!(
        running.ask(&format!("write {} 8 0", 2 * page - 4)),
        "Ok(())"
    );
    assert_eq!(running.ask(&format!("erase {page} {}", 2 * page)), "Ok(())");
    let read = |at: u32| format!("read {} 8", at - 4);
    assert_eq!(running.ask(&read(page)), "00000000ffffffff");
    assert_eq!(running.ask(&read(2 * page)), "ffffffff00000000");

    assert_eq!(running.ask(&format!("read {} 5", size - 4)), "OutOfBounds");
    assert_eq!(
        running.ask(&format!("write {size} 4 0")),
        "Err(OutOfBounds)"
    );
    assert_eq!(running.ask("erase 0 4"), "Err(NotAligned)");
}

fn keeps_what_was_written(running: &mut Running) {
    assert_eq!(running.ask("read 56 8"), "ffffffffa5a5a5a5");
}

/// The watchdog, once nobody feeds it.
fn resets(running: &mut Running) {
    running.send("hang");
    assert_eq!(running.line(), "check");
}

fn fails_where_it_panics(mut running: Running) {
    running.send("panic");
    let place = running.trace("panicked at");
    assert!(place.contains("check/src/lib.rs"), "{place}");
    assert_eq!(running.ended(), Some(1));
}
