//! What a program executes while it measures: QEMU's log of every instruction, as it is written.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::io::{BufRead, BufReader, Read};

use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

use crate::cycles::{Core, Cycles, Instruction, Pipeline};
use crate::qemu_log;

/// What an operation executes, and takes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Execution {
    pub(crate) instructions: u64,
    pub(crate) cycles: Cycles,
}

impl Execution {
    pub(crate) fn minus(self, other: Self) -> Self {
        Self {
            instructions: self.instructions.saturating_sub(other.instructions),
            cycles: self.cycles.minus(other.cycles),
        }
    }
}

/// The first so many operations that a program measures, from QEMU's log of it (`-d exec,nochain`,
/// with one instruction in a block).
///
/// An operation is all between the call of the image's `in_a_frame_of_its_own` and its return, less
/// what that of nothing takes, which the image calls right before: as it counts instructions.
pub(crate) fn read(
    log: impl Read,
    core: Core,
    program: &[u8],
    operations: usize,
) -> Result<Vec<Execution>, Box<dyn Error>> {
    let mut trace = Trace::new(core, program)?;
    let mut log = BufReader::with_capacity(1 << 16, log);
    let mut line = Vec::new();
    while trace.calls.len() < 2 * operations {
        line.clear();
        if log.read_until(b'\n', &mut line)? == 0 {
            return Err("the trace ends too early".into());
        }
        if line.starts_with(b"Trace ") {
            let address = qemu_log::address(&line).ok_or("a line of the trace has no address")?;
            trace.reach(address.try_into()?)?;
        } else if line.starts_with(b"Stopped ") || line.starts_with(b"cpu_io_recompile") {
            // It was not executed, and will come again.
            trace.at = None;
        }
    }
    let operations = trace.calls.chunks_exact(2);
    Ok(operations.map(|of| of[1].minus(of[0])).collect())
}

struct Trace<'a> {
    core: Core,
    text: &'a [u8],
    text_address: u32,
    /// The instances of `in_a_frame_of_its_own`.
    entries: HashSet<u32>,
    instructions: HashMap<u32, Instruction>,
    /// The instruction that is executed once another is reached.
    at: Option<u32>,
    /// Where the last call returns to.
    returns_to: u32,
    call: Option<Call>,
    /// Those that have returned.
    calls: Vec<Execution>,
}

struct Call {
    returns_to: u32,
    pipeline: Pipeline,
    execution: Execution,
}

impl<'a> Trace<'a> {
    fn new(core: Core, program: &'a [u8]) -> Result<Self, Box<dyn Error>> {
        let program = object::File::parse(program)?;
        let text = program.section_by_name(".text").ok_or("no code")?;
        let entries = program
            .symbols()
            .filter(|symbol| {
                symbol
                    .name()
                    .is_ok_and(|name| name.contains("in_a_frame_of_its_own"))
            })
            // The lowest bit says that it is Thumb code.
            .map(|symbol| Ok(u32::try_from(symbol.address())? & !1))
            .collect::<Result<_, Box<dyn Error>>>()?;
        Ok(Self {
            core,
            text: text.data()?,
            text_address: text.address().try_into()?,
            entries,
            instructions: HashMap::new(),
            at: None,
            returns_to: 0,
            call: None,
            calls: Vec::new(),
        })
    }

    /// Executes the instruction before this one.
    fn reach(&mut self, next: u32) -> Result<(), Box<dyn Error>> {
        let Some(at) = self.at.replace(next) else {
            return Ok(());
        };
        let instruction = self.instruction(at);
        if let Some(call) = &mut self.call {
            let instruction = instruction?;
            call.execution.instructions += 1;
            let cycles = call
                .pipeline
                .execute(instruction, next != at + instruction.len);
            call.execution.cycles = call.execution.cycles.plus(cycles);
            if next == call.returns_to {
                self.calls.push(call.execution);
                self.call = None;
            }
            return Ok(());
        }
        // The calling instruction may be in a function that jumps on, which the compiler outlined.
        if let Ok(instruction) = instruction
            && instruction.is_call
        {
            self.returns_to = at + instruction.len;
        }
        if self.entries.contains(&next) {
            self.call = Some(Call {
                returns_to: self.returns_to,
                pipeline: Pipeline::default(),
                execution: Execution::default(),
            });
        }
        Ok(())
    }

    fn instruction(&mut self, address: u32) -> Result<Instruction, String> {
        if let Some(&instruction) = self.instructions.get(&address) {
            return Ok(instruction);
        }
        let code = address.checked_sub(self.text_address);
        let code = code.and_then(|offset| self.text.get(offset as usize..));
        let code = code.ok_or_else(|| format!("no code at {address:#x}"))?;
        let instruction = Instruction::decode(self.core, &code[..code.len().min(4)])
            .map_err(|error| format!("at {address:#x}: {error}"))?;
        self.instructions.insert(address, instruction);
        Ok(instruction)
    }
}
