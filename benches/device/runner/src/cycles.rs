//! An estimate of cycles: what each executed instruction takes, by the processors' manuals.
//!
//! The sources are Arm's Technical Reference Manuals, sections 3.3.1 (a table of cycles) and 3.3.2
//! (which loads and stores overlap, and which stall): DDI 0337I for the Cortex-M3 and 100166_0001_00
//! (formerly DDI 0439) for the Cortex-M4. Memory is taken to have no wait states, and no other master.
//!
//! | class | Cortex-M3 | Cortex-M4 |
//! |---|---:|---:|
//! | arithmetic, logic, moves, branches not taken | 1 | 1 |
//! | a write to the PC, more: refilling the pipeline (P) | 1–3 | 1–3 |
//! | `MUL` | 1 | 1 |
//! | `MLA`, `MLS` | 2 | 1 |
//! | `UMULL`, `SMULL` | 3–5 | 1 |
//! | `UMLAL`, `SMLAL` | 4–7 | 1 |
//! | `UMAAL`, and others of the DSP extension | none | 1 |
//! | `UDIV`, `SDIV` | 2–12 | 2–12 |
//! | a load, `LDREX`, `STREX` | 2 | 2 |
//! | a load relative to the PC, which may wait for the fetch unit | 2–3 | 2–3 |
//! | a store | 1–2 | 1–2 |
//! | a store with a register as offset | 2 | 2 |
//! | a load, or such a store, right after a load that does not give its address | 1 less | 1 less |
//! | a load or store whose address the instruction right before computes | 1 more | 1 more |
//! | several registers (N): `LDM`, `STM`, `PUSH`, `POP`, `LDRD`, `STRD` | 1 + N | 1 + N |
//! | `TBB`, `TBH` | 2 + P | 2 + P |
//! | `IT`, which may be folded into the instruction before | 0–1 | 0–1 |
//! | an instruction in its block: 1 where it is skipped | from 1 | from 1 |
//! | special registers: `MRS`, `MSR`, `CPS` | 1–2 | 1–2 |
//! | barriers, for which the manuals give no most: `DMB`, `DSB`; and `ISB`, which refills | 1–4; 2–4 | 1–4; 2–4 |
//!
//! The multiplications that end early do so by their operands, which a trace does not show.

use std::fmt;

use serde::{Deserialize, Serialize};
use yaxpeax_arch::{Decoder as _, U8Reader};
use yaxpeax_arm::armv7::{self, InstDecoder, Opcode, Operand, Reg, RegShift, RegShiftStyle};

/// A processor whose cycles are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Core {
    CortexM3,
    CortexM4,
}

/// Bounds of what something takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cycles {
    pub(crate) low: u64,
    pub(crate) high: u64,
}

/// An instruction, decoded once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instruction {
    /// In bytes.
    pub(crate) len: u32,
    cycles: Cycles,
    kind: Kind,
    /// The register that it computes or loads, as a bit.
    result: u16,
    /// The registers that the address of its load or store is made of, as bits.
    address: u16,
}

/// What matters to the instructions that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Computation,
    Load,
    Store,
    StoreAtRegister,
    /// It leaves the address behind it to return to.
    Call,
    /// So many instructions are executed on a condition.
    IfThen(u32),
    Other,
}

/// What is in the pipeline when the next instruction comes.
#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    previous: Option<Instruction>,
    /// The instructions left of an `IT` block.
    conditional: u32,
}

impl Cycles {
    pub(crate) const fn new(low: u64, high: u64) -> Self {
        Self { low, high }
    }

    pub(crate) fn middle(self) -> u64 {
        self.low.midpoint(self.high)
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self::new(self.low + other.low, self.high + other.high)
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        let low = self.low.saturating_sub(other.low);
        Self::new(low, self.high.saturating_sub(other.high))
    }
}

impl fmt::Display for Cycles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}-{})", self.middle(), self.low, self.high)
    }
}

impl Pipeline {
    /// What an instruction takes. `jumps`: whether one at another place than behind it is next.
    pub(crate) fn execute(&mut self, instruction: Instruction, jumps: bool) -> Cycles {
        use Kind::{Computation, Load, Store, StoreAtRegister};

        let mut cycles = instruction.cycles;
        if let Some(previous) = self.previous {
            let depends = previous.result & instruction.address != 0;
            match (previous.kind, instruction.kind) {
                (Load, Load | StoreAtRegister) if !depends => {
                    cycles = cycles.minus(Cycles::new(1, 1));
                }
                (Computation, Load | Store | StoreAtRegister) if depends => {
                    cycles = cycles.plus(Cycles::new(1, 1));
                }
                _ => {}
            }
        }
        if jumps {
            cycles = cycles.plus(Cycles::new(1, 3));
        } else if self.conditional > 0 {
            cycles.low = cycles.low.min(1);
        }
        self.conditional = match instruction.kind {
            Kind::IfThen(count) => count,
            _ => self.conditional.saturating_sub(1),
        };
        self.previous = Some(instruction);
        cycles
    }
}

