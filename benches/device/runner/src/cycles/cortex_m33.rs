//! What instructions take on a Cortex-M33 with the DSP extension.
//!
//! Arm publishes no table. The sources:
//!
//! - **A** Arm's article ka001260: a `MULS` stalls.
//! - **N** the product specification of Nordic's nRF5340, "CPU": multiply-accumulates take a cycle.
//! - **M** measurements of a Cortex-M33 r1p0, that of the RP2350, by Jan Oleksiewicz, in
//!   <https://github.com/jnk0le/random>, "pipeline cycle test/doc/cortex_m33.md" (January 2026).
//! - **assumed**: nobody says. These bounds are those of a Cortex-M4, or wider.
//!
//! | class | cycles | source |
//! |---|---:|---|
//! | arithmetic, logic, moves | 1 | M |
//! | a multiplication, with or without accumulation | 1 | N, M; assumed of `UMLAL` and `UMAAL`, which they do not name |
//! | `MULS`, and what sets flags by a shifted constant | 2 | A, M |
//! | `UDIV`, `SDIV` | 2–12 | assumed |
//! | a load | 1 | M |
//! | a load relative to the PC, which may wait for the fetch unit | 1–2 | assumed |
//! | a store | 1 | M |
//! | a store with a register as offset | 1–2 | assumed |
//! | several registers (N): `LDM`, `STM`, `PUSH`, `POP`, `LDRD`, `STRD` | N | M |
//! | exclusive or ordered accesses: `LDREX`, `STREX`, `LDA`, `STL` and so on | 1–3 | assumed |
//! | `IT`, `NOP` and a branch not taken, right after a 16-bit instruction, with which they may be issued | 0–1 | M |
//! | a branch not taken, otherwise | 1 | M |
//! | a branch taken to an address that it holds | 2–3 | M; assumed that the pipeline may lose one more |
//! | the same, right after a 16-bit instruction that sets no flags | 1–3 | M, as above |
//! | another write to the PC, more: refilling the pipeline | 1–3 | assumed |
//! | `TBB`, `TBH`, with that | 3–5 | assumed |
//! | an instruction in its block: 1 where it is skipped | from 1 | M |
//! | special registers: `MRS`, `MSR`, `CPS` | 1–2 | assumed |
//! | barriers: `DMB`, `DSB`; and `ISB`, which refills | 1–4; 2–4 | assumed |
//!
//! The result of these comes a cycle late, and an instruction right after them that needs it takes one more (M):
//! a load, a multiplication, an operand that is shifted or a shifted constant, and the DSP extension. A
//! multiplication needs the number that it adds to a cycle later than the factors, and a store what it stores
//! later than the address: these do not wait. Of flags that come late, nothing is counted.
//!
//! Four functions for AES were weighed by this table, whose cycles on an RP2350 the author of M published
//! (<https://github.com/jnk0le/cortexm-AES>, April 2026): measured are 271, 307, 574 and 790, and this gives
//! 271–301, 307–330, 581–599 and 797–823, of which 7 are the call. They have no long multiplications.

use yaxpeax_arm::armv7::{self, Opcode, Operand, RegShiftStyle};

use super::bounds::Cycles;
use super::operands::{address, bit, registers, result, shifted};

/// What matters of an instruction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    cycles: Cycles,
    kind: Kind,
    is_wide: bool,
    sets_flags: bool,
    /// Whether it may have been issued with the one before.
    is_paired: bool,
    /// The registers that come a cycle late, as bits.
    late: u16,
    /// The registers that it waits for, as bits.
    needs: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It can be issued with the one before.
    Pairs,
    /// To an address that it holds.
    Branch,
    Other,
}

impl Timing {
    /// Nothing where it is not known.
    pub(super) fn of(instruction: &armv7::Instruction, code: &[u8]) -> Option<Self> {
        use Opcode::*;

        let (kind, low, high) = classify(instruction, code)?;
        let late = match instruction.opcode {
            LDR | LDRB | LDRH | LDRSB | LDRSH | LDREX | LDREXB | LDREXH => result(instruction),
            // The last one.
            LDRD => register(instruction, 1),
            LDM(..) | POP => last(registers(instruction)?),
            UMULL | SMULL | UMLAL | SMLAL | UMAAL => {
                register(instruction, 0) | register(instruction, 1)
            }
            MUL | MLA | MLS | SMUL(..) | SMLA(..) | SMMUL | PKHBT | PKHTB | QADD | QSUB | SXTAB
            | SXTAH | UXTAB | UXTAH => result(instruction),
            _ if is_shifted(instruction, code) => result(instruction),
            _ => 0,
        };
        Some(Self {
            cycles: Cycles::new(low, high),
            kind,
            is_wide: instruction.wide(),
            sets_flags: instruction.s()
                || matches!(instruction.opcode, CMP | CMN | TST | TEQ | MSR),
            is_paired: false,
            late,
            needs: needs(instruction),
        })
    }

