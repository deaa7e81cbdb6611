//! Compiles the contract. protox reads the proto files, so that no `protoc` is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const DECISION: &str = "proto/meshward/decision/v1/decision.proto";
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile([DECISION], ["proto"])?;
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script where to write through the environment")]
    let path = std::path::PathBuf::from(std::env::var("OUT_DIR")?).join("descriptors.bin");
    std::fs::write(path, protox::prost::Message::encode_to_vec(&descriptors))?;
    tonic_prost_build::configure().bytes(".meshward").compile_fds(descriptors)?;
    Ok(())
}
