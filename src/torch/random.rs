//! Random numbers that depend on a seed and a purpose alone, so that a resumed run draws what the undisturbed one drew.

/// A stream of random bits: BLAKE3's extendable output over seed, purpose and index.
#[derive(Debug)]
pub struct Random(blake3::OutputReader);

impl Random {
    /// The stream for one purpose, for example the batches of epoch `index`.
    pub fn new(seed: u64, purpose: &str, index: u64) -> Random {
        let mut hasher = blake3::Hasher::new_derive_key("fairc training 1");
        hasher.update(&seed.to_le_bytes());
        hasher.update(&index.to_le_bytes());
        hasher.update(purpose.as_bytes());
        Random(hasher.finalize_xof())
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A number in `[0, 1)`.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A standard normal number (Box & Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A number below `limit` (0 for 0), each equally likely: by rejection of the uneven rest.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = limit.max(1) as u64;
        let even = u64::MAX - u64::MAX % limit;
        loop {
            let bits = self.bits();
            if bits < even {
                return (bits % limit) as usize;
            }
        }
    }

    /// Fisher and Yates.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }
}
