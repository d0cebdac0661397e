//! Chances drawn so that anyone can draw them again: by a hash of a seed and a key, the same on every machine.

/// A number from 0 to below 1 for a key: the first 53 bits of BLAKE3 of the seed (8 bytes, the least first) and the key.
pub fn drawn(seed: u64, key: &[u8]) -> f64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(key);
    let hash = hasher.finalize();
    let bits = hash.as_bytes().iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_spread_and_the_same_again() {
        let draws: Vec<f64> = (0..10_000_u32).map(|key| drawn(7, key.to_string().as_bytes())).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        assert!((mean - 0.5).abs() < 0.01 && draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        assert_eq!(drawn(7, b"3"), draws[3]);
        assert_ne!(drawn(8, b"3"), draws[3]);
    }
}
