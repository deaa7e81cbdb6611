//! Compiles the contract. protox reads the proto files, so that no `protoc` is needed. And takes the pages about codes into the binary.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const DECISION: &str = "proto/meshward/decision/v1/decision.proto";
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile([DECISION], ["proto"])?;
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script where to write through the environment")]
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), protox::prost::Message::encode_to_vec(&descriptors))?;
    tonic_prost_build::configure().bytes(".meshward").compile_fds(descriptors.clone())?;
    // The service alone, as the server offers it: a question about a table comes in a type of its own.
    let door = out.join("door");
    std::fs::create_dir_all(&door)?;
    tonic_prost_build::configure()
        .build_client(false)
        .extern_path(".meshward.decision.v1", "crate::rpc::convert::proto")
        .extern_path(".meshward.decision.v1.DecideTableRequest", "crate::rpc::question::TableQuestion")
        .out_dir(door)
        .compile_fds(descriptors)?;
    std::fs::write(out.join("pages.rs"), pages()?)?;
    Ok(())
}

/// The pages of `docs/errors/` by their codes, as a constant.
fn pages() -> Result<String, Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=docs/errors");
    let mut pages = Vec::new();
    for entry in std::fs::read_dir("docs/errors")? {
        let path = entry?.path();
        if let Some(code) = path.file_stem().and_then(|stem| stem.to_str()).filter(|stem| stem.starts_with("MW")) {
            pages.push((code.to_owned(), std::fs::read_to_string(&path)?));
        }
    }
    pages.sort();
    Ok(format!("/// Codes and their pages, in order.\nconst PAGES: &[(&str, &str)] = &{pages:?};\n"))
}
