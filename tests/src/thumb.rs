//! Instructions of the Cortex-M3, as far as a fault changes them (Armv7-M Architecture Reference Manual, chapter A5).

/// An instruction, in the order of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction(Vec<u8>);

impl Instruction {
    /// The instruction that these bytes begin with.
    ///
    /// # Panics
    ///
    /// If it is cut off.
    #[must_use]
    pub fn first(bytes: &[u8]) -> Self {
        let is_wide = bytes[1] >> 3 >= 0b11101;
        Self(bytes[..if is_wide { 4 } else { 2 }].into())
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The instruction that does nothing, in as many bytes.
    #[must_use]
    pub fn skipped(&self) -> Self {
        Self(match self.0.len() {
            2 => NOP.into(),
            _ => NOP_W.into(),
        })
    }

    /// The instruction that decides the other way: a conditional branch, or an IT, on whose condition those after it
    /// depend. `None` if it decides nothing.
    #[must_use]
    pub fn flipped(&self) -> Option<Self> {
        let mut flipped = self.clone();
        match *self.0 {
            // B<c>, encoding T1; not UDF or SVC.
            [_, high] if high >> 4 == 0b1101 && high & 0b1110 != 0b1110 => flipped.0[1] ^= 1,
            // CBZ, CBNZ.
            [_, high] if high & 0b1111_0101 == 0b1011_0001 => flipped.0[1] ^= 0b1000,
            // IT: each condition but the first is a bit of the mask, above its last one.
            [low, 0b1011_1111] if low & 0xf != 0 => {
                let last = low & 0xf & (low & 0xf).wrapping_neg();
                let others = 0xf & !(last | (last - 1));
                flipped.0[0] ^= 0b1_0000 | others;
            }
            // B<c>, encoding T3; with a condition of 14 or 15 it is another instruction.
            [low, high, _, second]
                if high >> 3 == 0b11110
                    && second & 0b1101_0000 == 0b1000_0000
                    && (high & 0b11 != 0b11 || low & 0b1000_0000 == 0) =>
            {
                flipped.0[0] ^= 0b100_0000;
            }
            _ => return None,
        }
        Some(flipped)
    }
}

/// NOP, encodings T1 and T2. Under a condition, both do nothing either way.
const NOP: [u8; 2] = [0x00, 0xbf];
const NOP_W: [u8; 4] = [0xaf, 0xf3, 0x00, 0x80];

#[cfg(test)]
mod tests {
    use super::*;

    /// Half-words, as a listing shows them.
    fn instruction(words: &[u16]) -> Instruction {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let instruction = Instruction::first(&[&*bytes, &[0xff; 4]].concat());
        assert_eq!(instruction.bytes(), bytes);
        instruction
    }

    #[test]
    fn a_condition_is_flipped() {
        for (instruction, flipped) in [
            // beq, bne; bcc, bcs; bgt, ble
            (&[0xd012][..], &[0xd112][..]),
            (&[0xd3f0], &[0xd2f0]),
            (&[0xdc01], &[0xdd01]),
            // cbz, cbnz, with either bit 9
            (&[0xb118], &[0xb918]),
            (&[0xb318], &[0xbb18]),
            // it eq, it ne
            (&[0xbf08], &[0xbf18]),
            // itt ne, itt eq
            (&[0xbf1c], &[0xbf04]),
            // ite eq, ite ne
            (&[0xbf0c], &[0xbf14]),
            // itet eq, itet ne; itttt cs, itttt cc
            (&[0xbf0a], &[0xbf16]),
            (&[0xbf21], &[0xbf3f]),
            // beq.w, bne.w; bls.w, bhi.w
            (&[0xf000, 0x80ab], &[0xf040, 0x80ab]),
            (&[0xf67f, 0xae05], &[0xf63f, 0xae05]),
            // bgt.w, ble.w
            (&[0xf300, 0x80ab], &[0xf340, 0x80ab]),
        ] {
            let (instruction, flipped) =
                (self::instruction(instruction), self::instruction(flipped));
            assert_eq!(instruction.flipped().as_ref(), Some(&flipped));
            assert_eq!(flipped.flipped().as_ref(), Some(&instruction));
        }
    }

    #[test]
    fn what_decides_nothing_is_not_flipped() {
        for instruction in [
            // udf, svc, b, push, nop, rev, movs
            &[0xde00][..],
            &[0xdf00],
            &[0xe7fe],
            &[0xb570],
            &[0xbf00],
            &[0xba00],
            &[0x2001],
            // bl, b.w, nop.w, msr, mrs, dmb, udf.w
            &[0xf000, 0xf812],
            &[0xf7ff, 0xbffe],
            &[0xf3af, 0x8000],
            &[0xf380, 0x8808],
            &[0xf3ef, 0x8008],
            &[0xf3bf, 0x8f5f],
            &[0xf7f0, 0xa000],
            // ldr.w, movw
            &[0xf8d0, 0x1000],
            &[0xf240, 0x0000],
        ] {
            assert_eq!(
                self::instruction(instruction).flipped(),
                None,
                "{instruction:x?}"
            );
        }
    }

    #[test]
    fn a_nop_has_the_same_length() {
        assert_eq!(instruction(&[0x2001]).skipped(), instruction(&[0xbf00]));
        let wide = instruction(&[0xf000, 0xf812]).skipped();
        assert_eq!(wide, instruction(&[0xf3af, 0x8000]));
    }
}
