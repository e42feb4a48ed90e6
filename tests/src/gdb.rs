//! A client of a debugger's remote serial protocol, which QEMU speaks ("GDB Remote Serial Protocol" in GDB's manual).

use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// A connection to a 32-bit Arm, which stands still between two calls.
///
/// An error means that QEMU has ended, or does not respond.
pub struct Gdb {
    stream: BufReader<UnixStream>,
}

impl Gdb {
    /// Connects to QEMU, which has just been started with `-gdb unix:SOCKET,server=on,wait=off`.
    ///
    /// # Errors
    ///
    /// If nobody listens within ten seconds.
    pub fn connect(socket: &Path) -> io::Result<Self> {
        let mut left = 1000;
        let stream = loop {
            match UnixStream::connect(socket) {
                Err(_) if left > 0 => {
                    left -= 1;
                    thread::sleep(Duration::from_millis(10));
                }
                result => break result?,
            }
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        let stream = BufReader::new(stream);
        Ok(Self { stream })
    }

    /// Carries out a command of QEMU's monitor, and returns what it prints.
    ///
    /// # Errors
    ///
    /// See [`Gdb`].
    pub fn monitor(&mut self, command: &str) -> io::Result<String> {
        self.send(&format!("qRcmd,{}", to_hex(command.as_bytes())))?;
        let mut printed = Vec::new();
        loop {
            match self.receive()?.as_str() {
                "OK" => return Ok(String::from_utf8_lossy(&printed).into()),
                packet => {
                    printed.extend(from_hex(packet.strip_prefix('O').ok_or_else(unexpected)?)?)
                }
            }
        }
    }

    /// Reads memory, or registers of a peripheral.
    ///
    /// # Errors
    ///
    /// See [`Gdb`].
    pub fn read(&mut self, address: u32, len: usize) -> io::Result<Vec<u8>> {
        from_hex(&self.ask(&format!("m{address:x},{len:x}"))?)
    }

    /// Writes memory, flash included.
    ///
    /// # Errors
    ///
    /// See [`Gdb`].
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> io::Result<()> {
        let len = bytes.len();
        self.expect_ok(&format!("M{address:x},{len:x}:{}", to_hex(bytes)))
    }

    /// The registers r0 to r15.
    ///
    /// # Errors
    ///
    /// See [`Gdb`].
    pub fn registers(&mut self) -> io::Result<[u32; 16]> {
        let bytes = from_hex(&self.ask("g")?)?;
        let (words, _) = bytes.as_chunks::<4>();
        let registers = words.first_chunk().ok_or_else(unexpected)?;
        Ok(registers.map(u32::from_le_bytes))
    }

    /// The state of the processor and of a memory.
    ///
    /// # Errors
    ///
    /// See [`Gdb`].
    pub fn state(&mut self, memory: Range<u32>) -> io::Result<State> {
        let mut state = State {
            registers: self.ask("g")?,
            address: memory.start,
            memory: Vec::new(),
        };
        for address in memory.step_by(MAX_READ) {
            state.memory.extend(self.read(address, MAX_READ)?);
        }
        Ok(state)
    }

    /// Brings that state back.
    ///
    /// # Errors
    ///
    /// See [`Gdb`].
    pub fn set_state(&mut self, state: &State) -> io::Result<()> {
        for (bytes, address) in state
            .memory
            .chunks(MAX_READ)
            .zip((state.address..).step_by(MAX_READ))
        {
            self.write(address, bytes)?;
        }
        self.expect_ok(&format!("G{}", state.registers))
    }

    /// Makes the program stop before it executes the instruction at an address.
    ///
    /// # Errors
    ///
    /// See [`Gdb`].
    pub fn set_breakpoint(&mut self, address: u32) -> io::Result<()> {
        self.expect_ok(&format!("Z0,{address:x},2"))
    }

    /// Undoes [`set_breakpoint`](Self::set_breakpoint).
    ///
    /// # Errors
    ///
    /// See [`Gdb`].
    pub fn clear_breakpoint(&mut self, address: u32) -> io::Result<()> {
        self.expect_ok(&format!("z0,{address:x},2"))
    }

    /// Lets the program run up to a breakpoint, and returns where it stands: anywhere, if it does not come to one within
    /// a second. There must be no breakpoint where it begins.
    ///
    /// # Errors
    ///
    /// See [`Gdb`].
    pub fn run(&mut self) -> io::Result<u32> {
        self.send("c")?;
        self.stream.get_ref().set_read_timeout(Some(A_WHILE))?;
        let is_silent = self
            .stream
            .fill_buf()
            .is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        self.stream.get_ref().set_read_timeout(Some(PATIENCE))?;
        if is_silent {
            self.stream.get_mut().write_all(INTERRUPT)?;
        }
        self.stopped()
    }

    /// Lets the program execute one instruction, without interrupts, and returns the address of the next one.
    ///
    /// # Errors
    ///
    /// See [`Gdb`].
    pub fn step(&mut self) -> io::Result<u32> {
        self.send("s")?;
        self.stopped()
    }

    fn stopped(&mut self) -> io::Result<u32> {
        if !self.receive()?.starts_with('T') {
            return Err(unexpected());
        }
        let [.., pc] = self.registers()?;
        Ok(pc)
    }

    fn expect_ok(&mut self, packet: &str) -> io::Result<()> {
        match self.ask(packet)?.as_str() {
            "OK" => Ok(()),
            _ => Err(unexpected()),
        }
    }

    fn ask(&mut self, packet: &str) -> io::Result<String> {
        self.send(packet)?;
        self.receive()
    }

    fn send(&mut self, packet: &str) -> io::Result<()> {
        let checksum = checksum(packet.as_bytes());
        write!(self.stream.get_mut(), "${packet}#{checksum:02x}")?;
        match self.byte()? {
            b'+' => Ok(()),
            _ => Err(unexpected()),
        }
    }

    fn receive(&mut self) -> io::Result<String> {
        if self.byte()? != b'$' {
            return Err(unexpected());
        }
        let mut packet = Vec::new();
        loop {
            match self.byte()? {
                b'#' => break,
                byte => packet.push(byte),
            }
        }
        let [high, low] = [self.byte()?, self.byte()?];
        if from_hex(&String::from_utf8_lossy(&[high, low]))? != [checksum(&packet)] {
            return Err(unexpected());
        }
        self.stream.get_mut().write_all(b"+")?;
        String::from_utf8(packet).map_err(|_| unexpected())
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte)?;
        let [byte] = byte;
        Ok(byte)
    }
}

/// The state of a processor and of a memory.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// As in the protocol.
    registers: String,
    address: u32,
    memory: Vec<u8>,
}

const A_WHILE: Duration = Duration::from_secs(1);

/// Longer than any other call takes.
const PATIENCE: Duration = Duration::from_secs(60);

const INTERRUPT: &[u8] = &[3];

/// QEMU's packets have at most 4,096 characters.
const MAX_READ: usize = 1024;

fn unexpected() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "an unexpected response of QEMU")
}

fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

fn to_hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn from_hex(text: &str) -> io::Result<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|pair| {
        let pair = str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    let bytes: Option<Vec<u8>> = bytes.collect();
    bytes.filter(|_| rest.is_empty()).ok_or_else(unexpected)
}
