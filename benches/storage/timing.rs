//! How long a read takes: the best and the median of several.

use std::time::Instant;

const TIMES: usize = 7;

/// Prints the times of `read`, which is given the number of the try and says how many rows it found.
pub fn timed(name: &str, mut read: impl FnMut(usize) -> anyhow::Result<u64>) -> anyhow::Result<()> {
    let mut times_ms = Vec::new();
    let mut rows = 0;
    for number in 0..TIMES {
        let started = Instant::now();
        rows = read(number)?;
        times_ms.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let first = times_ms[0];
    times_ms.sort_by(f64::total_cmp);
    println!(
        "  {name:<34} best {:>9.2} ms, median {:>9.2} ms, first {first:>9.2} ms ({rows} rows)",
        times_ms[0],
        times_ms[TIMES / 2]
    );
    Ok(())
}
