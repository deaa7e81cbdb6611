//! The `meshward` binary.

fn main() {}
