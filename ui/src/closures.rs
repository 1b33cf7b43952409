//! Closures behind tables that have only what is called.
//!
//! Behind `dyn FnMut` each closure is compiled twice, the second time for who gives it away with its only call. Nobody
//! does, and with a thousand closures that was 4 kB of the download.

/// As `dyn FnMut(A) -> T`.
pub trait Call<A, T> {
    fn call(&mut self, argument: A) -> T;
}

impl<A, T, F: FnMut(A) -> T> Call<A, T> for F {
    fn call(&mut self, argument: A) -> T {
        self(argument)
    }
}

/// As `dyn Fn(A) -> T`.
pub trait Compute<A, T> {
    fn compute(&self, argument: A) -> T;
}

impl<A, T, F: Fn(A) -> T> Compute<A, T> for F {
    fn compute(&self, argument: A) -> T {
        self(argument)
    }
}