    /// What it takes behind another. `jumps`: whether an instruction at another place than behind it is next.
    pub(super) fn execute(&mut self, previous: Option<Self>, jumps: bool) -> Cycles {
        let mut cycles = self.cycles;
        let pair = previous.filter(|previous| !previous.is_wide && !previous.is_paired);
        if previous.is_some_and(|previous| previous.late & self.needs != 0) {
            cycles = cycles.plus(Cycles::new(1, 1));
        }
        match (self.kind, jumps) {
            (Kind::Branch, true) => {
                let pairs = !self.is_wide && pair.is_some_and(|pair| !pair.sets_flags);
                cycles = cycles.plus(Cycles::new(u64::from(!pairs), 2));
            }
            (_, true) => cycles = cycles.plus(Cycles::new(1, 3)),
            (Kind::Branch | Kind::Pairs, false) if !self.is_wide && pair.is_some() => {
                cycles.low -= 1;
                self.is_paired = true;
            }
            _ => {}
        }
        cycles
    }
}

/// The table above, without what depends on the instructions around.
fn classify(instruction: &armv7::Instruction, code: &[u8]) -> Option<(Kind, u64, u64)> {
    use Opcode::*;

    let (low, high) = match instruction.opcode {
        IT | NOP => return Some((Kind::Pairs, 1, 1)),
        B | BL | CBNZ | CBZ => return Some((Kind::Branch, 1, 1)),
        ADC | ADD | AND | BIC | CMN | CMP | EOR | MOV | MVN | ORN | ORR | RSB | SBC | SUB | TEQ
        | TST
            if sets_flags_by_shifted_constant(instruction, code) =>
        {
            (2, 2)
        }
        ADC | ADD | ADR | AND | ASR | BFC | BFI | BIC | BLX | BX | CLREX | CLZ | CMN | CMP
        | EOR | LSL | LSR | MOV | MOVT | MVN | ORN | ORR | PKHBT | PKHTB | QADD | QSUB | RBIT
        | REV | REV16 | REVSH | ROR | RRX | RSB | SBC | SBFX | SUB | SXTAB | SXTAH | SXTB
        | SXTH | TEQ | TST | UBFX | UXTAB | UXTAH | UXTB | UXTH => (1, 1),
        MUL if instruction.s() => (2, 2),
        MUL | MLA | MLS | UMULL | SMULL | UMLAL | SMLAL | UMAAL | SMUL(..) | SMLA(..) | SMMUL => {
            (1, 1)
        }
        UDIV | SDIV => (2, 12),
        LDR | LDRB | LDRH | LDRSB | LDRSH if address(instruction) == 1 << 15 => (1, 2),
        LDR | LDRB | LDRH | LDRSB | LDRSH => (1, 1),
        STR | STRB | STRH if address(instruction).is_power_of_two() => (1, 1),
        STR | STRB | STRH => (1, 2),
        LDRD | STRD => (2, 2),
        LDM(..) | STM(..) | POP | PUSH => {
            let registers = u64::from(registers(instruction)?.count_ones());
            (registers, registers)
        }
        LDREX | LDREXB | LDREXH | STREX | STREXB | STREXH | LDA | LDAB | LDAH | STL | STLB
        | STLH | LDAEX | LDAEXB | LDAEXH | STLEX | STLEXB | STLEXH => (1, 3),
        TBB | TBH => (2, 2),
        CPS(_) | MRS | MSR => (1, 2),
        DMB | DSB => (1, 4),
        ISB => (2, 4),
        _ => return None,
    };
    Some((Kind::Other, low, high))
}

/// The registers that an instruction waits for, as bits: not a sum that it adds a product to, nor what it stores.
fn needs(instruction: &armv7::Instruction) -> u16 {
    use Opcode::*;

    let operands = match instruction.opcode {
        // The sums are the first two, or the last.
        UMULL | SMULL | UMLAL | SMLAL | UMAAL => 2..4,
        MUL | MLA | MLS | SMUL(..) | SMLA(..) | SMMUL => 1..3,
        STR | STRB | STRH | STRD | STREX | STREXB | STREXH => 0..0,
        // The first is no result.
        B | BLX | BX | CBNZ | CBZ | CMN | CMP | MSR | TEQ | TST => 0..4,
        // The first is changed.
        BFC | BFI | MOVT => 0..4,
        ADC | ADD | AND | ASR | BIC | EOR | LSL | LSR | ORR | ROR | SBC | SUB
            if instruction.operands[2] == Operand::Nothing =>
        {
            0..4
        }
        _ => 1..4,
    };
    let registers = operands.map(|at| register(instruction, at));
    registers.fold(address(instruction), |all, register| all | register)
}

/// The registers of an operand, as bits.
fn register(instruction: &armv7::Instruction, at: usize) -> u16 {
    match instruction.operands[at] {
        Operand::Reg(register) => bit(register),
        Operand::RegShift(shift) => shifted(shift),
        _ => 0,
    }
}

fn last(registers: u16) -> u16 {
    registers.checked_ilog2().map_or(0, |last| 1 << last)
}