impl Instruction {
    pub(crate) fn is_call(self) -> bool {
        self.kind == Kind::Call
    }

    /// The first instruction of this code. An error where it is not known what it takes.
    pub(crate) fn decode(core: Core, code: &[u8]) -> Result<Self, String> {
        // The M profile has its own special registers, in bits of `MRS` and `MSR` that others reserve.
        let decoder = InstDecoder::armv7_thumb().allow_nonconforming(true);
        let decoded = decoder
            .decode(&mut U8Reader::new(code))
            .map_err(|error| format!("no instruction is known of {code:02x?}: {error}"))?;
        let (kind, low, high) = classify(core, &decoded)
            .ok_or_else(|| format!("the cycles of \"{decoded}\" are not known"))?;
        Ok(Self {
            len: if decoded.wide() { 4 } else { 2 },
            cycles: Cycles::new(low, high),
            kind,
            result: match decoded.operands[0] {
                Operand::Reg(register) => bit(register),
                _ => 0,
            },
            address: address(&decoded),
        })
    }
}

/// The table above, without what depends on the instructions around.
fn classify(core: Core, instruction: &armv7::Instruction) -> Option<(Kind, u64, u64)> {
    use Opcode::*;

    let is_m3 = core == Core::CortexM3;
    Some(match instruction.opcode {
        ADC | ADD | ADR | AND | ASR | BFC | BFI | BIC | CLZ | EOR | LSL | LSR | MOV | MOVT
        | MVN | ORN | ORR | RBIT | REV | REV16 | REVSH | ROR | RRX | RSB | SBC | SBFX | SUB
        | SXTB | SXTH | UBFX | UXTB | UXTH => (Kind::Computation, 1, 1),
        BL | BLX => (Kind::Call, 1, 1),
        B | BX | CBNZ | CBZ | CMN | CMP | NOP | TEQ | TST => (Kind::Other, 1, 1),
        MUL => (Kind::Computation, 1, 1),
        MLA | MLS if is_m3 => (Kind::Computation, 2, 2),
        UMULL | SMULL if is_m3 => (Kind::Computation, 3, 5),
        UMLAL | SMLAL if is_m3 => (Kind::Computation, 4, 7),
        MLA | MLS | UMULL | SMULL | UMLAL | SMLAL => (Kind::Computation, 1, 1),
        PKHBT | PKHTB | QADD | QSUB | UMAAL | SMUL(..) | SMLA(..) | SMMUL | SXTAB | SXTAH
        | UXTAB | UXTAH
            if !is_m3 =>
        {
            (Kind::Computation, 1, 1)
        }
        UDIV | SDIV => (Kind::Computation, 2, 12),
        // Treated exactly as loads.
        LDREX | LDREXB | LDREXH | STREX | STREXB | STREXH => (Kind::Load, 2, 2),
        CLREX => (Kind::Other, 1, 1),
        LDR | LDRB | LDRH | LDRSB | LDRSH if address(instruction) == 1 << 15 => (Kind::Load, 2, 3),
        LDR | LDRB | LDRH | LDRSB | LDRSH => (Kind::Load, 2, 2),
        STR | STRB | STRH if address(instruction).is_power_of_two() => (Kind::Store, 1, 2),
        STR | STRB | STRH => (Kind::StoreAtRegister, 2, 2),
        LDRD | STRD => (Kind::Other, 3, 3),
        LDM(..) | STM(..) | POP | PUSH => {
            let registers = instruction
                .operands
                .iter()
                .find_map(|operand| match operand {
                    Operand::RegList(registers) => Some(u64::from(registers.count_ones())),
                    _ => None,
                })?;
            (Kind::Other, 1 + registers, 1 + registers)
        }
        TBB | TBH => (Kind::Other, 2, 2),
        IT => {
            let Operand::Imm32(mask) = instruction.operands[1] else {
                return None;
            };
            (Kind::IfThen(4 - mask.trailing_zeros()), 0, 1)
        }
        CPS(_) | MRS | MSR => (Kind::Other, 1, 2),
        DMB | DSB => (Kind::Other, 1, 4),
        ISB => (Kind::Other, 2, 4),
        _ => return None,
    })
}

