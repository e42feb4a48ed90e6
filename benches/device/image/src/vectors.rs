//! Keys and signatures whose results are known; the runner's program `vectors` makes them.

/// The message of every signature.
pub const MESSAGE: &[u8] = b"abc";

/// A public key, and its signature of [`MESSAGE`].
#[derive(Clone, Copy, Debug)]
pub struct Vector {
    /// The public exponent.
    pub e: u32,
    n: [u8; MAX_LEN],
    signature: [u8; MAX_LEN],
    len: usize,
}

const MAX_LEN: usize = 4096 / 8;

impl Vector {
    /// The modulus, big-endian.
    #[must_use]
    pub fn n(&self) -> &[u8] {
        &self.n[..self.len]
    }

    /// The signature, as long as the modulus.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature[..self.len]
    }

    /// The vector with other signatures of the same length. None of them is valid.
    pub fn forged(self) -> impl Iterator<Item = Self> {
        let forged = |forge: fn(&mut [u8])| {
            let mut vector = self;
            forge(&mut vector.signature[..vector.len]);
            vector
        };
        [
            forged(|signature| signature[0] ^= 1),
            forged(|signature| signature[signature.len() - 1] ^= 1),
            forged(|signature| signature.fill(0)),
            // Not below the modulus.
            forged(|signature| signature.fill(0xff)),
        ]
        .into_iter()
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let mut vector = Self {
            e: words.next()?.parse().ok()?,
            n: [0; MAX_LEN],
            signature: [0; MAX_LEN],
            len: 0,
        };
        vector.len = read_hex(words.next()?, &mut vector.n)?;
        let signature_len = read_hex(words.next()?, &mut vector.signature)?;
        (signature_len == vector.len).then_some(vector)
    }
}

/// A key of 2048 bits, that of RFC 7515 appendix A.2.
#[must_use]
pub fn rsa_2048() -> Vector {
    all(KEYS).next().expect("a vector")
}

/// A key of 3072 bits.
#[must_use]
pub fn rsa_3072() -> Vector {
    all(KEYS).nth(1).expect("a vector")
}

/// A key of 4096 bits.
#[must_use]
pub fn rsa_4096() -> Vector {
    all(KEYS).nth(2).expect("a vector")
}

/// Moduli at the edges of lengths and of carries, with public exponents of all sizes.
pub fn edges() -> impl Iterator<Item = Vector> {
    all(EDGES)
}

const KEYS: &str = include_str!("../vectors/keys.txt");
const EDGES: &str = include_str!("../vectors/edges.txt");

fn all(text: &str) -> impl Iterator<Item = Vector> {
    text.lines()
        .map(|line| Vector::read(line).expect("a vector"))
}

/// Reads hexadecimal into the front of `bytes`, and returns how many they are.
fn read_hex(text: &str, bytes: &mut [u8]) -> Option<usize> {
    let len = text.len() / 2;
    for (at, byte) in bytes.get_mut(..len)?.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(len)
}