/// Whether an operand is shifted, or a shifted constant.
fn is_shifted(instruction: &armv7::Instruction, code: &[u8]) -> bool {
    let is_register = instruction.operands.iter().any(|operand| {
        let Operand::RegShift(shift) = operand else {
            return false;
        };
        match shift.into_shift() {
            RegShiftStyle::RegImm(shift) => shift.imm() != 0,
            RegShiftStyle::RegReg(_) => true,
        }
    });
    is_register || is_shifted_constant(code)
}

fn sets_flags_by_shifted_constant(instruction: &armv7::Instruction, code: &[u8]) -> bool {
    let sets_flags = instruction.s()
        || matches!(
            instruction.opcode,
            Opcode::CMP | Opcode::CMN | Opcode::TST | Opcode::TEQ
        );
    sets_flags && is_shifted_constant(code)
}

/// Whether this is an operation with eight bits at another place of a word than the lowest, once.
fn is_shifted_constant(code: &[u8]) -> bool {
    let &[a, b, c, d, ..] = code else {
        return false;
    };
    let (first, second) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
    let is_constant = first & 0xfa00 == 0xf000 && second & 0x8000 == 0;
    // `i` and the first bit of `imm3`: what is left is a pattern.
    is_constant && (first & 0x0400 != 0 || second & 0x4000 != 0)
}

#[cfg(test)]
mod tests {
    use crate::cycles::{Core, cycles};

    /// Bounds of instructions, one after the other and without a jump.
    fn bounds(code: &[u16]) -> (u64, u64) {
        cycles(Core::CortexM33, code, false)
    }

    #[test]
    fn a_late_result_costs_whoever_needs_it() {
        for (code, expected) in [
            // ldr r0, [r1]; adds r0, r0, r2
            (&[0x6808, 0x1880][..], 3),
            // ldr r0, [r1]; adds r3, r2, r2
            (&[0x6808, 0x1893], 2),
            // ldr r0, [r1]; ldr r2, [r0]
            (&[0x6808, 0x6802], 3),
            // ldr r0, [r1]; str r0, [r2]
            (&[0x6808, 0x6010], 2),
            // umaal r0, r1, r2, r3; umaal r0, r4, r2, r3
            (&[0xfbe2, 0x0163, 0xfbe2, 0x0463], 2),
            // umaal r0, r1, r2, r3; umaal r4, r5, r0, r3
            (&[0xfbe2, 0x0163, 0xfbe0, 0x4563], 3),
            // umaal r0, r1, r2, r3; adds r1, r1, r2
            (&[0xfbe2, 0x0163, 0x1889], 3),
            // ldmia r0!, {r1, r2}; adds r3, r1, r1; the same with r2
            (&[0xc806, 0x184b], 3),
            (&[0xc806, 0x1893], 4),
            // add.w r0, r1, r2, ror #24; adds r3, r0, r0
            (&[0xeb01, 0x6032, 0x1803], 3),
            // add.w r0, r1, r2; adds r3, r0, r0
            (&[0xeb01, 0x0002, 0x1803], 2),
        ] {
            assert_eq!(bounds(code), (expected, expected), "{code:04x?}");
        }
    }

    #[test]
    fn flags_of_a_shifted_constant_cost() {
        // adds.w r0, r1, #0x1fc0; add.w r0, r1, #0x1fc0; adds.w r0, r1, #0x00ff00ff
        assert_eq!(bounds(&[0xf511, 0x50fe]), (2, 2));
        assert_eq!(bounds(&[0xf501, 0x50fe]), (1, 1));
        assert_eq!(bounds(&[0xf111, 0x10ff]), (1, 1));
        // muls r0, r1; mul.w r0, r0, r1
        assert_eq!(bounds(&[0x4348]), (2, 2));
        assert_eq!(bounds(&[0xfb00, 0xf001]), (1, 1));
    }

    #[test]
    fn a_branch_may_be_issued_with_the_instruction_before() {
        for (code, jumps, expected) in [
            // subs r7, #1; bne
            (&[0x3f01, 0xd1fd][..], true, (3, 4)),
            (&[0x3f01, 0xd1fd], false, (1, 2)),
            // add r0, r1; bne
            (&[0x4408, 0xd1fd], true, (2, 4)),
            // subs.w r7, r7, #1; bne
            (&[0xf1b7, 0x0701, 0xd1fc], true, (3, 4)),
            (&[0xf1b7, 0x0701, 0xd1fc], false, (2, 2)),
            // pop {r4, pc}
            (&[0xbd10], true, (3, 5)),
        ] {
            assert_eq!(
                cycles(Core::CortexM33, code, jumps),
                expected,
                "{code:04x?}"
            );
        }
    }

    #[test]
    fn what_only_armv8m_has_is_known() {
        // lda r1, [r0]; stl r1, [r0]; ldaex r1, [r0]; stlex r2, r1, [r0]
        for code in [
            [0xe8d0, 0x1faf],
            [0xe8c0, 0x1faf],
            [0xe8d0, 0x1fef],
            [0xe8c0, 0x1fe2],
        ] {
            assert_eq!(bounds(&code), (1, 3), "{code:04x?}");
        }
    }
}
