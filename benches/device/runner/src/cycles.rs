//! An estimate of cycles: what each executed instruction takes, by the processors' manuals and by
//! measurements. Memory is taken to have no wait states, and no other master.

mod armv7m;
mod bounds;
mod cortex_m33;
mod operands;

use yaxpeax_arch::{Decoder as _, U8Reader};
use yaxpeax_arm::armv7::{self, InstDecoder, Opcode, Operand};

pub(crate) use bounds::Cycles;

/// A processor whose cycles are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Core {
    CortexM3,
    CortexM4,
    CortexM33,
}

/// An instruction, decoded once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instruction {
    /// In bytes.
    pub(crate) len: u32,
    /// Whether it leaves the address behind it to return to.
    pub(crate) is_call: bool,
    /// So many instructions after it are executed on a condition.
    if_then: u32,
    timing: Timing,
}

#[derive(Clone, Copy, Debug)]
enum Timing {
    Armv7m(armv7m::Timing),
    CortexM33(cortex_m33::Timing),
}

/// What is in the pipeline when the next instruction comes.
#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    previous: Option<Timing>,
    /// The instructions left of an `IT` block.
    conditional: u32,
}

impl Pipeline {
    /// What an instruction takes. `jumps`: whether one at another place than behind it is next.
    pub(crate) fn execute(&mut self, instruction: Instruction, jumps: bool) -> Cycles {
        let mut timing = instruction.timing;
        let mut cycles = match (&mut timing, self.previous) {
            (Timing::Armv7m(timing), Some(Timing::Armv7m(previous))) => {
                timing.execute(Some(previous), jumps)
            }
            (Timing::Armv7m(timing), _) => timing.execute(None, jumps),
            (Timing::CortexM33(timing), Some(Timing::CortexM33(previous))) => {
                timing.execute(Some(previous), jumps)
            }
            (Timing::CortexM33(timing), _) => timing.execute(None, jumps),
        };
        if self.conditional > 0 && !jumps {
            cycles.low = cycles.low.min(1);
        }
        self.conditional = match instruction.if_then {
            0 => self.conditional.saturating_sub(1),
            count => count,
        };
        self.previous = Some(timing);
        cycles
    }
}

impl Instruction {
    /// The first instruction of this code. An error where it is not known what it takes.
    pub(crate) fn decode(core: Core, code: &[u8]) -> Result<Self, String> {
        // The M profile has its own special registers, in bits of `MRS` and `MSR` that others reserve.
        let decoder = InstDecoder::armv7_thumb().allow_nonconforming(true);
        let decoded = decoder
            .decode(&mut U8Reader::new(code))
            .map_err(|error| format!("no instruction is known of {code:02x?}: {error}"))?;
        let timing = match core {
            Core::CortexM3 => armv7m::Timing::of(&decoded, true).map(Timing::Armv7m),
            Core::CortexM4 => armv7m::Timing::of(&decoded, false).map(Timing::Armv7m),
            Core::CortexM33 => cortex_m33::Timing::of(&decoded, code).map(Timing::CortexM33),
        };
        Ok(Self {
            len: if decoded.wide() { 4 } else { 2 },
            is_call: matches!(decoded.opcode, Opcode::BL | Opcode::BLX),
            if_then: if_then(&decoded),
            timing: timing.ok_or_else(|| format!("the cycles of \"{decoded}\" are not known"))?,
        })
    }
}

/// How many instructions an `IT` makes conditional.
fn if_then(instruction: &armv7::Instruction) -> u32 {
    match (instruction.opcode, instruction.operands[1]) {
        (Opcode::IT, Operand::Imm32(mask)) => 4 - mask.trailing_zeros(),
        _ => 0,
    }
}

/// What instructions take, one after the other. `jumps`: whether the last one does.
#[cfg(test)]
fn cycles(core: Core, code: &[u16], jumps: bool) -> (u64, u64) {
    let code: Vec<_> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
    let (mut pipeline, mut sum, mut rest) = (Pipeline::default(), Cycles::default(), &*code);
    while !rest.is_empty() {
        let instruction = Instruction::decode(core, rest).unwrap();
        rest = &rest[instruction.len as usize..];
        sum = sum.plus(pipeline.execute(instruction, jumps && rest.is_empty()));
    }
    (sum.low, sum.high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_rejected() {
        // bkpt #171; wfi; an encoding of nothing
        for code in [[0xab, 0xbe], [0x30, 0xbf], [0xff, 0xff]] {
            for core in [Core::CortexM4, Core::CortexM33] {
                assert!(Instruction::decode(core, &code).is_err(), "{code:02x?}");
            }
        }
    }
}
