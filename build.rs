//! The UI's files are embedded: a new build of them is a new build of the binary.

#![allow(clippy::print_stdout, reason = "this is how a build script talks to cargo")]

fn main() {
    println!("cargo:rerun-if-changed=ui/dist");
}
