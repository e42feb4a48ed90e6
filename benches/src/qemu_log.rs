//! QEMU's log of every instruction that it executes. The counters of the benches and of the device share this
//! file; they are programs of two workspaces.

use std::error::Error;
use std::process::Command;

/// The options that have QEMU log each block that it executes, of one instruction each.
pub(crate) fn options(qemu: &str) -> Result<Vec<&'static str>, Box<dyn Error>> {
    let output = Command::new(qemu)
        .arg("--version")
        .output()
        .map_err(|error| format!("{qemu}: {error}"))?;
    let text = String::from_utf8(output.stdout)?;
    let version = version(&text).ok_or_else(|| format!("what version is QEMU? {text}"))?;
    let one_instruction: &[_] = if version < (8, 1) {
        &["-singlestep"]
    } else if qemu.starts_with("qemu-system-") {
        &["-accel", "tcg,one-insn-per-tb=on"]
    } else {
        &["-one-insn-per-tb"]
    };
    Ok([one_instruction, &["-d", "exec,nochain"]].concat())
}

/// The address of the instruction that a line of the log is for.
///
/// Of `Trace 0: 0x7f0040005900 [00800400/00000864/00000110/ff020201] symbol`, that is what is second in the
/// brackets.
pub(crate) fn address(line: &[u8]) -> Option<u64> {
    let brackets = line.split(|&byte| byte == b'[').nth(1)?;
    let address = brackets.split(|&byte| byte == b'/').nth(1)?;
    u64::from_str_radix(str::from_utf8(address).ok()?, 16).ok()
}

/// Of `QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)`, the first two numbers.
fn version(text: &str) -> Option<(u32, u32)> {
    let (_, version) = text.split_once(" version ")?;
    let mut numbers = version.split('.').map(str::parse::<u32>);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_from_the_log_of_any_version() {
        for (line, expected) in [
            (
                "Trace 0: 0x7f00 [00800400/00000864/00000110/ff020201] f\n",
                Some(0x864),
            ),
            (
                "Trace 0: 0x7f00 [00800400/0000000000000864/00000110/ff020201] f\n",
                Some(0x864),
            ),
            ("Trace 0: 0x7f00 [00800400/x/00000110/ff020201] f\n", None),
            ("Trace 0: 0x7f00\n", None),
        ] {
            assert_eq!(address(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn qemu_says_its_version_for_machines_and_for_programs() {
        for (text, expected) in [
            (
                "QEMU emulator version 7.2.22 (Debian 1:7.2)\n",
                Some((7, 2)),
            ),
            (
                "qemu-aarch64 version 10.0.2 (Debian 1:10.0)\n",
                Some((10, 0)),
            ),
            ("qemu\n", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }
}
