//! When a call is tried again.

use std::time::Duration;

const FIRST_S: f64 = 0.1;
const MAX_S: f64 = 3.0;

/// The pause after failure number `failures` (from 0): doubles each time, up to 3 s. The upper half is random, so that
/// workers which failed together come back apart. `fraction` is in [0, 1).
pub(crate) fn pause(failures: u32, fraction: f64) -> Duration {
    let ceiling = (FIRST_S * 2f64.powi(failures.min(60) as i32)).min(MAX_S);
    Duration::from_secs_f64(ceiling * (0.5 + fraction / 2.0))
}

/// Uniform in [0, 1).
pub(crate) fn random_fraction() -> f64 {
    (random() >> 11) as f64 / (1u64 << 53) as f64
}

/// 128 random bits as text: no two intentions have the same.
pub(crate) fn new_request_id() -> String {
    format!("{:016x}{:016x}", random(), random())
}

fn random() -> u64 {
    getrandom::u64().expect("the operating system gives random bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_three_seconds() {
        let ceilings = [0.1, 0.2, 0.4, 0.8, 1.6, 3.0, 3.0];
        for (failures, ceiling) in ceilings.into_iter().enumerate() {
            let shortest = pause(failures as u32, 0.0).as_secs_f64();
            assert!((shortest - ceiling / 2.0).abs() < 1e-9, "{failures}: {shortest}");
            let longest = pause(failures as u32, 0.999).as_secs_f64();
            assert!(longest < ceiling && longest > 0.99 * ceiling, "{failures}: {longest}");
        }
        assert_eq!(pause(u32::MAX, 0.0).as_secs_f64(), 1.5);
    }

    #[test]
    fn request_ids_differ() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| new_request_id()).collect();
        assert_eq!(ids.len(), 1000);
    }

    #[test]
    fn fractions_stay_below_one() {
        assert!((0..1000).map(|_| random_fraction()).all(|fraction| (0.0..1.0).contains(&fraction)));
    }
}
