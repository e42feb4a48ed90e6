//! The registers that an instruction uses, as bits.

use yaxpeax_arm::armv7::{self, Operand, Reg, RegShift, RegShiftStyle};

/// The register that an instruction computes or loads, as a bit.
pub(super) fn result(instruction: &armv7::Instruction) -> u16 {
    match instruction.operands[0] {
        Operand::Reg(register) => bit(register),
        _ => 0,
    }
}

/// The registers of a load or store of several, as bits.
pub(super) fn registers(instruction: &armv7::Instruction) -> Option<u16> {
    let mut operands = instruction.operands.iter();
    operands.find_map(|operand| match operand {
        Operand::RegList(registers) => Some(*registers),
        _ => None,
    })
}

/// The registers that the address of a load or store is made of, as bits.
pub(super) fn address(instruction: &armv7::Instruction) -> u16 {
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

pub(super) fn shifted(index: RegShift) -> u16 {
    match index.into_shift() {
        RegShiftStyle::RegImm(shift) => bit(shift.shiftee()),
        RegShiftStyle::RegReg(shift) => bit(shift.shiftee()) | bit(shift.shifter()),
    }
}

pub(super) fn bit(register: Reg) -> u16 {
    1 << register.number()
}