/// The registers that the address of a load or store is made of, as bits.
fn address(instruction: &armv7::Instruction) -> u16 {
    let registers = instruction.operands.iter().map(|operand| match *operand {
        Operand::RegDeref(base)
        | Operand::RegWBack(base, _)
        | Operand::RegDerefPreindexOffset(base, ..)
        | Operand::RegDerefPostindexOffset(base, ..) => bit(base),
        Operand::RegDerefPreindexReg(base, index, ..)
        | Operand::RegDerefPostindexReg(base, index, ..) => bit(base) | bit(index),
        Operand::RegDerefPreindexRegShift(base, index, ..)
        | Operand::RegDerefPostindexRegShift(base, index, ..) => bit(base) | shifted(index),
        _ => 0,
    });
    registers.fold(0, |all, registers| all | registers)
}

fn shifted(index: RegShift) -> u16 {
    match index.into_shift() {
        RegShiftStyle::RegImm(shift) => bit(shift.shiftee()),
        RegShiftStyle::RegReg(shift) => bit(shift.shiftee()) | bit(shift.shifter()),
    }
}

fn bit(register: Reg) -> u16 {
    1 << register.number()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What instructions take, one after the other and without a jump.
    fn cycles(core: Core, code: &[u16]) -> (u64, u64) {
        let code: Vec<_> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
        let (mut pipeline, mut sum, mut rest) = (Pipeline::default(), Cycles::default(), &*code);
        while !rest.is_empty() {
            let instruction = Instruction::decode(core, rest).unwrap();
            sum = sum.plus(pipeline.execute(instruction, false));
            rest = &rest[instruction.len as usize..];
        }
        (sum.low, sum.high)
    }

    #[test]
    fn the_examples_of_the_manuals() {
        for (code, expected) in [
            // ldr r0, [r1]; ldr r1, [r2]
            (&[0x6808, 0x6811][..], (3, 3)),
            // ldr r0, [r1, r2]; str r0, [r3, #20]
            (&[0x5888, 0x6158], (3, 4)),
            // ldr r0, [r1, r2]; str r1, [r3, r2]
            (&[0x5888, 0x5099], (3, 3)),
            // ldr r0, [r1, r5]; ldr r1, [r2]; ldr r2, [r3, #4]
            (&[0x5948, 0x6811, 0x685a], (4, 4)),
        ] {
            for core in [Core::CortexM3, Core::CortexM4] {
                assert_eq!(cycles(core, code), expected, "{code:04x?}");
            }
        }
    }

    #[test]
    fn an_address_that_is_not_ready_costs() {
        // ldr r0, [r1]; ldr r1, [r0]
        assert_eq!(cycles(Core::CortexM3, &[0x6808, 0x6801]), (4, 4));
        // adds r1, #4; ldr r0, [r1], and with r2
        assert_eq!(cycles(Core::CortexM3, &[0x3104, 0x6808]), (4, 4));
        assert_eq!(cycles(Core::CortexM3, &[0x3204, 0x6808]), (3, 3));
    }

    #[test]
    fn multiplying_is_where_the_two_differ() {
        // umull r0, r1, r2, r3; umlal r0, r1, r2, r3; mla r0, r1, r2, r3; muls r0, r1
        let code = [0xfba2, 0x0103, 0xfbe2, 0x0103, 0xfb01, 0x3002, 0x4348];
        assert_eq!(cycles(Core::CortexM3, &code), (10, 15));
        assert_eq!(cycles(Core::CortexM4, &code), (4, 4));
        // umaal r0, r1, r2, r3
        let code = [0xe2, 0xfb, 0x63, 0x01];
        assert!(Instruction::decode(Core::CortexM3, &code).is_err());
        assert!(Instruction::decode(Core::CortexM4, &code).is_ok());
    }

    #[test]
    fn a_block_may_be_skipped() {
        // itt eq; ldreq r0, [r1]; moveq r2, #0; ldr r3, [r1]
        assert_eq!(
            cycles(Core::CortexM4, &[0xbf04, 0x6808, 0x2200, 0x680b]),
            (4, 6)
        );
    }

    #[test]
    fn a_jump_refills_the_pipeline() {
        // pop {r4, pc}
        let instruction = Instruction::decode(Core::CortexM4, &[0x10, 0xbd]).unwrap();
        let mut pipeline = Pipeline::default();
        assert_eq!(pipeline.execute(instruction, true), Cycles::new(4, 6));
    }

    #[test]
    fn what_is_not_known_is_rejected() {
        // bkpt #171; wfi; an encoding of nothing
        for code in [[0xab, 0xbe], [0x30, 0xbf], [0xff, 0xff]] {
            assert!(
                Instruction::decode(Core::CortexM4, &code).is_err(),
                "{code:02x?}"
            );
        }
    }
}
