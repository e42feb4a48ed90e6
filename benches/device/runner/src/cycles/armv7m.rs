//! What instructions take on a Cortex-M3 and a Cortex-M4.
//!
//! The sources are Arm's Technical Reference Manuals, sections 3.3.1 (a table of cycles) and 3.3.2
//! (which loads and stores overlap, and which stall): DDI 0337I for the Cortex-M3 and 100166_0001_00
//! (formerly DDI 0439) for the Cortex-M4.
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

use yaxpeax_arm::armv7::{self, Opcode};

use super::bounds::Cycles;
use super::operands::{address, registers, result};

/// What matters of an instruction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
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
    Other,
}

impl Timing {
    /// Nothing where it is not known.
    pub(super) fn of(instruction: &armv7::Instruction, is_m3: bool) -> Option<Self> {
        let (kind, low, high) = classify(is_m3, instruction)?;
        Some(Self {
            cycles: Cycles::new(low, high),
            kind,
            result: result(instruction),
            address: address(instruction),
        })
    }

    /// What it takes behind another. `jumps`: whether an instruction at another place than behind it is next.
    pub(super) fn execute(self, previous: Option<Self>, jumps: bool) -> Cycles {
        use Kind::{Computation, Load, Store, StoreAtRegister};

        let mut cycles = self.cycles;
        if let Some(previous) = previous {
            let depends = previous.result & self.address != 0;
            match (previous.kind, self.kind) {
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
        }
        cycles
    }
}

/// The table above, without what depends on the instructions around.
fn classify(is_m3: bool, instruction: &armv7::Instruction) -> Option<(Kind, u64, u64)> {
    use Opcode::*;

    Some(match instruction.opcode {
        ADC | ADD | ADR | AND | ASR | BFC | BFI | BIC | CLZ | EOR | LSL | LSR | MOV | MOVT
        | MVN | ORN | ORR | RBIT | REV | REV16 | REVSH | ROR | RRX | RSB | SBC | SBFX | SUB
        | SXTB | SXTH | UBFX | UXTB | UXTH => (Kind::Computation, 1, 1),
        B | BL | BLX | BX | CBNZ | CBZ | CMN | CMP | NOP | TEQ | TST => (Kind::Other, 1, 1),
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
            let registers = u64::from(registers(instruction)?.count_ones());
            (Kind::Other, 1 + registers, 1 + registers)
        }
        TBB | TBH => (Kind::Other, 2, 2),
        IT => (Kind::Other, 0, 1),
        CPS(_) | MRS | MSR => (Kind::Other, 1, 2),
        DMB | DSB => (Kind::Other, 1, 4),
        ISB => (Kind::Other, 2, 4),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::cycles::{Core, Instruction, cycles};

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
                assert_eq!(cycles(core, code, false), expected, "{code:04x?}");
            }
        }
    }

    #[test]
    fn an_address_that_is_not_ready_costs() {
        // ldr r0, [r1]; ldr r1, [r0]
        assert_eq!(cycles(Core::CortexM3, &[0x6808, 0x6801], false), (4, 4));
        // adds r1, #4; ldr r0, [r1], and with r2
        assert_eq!(cycles(Core::CortexM3, &[0x3104, 0x6808], false), (4, 4));
        assert_eq!(cycles(Core::CortexM3, &[0x3204, 0x6808], false), (3, 3));
    }

    #[test]
    fn multiplying_is_where_the_two_differ() {
        // umull r0, r1, r2, r3; umlal r0, r1, r2, r3; mla r0, r1, r2, r3; muls r0, r1
        let code = [0xfba2, 0x0103, 0xfbe2, 0x0103, 0xfb01, 0x3002, 0x4348];
        assert_eq!(cycles(Core::CortexM3, &code, false), (10, 15));
        assert_eq!(cycles(Core::CortexM4, &code, false), (4, 4));
        // umaal r0, r1, r2, r3
        let code = [0xe2, 0xfb, 0x63, 0x01];
        assert!(Instruction::decode(Core::CortexM3, &code).is_err());
        assert!(Instruction::decode(Core::CortexM4, &code).is_ok());
    }

    #[test]
    fn a_block_may_be_skipped() {
        // itt eq; ldreq r0, [r1]; moveq r2, #0; ldr r3, [r1]
        assert_eq!(
            cycles(Core::CortexM4, &[0xbf04, 0x6808, 0x2200, 0x680b], false),
            (4, 6)
        );
    }

    #[test]
    fn a_jump_refills_the_pipeline() {
        // pop {r4, pc}
        assert_eq!(cycles(Core::CortexM4, &[0xbd10], true), (4, 6));
    }
}
